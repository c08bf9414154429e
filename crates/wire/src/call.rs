//! Tool calls as they are written, on both sides of the wire.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use trousseau_core::chat::ToolCall;

/// A tool call in OpenAI's form, in an answer or in the history of a request.
#[derive(Debug)]
pub(crate) struct WrittenCall<'a>(pub(crate) &'a ToolCall);

impl Serialize for WrittenCall<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let call = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &call.id)?;
        map.serialize_entry("type", "function")?;
        let function = Function {
            name: &call.name,
            arguments: &call.arguments,
            rest: call.extra.get("function"),
        };
        map.serialize_entry("function", &function)?;
        for (name, value) in &call.extra {
            if !matches!(name.as_str(), "id" | "type" | "function" | "trousseau") {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

/// The function of a tool call.
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
    /// What else stood in the function.
    rest: Option<&'a Value>,
}

impl Serialize for Function<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.name)?;
        map.serialize_entry("arguments", self.arguments)?;
        for (name, value) in self.rest.and_then(Value::as_object).into_iter().flatten() {
            if !matches!(name.as_str(), "name" | "arguments") {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}
