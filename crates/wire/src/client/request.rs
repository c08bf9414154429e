//! `POST /v1/chat/completions`: the request, as it is sent to a server.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use trousseau_core::chat::{ChatRequest, Message, Role};

use super::continues::Continues;
use super::dialect::Dialect;
use crate::call::WrittenCall;

/// A request for an answer, to be written as JSON.
///
/// The most tokens are sent as `max_tokens`, whatever name the client gave them: every server that this program has
/// been written for reads that name, and several do not know `max_completion_tokens`.
#[derive(Clone, Copy, Debug)]
pub struct ChatBody<'a> {
    request: &'a ChatRequest,
    messages: &'a [Message],
    model: &'a str,
    stream: bool,
    dialect: Dialect,
    continues: Continues,
}

/// How many characters of prose a token stands for: what was delivered of an answer was counted by another model.
const OF_A_TOKEN: usize = 4;

impl ChatBody<'_> {
    /// The same request in another dialect.
    #[must_use]
    pub const fn in_dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// The same request for the rest of an answer that was begun, asked for in this way; `messages` end with it.
    #[must_use]
    pub const fn going_on(mut self, continues: Continues) -> Self {
        self.continues = continues;
        self
    }

    /// The most tokens that the answer may still have. One that has had them all gets one more, for none cannot be asked.
    fn most_tokens(&self) -> Option<u32> {
        let begun = self.request.begun.as_deref().unwrap_or_default();
        let had = u32::try_from(begun.chars().count() / OF_A_TOKEN).unwrap_or(u32::MAX);
        let most = self.request.sampling.max_tokens?;
        Some(if had == 0 {
            most
        } else {
            most.saturating_sub(had).max(1)
        })
    }
}

/// The request for an answer by `model`. `messages` stand in place of those of `request`: a grounded prompt brings its own.
pub const fn chat_body<'a>(
    request: &'a ChatRequest,
    messages: &'a [Message],
    model: &'a str,
    stream: bool,
) -> ChatBody<'a> {
    ChatBody {
        request,
        messages,
        model,
        stream,
        dialect: Dialect::OpenAi,
        continues: Continues::No,
    }
}

/// Fields that this program writes itself.
const OURS: [&str; 10] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "tools",
    "tool_choice",
    "trousseau",
];

impl Serialize for ChatBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ChatRequest {
            sampling,
            tools,
            extra,
            ..
        } = self.request;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("model", self.model)?;
        map.serialize_entry("messages", &Messages(self.messages, self.dialect))?;
        map.serialize_entry("stream", &self.stream)?;
        if self.stream && self.dialect.asks_for_usage() {
            map.serialize_entry("stream_options", &IncludeUsage { include_usage: true })?;
        }
        if let Some(most) = self.most_tokens() {
            map.serialize_entry("max_tokens", &most)?;
        }
        if let Some(temperature) = sampling.temperature {
            map.serialize_entry("temperature", &temperature)?;
        }
        if let Some(seed) = sampling.seed {
            map.serialize_entry(self.dialect.seed(), &seed)?;
        }
        if !tools.definitions.is_empty() {
            map.serialize_entry("tools", &tools.definitions)?;
        }
        if let Some(choice) = &tools.choice {
            map.serialize_entry("tool_choice", choice)?;
        }
        for (name, value) in extra {
            let ours = |name: &str| {
                OURS.contains(&name) || self.continues.fields().iter().any(|(known, _)| *known == name)
            };
            if ours(name) || name == "seed" && sampling.seed.is_some() {
                continue;
            }
            let name = if name == "seed" { self.dialect.seed() } else { name };
            map.serialize_entry(name, value)?;
        }
        for (name, value) in self.continues.fields() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[derive(serde::Serialize)]
struct IncludeUsage {
    include_usage: bool,
}

struct Messages<'a>(&'a [Message], Dialect);

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for message in self.0 {
            seq.serialize_element(&WrittenMessage(message, self.1))?;
        }
        seq.end()
    }
}

struct WrittenMessage<'a>(&'a Message, Dialect);

impl Serialize for WrittenMessage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(message, dialect) = *self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("role", message.role.name())?;
        if !message.parts.is_empty() {
            map.serialize_entry("content", &message.parts)?;
        } else if message.content.is_empty()
            && message.role == Role::Assistant
            && !message.tool_calls.is_empty()
        {
            map.serialize_entry("content", &())?;
        } else {
            map.serialize_entry("content", &message.content)?;
        }
        if !message.tool_calls.is_empty() {
            let calls: Vec<_> = message.tool_calls.iter().map(WrittenCall).collect();
            map.serialize_entry("tool_calls", &calls)?;
        }
        if let Some(id) = &message.tool_call_id {
            map.serialize_entry("tool_call_id", id)?;
        }
        for (name, value) in &message.extra {
            let ours =
                ["role", "content", "tool_calls", "tool_call_id", "trousseau"].contains(&name.as_str());
            if !ours && dialect.knows(message.role, name) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}
