//! `POST /v1/chat/completions`: the answer, as servers send it, read into the events of the core.

use serde_json::{Map, Value};
use trousseau_core::chat::{ChatEnd, ChatEvent, Extra, FinishReason, Usage};

use super::calls::Calls;
use super::delta::{WireAnswer, WireChoice, WireMessage};
use super::errors;
use super::thinking::Thinking;
use crate::content::Content;
use crate::fault::Fault;
use crate::json;
use crate::sse::DONE;

/// Reads one answer.
///
/// The end is given out with the event `[DONE]`, because servers send the tokens after the chunk that carries
/// `finish_reason`. Where a stream ends without `[DONE]`, [`ChatReader::end`] tells whether the answer was whole.
#[derive(Clone, Debug, Default)]
pub struct ChatReader {
    /// The answer's id.
    id: String,
    thinking: Thinking,
    calls: Calls,
    /// Whether any text, reasoning or call has come.
    begun: bool,
    finish: Option<FinishReason>,
    usage: Usage,
    /// Unknown fields of the answer, as they were given out: servers repeat them on every chunk.
    told: Map<String, Value>,
    ended: bool,
}

impl ChatReader {
    /// Reads the data of the next event of a stream.
    pub fn chunk(&mut self, data: &str) -> Result<Vec<ChatEvent>, Fault> {
        let data = data.trim();
        if data.is_empty() || self.ended {
            return Ok(Vec::new());
        }
        if data == DONE {
            return self.done();
        }
        let mut events = Vec::new();
        self.take(data.as_bytes(), |choice| choice.delta, &mut events)?;
        Ok(events)
    }

    /// The last events of a stream that ended without `[DONE]`: none when the answer was not whole.
    pub fn end(&mut self) -> Vec<ChatEvent> {
        if self.ended || self.finish.is_none() {
            return Vec::new();
        }
        self.last()
    }

    /// Reads an answer that came in one piece.
    pub fn whole(bytes: &[u8]) -> Result<Vec<ChatEvent>, Fault> {
        let mut reader = Self::default();
        let mut events = Vec::new();
        let any = reader.take(bytes, |choice| choice.message, &mut events)?;
        if !any {
            return Err(Fault::malformed("an answer without choices"));
        }
        events.extend(reader.last());
        Ok(events)
    }

    /// Takes in an answer or a chunk; whether it had a choice.
    fn take(
        &mut self,
        bytes: &[u8],
        message: fn(WireChoice) -> Option<WireMessage>,
        events: &mut Vec<ChatEvent>,
    ) -> Result<bool, Fault> {
        let answer: WireAnswer = json::answer(bytes, json::VALUES)?;
        if let Some(error) = errors::reported(&answer) {
            return Err(error);
        }
        if let Some(usage) = answer.usage {
            self.usage = usage.into();
        }
        if self.id.is_empty() {
            self.id = answer.id.unwrap_or_default();
        }
        let mut extra = Extra {
            answer: self.news(answer.rest),
            ..Extra::default()
        };
        let choices = answer.choices.into_iter().flatten();
        let mut first = choices.filter(|choice| choice.index.unwrap_or(0) == 0);
        let Some(mut choice) = first.next() else {
            if !extra.is_empty() {
                events.push(ChatEvent::Extra(extra));
            }
            return Ok(false);
        };
        extra.choice = kept(std::mem::take(&mut choice.rest));
        if let Some(reason) = choice.finish_reason.take() {
            self.finish = Some(finish(reason, &mut extra)?);
        }
        if let Some(message) = message(choice) {
            self.take_message(message, extra, events)?;
        } else if !extra.is_empty() {
            events.push(ChatEvent::Extra(extra));
        }
        Ok(true)
    }

