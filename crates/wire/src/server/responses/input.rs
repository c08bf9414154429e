//! The items of a request: messages, tool calls, what they returned, and reasoning, as the messages of a chat.

use serde_json::{Map, Value, json};
use trousseau_core::chat::{Message, Role, ToolCall};

use crate::content::Content;
use crate::fault::Fault;
use crate::server::fields::Fields;
use crate::server::message::take_parts;
use crate::server::request::{MESSAGES, limit};

/// The messages of an input: one text, or items.
pub(super) fn messages(input: Content) -> Result<Vec<Message>, Fault> {
    match input {
        Content::None => Ok(Vec::new()),
        Content::Text(text) => Ok(vec![Message::user(text)]),
        Content::Parts(items) => {
            limit("input", items.len(), MESSAGES)?;
            let mut chat = Conversation::default();
            for (at, item) in items.iter().enumerate() {
                chat.take(&Fields::of(item, format!("input[{at}]"))?)?;
            }
            Ok(chat.end())
        }
    }
}

/// Messages being put together: what the assistant reasoned, said and called one after the other is one message of it.
#[derive(Default)]
struct Conversation {
    messages: Vec<Message>,
    assistant: Option<Message>,
}

impl Conversation {
    fn take(&mut self, item: &Fields<'_>) -> Result<(), Fault> {
        match item.text("type")? {
            None | Some("message") => self.message(item),
            Some("function_call") => self.call(item),
            Some("function_call_output") => self.output(item),
            Some("reasoning") => self.reasoning(item),
            Some(_) => Err(Fault::unsupported(item.at("type"))),
        }
    }

    fn message(&mut self, item: &Fields<'_>) -> Result<(), Fault> {
        item.only(&["type", "role", "content", "id", "status", "phase"])?;
        let role = match item.needed("role")? {
            "user" => Role::User,
            "system" | "developer" => Role::System,
            "assistant" => Role::Assistant,
            _ => {
                let reason = "the roles are user, system, developer, assistant";
                return Err(Fault::invalid(item.at("role"), reason));
            }
        };
        let mut message = Message::new(role, "");
        content(item, "content", &mut message)?;
        if role != Role::Assistant {
            self.flush();
            self.messages.push(message);
            return Ok(());
        }
        let open = self.assistant();
        if has_spoken(open) {
            self.flush();
        }
        let open = self.assistant();
        (open.content, open.parts) = (message.content, message.parts);
        Ok(())
    }

    fn call(&mut self, item: &Fields<'_>) -> Result<(), Fault> {
        item.only(&["type", "call_id", "name", "arguments", "id", "status"])?;
        let name = item.needed("name")?;
        if name.is_empty() {
            return Err(Fault::missing(item.at("name")));
        }
        let call = ToolCall {
            id: item.needed("call_id")?.to_owned(),
            name: name.to_owned(),
            arguments: item.needed("arguments")?.to_owned(),
            extra: Map::new(),
        };
        self.assistant().tool_calls.push(call);
        Ok(())
    }

    fn output(&mut self, item: &Fields<'_>) -> Result<(), Fault> {
        item.only(&["type", "call_id", "output", "id", "status"])?;
        let mut message = Message::new(Role::Tool, "");
        message.tool_call_id = Some(item.needed("call_id")?.to_owned());
        content(item, "output", &mut message)?;
        self.flush();
        self.messages.push(message);
        Ok(())
    }

    /// What was reasoned goes with the answer behind it, where clients of a chat send it back.
    fn reasoning(&mut self, item: &Fields<'_>) -> Result<(), Fault> {
        item.only(&["type", "id", "summary", "content", "status"])?;
        let mut text = String::new();
        for list in ["content", "summary"] {
            for (at, part) in item.list(list)?.iter().enumerate() {
                let part = Fields::of(part, format!("{}[{at}]", item.at(list)))?;
                text.push_str(part.needed("text")?);
            }
        }
        let open = self.assistant();
        if has_spoken(open) {
            self.flush();
        }
        if !text.is_empty() {
            let extra = &mut self.assistant().extra;
            let before = extra.remove(REASONING);
            let before = before.as_ref().and_then(Value::as_str).unwrap_or_default();
            extra.insert(REASONING.to_owned(), format!("{before}{text}").into());
        }
        Ok(())
    }

    fn assistant(&mut self) -> &mut Message {
        self.assistant
            .get_or_insert_with(|| Message::new(Role::Assistant, ""))
    }

    fn flush(&mut self) {
        let open = self.assistant.take();
        let said = |message: &Message| has_spoken(message) || !message.extra.is_empty();
        self.messages.extend(open.filter(said));
    }

    fn end(mut self) -> Vec<Message> {
        self.flush();
        self.messages
    }
}

/// Whether the assistant said something or called a tool, beside what it reasoned.
const fn has_spoken(message: &Message) -> bool {
    !message.content.is_empty() || !message.parts.is_empty() || !message.tool_calls.is_empty()
}

/// The field in which a chat carries what was reasoned.
pub(super) const REASONING: &str = "reasoning_content";

/// Reads a text or parts into a message.
fn content(item: &Fields<'_>, name: &str, message: &mut Message) -> Result<(), Fault> {
    match item.value(name) {
        None => Err(Fault::missing(item.at(name))),
        Some(Value::String(text)) => {
            message.content.clone_from(text);
            Ok(())
        }
        Some(_) => {
            let parts = item.list(name)?.iter().enumerate();
            let parts =
                parts.map(|(at, part)| chat_part(&Fields::of(part, format!("{}[{at}]", item.at(name)))?));
            let parts = parts.collect::<Result<Vec<_>, _>>()?;
            take_parts(message, parts, || item.at(name))
        }
    }
}

/// A part as a chat has it.
fn chat_part(part: &Fields<'_>) -> Result<Value, Fault> {
    match part.needed("type")? {
        "input_text" | "text" => {
            part.only(&["type", "text"])?;
            Ok(json!({ "type": "text", "text": part.needed("text")? }))
        }
        // The annotations of an earlier answer of ours say nothing to a model.
        "output_text" => {
            part.only(&["type", "text", "annotations", "logprobs"])?;
            Ok(json!({ "type": "text", "text": part.needed("text")? }))
        }
        "refusal" => {
            part.only(&["type", "refusal"])?;
            Ok(json!({ "type": "refusal", "refusal": part.needed("refusal")? }))
        }
        "input_image" => {
            part.only(&["type", "image_url", "detail"])?;
            let mut image = Map::new();
            image.insert("url".to_owned(), part.needed("image_url")?.into());
            if let Some(detail) = part.text("detail")? {
                image.insert("detail".to_owned(), detail.into());
            }
            Ok(json!({ "type": "image_url", "image_url": image }))
        }
        "input_file" => {
            part.only(&["type", "filename", "file_data"])?;
            let file = json!({ "filename": part.text("filename")?, "file_data": part.needed("file_data")? });
            Ok(json!({ "type": "file", "file": file }))
        }
        _ => Err(Fault::unsupported(part.at("type"))),
    }
}
