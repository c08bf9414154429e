//! `file_citation` annotations: which file supports the answer, and where in the answer.

use serde::ser::{Serialize, SerializeSeq, Serializer};
use serde_json::{Map, Value};
use trousseau_core::chat::ChatAnswer;
use trousseau_core::document::Citation;

const KIND: &str = "file_citation";

/// A citation as OpenAI's responses give it.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
struct Annotation<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// Where its marker begins in the answer's text, in characters.
    index: usize,
    file_id: &'a str,
    filename: &'a str,
}

/// The annotations of an answer: ours, and those that a server made.
#[derive(Debug, Default)]
pub(super) struct Annotations<'a> {
    ours: Vec<Annotation<'a>>,
    /// OpenAI's `url_citation`s, say. Files are this program's, and nobody else cites them.
    theirs: Vec<&'a Value>,
}

impl<'a> Annotations<'a> {
    /// Adds those among the unknown fields of a message.
    pub(super) fn and(mut self, message: &'a Map<String, Value>) -> Self {
        let theirs = message.get("annotations").and_then(Value::as_array);
        let others = theirs.into_iter().flatten();
        self.theirs.extend(others.filter(|one| one["type"] != KIND));
        self
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.ours.is_empty() && self.theirs.is_empty()
    }
}

impl Serialize for Annotations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.ours.len() + self.theirs.len()))?;
        for one in &self.ours {
            seq.serialize_element(one)?;
        }
        for one in &self.theirs {
            seq.serialize_element(one)?;
        }
        seq.end()
    }
}

/// One annotation for each marker `[n]` of the answer's text that a citation explains, in the order of the text.
pub(super) fn annotations(answer: &ChatAnswer) -> Annotations<'_> {
    let mut all = Annotations::default();
    if answer.citations.is_empty() {
        return all;
    }
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
        all.ours.push(Annotation {
            kind: KIND,
            index: characters,
            file_id: &citation.document,
            filename: filename(citation),
        });
    }
    all
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
