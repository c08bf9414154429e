//! `POST /v1/chat/completions`: the whole answer, and what it shares with a streamed one.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};
use trousseau_core::chat::{ChatAnswer, FinishReason, Usage};

use super::annotations::{Annotations, annotations};
use crate::call::WrittenCall;

/// What stands at the head of an answer and of each of its chunks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Names the answer.
    pub id: String,
    /// When it was begun, in seconds since 1970.
    pub created: i64,
    /// The model that was asked for: a route.
    pub model: String,
}

/// A whole answer to be written.
#[derive(Clone, Copy, Debug)]
pub struct Completion<'a> {
    /// Its head.
    pub head: &'a Head,
    /// What the model said.
    pub answer: &'a ChatAnswer,
    /// The `trousseau` object.
    pub trousseau: &'a Value,
}

/// Writes a whole answer.
pub fn completion<'a>(completion: &Completion<'a>) -> CompletionBody<'a> {
    let Completion {
        head,
        answer,
        trousseau,
    } = *completion;
    let calls = !answer.tool_calls.is_empty();
    CompletionBody {
        id: &head.id,
        object: "chat.completion",
        created: head.created,
        model: &head.model,
        choices: [Choice {
            index: 0,
            message: Answer {
                role: "assistant",
                content: Some(answer.text.as_str()).filter(|text| !text.is_empty() || !calls),
                reasoning_content: Some(answer.reasoning.as_str()).filter(|text| !text.is_empty()),
                tool_calls: answer.tool_calls.iter().map(WrittenCall).collect(),
                annotations: annotations(answer).and(&answer.extra.message),
                rest: Rest::of(&answer.extra.message, &MESSAGE, Some("refusal")),
            },
            finish_reason: answer.end.as_ref().map(|end| end.finish.name()),
            rest: Rest::of(&answer.extra.choice, &CHOICE, Some("logprobs")),
        }],
        usage: answer
            .end
            .as_ref()
            .and_then(|end| end.counted())
            .map(WrittenUsage),
        rest: Rest::of(&answer.extra.answer, &ANSWER, None),
        trousseau,
    }
}

/// A whole answer as it stands on the wire.
#[derive(Debug, serde::Serialize)]
pub struct CompletionBody<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<WrittenUsage<'a>>,
    #[serde(flatten)]
    rest: Rest<'a>,
    trousseau: &'a Value,
}

#[derive(Debug, serde::Serialize)]
struct Choice<'a> {
    index: u32,
    message: Answer<'a>,
    finish_reason: Option<&'static str>,
    #[serde(flatten)]
    rest: Rest<'a>,
}

#[derive(Debug, serde::Serialize)]
struct Answer<'a> {
    role: &'static str,
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WrittenCall<'a>>,
    annotations: Annotations<'a>,
    #[serde(flatten)]
    rest: Rest<'a>,
}

/// Fields of a message, a choice and an answer that are this program's to write. What a server sends under these
/// names is not passed on: nobody but this program speaks in its `trousseau` object.
pub(super) const MESSAGE: [&str; 7] = [
    "role",
    "content",
    "reasoning_content",
    "tool_calls",
    "annotations",
    "function_call",
    "trousseau",
];
pub(super) const CHOICE: [&str; 5] = ["index", "message", "delta", "finish_reason", "trousseau"];
pub(super) const ANSWER: [&str; 8] = [
    "id",
    "object",
    "created",
    "model",
    "choices",
    "usage",
    "error",
    "trousseau",
];

/// Fields that are passed on.
#[derive(Debug)]
pub(super) struct Rest<'a> {
    fields: &'a Map<String, Value>,
    /// The names that are left out.
    ours: &'static [&'static str],
    /// A field that clients expect, null where it is not among them.
    expected: Option<&'static str>,
}

impl<'a> Rest<'a> {
    pub(super) const fn of(
        fields: &'a Map<String, Value>,
        ours: &'static [&'static str],
        expected: Option<&'static str>,
    ) -> Self {
        Self {
            fields,
            ours,
            expected,
        }
    }
}

impl Serialize for Rest<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.fields {
            if !self.ours.contains(&name.as_str()) {
                map.serialize_entry(name, value)?;
            }
        }
        if let Some(name) = self.expected.filter(|name| !self.fields.contains_key(*name)) {
            map.serialize_entry(name, &())?;
        }
        map.end()
    }
}

/// Tokens in OpenAI's form.
#[derive(Debug)]
pub(super) struct WrittenUsage<'a>(pub(super) &'a Usage);

impl Serialize for WrittenUsage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Usage {
            input,
            output,
            details,
        } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("prompt_tokens", input)?;
        map.serialize_entry("completion_tokens", output)?;
        map.serialize_entry("total_tokens", &input.saturating_add(*output))?;
        for (name, value) in details {
            if !matches!(
                name.as_str(),
                "prompt_tokens" | "completion_tokens" | "total_tokens"
            ) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

/// The name of a finish reason, or of none.
pub(super) fn finish(answer: &ChatAnswer) -> &'static str {
    let end = answer.end.as_ref();
    end.map_or(FinishReason::Stop, |end| end.finish).name()
}
