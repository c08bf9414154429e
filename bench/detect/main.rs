//! Measures the detectors: recall and precision on made-up specimens of several seeds, and what they find in real texts.

use std::collections::BTreeMap;
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser;
use trousseau_detect::{Detectors, detect};
use trousseau_testing::specimens::{CHECKED, Dice, FREE, negative, specimen};

/// Measures the detectors.
#[derive(Parser)]
struct Arguments {
    /// The folder of the benchmark data; without it only specimens are measured.
    data: Option<PathBuf>,
    /// Specimens of each kind and seed.
    #[arg(long, default_value_t = 4000)]
    each: usize,
    /// The seeds; none of them is the tests'.
    #[arg(long, value_delimiter = ',', default_value = "101,202,303,404,505")]
    seeds: Vec<u64>,
    /// Prints every finding in the real texts.
    #[arg(long)]
    all: bool,
}

/// The sets of real texts, under `retrieval/`.
const SETS: [&str; 4] = ["service-public-fr", "cnil-faq-fr", "piaf-fr", "xquad-en"];

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    specimens(&arguments)?;
    if let Some(data) = &arguments.data {
        for set in SETS {
            texts(
                &data.join("retrieval").join(set).join("docs.jsonl"),
                set,
                arguments.all,
            )?;
        }
    }
    Ok(())
}

#[derive(Default)]
struct Score {
    made: usize,
    found: usize,
    wrong: usize,
}

fn specimens(arguments: &Arguments) -> anyhow::Result<()> {
    let all: Vec<&'static str> = CHECKED.into_iter().chain(FREE).collect();
    let mut scores = BTreeMap::<String, Score>::new();
    let mut kinds = BTreeMap::<String, Score>::new();
    for seed in &arguments.seeds {
        let mut dice = Dice::new(*seed);
        for name in all.iter().flat_map(|name| vec![*name; arguments.each]) {
            let one = specimen(name, &mut dice);
            let findings = detect(&one.text);
            let touches =
                |bytes: &std::ops::Range<usize>| bytes.start < one.place.end && one.place.start < bytes.end;
            let found = findings
                .iter()
                .any(|finding| finding.detector.name() == name && touches(&finding.bytes));
            for score in [scores.entry(name.to_owned()), kinds.entry(one.kind)] {
                let score = score.or_default();
                score.made += 1;
                score.found += usize::from(found);
            }
            for finding in &findings {
                let beside = name == "health" && matches!(finding.detector.name(), "name" | "phone");
                if finding.detector.name() != name && !beside {
                    scores
                        .entry(finding.detector.name().to_owned())
                        .or_default()
                        .wrong += 1;
                }
            }
        }
        for _ in 0..arguments.each * 4 {
            for finding in &detect(&negative(&mut dice)) {
                scores
                    .entry(finding.detector.name().to_owned())
                    .or_default()
                    .wrong += 1;
            }
        }
    }
    let mut out = stdout();
    writeln!(
        out,
        "| detector | specimens | recall | precision |\n| --- | --- | --- | --- |"
    )?;
    for (name, score) in scores {
        let (recall, precision) = (
            score.found as f64 / score.made as f64,
            score.found as f64 / (score.found + score.wrong) as f64,
        );
        writeln!(out, "| {name} | {} | {recall:.4} | {precision:.4} |", score.made)?;
    }
    for (kind, score) in kinds
        .iter()
        .filter(|(_, score)| score.found * 100 < score.made * 98)
    {
        writeln!(
            out,
            "recall below 0.98: {kind}, {} of {}",
            score.found, score.made
        )?;
    }
    Ok(())
}

fn texts(file: &Path, set: &str, all: bool) -> anyhow::Result<()> {
    let lines = fs_err::read_to_string(file)?;
    let mut counts = BTreeMap::<String, usize>::new();
    let (mut bytes, mut seconds) = (0, 0.0);
    let detectors = Detectors::default();
    let mut out = stdout();
    for line in lines.lines() {
        let document: serde_json::Value = serde_json::from_str(line)?;
        let text = document["text"].as_str().context("a document without a text")?;
        let began = Instant::now();
        let findings = detectors.detect(text);
        seconds += began.elapsed().as_secs_f64();
        bytes += text.len();
        for finding in &findings {
            *counts.entry(finding.detector.name().to_owned()).or_default() += 1;
            if all {
                let from = text.floor_char_boundary(finding.bytes.start.saturating_sub(60));
                let to = text.ceil_char_boundary((finding.bytes.end + 40).min(text.len()));
                writeln!(
                    out,
                    "{} {:?} in {:?}",
                    finding.detector,
                    &text[finding.bytes.clone()],
                    &text[from..to]
                )?;
            }
        }
    }
    let megabytes = bytes as f64 / 1e6;
    write!(
        out,
        "{set}, {megabytes:.2} MB, {:.0} MB/s, findings per MB:",
        megabytes / seconds
    )?;
    for (name, count) in counts {
        write!(out, " {name} {:.1}", count as f64 / megabytes)?;
    }
    Ok(writeln!(out)?)
}
