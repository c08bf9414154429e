//! Measures the extractive answerer on questions with known answers. See `bench/answers/README.md`.

mod corpus;
mod data;
mod judge;

use std::io::Write as _;
use std::path::PathBuf;

use clap::Parser;
use trousseau_retrieval::extractive::{self, Options, answer};

use corpus::Corpus;

#[derive(Parser)]
struct Arguments {
    /// The folder of the benchmark data.
    data: PathBuf,
    /// The part of each set whose questions are asked.
    #[arg(long, default_value = "dev")]
    part: String,
    /// Write the features.
    #[arg(long)]
    dump: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let sets = data::SETS
        .into_iter()
        .map(|set| data::load(&arguments.data, set, &arguments.part))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut dump = arguments
        .dump
        .as_ref()
        .map(fs_err::File::create)
        .transpose()?
        .map(std::io::BufWriter::new);
    for set in &sets {
        let corpus = Corpus::build(set)?;
        let rarity = |term: &str| corpus.rarity(term);
        let mut counts = [0_usize; 6];
        for (number, question) in set.questions.iter().enumerate() {
            let passages = corpus.passages(&question.text, None)?;
            let options = Options {
                threshold: 0.0,
                term_weight: Some(&rarity),
                ..Options::default()
            };
            let Some(top) = passages.first() else { continue };
            let base = judge::baseline(&corpus, &top.document, &question.text);
            let base_chars = base.chars().count();
            let has_gold = question.golds().next().is_some();
            if has_gold {
                let budget = if set.name == "service-public" {
                    400
                } else {
                    base_chars
                };
                let ours = answer(
                    &question.text,
                    &passages,
                    &Options {
                        max_chars: budget,
                        ..options
                    },
                )
                .text(&passages);
                counts[0] += 1;
                counts[1] += usize::from(judge::contains(&base, question.golds()));
                counts[2] += usize::from(judge::contains(judge::cut(&base, 400), question.golds()));
                counts[3] += usize::from(judge::contains(&ours, question.golds()));
                counts[4] += usize::from(top.document == question.gold_doc);
                counts[5] += usize::from(
                    passages
                        .iter()
                        .any(|passage| passage.document == question.gold_doc),
                );
            }
            if let Some(out) = &mut dump {
                let weighed = extractive::weigh(&question.text, &passages, &options);
                let rows: Vec<_> = weighed.units.iter().zip(&weighed.features).map(|(unit, features)| {
                    let passage = &passages[unit.passage];
                    let text = &passage.text[unit.bytes.clone()];
                    serde_json::json!({"x": features.0.to_vec(), "len": text.chars().count(), "gold": judge::contains(text, question.golds()), "right": passage.document == question.gold_doc, "doc": passage.document, "t": text})
                }).collect();
                let line = serde_json::json!({"set": set.name, "n": number, "q": question.text, "gold_doc": question.gold_doc, "golds": question.golds().collect::<Vec<_>>(), "base_len": base_chars, "base_ok": judge::contains(&base, question.golds()), "base400_ok": judge::contains(judge::cut(&base, 400), question.golds()), "expected": format!("{:?}", weighed.question.expected), "units": rows});
                serde_json::to_writer(&mut *out, &line)?;
                out.write_all(b"\n")?;
            }
        }
        println!("{}: {counts:?}", set.name);
        if let Some(out) = &mut dump {
            let mut support = |kind: &str,
                               question: &str,
                               removed: Option<&str>,
                               gold: &str|
             -> anyhow::Result<()> {
                let passages = corpus.passages(question, removed)?;
                let options = Options {
                    threshold: 0.0,
                    term_weight: Some(&rarity),
                    ..Options::default()
                };
                let extract = answer(question, &passages, &options);
                let x = extract.support.map(|support| support.0.to_vec());
                serde_json::to_writer(
                    &mut *out,
                    &serde_json::json!({"set": set.name, "kind": kind, "gold_doc": gold, "x": x, "q": question, "t": extract.quotes.first().map(|quote| quote.text(&passages))}),
                )?;
                out.write_all(b"\n")?;
                Ok(())
            };
            for question in &set.questions {
                support("present", &question.text, None, &question.gold_doc)?;
                support(
                    "removed",
                    &question.text,
                    Some(&question.gold_doc),
                    &question.gold_doc,
                )?;
            }
            for other in &sets {
                if other.name == set.name || (other.name == "xquad-en") != (set.name == "xquad-en") {
                    continue;
                }
                for question in other.questions.iter().step_by(1 + other.questions.len() / 400) {
                    support(
                        &format!("foreign-{}", other.name),
                        &question.text,
                        None,
                        &question.gold_doc,
                    )?;
                }
            }
        }
    }
    if let Some(out) = &mut dump {
        out.flush()?;
    }
    Ok(())
}
