//! `POST /v1/rerank`: passages by relevance, in the form that Jina, Cohere, vLLM, llama.cpp and LiteLLM share.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors;
use crate::fault::Fault;
use crate::json;

/// A request for the relevance of documents to a query, to be written as JSON.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RerankBody<'a, T> {
    model: &'a str,
    query: &'a str,
    documents: &'a [T],
    top_n: usize,
}

/// The request for the relevance of every document to a query.
pub const fn rerank_body<'a, T: AsRef<str> + Serialize>(
    model: &'a str,
    query: &'a str,
    documents: &'a [T],
) -> RerankBody<'a, T> {
    RerankBody {
        model,
        query,
        documents,
        top_n: documents.len(),
    }
}

/// How relevant one document is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// Which document, counted from 0.
    pub index: usize,
    /// Higher is more relevant; the scale is the model's own.
    pub score: f32,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WireRanking {
    /// Text Embeddings Inference answers with the list alone.
    List(Vec<WireRanked>),
    Object {
        #[serde(default, alias = "data")]
        results: Option<Vec<WireRanked>>,
        #[serde(default)]
        error: Option<Value>,
    },
}

#[derive(Deserialize)]
struct WireRanked {
    index: usize,
    #[serde(alias = "score")]
    relevance_score: f32,
}

/// Reads the relevance of `documents` documents, best first. Fails unless each is there once, with a finite score.
pub fn rerank(bytes: &[u8], documents: usize) -> Result<Vec<Ranked>, Fault> {
    let results = match json::answer(bytes, json::VALUES)? {
        WireRanking::List(results) => results,
        WireRanking::Object { error: Some(_), .. } => {
            return Err(Fault::Reported {
                message: errors::error(200, bytes),
                status: None,
            });
        }
        WireRanking::Object { results, .. } => results.unwrap_or_default(),
    };
    if results.len() != documents {
        let found = results.len();
        return Err(Fault::malformed(format!(
            "{found} scores for {documents} documents"
        )));
    }
    let mut seen = vec![false; documents];
    let mut ranked = Vec::with_capacity(documents);
    for WireRanked {
        index,
        relevance_score: score,
    } in results
    {
        match seen.get_mut(index) {
            Some(seen) if !*seen && score.is_finite() => *seen = true,
            _ => return Err(Fault::malformed(format!("document {index} has no one score"))),
        }
        ranked.push(Ranked { index, score });
    }
    ranked.sort_by(|one, other| other.score.total_cmp(&one.score));
    Ok(ranked)
}
