//! Messages as clients of OpenAI's API write them, read into those of the core.

use serde::Deserialize;
use serde_json::{Map, Value};
use trousseau_core::chat::{Message, Role, ToolCall};

use crate::content::Content;
use crate::fault::Fault;
use crate::json;

/// The most parts or tool calls of one message.
const PARTS: usize = 1024;

/// A message on the wire.
#[derive(Deserialize)]
pub(super) struct WireMessage {
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    content: Content,
    #[serde(default)]
    tool_calls: Option<Vec<WireCall>>,
    #[serde(default)]
    tool_call_id: Option<String>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// A tool call on the wire.
#[derive(Deserialize)]
struct WireCall {
    #[serde(default)]
    id: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    function: Option<WireFunction>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Deserialize)]
struct WireFunction {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    arguments: Value,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// Reads the message number `at` of a request.
pub(super) fn read(at: usize, message: WireMessage) -> Result<Message, Fault> {
    let field = |name: &str| format!("messages[{at}].{name}");
    let role = role(message.role.as_deref(), || field("role"))?;
    let mut read = Message::new(role, "");
    for (name, value) in message.extra {
        match name.as_str() {
            _ if value.is_null() => {}
            // What an older API called a tool call, and an answer in sound.
            "function_call" | "audio" => return Err(Fault::unsupported(field(&name))),
            // Those of an earlier answer of ours: they say nothing to a model.
            "annotations" | "trousseau" if role == Role::Assistant => {}
            _ => {
                read.extra.insert(name, value);
            }
        }
    }
    match message.content {
        Content::Text(text) => read.content = text,
        Content::Parts(parts) => take_parts(&mut read, parts, || field("content"))?,
        Content::None if role == Role::Assistant => {}
        Content::None => return Err(Fault::missing(field("content"))),
    }
    if let Some(calls) = message.tool_calls {
        if role != Role::Assistant {
            return Err(Fault::invalid(
                field("tool_calls"),
                "only the assistant calls tools",
            ));
        }
        limit(calls.len(), || field("tool_calls"))?;
        for (number, call) in calls.into_iter().enumerate() {
            read.tool_calls
                .push(tool_call(call, || field(&format!("tool_calls[{number}]")))?);
        }
    }
    match (role, message.tool_call_id) {
        (Role::Tool, None) => return Err(Fault::missing(field("tool_call_id"))),
        (_, id) => read.tool_call_id = id,
    }
    Ok(read)
}

/// The first field of a message whose value is not of its type.
pub(super) fn misread(at: usize, message: &Value) -> Option<Fault> {
    let place = format!("messages[{at}]");
    if !message.is_object() {
        return Some(Fault::invalid(place, "an object is expected"));
    }
    json::misread::<Option<String>>(message, &place, "role")
        .or_else(|| json::misread::<Content>(message, &place, "content"))
        .or_else(|| json::misread::<Option<String>>(message, &place, "tool_call_id"))
        .or_else(|| json::misread::<Option<Vec<WireCall>>>(message, &place, "tool_calls"))
}

fn role(name: Option<&str>, field: impl FnOnce() -> String) -> Result<Role, Fault> {
    match name {
        Some("system" | "developer") => Ok(Role::System),
        Some("user") => Ok(Role::User),
        Some("assistant") => Ok(Role::Assistant),
        Some("tool") => Ok(Role::Tool),
        Some("function") => Err(Fault::unsupported(field())),
        None => Err(Fault::missing(field())),
        Some(_) => Err(Fault::invalid(
            field(),
            "the roles are system, developer, user, assistant, tool",
        )),
    }
}

/// Takes in a content of several parts. One part that is nothing but a text is that text.
pub(super) fn take_parts(
    message: &mut Message,
    parts: Vec<Value>,
    field: impl Fn() -> String,
) -> Result<(), Fault> {
    limit(parts.len(), &field)?;
    for (at, part) in parts.iter().enumerate() {
        let place = || format!("{}[{at}]", field());
        let kind = part.get("type").and_then(Value::as_str);
        match kind {
            Some("text") => {
                let Some(text) = part.get("text").and_then(Value::as_str) else {
                    return Err(Fault::missing(format!("{}.text", place())));
                };
                if !message.content.is_empty() {
                    message.content.push('\n');
                }
                message.content.push_str(text);
            }
            // A file that a client gave to its provider is not with any of ours.
            Some("file") if part.pointer("/file/file_id").is_some() => {
                return Err(Fault::unsupported(format!("{}.file.file_id", place())));
            }
            Some("image_url" | "input_audio" | "file" | "refusal") if inner(part, kind).is_none() => {
                return Err(Fault::missing(format!(
                    "{}.{}",
                    place(),
                    kind.unwrap_or_default()
                )));
            }
            Some(_) => {}
            None => return Err(Fault::missing(format!("{}.type", place()))),
        }
    }
    let plain = |part: &Value| part["type"] == "text" && part.as_object().is_some_and(|part| part.len() == 2);
    if !matches!(parts.as_slice(), [part] if plain(part)) {
        message.parts = parts;
    }
    Ok(())
}

/// What a part holds under the name of its type.
fn inner<'a>(part: &'a Value, kind: Option<&str>) -> Option<&'a Value> {
    part.get(kind?).filter(|inner| !inner.is_null())
}

fn tool_call(call: WireCall, field: impl Fn() -> String) -> Result<ToolCall, Fault> {
    if call.kind.is_some_and(|kind| kind != "function") {
        return Err(Fault::unsupported(format!("{}.type", field())));
    }
    let Some(function) = call.function else {
        return Err(Fault::missing(format!("{}.function", field())));
    };
    let Some(name) = function.name.filter(|name| !name.is_empty()) else {
        return Err(Fault::missing(format!("{}.function.name", field())));
    };
    let mut extra = call.extra;
    if !function.extra.is_empty() {
        extra.insert("function".to_owned(), Value::Object(function.extra));
    }
    Ok(ToolCall {
        id: call.id.unwrap_or_default(),
        name,
        arguments: json::arguments(function.arguments),
        extra,
    })
}

fn limit(found: usize, field: impl FnOnce() -> String) -> Result<(), Fault> {
    if found > PARTS {
        return Err(Fault::TooMany {
            param: field(),
            limit: PARTS,
        });
    }
    Ok(())
}
