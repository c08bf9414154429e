//! How well the answerer knows when to abstain: with the right document there, with it removed, and on
//! questions of another set.

use trousseau_extractive::confidence::Support;
use trousseau_extractive::{Options, THRESHOLD, answer};

use crate::corpus::Corpus;
use crate::data::Set;
use crate::judge;

/// How many questions of each other set are asked at most.
const FOREIGN: usize = 400;

/// One question asked: the confidence, and whether the answer held the gold, where it is known.
pub(crate) struct Asked {
    /// The half of its document.
    pub(crate) half: usize,
    /// What the confidence was computed from.
    pub(crate) support: Option<Support>,
    confidence: f32,
    right: Option<bool>,
}

/// What was asked of one set.
pub(crate) struct Trial {
    /// The set.
    pub(crate) name: &'static str,
    /// Its questions.
    pub(crate) present: Vec<Asked>,
    /// The same with the right document removed.
    pub(crate) removed: Vec<Asked>,
    /// Questions of the other sets.
    pub(crate) foreign: Vec<(&'static str, Vec<Asked>)>,
}

/// Asks all questions.
pub(crate) fn trials(sets: &[(Set, Corpus)]) -> anyhow::Result<Vec<Trial>> {
    sets.iter().map(|set| trial(set, sets)).collect()
}

/// Prints the tables for all sets.
pub(crate) fn print(trials: &[Trial]) {
    println!(
        "\nABSTENTION: threshold chosen on one half of the documents (>= 80 % answered), reported on the other\n"
    );
    println!(
        "{:<15} {:>5} {:>9} {:>9} {:>8}  another set's questions",
        "set", "half", "threshold", "answered", "removed"
    );
    for trial in trials {
        for half in 0..2 {
            let known: Vec<f32> = of_half(&trial.present, 1 - half).collect();
            row(trial, half, quantile(known, 0.2));
        }
    }
    println!("\nThe threshold shipped, all questions\n");
    for trial in trials {
        row(trial, 2, THRESHOLD);
    }
    println!(
        "\nOf the questions answered with the right document removed, the share whose answer holds the gold answer all the same"
    );
    for trial in trials {
        let answered = || trial.removed.iter().filter(|asked| asked.confidence >= THRESHOLD);
        let known: Vec<bool> = answered().filter_map(|asked| asked.right).collect();
        println!("{:<15} {:.1}% of {}", trial.name, share_of(&known), known.len());
    }
    println!("\nRISK AND COVERAGE: of the questions answered, the share whose answer lacks the gold answer");
    for trial in trials {
        curve(trial);
    }
}

fn trial((set, corpus): &(Set, Corpus), sets: &[(Set, Corpus)]) -> anyhow::Result<Trial> {
    let ask = |text: &str, removed: Option<&str>, gold: &str, golds: &[&str]| -> anyhow::Result<Asked> {
        let passages = corpus.passages(text, removed)?;
        let rarities = corpus.rarities(text)?;
        let options = Options {
            threshold: 0.0,
            rarities: corpus.known.then_some(&rarities),
            ..Options::default()
        };
        let extract = answer(text, &passages, &options);
        Ok(Asked {
            half: half(gold),
            confidence: if extract.abstained {
                -1.0
            } else {
                extract.confidence
            },
            right: (!golds.is_empty())
                .then(|| judge::contains(&extract.text(&passages), golds.iter().copied())),
            support: extract.support,
        })
    };
    let mut trial = Trial {
        name: set.name,
        present: Vec::new(),
        removed: Vec::new(),
        foreign: Vec::new(),
    };
    for question in &set.questions {
        let golds: Vec<&str> = question.golds().collect();
        trial
            .present
            .push(ask(&question.text, None, &question.gold_doc, &golds)?);
        trial.removed.push(ask(
            &question.text,
            Some(&question.gold_doc),
            &question.gold_doc,
            &golds,
        )?);
    }
    for (other, _) in sets.iter().filter(|(other, _)| other.name != set.name) {
        let asked = other
            .questions
            .iter()
            .step_by(1 + other.questions.len() / FOREIGN)
            .map(|question| ask(&question.text, None, &question.gold_doc, &[]))
            .collect::<anyhow::Result<_>>()?;
        trial.foreign.push((other.name, asked));
    }
    Ok(trial)
}

/// Which half of the documents this one belongs to: FNV-1a of its id, so that the halves stay the same.
fn half(document: &str) -> usize {
    let hash = document.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 29) ^ (hash >> 47)) as usize % 2
}

fn of_half(asked: &[Asked], half: usize) -> impl Iterator<Item = f32> {
    let kept = asked.iter().filter(move |asked| half > 1 || asked.half == half);
    kept.map(|asked| asked.confidence)
}

fn quantile(mut values: Vec<f32>, share: f32) -> f32 {
    values.sort_by(f32::total_cmp);
    values
        .get((values.len() as f32 * share) as usize)
        .copied()
        .unwrap_or(1.0)
}

fn share(values: impl Iterator<Item = f32>, test: impl Fn(f32) -> bool) -> f32 {
    let values: Vec<f32> = values.collect();
    100.0 * values.iter().filter(|value| test(**value)).count() as f32 / values.len().max(1) as f32
}

fn share_of(right: &[bool]) -> f32 {
    100.0 * right.iter().filter(|right| **right).count() as f32 / right.len().max(1) as f32
}

/// One line; `half` 2 means all questions.
fn row(trial: &Trial, half: usize, threshold: f32) {
    let answered = share(of_half(&trial.present, half), |confidence| {
        confidence >= threshold
    });
    let removed = share(of_half(&trial.removed, half), |confidence| confidence < threshold);
    print!(
        "{:<15} {half:>5} {threshold:>9.2} {answered:>8.1}% {removed:>7.1}% ",
        trial.name
    );
    for (name, asked) in &trial.foreign {
        let foreign = share(of_half(asked, 2), |confidence| confidence < threshold);
        print!(" {name} {foreign:.1}%");
    }
    let all = trial.foreign.iter().flat_map(|(_, asked)| of_half(asked, 2));
    println!(" all {:.1}%", share(all, |confidence| confidence < threshold));
}

/// The questions of a set with a gold answer, most confident first, in steps of a twentieth.
fn curve(trial: &Trial) {
    let mut known: Vec<(f32, bool)> = trial
        .present
        .iter()
        .filter_map(|asked| Some((asked.confidence, asked.right?)))
        .collect();
    known.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("\n{:<15} coverage  confidence  wrong", trial.name);
    for step in 1..=20 {
        let count = (known.len() * step).div_ceil(20);
        let wrong = known[..count].iter().filter(|(_, right)| !right).count();
        let last = known[..count].last().map_or(0.0, |(confidence, _)| *confidence);
        println!(
            "{:<15} {:>7} %  {last:>10.2}  {:>4.1} %",
            "",
            5 * step,
            100.0 * wrong as f32 / count as f32
        );
    }
}
