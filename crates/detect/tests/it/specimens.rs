//! Recall and precision on made-up specimens, against the bars of each kind.

use trousseau_detect::detect;
use trousseau_testing::specimens::{CHECKED, Dice, FREE, Specimen, negative, specimen};

/// How many of each kind, and how many texts in which nothing is to be found.
const EACH: usize = 600;
/// Chosen once, before the detectors were measured.
const SEED: u64 = 20_261_122;

#[derive(Default)]
struct Score {
    found: usize,
    missed: Vec<String>,
    wrong: Vec<String>,
}

/// Whether a finding covers most of what it should.
fn covers(found: &std::ops::Range<usize>, place: &std::ops::Range<usize>) -> bool {
    let common = found
        .end
        .min(place.end)
        .saturating_sub(found.start.max(place.start));
    common * 10 >= place.len() * 8 && common * 10 >= found.len() * 6
}

#[test]
fn every_kind_is_told_from_what_looks_like_it() {
    let all: Vec<&'static str> = CHECKED.into_iter().chain(FREE).collect();
    let mut scores: std::collections::BTreeMap<&str, Score> =
        all.iter().map(|name| (*name, Score::default())).collect();
    let mut dice = Dice::new(SEED);
    for name in &all {
        for _ in 0..EACH {
            let Specimen {
                detector,
                kind,
                spelling,
                text,
                place,
            } = specimen(name, &mut dice);
            let findings = detect(&text);
            let right = |name: &str, bytes: &std::ops::Range<usize>| {
                let touches = bytes.start < place.end && place.start < bytes.end;
                // Of an illness one word is enough.
                name == detector && (covers(bytes, &place) || name == "health" && touches)
            };
            if findings
                .iter()
                .any(|finding| right(finding.detector.name(), &finding.bytes))
            {
                scores.get_mut(detector).unwrap().found += 1;
            } else {
                scores
                    .get_mut(detector)
                    .unwrap()
                    .missed
                    .push(format!("{kind} {spelling}: {text:?}"));
            }
            for finding in &findings {
                // A person beside an illness is told apart as a name or by a number.
                let beside = detector == "health" && matches!(finding.detector.name(), "name" | "phone");
                let name = finding.detector.name();
                if name != detector && !beside {
                    let words = &text[finding.bytes.clone()];
                    scores
                        .entry(all.iter().find(|known| **known == name).unwrap_or(&"name"))
                        .or_default()
                        .wrong
                        .push(format!("{words:?} in {text:?}"));
                }
            }
        }
    }
    for _ in 0..EACH * 4 {
        let text = negative(&mut dice);
        for finding in &detect(&text) {
            let words = &text[finding.bytes.clone()];
            let known = all.iter().find(|known| **known == finding.detector.name());
            scores
                .entry(known.unwrap_or(&"name"))
                .or_default()
                .wrong
                .push(format!("{words:?} in {text:?}"));
        }
    }
    let mut missed = Vec::new();
    for (name, score) in &scores {
        let recall = score.found as f64 / EACH as f64;
        let precision = score.found as f64 / (score.found + score.wrong.len()).max(1) as f64;
        println!("{name:12} recall {recall:.4} precision {precision:.4}");
        let bar = if CHECKED.contains(name) { 0.99 } else { 0.85 };
        if *name != "name" && (recall < bar || precision < bar) {
            missed.push(*name);
        }
        for text in score.missed.iter().take(12) {
            println!("    missed {text}");
        }
        for text in score.wrong.iter().take(12) {
            println!("    wrong {text}");
        }
    }
    assert!(missed.is_empty(), "below the bar: {missed:?}");
}
