//! The baseline, and when an answer counts.

use std::collections::HashSet;

use trousseau_text::language::detect;
use trousseau_text::sentences::sentences;
use trousseau_text::terms::{Steps, visit};
use trousseau_text::words::analyze;

use crate::corpus::Corpus;

/// The share of the gold answer's stems that an answer must contain.
const SHARE: f32 = 0.8;

/// The three best BM25 sentences of `document`, in reading order, with a space between them.
pub(crate) fn baseline(corpus: &Corpus, document: &str, question: &str) -> anyhow::Result<String> {
    let rarities = corpus.rarities(question)?;
    let rarity = |term: &String| rarities.of(term);
    let text = &corpus.documents[document].text;
    let language = detect(text);
    let asked: HashSet<String> = analyze(question, detect(question))
        .into_iter()
        .map(|term| term.text)
        .collect();
    let places = sentences(text);
    let terms: Vec<Vec<String>> = places
        .iter()
        .map(|bytes| {
            analyze(&text[bytes.clone()], language)
                .into_iter()
                .map(|term| term.text)
                .collect()
        })
        .collect();
    let mean = terms.iter().map(Vec::len).sum::<usize>() as f32 / terms.len().max(1) as f32;
    let score = |terms: &Vec<String>| -> f32 {
        let norm = 1.2 * (0.25 + 0.75 * terms.len() as f32 / mean);
        asked
            .iter()
            .map(|term| {
                let frequency = terms.iter().filter(|other| *other == term).count() as f32;
                rarity(term) * frequency * 2.2 / (frequency + norm)
            })
            .sum()
    };
    let scores: Vec<f32> = terms.iter().map(score).collect();
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    order.truncate(3);
    order.sort_unstable();
    let picked = order.into_iter().map(|place| &text[places[place].clone()]);
    Ok(picked.collect::<Vec<_>>().join(" "))
}

/// The first `limit` characters.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    text.char_indices()
        .nth(limit)
        .map_or(text, |(end, _)| &text[..end])
}

/// Whether `answer` contains at least 80 % of the stems of one of `golds`.
pub(crate) fn contains<'a>(answer: &str, golds: impl IntoIterator<Item = &'a str>) -> bool {
    let french = stems(answer);
    golds.into_iter().any(|gold| {
        let wanted = stems(gold);
        let found = wanted.iter().filter(|stem| french.contains(*stem)).count();
        !wanted.is_empty() && found as f32 >= SHARE * wanted.len() as f32
    })
}

/// Every word's stem, stopwords included. Short golds do not tell their language: all is read as French.
fn stems(text: &str) -> HashSet<String> {
    let mut stems = HashSet::new();
    let steps = Steps {
        stopwords: false,
        compounds: false,
        ..Steps::default()
    };
    visit(text, trousseau_text::language::Language::French, steps, |term| {
        stems.insert(term.text.to_owned());
    });
    stems
}
