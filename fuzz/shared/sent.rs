//! What would be sent of a request holds no text that the detectors of data classes were not shown.

use std::collections::BTreeSet;

use serde_json::Value;
use trousseau_core::chat::ChatRequest;
use trousseau_wire::client::{Dialect, chat_body};

/// The texts that detectors are shown.
pub fn visited(request: &ChatRequest) -> Vec<String> {
    let mut texts = Vec::new();
    request.visit_texts(&mut |text| texts.push(text.to_owned()));
    texts
}

/// Every string of a value, with the names of its fields.
fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                found.push(name.clone());
                strings(value, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What this program writes of itself.
const OURS: [&str; 25] = [
    "model",
    "m",
    "messages",
    "stream",
    "stream_options",
    "include_usage",
    "max_tokens",
    "temperature",
    "seed",
    "random_seed",
    "tools",
    "tool_choice",
    "role",
    "system",
    "user",
    "assistant",
    "tool",
    "content",
    "tool_calls",
    "tool_call_id",
    "id",
    "type",
    "function",
    "name",
    "arguments",
];

/// The request as it is written in a dialect, once every text in it has been seen.
pub fn written(request: &ChatRequest, stream: bool, dialect: Dialect) -> String {
    let texts = visited(request);
    let seen: BTreeSet<&str> = texts.iter().map(String::as_str).collect();
    let body = chat_body(request, &request.messages, "m", stream).in_dialect(dialect);
    let written = serde_json::to_string(&body).expect("a request can be written");
    let value: Value = serde_json::from_str(&written).expect("what is written is JSON");
    let mut sent = Vec::new();
    strings(&value, &mut sent);
    for text in sent {
        // A short value is shown behind its name.
        let (name, value) = (format!("{text}: "), format!(": {text}"));
        let beside = |seen: &&str| seen.starts_with(&name) || seen.ends_with(&value);
        let known = seen.contains(text.as_str()) || seen.iter().any(|seen| beside(&seen));
        let known = known || OURS.contains(&text.as_str());
        assert!(known || text.starts_with("data:"), "{text:?} was not seen");
    }
    written
}
