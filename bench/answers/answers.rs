//! How often an answer holds the gold answer, beside the baselines, in no more characters than theirs.

use trousseau_extractive::{Extract, Options, answer};

use crate::corpus::Corpus;
use crate::data::Set;
use crate::{judge, resample};

/// The space of an answer where the baseline is cut as well.
const CUT: usize = 400;

/// Which baseline an answer is compared with, and the space it gets.
#[derive(Clone, Copy)]
struct Rule {
    name: &'static str,
    /// The baseline reads the best document of plain BM25, not of the product's search.
    plain: bool,
    /// The baseline is cut to this many characters.
    cut: Option<usize>,
    /// Our space: this many characters, or the baseline's own.
    space: Option<usize>,
    /// Our citation markers count as characters.
    markers: bool,
}

const RULE: Rule = Rule {
    name: "",
    plain: false,
    cut: None,
    space: None,
    markers: false,
};

const RULES: [Rule; 6] = [
    Rule {
        name: "same search, its length",
        ..RULE
    },
    Rule {
        name: "same search, its length, markers counted",
        markers: true,
        ..RULE
    },
    Rule {
        name: "plain BM25, its length",
        plain: true,
        ..RULE
    },
    Rule {
        name: "plain BM25, its length, markers counted",
        plain: true,
        markers: true,
        ..RULE
    },
    Rule {
        name: "same search, both at 400, markers counted",
        cut: Some(CUT),
        space: Some(CUT),
        markers: true,
        ..RULE
    },
    Rule {
        name: "same search cut at 400, its length, markers",
        cut: Some(CUT),
        markers: true,
        ..RULE
    },
];

/// Prints a table for all sets and rules.
pub(crate) fn print(sets: &[(Set, Corpus)]) -> anyhow::Result<()> {
    println!("ANSWERS: the share that holds >= 80 % of the gold answer's stems; no abstention\n");
    println!(
        "{:<15} {:<45} {:>5} {:>9} {:>6} {:>7}  95 % interval",
        "set", "baseline", "n", "baseline", "ours", "points"
    );
    for (set, corpus) in sets {
        for rule in RULES {
            measure(set, corpus, rule)?;
        }
    }
    Ok(())
}

fn measure(set: &Set, corpus: &Corpus, rule: Rule) -> anyhow::Result<()> {
    let mut differences = Vec::new();
    let (mut ours, mut theirs) = (0.0, 0.0);
    for question in set
        .questions
        .iter()
        .filter(|question| question.golds().next().is_some())
    {
        let passages = corpus.passages(&question.text, None)?;
        let document = if rule.plain {
            corpus.plain_best(&question.text)?
        } else {
            passages.first().map(|passage| passage.document.clone())
        };
        let whole = match document {
            Some(document) => judge::baseline(corpus, &document, &question.text)?,
            None => String::new(),
        };
        let baseline = judge::cut(&whole, rule.cut.unwrap_or(usize::MAX));
        let space = rule.space.unwrap_or(baseline.chars().count());
        let quoted = fitting(corpus, &question.text, &passages, (space, rule.markers))?;
        let right = |yes: bool| f32::from(u8::from(yes));
        let (our, their) = (
            right(judge::contains(&quoted, question.golds())),
            right(judge::contains(baseline, question.golds())),
        );
        ours += our;
        theirs += their;
        differences.push((question.gold_doc.as_str(), our - their));
    }
    let count = differences.len() as f32;
    let (low, high) = resample::interval(&differences);
    println!(
        "{:<15} {:<45} {:>5} {:>8.1}% {:>5.1}% {:>+7.1}  [{low:+.1}, {high:+.1}]",
        set.name,
        rule.name,
        differences.len(),
        100.0 * theirs / count,
        100.0 * ours / count,
        100.0 * (ours - theirs) / count,
    );
    Ok(())
}

/// Our answer in at most `space` characters, citation markers included where they count.
fn fitting(
    corpus: &Corpus,
    question: &str,
    passages: &[trousseau_core::document::Passage],
    (space, markers): (usize, bool),
) -> anyhow::Result<String> {
    let rarities = corpus.rarities(question)?;
    let make = |max_chars: usize| {
        let options = Options {
            max_chars,
            threshold: 0.0,
            rarities: corpus.known.then_some(&rarities),
            ..Options::default()
        };
        answer(question, passages, &options)
    };
    if markers {
        return Ok(make(space).text(passages));
    }
    // The product counts its markers, four characters each: give them back as far as the words fit.
    let fitting = (0..=6)
        .rev()
        .map(|quotes| words(&make(space + 4 * quotes), passages))
        .find(|text| text.chars().count() <= space);
    Ok(fitting.unwrap_or_default())
}

fn words(extract: &Extract, passages: &[trousseau_core::document::Passage]) -> String {
    let quotes: Vec<&str> = extract.quotes.iter().map(|quote| quote.text(passages)).collect();
    quotes.join(" ")
}
