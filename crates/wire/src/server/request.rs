//! `POST /v1/chat/completions`: the request.

use serde::Deserialize;
use serde_json::{Map, Number, Value};
use trousseau_core::chat::{ChatRequest, Sampling, Tools};
use trousseau_core::label::Label;

use super::message::{self, WireMessage};
use super::refused;
use crate::fault::Fault;
use crate::json;

/// The most messages of one request.
pub(super) const MESSAGES: usize = 4096;
/// The most tools of one request.
pub(super) const TOOLS: usize = 512;

/// A request for an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatCall {
    /// What is asked. Its passages are empty and it is not grounded: the route says that.
    pub request: ChatRequest,
    /// The model that was named: a route.
    pub model: String,
    /// Whether the answer is wanted as a stream.
    pub stream: bool,
    /// Whether the stream is to end with a chunk that tells the tokens.
    pub include_usage: bool,
    /// What the request's `trousseau` object says.
    pub options: Options,
}

/// What a client may say to this program alone, in the request's `trousseau` object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Search these collections only, within those of the route.
    pub collections: Option<Vec<String>>,
    /// The label that the client states for its request; it can only raise.
    pub label: Option<Label>,
    /// The conversation that the answer belongs to.
    pub conversation: Option<String>,
    /// The ledger entry, such as `main/17`, of the record that the question follows.
    pub parent: Option<String>,
    /// Whether nothing of the question and its answer is to be kept.
    pub forget: bool,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    messages: Vec<WireMessage>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    max_completion_tokens: Option<u32>,
    #[serde(default)]
    temperature: Option<f32>,
    #[serde(default)]
    seed: Option<Number>,
    #[serde(default)]
    tools: Option<Vec<Value>>,
    #[serde(default)]
    tool_choice: Option<Value>,
    #[serde(default)]
    trousseau: Option<WireOptions>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: Option<bool>,
    /// Says that no padding is wanted, or that it is: there is none here.
    #[serde(default, rename = "include_obfuscation")]
    _include_obfuscation: Option<bool>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Deserialize)]
pub(super) struct WireOptions {
    #[serde(default)]
    collections: Option<Vec<String>>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    conversation: Option<String>,
    #[serde(default)]
    parent: Option<String>,
    #[serde(default)]
    keep: Option<bool>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// Reads a request. What cannot be honoured is refused by name; other fields that this program does not know are
/// kept for the server that answers.
///
/// `max_completion_tokens` and the older `max_tokens` mean the same here; the newer name wins where both are there.
pub fn chat(bytes: &[u8]) -> Result<ChatCall, Fault> {
    let body: Body = json::request(bytes, misread)?;
    let model = body.model.ok_or_else(|| Fault::missing("model"))?;
    if body.messages.is_empty() {
        return Err(Fault::missing("messages"));
    }
    limit("messages", body.messages.len(), MESSAGES)?;
    let messages = body.messages.into_iter().enumerate();
    let messages = messages
        .map(|(at, message)| message::read(at, message))
        .collect::<Result<Vec<_>, _>>()?;
    let definitions = body.tools.unwrap_or_default();
    limit("tools", definitions.len(), TOOLS)?;
    refused::check_tools(&definitions)?;
    let mut extra = refused::filter(body.extra)?;
    if body
        .temperature
        .is_some_and(|temperature| !temperature.is_finite())
    {
        return Err(Fault::invalid("temperature", "the number is too large"));
    }
    Ok(ChatCall {
        model,
        stream: body.stream.unwrap_or(false),
        include_usage: include_usage(body.stream_options)?,
        options: options(body.trousseau)?,
        request: ChatRequest {
            messages,
            sampling: Sampling {
                max_tokens: body.max_completion_tokens.or(body.max_tokens),
                temperature: body.temperature,
                seed: seed(body.seed, &mut extra)?,
            },
            tools: Tools {
                definitions,
                choice: body.tool_choice,
            },
            extra,
            ..ChatRequest::default()
        },
    })
}

/// The first field of a request whose value is not of its type.
fn misread(body: &Value) -> Option<Fault> {
    let fields = [
        json::misread::<Option<String>>(body, "", "model"),
        json::misread::<Vec<Value>>(body, "", "messages"),
        json::misread::<Option<bool>>(body, "", "stream"),
        json::misread::<Option<StreamOptions>>(body, "", "stream_options"),
        json::misread::<Option<u32>>(body, "", "max_tokens"),
        json::misread::<Option<u32>>(body, "", "max_completion_tokens"),
        json::misread::<Option<f32>>(body, "", "temperature"),
        json::misread::<Option<Number>>(body, "", "seed"),
        json::misread::<Option<Vec<Value>>>(body, "", "tools"),
        json::misread::<Option<WireOptions>>(body, "", "trousseau"),
    ];
    let messages = body.get("messages").and_then(Value::as_array);
    let mut messages = messages.into_iter().flatten().enumerate();
    let first = fields.into_iter().flatten().next();
    first.or_else(|| messages.find_map(|(at, message)| message::misread(at, message)))
}

/// A seed of the core. A negative one, which some servers take for chance, is passed on as it came.
fn seed(seed: Option<Number>, extra: &mut Map<String, Value>) -> Result<Option<u64>, Fault> {
    let Some(seed) = seed else {
        return Ok(None);
    };
    if seed.is_f64() {
        return Err(Fault::invalid("seed", "a whole number is expected"));
    }
    let positive = seed.as_u64();
    if positive.is_none() {
        extra.insert("seed".to_owned(), seed.into());
    }
    Ok(positive)
}

fn include_usage(options: Option<StreamOptions>) -> Result<bool, Fault> {
    let Some(options) = options else {
        return Ok(false);
    };
    unknown("stream_options", &options.extra)?;
    Ok(options.include_usage.unwrap_or(false))
}

/// What the `trousseau` object of a request says.
pub(super) fn options(options: Option<WireOptions>) -> Result<Options, Fault> {
    let Some(options) = options else {
        return Ok(Options::default());
    };
    unknown("trousseau", &options.extra)?;
    let label = options.label.map(|label| label.parse()).transpose();
    let forget = options.keep == Some(false);
    if forget && (options.conversation.is_some() || options.parent.is_some()) {
        let reason = "what is not kept belongs to no conversation and follows no record";
        return Err(Fault::invalid("trousseau.keep", reason));
    }
    Ok(Options {
        collections: options.collections,
        label: label.map_err(|error| Fault::invalid("trousseau.label", error))?,
        conversation: options.conversation,
        parent: options.parent,
        forget,
    })
}

pub(super) fn unknown(object: &str, fields: &Map<String, Value>) -> Result<(), Fault> {
    match fields.keys().next() {
        Some(name) => Err(Fault::unsupported(format!("{object}.{name}"))),
        None => Ok(()),
    }
}

pub(super) fn limit(param: &str, found: usize, limit: usize) -> Result<(), Fault> {
    if found > limit {
        let param = param.to_owned();
        return Err(Fault::TooMany { param, limit });
    }
    Ok(())
}
