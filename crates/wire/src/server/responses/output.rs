//! What an answer is made of: items of reasoning, of text and of tool calls, in the order in which they came.

use serde_json::{Map, Value, json};
use trousseau_core::chat::{ChatAnswer, Message, Role, ToolCall, ToolCallDelta, Usage};

use super::input::REASONING;

/// An earlier answer as a message, to be put before what follows it.
pub fn earlier_answer(text: String, reasoning: Option<String>, calls: Vec<ToolCall>) -> Message {
    let mut message = Message::new(Role::Assistant, text);
    message.tool_calls = calls;
    if let Some(reasoning) = reasoning.filter(|text| !text.is_empty()) {
        message.extra.insert(REASONING.to_owned(), reasoning.into());
    }
    message
}

/// One item of an answer.
pub(super) struct Item {
    pub(super) id: String,
    pub(super) kind: Kind,
    /// The text, or a call's arguments, as far as they came.
    pub(super) text: String,
    pub(super) open: bool,
}

pub(super) enum Kind {
    Reasoning,
    Message,
    /// A call: its place among those of the answer, its id and the name of its tool.
    Call(usize, String, String),
}

impl Item {
    pub(super) const fn prefix(kind: &Kind) -> &'static str {
        match kind {
            Kind::Reasoning => "rs",
            Kind::Message => "msg",
            Kind::Call(..) => "fc",
        }
    }

    /// Takes in a piece of a call.
    pub(super) fn call(&mut self, delta: &ToolCallDelta) {
        if let Kind::Call(_, id, name) = &mut self.kind {
            id.push_str(delta.id.as_deref().unwrap_or_default());
            name.push_str(delta.name.as_deref().unwrap_or_default());
        }
        self.text.push_str(&delta.arguments);
    }

    /// The item as it is written, with the annotations of a whole text.
    pub(super) fn written(&self, status: &str, annotations: &[Value]) -> Value {
        let Self { id, kind, text, .. } = self;
        match kind {
            Kind::Reasoning => {
                let content = if text.is_empty() {
                    json!([])
                } else {
                    json!([reasoning_part(text)])
                };
                json!({ "id": id, "type": "reasoning", "summary": [], "content": content, "status": status })
            }
            Kind::Message => {
                let content = match status {
                    "in_progress" => json!([]),
                    _ => json!([text_part(text, annotations)]),
                };
                json!({ "id": id, "type": "message", "role": "assistant", "status": status, "content": content })
            }
            Kind::Call(_, call, name) => {
                let call = if call.is_empty() { id } else { call };
                json!({ "id": id, "type": "function_call", "call_id": call, "name": name, "arguments": text, "status": status })
            }
        }
    }
}

pub(super) fn reasoning_part(text: &str) -> Value {
    json!({ "type": "reasoning_text", "text": text })
}

pub(super) fn text_part(text: &str, annotations: &[Value]) -> Value {
    json!({ "type": "output_text", "text": text, "annotations": annotations, "logprobs": [] })
}

/// The annotations of an answer: the files that support it. Those of a server lie in a field of their type in a chat, and
/// flat here.
pub(super) fn annotations(answer: &ChatAnswer) -> Vec<Value> {
    let all = crate::server::annotations::annotations(answer).and(&answer.extra.message);
    let all = serde_json::to_value(all).unwrap_or_default();
    let Value::Array(all) = all else {
        return Vec::new();
    };
    all.into_iter().map(flat).collect()
}

fn flat(annotation: Value) -> Value {
    let kind = annotation.get("type").and_then(Value::as_str);
    let inner = kind
        .and_then(|kind| annotation.get(kind))
        .and_then(Value::as_object);
    let Some((kind, inner)) = kind.zip(inner) else {
        return annotation;
    };
    let mut fields = Map::new();
    fields.insert("type".to_owned(), kind.into());
    fields.extend(inner.clone());
    Value::Object(fields)
}

/// Tokens; `null` where nobody counted.
pub(super) fn usage(answer: &ChatAnswer) -> Value {
    let counted = answer.end.as_ref().and_then(|end| end.counted());
    let Some(Usage {
        input,
        output,
        details,
    }) = counted
    else {
        return Value::Null;
    };
    let detail = |group: &str, name: &str| {
        let found = details.get(group).and_then(|group| group.get(name));
        found.and_then(Value::as_u64).unwrap_or(0)
    };
    json!({
        "input_tokens": input,
        "input_tokens_details": { "cached_tokens": detail("prompt_tokens_details", "cached_tokens") },
        "output_tokens": output,
        "output_tokens_details": { "reasoning_tokens": detail("completion_tokens_details", "reasoning_tokens") },
        "total_tokens": input.saturating_add(*output),
    })
}
