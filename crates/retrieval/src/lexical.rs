//! TEMPORARY
#![allow(missing_docs)]
use trousseau_core::{error::*, label::Class};
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct LexicalError;
impl Explain for LexicalError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Internal
    }
    fn code(&self) -> &'static str {
        "x"
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![]
    }
}
pub struct IndexedChunk {
    pub id: i64,
    pub heading: Vec<String>,
    pub text: String,
}
pub struct IndexedDocument {
    pub id: String,
    pub collection: String,
    pub readers: Vec<String>,
    pub class: Class,
    pub title: String,
    pub chunks: Vec<IndexedChunk>,
}
pub enum Change {
    Put(IndexedDocument),
    Remove(String),
}
pub struct Filter {
    pub collections: Option<Vec<String>>,
    pub readers: Option<Vec<String>>,
    pub clearance: Class,
}
pub struct LexicalHit {
    pub chunk: i64,
    pub document: String,
    pub score: f32,
}
pub struct LexicalIndex;
impl LexicalIndex {
    pub fn open(_d: &std::path::Path) -> Result<(Self, Option<u64>), LexicalError> {
        Ok((Self, None))
    }
    pub fn apply(&self, _c: Vec<Change>, _s: u64) -> Result<(), LexicalError> {
        Ok(())
    }
    pub fn search(&self, _q: &str, _f: &Filter, _l: usize) -> Result<Vec<LexicalHit>, LexicalError> {
        Ok(vec![])
    }
}
