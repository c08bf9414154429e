//! What clients write beside vector stores and their files, for themselves.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::vector_stores::only_null;
use crate::fault::Fault;
use crate::json;

/// The most pairs (OpenAI's limit).
const PAIRS: usize = 16;
/// The longest name, in characters (OpenAI's limit).
const NAME: usize = 64;
/// The longest text, in characters (OpenAI's limit).
const TEXT: usize = 512;

/// Fails unless there are at most 16 pairs of a short name and a short text, a number or a truth value.
pub fn check_attributes(param: &str, attributes: &Map<String, Value>) -> Result<(), Fault> {
    if attributes.len() > PAIRS {
        let param = param.to_owned();
        return Err(Fault::TooMany { param, limit: PAIRS });
    }
    for (name, value) in attributes {
        let at = |reason: &str| Fault::invalid(format!("{param}.{name}"), reason);
        if name.is_empty() || name.chars().count() > NAME {
            return Err(Fault::invalid(param, "a name has 1 to 64 characters"));
        }
        match value {
            Value::String(text) if text.chars().count() > TEXT => {
                return Err(at("a text has at most 512 characters"));
            }
            Value::String(_) | Value::Number(_) | Value::Bool(_) => {}
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return Err(at("a text, a number or a truth value is wanted"));
            }
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct WireChange {
    #[serde(default)]
    attributes: Option<Map<String, Value>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Reads the request for other attributes of a file; `null` takes them all away.
pub fn attributes(bytes: &[u8]) -> Result<Map<String, Value>, Fault> {
    let change: WireChange = json::request(bytes, |body| {
        json::misread::<Option<Map<String, Value>>>(body, "", "attributes")
    })?;
    only_null("", &change.rest, &[])?;
    let attributes = change.attributes.unwrap_or_default();
    check_attributes("attributes", &attributes)?;
    Ok(attributes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_few_plain_values_are_kept() {
        let read = |value: Value| {
            attributes(json!({ "attributes": value }).to_string().as_bytes())
                .map_err(|fault| fault.to_string())
        };
        assert_eq!(read(Value::Null).unwrap().len(), 0);
        assert_eq!(read(json!({ "a": "b", "c": 1.5, "d": true })).unwrap().len(), 3);
        assert_eq!(read(json!([])).unwrap_err().split(':').next(), Some("attributes"));
        assert!(
            read(json!({ "a": [] }))
                .unwrap_err()
                .starts_with("attributes.a: ")
        );
        assert!(read(json!({ "a": "x".repeat(513) })).is_err());
        assert!(read(json!({ "": 1 })).is_err());
        let many: Map<String, Value> = (0..17).map(|n| (n.to_string(), n.into())).collect();
        assert_eq!(read(many.into()).unwrap_err(), "attributes: more than 16");
        let more = attributes(br#"{"attributes":{},"expires_after":{}}"#).unwrap_err();
        assert_eq!(more.to_string(), "expires_after is not supported");
    }
}
