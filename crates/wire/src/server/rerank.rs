//! `POST /v1/rerank`: texts by how well they answer a question, in the form that Jina, Cohere, vLLM and LiteLLM share.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use trousseau_core::label::Label;
use trousseau_core::reranking::RerankingRequest;

use super::embeddings::of_vectors;
use super::fields::{Fields, known_only};
use super::request::{WireOptions, limit};
use crate::fault::Fault;
use crate::json;

/// The most texts of one request.
const TEXTS: usize = 2048;

/// A request for the relevance of texts to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RerankCall {
    /// The question and the texts.
    pub request: RerankingRequest,
    /// The model that was named: a route.
    pub model: String,
    /// How many of them are wanted, best first.
    pub top: usize,
    /// Whether each is given back with its relevance.
    pub with_texts: bool,
    /// The label that the client states; it can only raise.
    pub label: Option<Label>,
    /// Whether nothing of it is to be kept.
    pub forget: bool,
}

#[derive(Deserialize)]
struct WireRerank {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    documents: Option<Vec<Value>>,
    #[serde(default)]
    top_n: Option<usize>,
    #[serde(default)]
    return_documents: Option<bool>,
    #[serde(default)]
    trousseau: Option<WireOptions>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// Reads a request. What cannot be honoured is refused by name.
pub fn rerank(bytes: &[u8]) -> Result<RerankCall, Fault> {
    let body: WireRerank = json::request(bytes, misread)?;
    let model = body.model.ok_or_else(|| Fault::missing("model"))?;
    known_only(&body.extra)?;
    let question = body.query.filter(|query| !query.trim().is_empty());
    let question = question.ok_or_else(|| Fault::missing("query"))?;
    let documents = body.documents.filter(|documents| !documents.is_empty());
    let documents = documents.ok_or_else(|| Fault::missing("documents"))?;
    limit("documents", documents.len(), TEXTS)?;
    let texts = documents
        .iter()
        .enumerate()
        .map(|(at, document)| text(at, document));
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    let (label, forget) = of_vectors(body.trousseau)?;
    Ok(RerankCall {
        model,
        top: body.top_n.unwrap_or(texts.len()).min(texts.len()),
        with_texts: body.return_documents.unwrap_or(false),
        label,
        forget,
        request: RerankingRequest { question, texts },
    })
}

/// A document: a text, or an object that holds one.
fn text(at: usize, document: &Value) -> Result<String, Fault> {
    let place = format!("documents[{at}]");
    if let Value::String(text) = document {
        return Ok(text.clone());
    }
    let fields = Fields::of(document, place)?;
    fields.only(&["text"])?;
    fields.needed("text").map(str::to_owned)
}

fn misread(body: &Value) -> Option<Fault> {
    let fields = [
        json::misread::<Option<String>>(body, "", "model"),
        json::misread::<Option<String>>(body, "", "query"),
        json::misread::<Option<Vec<Value>>>(body, "", "documents"),
        json::misread::<Option<usize>>(body, "", "top_n"),
        json::misread::<Option<bool>>(body, "", "return_documents"),
        json::misread::<Option<WireOptions>>(body, "", "trousseau"),
    ];
    fields.into_iter().flatten().next()
}

/// The answer: the best texts, by their place in the request. `entry` names it.
pub fn reranked(call: &RerankCall, scores: &[f32], entry: &str, trousseau: &Value) -> Value {
    let mut ranked: Vec<(usize, f32)> = scores.iter().copied().enumerate().collect();
    ranked.sort_by(|(one, better), (other, worse)| worse.total_cmp(better).then(one.cmp(other)));
    let results = ranked.into_iter().take(call.top).map(|(index, score)| {
        let mut result = json!({ "index": index, "relevance_score": score });
        if let Some(text) = call.request.texts.get(index).filter(|_| call.with_texts) {
            result["document"] = json!({ "text": text });
        }
        result
    });
    json!({
        "id": format!("rerank_{}", entry.replace('/', "_")),
        "model": call.model,
        "results": results.collect::<Value>(),
        "trousseau": trousseau,
    })
}