    fn take_message(
        &mut self,
        message: WireMessage,
        mut extra: Extra,
        events: &mut Vec<ChatEvent>,
    ) -> Result<(), Fault> {
        extra.message = kept(message.rest);
        if !extra.is_empty() {
            events.push(ChatEvent::Extra(extra));
        }
        let before = events.len();
        // Servers that changed the name send both for a while.
        let reasoning = message.reasoning.or(message.reasoning_content);
        if let Some(reasoning) = reasoning.filter(|text| !text.is_empty()) {
            events.push(ChatEvent::Reasoning(reasoning));
        }
        match message.content {
            Content::None => {}
            Content::Text(text) => self.thinking.push(text, events),
            Content::Parts(parts) => self.take_parts(parts, events),
        }
        for piece in message.tool_calls.into_iter().flatten() {
            events.push(ChatEvent::ToolCall(self.calls.take(piece, &self.id)?));
        }
        self.begun |= events.len() > before;
        Ok(())
    }

    /// Takes in a content of several parts; those that are neither text nor reasoning are passed on.
    fn take_parts(&mut self, parts: Vec<Value>, events: &mut Vec<ChatEvent>) {
        let mut others = Vec::new();
        for part in parts {
            match part["type"].as_str() {
                Some("text") => self.thinking.push(text_of(&part["text"]), events),
                Some("thinking") => {
                    let text = text_of(&part["thinking"]);
                    if !text.is_empty() {
                        events.push(ChatEvent::Reasoning(text));
                    }
                }
                _ => others.push(part),
            }
        }
        if !others.is_empty() {
            let mut extra = Extra::default();
            extra
                .message
                .insert("content_parts".to_owned(), Value::Array(others));
            events.push(ChatEvent::Extra(extra));
        }
    }

    /// The events behind `[DONE]`. Without a finish reason the answer is not whole: the server of llama-cpp-python says
    /// `[DONE]` to whoever it drops because another request has come.
    fn done(&mut self) -> Result<Vec<ChatEvent>, Fault> {
        match (self.finish, self.begun) {
            (Some(_), _) => Ok(self.last()),
            (None, true) => Err(Fault::malformed("a stream that ended without a finish reason")),
            (None, false) => Err(Fault::malformed("a stream that ended before its answer began")),
        }
    }

    fn last(&mut self) -> Vec<ChatEvent> {
        let mut events = Vec::new();
        self.ended = true;
        self.thinking.end(&mut events);
        let finish = match self.finish {
            // Some servers say `stop` behind a call of a tool.
            None | Some(FinishReason::Stop) if self.calls.any() => FinishReason::ToolCalls,
            finish => finish.unwrap_or(FinishReason::Stop),
        };
        events.push(ChatEvent::End(ChatEnd {
            finish,
            abstained: false,
            usage: std::mem::take(&mut self.usage),
            removed_markers: 0,
        }));
        events
    }

    /// The unknown fields of an answer that have not been given out yet with the same value.
    fn news(&mut self, rest: Map<String, Value>) -> Map<String, Value> {
        let mut rest = kept(rest);
        rest.retain(|name, value| self.told.get(name) != Some(value));
        for (name, value) in &rest {
            self.told.insert(name.clone(), value.clone());
        }
        rest
    }
}

/// Unknown fields that say something. Nobody but this program speaks in its own `trousseau` object.
fn kept(mut fields: Map<String, Value>) -> Map<String, Value> {
    fields.retain(|name, value| !value.is_null() && name != "trousseau");
    fields
}

/// The text of a part: a string, or parts in their turn.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

/// Why the model stopped. Words that OpenAI's format does not have are passed on beside its nearest.
fn finish(reason: String, extra: &mut Extra) -> Result<FinishReason, Fault> {
    let finish = match reason.as_str() {
        "stop" => return Ok(FinishReason::Stop),
        "length" => return Ok(FinishReason::Length),
        "tool_calls" => return Ok(FinishReason::ToolCalls),
        "content_filter" => return Ok(FinishReason::ContentFilter),
        "abort" | "error" | "cancelled" => {
            return Err(Fault::Reported {
                message: format!("the server gave the answer up: {reason}"),
                status: None,
            });
        }
        "model_length" | "max_tokens" => FinishReason::Length,
        "function_call" => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    };
    extra
        .choice
        .insert("native_finish_reason".to_owned(), reason.into());
    Ok(finish)
}
