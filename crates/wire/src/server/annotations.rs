//! `file_citation` annotations: which file supports the answer, and where in the answer.

use serde::Serialize;
use trousseau_core::chat::ChatAnswer;
use trousseau_core::document::Citation;

/// A citation as OpenAI's responses give it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Annotation<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Where its marker begins in the answer's text, in characters.
    index: usize,
    file_id: &'a str,
    filename: &'a str,
}

/// One annotation for each marker `[n]` of the answer's text that a citation explains, in the order of the text.
pub(super) fn annotations(answer: &ChatAnswer) -> Vec<Annotation<'_>> {
    if answer.citations.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let (mut characters, mut counted) = (0, 0);
    for (at, number) in markers(&answer.text) {
        let Some(citation) = answer.citations.iter().find(|citation| citation.number == number) else {
            continue;
        };
        characters += answer
            .text
            .get(counted..at)
            .map_or(0, |text| text.chars().count());
        counted = at;
        found.push(Annotation {
            kind: "file_citation",
            index: characters,
            file_id: &citation.document,
            filename: filename(citation),
        });
    }
    found
}

/// The name of the cited file: the last part of its path, or its title where it has none.
fn filename(citation: &Citation) -> &str {
    let name = citation.path.rsplit(['/', '\\']).next().unwrap_or_default();
    if name.is_empty() { &citation.title } else { name }
}

/// The markers `[n]` of a text: where each begins, in bytes, and its number.
fn markers(text: &str) -> impl Iterator<Item = (usize, usize)> {
    memchr::memchr_iter(b'[', text.as_bytes()).filter_map(move |at| {
        let inner = text.get(at + 1..)?;
        let end = inner.bytes().take(10).position(|byte| byte == b']')?;
        let digits = inner.get(..end)?;
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        plain
            .then(|| digits.parse().ok())
            .flatten()
            .map(|number| (at, number))
    })
}
