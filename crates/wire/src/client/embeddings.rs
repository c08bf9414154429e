//! `POST /v1/embeddings`: vectors of texts.

use serde::{Deserialize, Serialize};
use trousseau_core::chat::Usage;

use super::delta::WireUsage;
use super::errors;
use crate::fault::Fault;
use crate::json;

/// The most values of one answer: numbers, that is, some 2,000 vectors of 4,096.
const VALUES: usize = 10_000_000;

/// A request for vectors, to be written as JSON. Their form is left to the server: all send numbers by default.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EmbeddingsBody<'a, T> {
    model: &'a str,
    input: &'a [T],
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<u32>,
}

/// The request for the vectors of texts, with so many dimensions where the model offers a choice.
pub const fn embeddings_body<'a, T: AsRef<str> + Serialize>(
    model: &'a str,
    input: &'a [T],
    dimensions: Option<u32>,
) -> EmbeddingsBody<'a, T> {
    EmbeddingsBody {
        model,
        input,
        dimensions,
    }
}

/// Vectors of texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embeddings {
    /// One for each text, in the texts' order, all of the same length.
    pub vectors: Vec<Vec<f32>>,
    /// What they cost.
    pub usage: Usage,
}

#[derive(Deserialize)]
struct WireEmbeddings {
    #[serde(default)]
    data: Option<Vec<WireVector>>,
    #[serde(default)]
    usage: Option<WireUsage>,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct WireVector {
    #[serde(default)]
    index: Option<usize>,
    embedding: Vec<f32>,
}

/// An answer of llama.cpp's servers for a model that pools nothing.
#[derive(Deserialize)]
struct WireTokens {
    data: Vec<WireTokenVectors>,
}

#[derive(Deserialize)]
struct WireTokenVectors {
    #[serde(rename = "embedding")]
    _embedding: Vec<Vec<f32>>,
}

fn of_tokens(bytes: &[u8]) -> bool {
    json::answer::<WireTokens>(bytes, VALUES).is_ok_and(|answer| !answer.data.is_empty())
}

/// Reads the vectors of `texts` texts. Fails unless there is one for each, of one length, without infinite numbers.
pub fn embeddings(bytes: &[u8], texts: usize) -> Result<Embeddings, Fault> {
    let answer: WireEmbeddings = json::answer(bytes, VALUES).map_err(|fault| match of_tokens(bytes) {
        true => Fault::malformed("a vector for each token: the server must pool them into one for each text"),
        false => fault,
    })?;
    if answer.error.is_some() {
        return Err(Fault::Reported {
            message: errors::error(200, bytes),
            status: None,
        });
    }
    let data = answer.data.unwrap_or_default();
    if data.len() != texts {
        let found = data.len();
        return Err(Fault::malformed(format!("{found} vectors for {texts} texts")));
    }
    let mut vectors = vec![Vec::new(); texts];
    for (at, vector) in data.into_iter().enumerate() {
        let Some(place) = vectors.get_mut(vector.index.unwrap_or(at)) else {
            return Err(Fault::malformed("a vector of a text that was not sent"));
        };
        if vector.embedding.is_empty() || vector.embedding.iter().any(|number| !number.is_finite()) {
            return Err(Fault::malformed(
                "a vector without numbers, or with infinite ones",
            ));
        }
        if !place.is_empty() {
            return Err(Fault::malformed("two vectors of one text"));
        }
        *place = vector.embedding;
    }
    if vectors.windows(2).any(|pair| pair[0].len() != pair[1].len()) {
        return Err(Fault::malformed("vectors of several lengths"));
    }
    let usage = answer.usage.map(Usage::from).unwrap_or_default();
    Ok(Embeddings { vectors, usage })
}
