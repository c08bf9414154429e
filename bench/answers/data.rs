//! The question sets.

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

/// One set of documents and questions.
pub(crate) struct Set {
    /// Its short name.
    pub(crate) name: &'static str,
    /// Its documents.
    pub(crate) documents: Vec<Document>,
    /// Its questions.
    pub(crate) questions: Vec<Question>,
}

/// One document.
#[derive(Deserialize)]
pub(crate) struct Document {
    /// Its id.
    pub(crate) id: String,
    /// Its title; indexed only where the set's rules say so.
    #[serde(default)]
    pub(crate) title: String,
    /// Its text.
    pub(crate) text: String,
}

/// One question.
#[derive(Deserialize)]
pub(crate) struct Question {
    /// Its words.
    pub(crate) text: String,
    /// The document that answers it.
    pub(crate) gold_doc: String,
    #[serde(default)]
    gold_answers: Vec<String>,
    #[serde(default)]
    gold_answer: Option<String>,
}

impl Question {
    /// The answers that are right, one of which is enough; empty when only the document is known.
    pub(crate) fn golds(&self) -> impl Iterator<Item = &str> {
        self.gold_answers
            .iter()
            .chain(&self.gold_answer)
            .map(String::as_str)
    }
}

/// The sets that are measured: name, folder, whether the title is indexed with the text.
pub(crate) const SETS: [(&str, &str, bool); 4] = [
    ("piaf", "piaf-fr", false),
    ("service-public", "service-public-fr", false),
    ("cnil", "cnil-faq-fr", true),
    ("xquad-en", "xquad-en", false),
];

/// Reads one of [`SETS`] under `data`; `part` is `dev` or another folder beside it.
pub(crate) fn load(data: &Path, set: (&'static str, &str, bool), part: &str) -> anyhow::Result<Set> {
    let (name, folder, titled) = set;
    let folder = data.join("retrieval").join(folder);
    let mut documents: Vec<Document> = lines(&folder.join("docs.jsonl"))?;
    if !titled {
        for document in &mut documents {
            document.title.clear();
        }
    }
    Ok(Set {
        name,
        documents,
        questions: lines(&folder.join(part).join("queries.jsonl"))?,
    })
}

fn lines<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    fs_err::read_to_string(path)?
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("in {}", path.display())))
        .collect()
}
