//! What the weights of the answerer are fitted on: the features of every quotable unit of the questions
//! with a gold answer, and the features of the support of every question, as JSON lines.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use serde_json::{Value, json};
use trousseau_extractive::{Options, answer, confidence, relevance, weigh};

use crate::corpus::Corpus;
use crate::data::{Question, Set};
use crate::judge;

/// How many questions of each other set are asked at most.
const FOREIGN: usize = 400;

/// Writes them to `path`.
pub(crate) fn write(sets: &[(Set, Corpus)], path: &Path) -> anyhow::Result<()> {
    let mut out = BufWriter::new(fs_err::File::create(path)?);
    let names = json!({ "relevance": relevance::NAMES, "confidence": confidence::NAMES });
    writeln!(out, "{names}")?;
    for (set, corpus) in sets {
        for question in &set.questions {
            if question.golds().next().is_some() {
                writeln!(out, "{}", units(set, corpus, question)?)?;
            }
            let (text, gold) = (&question.text, question.gold_doc.as_str());
            writeln!(out, "{}", support(set, corpus, text, ("present", None, gold))?)?;
            writeln!(
                out,
                "{}",
                support(set, corpus, text, ("removed", Some(gold), gold))?
            )?;
        }
        for (other, _) in sets.iter().filter(|(other, _)| other.name != set.name) {
            for question in other
                .questions
                .iter()
                .step_by(1 + other.questions.len() / FOREIGN)
            {
                let case = format!("foreign-{}", other.name);
                writeln!(
                    out,
                    "{}",
                    support(set, corpus, &question.text, (&case, None, &question.gold_doc))?
                )?;
            }
        }
    }
    Ok(out.flush()?)
}

fn units(set: &Set, corpus: &Corpus, question: &Question) -> anyhow::Result<Value> {
    let passages = corpus.passages(&question.text, None)?;
    let rarities = corpus.rarities(&question.text)?;
    let options = Options {
        rarities: Some(&rarities),
        ..Options::default()
    };
    let weighed = weigh(&question.text, &passages, &options);
    let units: Vec<Value> = weighed
        .units
        .iter()
        .zip(&weighed.features)
        .map(|(unit, features)| {
            let text = &passages[unit.passage].text[unit.bytes.clone()];
            json!({
                "x": features.0.to_vec(),
                "characters": text.chars().count(),
                "gold": judge::contains(text, question.golds()),
            })
        })
        .collect();
    Ok(json!({ "set": set.name, "document": question.gold_doc, "units": units }))
}

fn support(
    set: &Set,
    corpus: &Corpus,
    question: &str,
    (case, removed, document): (&str, Option<&str>, &str),
) -> anyhow::Result<Value> {
    let passages = corpus.passages(question, removed)?;
    let rarities = corpus.rarities(question)?;
    let options = Options {
        rarities: Some(&rarities),
        ..Options::default()
    };
    let support = answer(question, &passages, &options)
        .support
        .map(|support| support.0.to_vec());
    Ok(json!({ "set": set.name, "case": case, "document": document, "support": support }))
}
