//! `POST /v1/embeddings`: texts to be turned into vectors.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use trousseau_core::embedding::{EmbeddingRequest, Side, Vectors};
use trousseau_core::label::Label;

use super::request::{WireOptions, limit, options};
use crate::fault::Fault;
use crate::json;

/// The most texts of one request.
const TEXTS: usize = 2048;

/// A request for vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddingsCall {
    /// The texts.
    pub request: EmbeddingRequest,
    /// The model that was named: a route.
    pub model: String,
    /// How the vectors are to be written.
    pub encoding: Encoding,
    /// The label that the client states; it can only raise.
    pub label: Option<Label>,
    /// Whether nothing of the texts is to be kept.
    pub forget: bool,
}

/// How vectors are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As numbers.
    Float,
    /// As little-endian numbers of 32 bits in base64, which OpenAI's clients ask for.
    Base64,
}

#[derive(Deserialize)]
struct WireEmbeddings {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    input: Option<Value>,
    #[serde(default)]
    encoding_format: Option<String>,
    #[serde(default)]
    dimensions: Option<u32>,
    #[serde(default)]
    input_type: Option<String>,
    #[serde(default)]
    trousseau: Option<WireOptions>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// Reads a request. What cannot be honoured is refused by name.
pub fn embeddings(bytes: &[u8]) -> Result<EmbeddingsCall, Fault> {
    let body: WireEmbeddings = json::request(bytes, misread)?;
    let model = body.model.ok_or_else(|| Fault::missing("model"))?;
    super::fields::known_only(&body.extra)?;
    let (label, forget) = of_vectors(body.trousseau)?;
    Ok(EmbeddingsCall {
        model,
        encoding: match body.encoding_format.as_deref() {
            None | Some("float") => Encoding::Float,
            Some("base64") => Encoding::Base64,
            Some(_) => return Err(Fault::unsupported("encoding_format")),
        },
        label,
        forget,
        request: EmbeddingRequest {
            side: side(body.input_type.as_deref())?,
            texts: texts(body.input)?,
            dimensions: body.dimensions,
        },
    })
}

/// What of the `trousseau` object has a meaning where there is no answer in words.
pub(super) fn of_vectors(wire: Option<WireOptions>) -> Result<(Option<Label>, bool), Fault> {
    let options = options(wire)?;
    let absent = [
        ("collections", options.collections.is_some()),
        ("conversation", options.conversation.is_some()),
        ("parent", options.parent.is_some()),
    ];
    match absent.into_iter().find(|(_, asked)| *asked) {
        Some((name, _)) => Err(Fault::unsupported(format!("trousseau.{name}"))),
        None => Ok((options.label, options.forget)),
    }
}

/// On which side of a search the texts stand, in the words of several servers. Where nothing is said they are found.
fn side(kind: Option<&str>) -> Result<Side, Fault> {
    match kind {
        Some("query" | "question" | "search_query") => Ok(Side::Question),
        None | Some("document" | "passage" | "search_document") => Ok(Side::Passage),
        Some(_) => Err(Fault::unsupported("input_type")),
    }
}

/// One text or several. Numbers of tokens cannot be read by detectors.
fn texts(input: Option<Value>) -> Result<Vec<String>, Fault> {
    let texts = match input {
        None | Some(Value::Null) => return Err(Fault::missing("input")),
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => {
            limit("input", items.len(), TEXTS)?;
            let items = items.into_iter().enumerate();
            let items = items.map(|(at, item)| match item {
                Value::String(text) => Ok(text),
                _ => Err(tokens(format!("input[{at}]"))),
            });
            items.collect::<Result<_, _>>()?
        }
        Some(_) => return Err(tokens("input".to_owned())),
    };
    match texts.iter().position(|text| text.trim().is_empty()) {
        Some(at) => Err(Fault::missing(format!("input[{at}]"))),
        None if texts.is_empty() => Err(Fault::missing("input")),
        None => Ok(texts),
    }
}

fn tokens(place: String) -> Fault {
    Fault::invalid(place, "a text is expected: tokens cannot be read by detectors")
}

fn misread(body: &Value) -> Option<Fault> {
    let fields = [
        json::misread::<Option<String>>(body, "", "model"),
        json::misread::<Option<String>>(body, "", "encoding_format"),
        json::misread::<Option<u32>>(body, "", "dimensions"),
        json::misread::<Option<String>>(body, "", "input_type"),
        json::misread::<Option<WireOptions>>(body, "", "trousseau"),
    ];
    fields.into_iter().flatten().next()
}

/// The answer: one vector for each text.
pub fn embedded(model: &str, vectors: &Vectors, encoding: Encoding, trousseau: &Value) -> Value {
    let data = vectors.iter().enumerate().map(|(index, vector)| {
        let written = match encoding {
            Encoding::Float => json!(vector),
            Encoding::Base64 => {
                let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
                STANDARD.encode(bytes).into()
            }
        };
        json!({ "object": "embedding", "index": index, "embedding": written })
    });
    let tokens = vectors.usage.input;
    json!({
        "object": "list",
        "model": model,
        "data": data.collect::<Value>(),
        "usage": { "prompt_tokens": tokens, "total_tokens": tokens },
        "trousseau": trousseau,
    })
}
