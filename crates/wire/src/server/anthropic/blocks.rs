//! The blocks of a message, as messages of a chat: a tool's result is a message of its own there.

use serde_json::{Map, Value, json};
use trousseau_core::chat::{Message, Role, ToolCall};

use crate::fault::Fault;
use crate::server::fields::Fields;
use crate::server::message::take_parts;

/// Reads one message; several may come of it.
pub(super) fn read(message: &Fields<'_>, into: &mut Vec<Message>) -> Result<(), Fault> {
    message.only(&["role", "content"])?;
    let role = match message.needed("role")? {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => {
            return Err(Fault::invalid(
                message.at("role"),
                "the roles are user, assistant, system",
            ));
        }
    };
    match message.value("content") {
        None => return Err(Fault::missing(message.at("content"))),
        Some(Value::String(text)) => {
            into.push(Message::new(role, text));
            return Ok(());
        }
        Some(_) => {}
    }
    let blocks = message.list("content")?.iter().enumerate();
    let blocks = blocks.map(|(at, block)| Fields::of(block, format!("{}[{at}]", message.at("content"))));
    let blocks = blocks.collect::<Result<Vec<_>, _>>()?;
    match role {
        Role::Assistant => into.push(assistant(&blocks, message)?),
        _ => asked(role, &blocks, message, into)?,
    }
    Ok(())
}

/// The text of a block of text.
pub(super) fn text<'a>(block: &Fields<'a>) -> Result<&'a str, Fault> {
    if block.needed("type")? != "text" {
        return Err(Fault::unsupported(block.at("type")));
    }
    // The citations of an earlier answer of ours say nothing to a model.
    block.only(&["type", "text", "cache_control", "citations"])?;
    block.needed("text")
}

/// What tools returned, then what is said.
fn asked(
    role: Role,
    blocks: &[Fields<'_>],
    message: &Fields<'_>,
    into: &mut Vec<Message>,
) -> Result<(), Fault> {
    let mut parts = Vec::new();
    for block in blocks {
        if role == Role::User && block.text("type")? == Some("tool_result") {
            into.push(result(block)?);
        } else {
            parts.push(part(block)?);
        }
    }
    if !parts.is_empty() {
        let mut said = Message::new(role, "");
        take_parts(&mut said, parts, || message.at("content"))?;
        into.push(said);
    }
    Ok(())
}

fn result(block: &Fields<'_>) -> Result<Message, Fault> {
    block.only(&["type", "tool_use_id", "content", "is_error", "cache_control"])?;
    let mut message = Message::new(Role::Tool, "");
    message.tool_call_id = Some(block.needed("tool_use_id")?.to_owned());
    match block.value("content") {
        None => {}
        Some(Value::String(text)) => message.content.clone_from(text),
        Some(_) => {
            let parts = block.list("content")?.iter().enumerate();
            let parts =
                parts.map(|(at, inner)| part(&Fields::of(inner, format!("{}[{at}]", block.at("content")))?));
            let parts = parts.collect::<Result<Vec<_>, _>>()?;
            take_parts(&mut message, parts, || block.at("content"))?;
        }
    }
    if let Some(failed) = block.value("is_error") {
        message.extra.insert("is_error".to_owned(), failed.clone());
    }
    Ok(message)
}

/// What is said beside the results of tools, as a part of a chat's message.
fn part(block: &Fields<'_>) -> Result<Value, Fault> {
    match block.needed("type")? {
        "text" => Ok(json!({ "type": "text", "text": text(block)? })),
        "image" => {
            block.only(&["type", "source", "cache_control"])?;
            let url = match source(block)? {
                Source::Bytes { kind, data } => format!("data:{kind};base64,{data}"),
                Source::Url(url) => url.to_owned(),
                Source::Text(_) => return Err(Fault::unsupported(block.at("source.type"))),
            };
            Ok(json!({ "type": "image_url", "image_url": { "url": url } }))
        }
        "document" => document(block),
        _ => Err(Fault::unsupported(block.at("type"))),
    }
}

/// A document with the question: its text, or a file for a model that reads such.
fn document(block: &Fields<'_>) -> Result<Value, Fault> {
    block.only(&["type", "source", "title", "context", "cache_control"])?;
    let (title, context) = (block.text("title")?, block.text("context")?);
    match source(block)? {
        Source::Text(data) => {
            let texts = [title, context, Some(data)].into_iter().flatten();
            Ok(json!({ "type": "text", "text": texts.collect::<Vec<_>>().join("\n\n") }))
        }
        Source::Bytes { .. } if context.is_some() => Err(Fault::unsupported(block.at("context"))),
        Source::Bytes { kind, data } => {
            let name = title.unwrap_or("document.pdf");
            let file = json!({ "filename": name, "file_data": format!("data:{kind};base64,{data}") });
            Ok(json!({ "type": "file", "file": file }))
        }
        // It would be fetched from elsewhere than was decided.
        Source::Url(_) => Err(Fault::unsupported(block.at("source.type"))),
    }
}

enum Source<'a> {
    Bytes { kind: &'a str, data: &'a str },
    Text(&'a str),
    Url(&'a str),
}

fn source<'a>(block: &Fields<'a>) -> Result<Source<'a>, Fault> {
    let source = block.fields("source")?;
    let source = source.ok_or_else(|| Fault::missing(block.at("source")))?;
    source.only(&["type", "media_type", "data", "url"])?;
    match source.needed("type")? {
        "base64" => Ok(Source::Bytes {
            kind: source.needed("media_type")?,
            data: source.needed("data")?,
        }),
        "text" => Ok(Source::Text(source.needed("data")?)),
        "url" => Ok(Source::Url(source.needed("url")?)),
        _ => Err(Fault::unsupported(source.at("type"))),
    }
}

fn assistant(blocks: &[Fields<'_>], message: &Fields<'_>) -> Result<Message, Fault> {
    let mut said = Message::new(Role::Assistant, "");
    let (mut parts, mut thought) = (Vec::new(), String::new());
    for block in blocks {
        match block.needed("type")? {
            "thinking" => {
                block.only(&["type", "thinking", "signature"])?;
                thought.push_str(block.needed("thinking")?);
            }
            "tool_use" => said.tool_calls.push(call(block)?),
            _ => parts.push(json!({ "type": "text", "text": text(block)? })),
        }
    }
    take_parts(&mut said, parts, || message.at("content"))?;
    if !thought.is_empty() {
        said.extra.insert("reasoning_content".to_owned(), thought.into());
    }
    Ok(said)
}

fn call(block: &Fields<'_>) -> Result<ToolCall, Fault> {
    block.only(&["type", "id", "name", "input", "cache_control", "caller"])?;
    let name = block.needed("name")?;
    if name.is_empty() {
        return Err(Fault::missing(block.at("name")));
    }
    let input = block.value("input").cloned().unwrap_or_else(|| json!({}));
    Ok(ToolCall {
        id: block.needed("id")?.to_owned(),
        name: name.to_owned(),
        arguments: input.to_string(),
        extra: Map::new(),
    })
}
