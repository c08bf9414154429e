//! The texts of a request, at the places where detectors read them, to be rewritten.
//!
//! What is read is what [`ChatRequest::visit_texts`] reads, in its order: a test holds the two together. Not every place can be
//! rewritten: names of tools and of fields must be what somebody expects, and an address behind which something lies leads
//! nowhere when it is changed. What is found there stays, and so does its label.

use serde_json::{Map, Value};
use trousseau_core::chat::{ChatRequest, Message};

/// The longest text that is read together with its name, in bytes.
const SHORT: usize = 256;

/// A text of the request, or a number.
pub(crate) enum Slot<'a> {
    Text(&'a mut String),
    Number(&'a mut Value),
    /// What must stay as it is.
    Fixed(&'a str),
    /// The texts of parts once more, in one.
    Copy(&'a str, &'a [Value]),
    /// What is begun of the answer, and its joints.
    Begun(&'a mut String, &'a [usize]),
}

/// Whoever visits: is given the name that is read before a text, where there is one, and the text.
pub(crate) type Visit<'a> = dyn FnMut(Option<&str>, Slot<'_>) + 'a;

/// Visits every text of a request.
pub(crate) fn visit(request: &mut ChatRequest, visit: &mut Visit<'_>) {
    for message in &mut request.messages {
        visit_message(message, visit);
    }
    for tool in &mut request.tools.definitions {
        visit_value(tool, visit);
    }
    if let Some(choice) = &mut request.tools.choice {
        visit_value(choice, visit);
    }
    visit_map(&mut request.extra, visit, false);
    if let Some(begun) = &mut request.begun {
        visit(None, Slot::Begun(begun, &request.joints));
    }
}

/// What is read at a place.
pub(crate) fn read(name: Option<&str>, slot: &Slot<'_>) -> String {
    let text = match slot {
        Slot::Text(text) | Slot::Begun(text, _) => text.as_str(),
        Slot::Fixed(text) | Slot::Copy(text, _) => text,
        Slot::Number(number) => &number.to_string(),
    };
    match name {
        Some(name) => format!("{name}: {text}"),
        None => text.to_owned(),
    }
}

fn visit_message(message: &mut Message, visit: &mut Visit<'_>) {
    if message.parts.is_empty() {
        visit(None, Slot::Text(&mut message.content));
    } else {
        visit(None, Slot::Copy(&message.content, &message.parts));
    }
    for part in &mut message.parts {
        visit_value(part, visit);
    }
    for call in &mut message.tool_calls {
        visit(None, Slot::Text(&mut call.id));
        visit(None, Slot::Fixed(&call.name));
        visit(None, Slot::Text(&mut call.arguments));
        visit_map(&mut call.extra, visit, true);
    }
    if let Some(id) = &mut message.tool_call_id {
        visit(None, Slot::Text(id));
    }
    visit_map(&mut message.extra, visit, true);
}

/// The texts of a message's parts, as its content has them: a line each.
pub(crate) fn content_of(parts: &[Value]) -> String {
    let texts = parts.iter().filter(|part| part["type"] == "text");
    let texts = texts.filter_map(|part| part["text"].as_str());
    texts.fold(String::new(), |mut content, text| {
        if !content.is_empty() {
            content.push('\n');
        }
        content + text
    })
}

/// A name that must be what it is: of a tool or a schema, or of what lies behind an address. `names` says whether what is
/// called a name is one of a person.
fn is_fixed(name: &str, names: bool) -> bool {
    matches!(name, "url" | "type" | "role") || name == "name" && !names
}

fn visit_map(map: &mut Map<String, Value>, visit: &mut Visit<'_>, names: bool) {
    for (name, value) in map.iter_mut() {
        match value {
            Value::String(text) if text.len() <= SHORT && !holds_bytes(text) => {
                let slot = match is_fixed(name, names) {
                    true => Slot::Fixed(text),
                    false => Slot::Text(text),
                };
                visit(Some(name), slot);
            }
            Value::Number(_) => visit(Some(name), Slot::Number(value)),
            Value::String(text) if is_fixed(name, names) && !holds_bytes(text) => {
                visit(None, Slot::Fixed(name));
                visit(None, Slot::Fixed(text));
            }
            _ => {
                visit(None, Slot::Fixed(name));
                visit_value(value, visit);
            }
        }
    }
}

fn visit_value(value: &mut Value, visit: &mut Visit<'_>) {
    match value {
        Value::String(text) if !holds_bytes(text) => visit(None, Slot::Text(text)),
        Value::Array(values) => values.iter_mut().for_each(|value| visit_value(value, visit)),
        Value::Object(map) => visit_map(map, visit, false),
        Value::Number(_) => visit(None, Slot::Number(value)),
        Value::String(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Whether a text is a `data:` URL of bytes (RFC 2397).
fn holds_bytes(text: &str) -> bool {
    let head = text.strip_prefix("data:").and_then(|rest| rest.split_once(','));
    head.is_some_and(|(kind, bytes)| {
        kind.ends_with(";base64") && !kind.contains(' ') && !bytes.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use trousseau_core::chat::{Role, ToolCall, Tools};

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            "[a-z ]{0,12}",
            "[a-z]{250,260}",
            Just("data:image/png;base64,iVBORw0KGgo=".to_owned()),
            Just("data:text/plain, hello".to_owned()),
        ];
        let leaf = prop_oneof![
            text.prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let key = prop_oneof![Just("name".to_owned()), Just("url".to_owned()), "[a-z]{1,4}"];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn map() -> impl Strategy<Value = Map<String, Value>> {
        prop::collection::btree_map("[a-z]{1,5}", value(), 0..4).prop_map(|map| map.into_iter().collect())
    }

    prop_compose! {
        fn message()(
            content in "[a-z]{0,8}",
            parts in prop::collection::vec(value(), 0..3),
            extras in (map(), map()),
            id in prop::option::of("[a-z]{1,4}"),
        ) -> Message {
            let call = ToolCall {
                id: "c".to_owned(), name: "f".to_owned(), arguments: "{}".to_owned(), extra: extras.0,
            };
            Message {
                parts, tool_calls: vec![call], tool_call_id: id, extra: extras.1, ..Message::new(Role::User, content)
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_visited_is_what_detectors_read(
            messages in prop::collection::vec(message(), 0..3),
            definitions in prop::collection::vec(value(), 0..3),
            choice in prop::option::of(value()),
            extra in map(),
            begun in prop::option::of("[a-z]{0,5}"),
        ) {
            let tools = Tools { definitions, choice };
            let mut request = ChatRequest { messages, tools, extra, begun, ..ChatRequest::default() };
            let (mut read_there, mut read_here) = (Vec::new(), Vec::new());
            request.visit_texts(&mut |text| read_there.push(text.to_owned()));
            visit(&mut request, &mut |name, slot| read_here.push(read(name, &slot)));
            prop_assert_eq!(read_here, read_there);
        }
    }

    #[test]
    fn the_content_of_parts_is_their_texts() {
        let parts = [
            json!({"type": "text", "text": "a"}),
            json!({"type": "image_url"}),
            json!({"type": "text", "text": "b"}),
        ];
        assert_eq!(content_of(&parts), "a\nb");
    }
}
