//! The texts in values of JSON.

use serde_json::{Map, Value};

/// The longest text that is read together with its name, in bytes.
const SHORT: usize = 256;

/// A short value is read behind its name, which may tell what it is: `password: ...`.
pub(crate) fn visit_map(map: &Map<String, Value>, visit: &mut dyn FnMut(&str)) {
    for (name, value) in map {
        match value {
            Value::String(text) if text.len() <= SHORT && !holds_bytes(text) => {
                visit(&format!("{name}: {text}"));
            }
            Value::Number(number) => visit(&format!("{name}: {number}")),
            _ => {
                visit(name);
                visit_strings(value, visit);
            }
        }
    }
}

/// Whether a text is a `data:` URL of bytes (RFC 2397). What only begins like one is text.
fn holds_bytes(text: &str) -> bool {
    let head = text.strip_prefix("data:").and_then(|rest| rest.split_once(','));
    head.is_some_and(|(kind, bytes)| {
        kind.ends_with(";base64") && !kind.contains(' ') && !bytes.contains(char::is_whitespace)
    })
}

pub(crate) fn visit_strings(value: &Value, visit: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) if !holds_bytes(text) => visit(text),
        Value::Array(values) => values.iter().for_each(|value| visit_strings(value, visit)),
        Value::Object(map) => visit_map(map, visit),
        Value::Number(number) => visit(&number.to_string()),
        Value::String(_) | Value::Bool(_) | Value::Null => {}
    }
}
