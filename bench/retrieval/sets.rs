//! The sets of documents and questions, and how one is measured.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;
use trousseau_core::label::Class;
use trousseau_extract::{Format, Limits, read};
use trousseau_retrieval::chunk::chunk;
use trousseau_retrieval::lexical::{Change, Filter, IndexedChunk, IndexedDocument, LexicalIndex, Options};

/// The sets, and whether their documents have titles that may be indexed.
const SETS: [(&str, bool); 4] = [
    ("service-public-fr", false),
    ("cnil-faq-fr", true),
    ("piaf-fr", false),
    ("xquad-en", false),
];

/// So many hits are asked for; their documents are ranked by their best chunk.
const HITS: usize = 50;

pub(crate) struct Set {
    pub(crate) name: &'static str,
    pub(crate) documents: Vec<Document>,
    pub(crate) questions: Vec<Question>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Document {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) title: String,
    pub(crate) text: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Question {
    pub(crate) id: String,
    pub(crate) text: String,
    #[serde(rename = "gold_doc")]
    pub(crate) gold: String,
    /// The documents that answer it, each with its grade.
    #[serde(skip)]
    relevant: HashMap<String, i32>,
}

impl Set {
    /// All sets under `data`/retrieval.
    pub(crate) fn all(data: &Path) -> anyhow::Result<Vec<Self>> {
        let load = |(name, titled)| Self::load(&data.join("retrieval").join(name), name, titled);
        SETS.into_iter().map(load).collect()
    }

    fn load(folder: &Path, name: &'static str, titled: bool) -> anyhow::Result<Self> {
        let mut documents: Vec<Document> = lines(&folder.join("docs.jsonl"))?;
        if !titled {
            documents.iter_mut().for_each(|document| document.title.clear());
        }
        let mut questions: Vec<Question> = lines(&folder.join("dev/queries.jsonl"))?;
        let mut relevant: HashMap<String, HashMap<String, i32>> = HashMap::new();
        for line in fs_err::read_to_string(folder.join("dev/qrels.tsv"))?
            .lines()
            .skip(1)
        {
            let [question, document, grade] = line.split('\t').collect::<Vec<_>>()[..] else {
                anyhow::bail!("{name}: a line of qrels.tsv has not three columns: {line}");
            };
            let grades = relevant.entry(question.to_owned()).or_default();
            grades.insert(document.to_owned(), grade.parse()?);
        }
        for question in &mut questions {
            question.relevant = relevant
                .remove(&question.id)
                .context("a question without relevant documents")?;
        }
        Ok(Self {
            name,
            documents,
            questions,
        })
    }

    /// nDCG@10 of each question, over an index of the whole set.
    pub(crate) fn measure(&self, options: Options) -> anyhow::Result<Vec<f64>> {
        let folder = tempfile::tempdir()?;
        let (index, _) = LexicalIndex::open_with(folder.path(), options)?;
        index.apply(changes(&self.documents)?, 1)?;
        let score = |question: &Question| {
            let hits = index.search(&question.text, &Filter::default(), HITS)?;
            let mut seen = HashSet::new();
            let ranked = hits
                .into_iter()
                .map(|hit| hit.document)
                .filter(|id| seen.insert(id.clone()));
            Ok(question.ndcg(ranked))
        };
        self.questions.iter().map(score).collect()
    }
}

impl Question {
    /// Normalised discounted cumulative gain of the first ten (Järvelin and Kekäläinen 2002).
    fn ndcg(&self, ranked: impl Iterator<Item = String>) -> f64 {
        let gain = |grade: i32, place: usize| (2_f64.powi(grade) - 1.0) / ((place + 2) as f64).log2();
        let sum = |grades: &mut dyn Iterator<Item = i32>| -> f64 {
            grades
                .take(10)
                .enumerate()
                .map(|(place, grade)| gain(grade, place))
                .sum()
        };
        let mut best: Vec<i32> = self.relevant.values().copied().collect();
        best.sort_unstable_by(|a, b| b.cmp(a));
        let found = sum(&mut ranked.map(|id| self.relevant.get(&id).copied().unwrap_or(0)));
        found / sum(&mut best.into_iter())
    }
}

pub(crate) fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}

/// The documents as the product would index them.
pub(crate) fn changes(documents: &[Document]) -> anyhow::Result<Vec<Change>> {
    let mut ids = 0..;
    let change = |document: &Document| {
        let extracted = read(Format::Text, document.text.as_bytes(), &Limits::default())?;
        let chunks = chunk(&extracted)
            .into_iter()
            .zip(ids.by_ref())
            .map(|(chunk, id)| IndexedChunk {
                id,
                heading: chunk.heading,
                text: extracted.text[chunk.bytes].to_owned(),
            });
        Ok(Change::Put(IndexedDocument {
            id: document.id.clone(),
            collection: "bench".to_owned(),
            readers: vec!["everyone".to_owned()],
            class: Class::Public,
            title: document.title.clone(),
            chunks: chunks.collect(),
        }))
    };
    documents.iter().map(change).collect()
}

fn lines<T: for<'a> Deserialize<'a>>(path: &Path) -> anyhow::Result<Vec<T>> {
    let text = fs_err::read_to_string(path)?;
    let parse = |line| serde_json::from_str(line).with_context(|| path.display().to_string());
    text.lines().map(parse).collect()
}
