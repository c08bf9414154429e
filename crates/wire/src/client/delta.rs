//! Answers as servers write them, whole or in chunks.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use trousseau_core::chat::Usage;

use crate::content::Content;

/// A whole answer or a chunk of one.
#[derive(Deserialize)]
pub(super) struct WireAnswer {
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default, rename = "object")]
    _object: IgnoredAny,
    #[serde(default, rename = "created")]
    _created: IgnoredAny,
    #[serde(default, rename = "model")]
    _model: IgnoredAny,
    #[serde(default)]
    pub choices: Option<Vec<WireChoice>>,
    #[serde(default)]
    pub usage: Option<WireUsage>,
    #[serde(default)]
    pub error: Option<Value>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Deserialize)]
pub(super) struct WireChoice {
    #[serde(default)]
    pub index: Option<u32>,
    #[serde(default)]
    pub delta: Option<WireMessage>,
    #[serde(default)]
    pub message: Option<WireMessage>,
    #[serde(default)]
    pub finish_reason: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A message or a piece of one.
#[derive(Deserialize)]
pub(super) struct WireMessage {
    #[serde(default, rename = "role")]
    _role: IgnoredAny,
    #[serde(default)]
    pub content: Content,
    #[serde(default)]
    pub reasoning: Option<String>,
    #[serde(default)]
    pub reasoning_content: Option<String>,
    #[serde(default)]
    pub tool_calls: Option<Vec<WireCall>>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A tool call or a piece of one.
#[derive(Deserialize)]
pub(super) struct WireCall {
    #[serde(default)]
    pub index: Option<u64>,
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default, rename = "type")]
    _type: IgnoredAny,
    #[serde(default)]
    pub function: Option<WireFunction>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Deserialize)]
pub(super) struct WireFunction {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub arguments: Value,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Tokens.
#[derive(Deserialize)]
pub(super) struct WireUsage {
    #[serde(default)]
    prompt_tokens: Option<u64>,
    #[serde(default)]
    completion_tokens: Option<u64>,
    #[serde(default, rename = "total_tokens")]
    _total_tokens: IgnoredAny,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl From<WireUsage> for Usage {
    fn from(usage: WireUsage) -> Self {
        let mut details = usage.rest;
        details.retain(|_, value| !value.is_null());
        Self {
            input: usage.prompt_tokens.unwrap_or_default(),
            output: usage.completion_tokens.unwrap_or_default(),
            details,
        }
    }
}
