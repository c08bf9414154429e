//! An answer in Anthropic's form: whole, or as its typed events.
//!
//! Blocks come one after the other and are never gone back to. Tools are called in blocks behind the text, each with its
//! whole input: pieces of several calls may come mixed.

use serde_json::{Map, Value, json};
use trousseau_core::chat::{ChatAnswer, ChatEvent, FinishReason, Seam, ToolCall};
use trousseau_core::document::Citation;

use super::error;
use crate::server::Shape;
use crate::sse;

const PING: &str = "event: ping\ndata: {\"type\":\"ping\"}\n\n";

/// Writes one answer.
pub struct MessageShape {
    model: String,
    begun: bool,
    /// The block being written, and how many were before it.
    block: Option<Block>,
    blocks: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Thinking,
    Text,
}

impl MessageShape {
    /// The form of one answer of `model`, a route.
    pub const fn new(model: String) -> Self {
        Self {
            model,
            begun: false,
            block: None,
            blocks: 0,
        }
    }

    fn message(&self, entry: &str) -> Map<String, Value> {
        let mut message = Map::new();
        message.insert("id".to_owned(), format!("msg_{}", entry.replace('/', "_")).into());
        message.insert("type".to_owned(), "message".into());
        message.insert("role".to_owned(), "assistant".into());
        message.insert("model".to_owned(), self.model.as_str().into());
        message
    }

    /// Opens a block of this kind, unless it is open.
    fn open(&mut self, wanted: Block, out: &mut String) {
        if self.block == Some(wanted) {
            return;
        }
        self.close(&[], out);
        let block = match wanted {
            Block::Thinking => json!({ "type": "thinking", "thinking": "", "signature": "" }),
            Block::Text => json!({ "type": "text", "text": "" }),
        };
        self.start(&block, out);
        self.block = Some(wanted);
    }

    /// Another place goes on from here: a piece without text that says so, which clients that do not know of it read over.
    fn seam(&mut self, seam: &Seam, out: &mut String) {
        self.open(self.block.unwrap_or(Block::Text), out);
        let delta = match self.block {
            Some(Block::Thinking) => json!({ "type": "thinking_delta", "thinking": "" }),
            _ => json!({ "type": "text_delta", "text": "" }),
        };
        let event = json!({
            "type": "content_block_delta",
            "index": self.blocks,
            "delta": delta,
            "trousseau": { "seam": seam },
        });
        out.push_str(&sse::named("content_block_delta", &event));
    }

    fn start(&self, block: &Value, out: &mut String) {
        let start = json!({ "type": "content_block_start", "index": self.blocks, "content_block": block });
        out.push_str(&sse::named("content_block_start", &start));
    }

    fn delta(&self, delta: &Value, out: &mut String) {
        let delta = json!({ "type": "content_block_delta", "index": self.blocks, "delta": delta });
        out.push_str(&sse::named("content_block_delta", &delta));
    }

    fn stop(&mut self, out: &mut String) {
        let stop = json!({ "type": "content_block_stop", "index": self.blocks });
        out.push_str(&sse::named("content_block_stop", &stop));
        self.blocks += 1;
    }

    /// Ends the block that is open; a text with what it cites.
    fn close(&mut self, citations: &[Citation], out: &mut String) {
        if let Some(open) = self.block.take() {
            if open == Block::Text {
                for citation in citations {
                    self.delta(
                        &json!({ "type": "citations_delta", "citation": location(citation) }),
                        out,
                    );
                }
            }
            self.stop(out);
        }
    }

    fn call(&mut self, call: &ToolCall, out: &mut String) {
        let block = json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": {} });
        self.start(&block, out);
        let partial = input(call).to_string();
        self.delta(
            &json!({ "type": "input_json_delta", "partial_json": partial }),
            out,
        );
        self.stop(out);
    }
}

impl Shape for MessageShape {
    fn begin(&mut self, entry: &str, out: &mut String) {
        self.begun = true;
        let mut message = self.message(entry);
        message.insert("content".to_owned(), json!([]));
        message.insert("stop_reason".to_owned(), Value::Null);
        message.insert("stop_sequence".to_owned(), Value::Null);
        message.insert(
            "usage".to_owned(),
            json!({ "input_tokens": 0, "output_tokens": 0 }),
        );
        let start = json!({ "type": "message_start", "message": message });
        out.push_str(&sse::named("message_start", &start));
    }

    fn push(&mut self, event: &ChatEvent, out: &mut String) {
        match event {
            ChatEvent::Text(more) if !more.is_empty() => {
                self.open(Block::Text, out);
                self.delta(&json!({ "type": "text_delta", "text": more }), out);
            }
            ChatEvent::Reasoning(more) if !more.is_empty() => {
                self.open(Block::Thinking, out);
                self.delta(&json!({ "type": "thinking_delta", "thinking": more }), out);
            }
            ChatEvent::Seam(seam) => self.seam(seam, out),
            // Calls come at the end; a server's own fields have no place here.
            _ => {}
        }
    }

    fn end(&mut self, answer: &ChatAnswer, trousseau: &Value, out: &mut String) {
        self.close(&answer.citations, out);
        for call in &answer.tool_calls {
            self.call(call, out);
        }
        let delta = json!({ "stop_reason": stop_reason(answer), "stop_sequence": null });
        let delta = json!({ "type": "message_delta", "delta": delta, "usage": usage(answer) });
        out.push_str(&sse::named("message_delta", &delta));
        let stop = json!({ "type": "message_stop", "trousseau": trousseau });
        out.push_str(&sse::named("message_stop", &stop));
    }

    fn fail(&mut self, status: u16, body: &Value, out: &mut String) {
        out.push_str(&sse::named("error", &error(status, body)));
    }

    fn idle(&self) -> &'static str {
        if self.begun { PING } else { sse::COMMENT }
    }

    fn whole(&mut self, entry: &str, answer: &ChatAnswer, trousseau: &Value) -> String {
        let mut content = Vec::new();
        if !answer.reasoning.is_empty() {
            content.push(json!({ "type": "thinking", "thinking": answer.reasoning, "signature": "" }));
        }
        if !answer.text.is_empty() {
            let cited: Vec<Value> = answer.citations.iter().map(location).collect();
            let citations = Some(cited).filter(|cited| !cited.is_empty());
            content.push(json!({ "type": "text", "text": answer.text, "citations": citations }));
        }
        content.extend(answer.tool_calls.iter().map(
            |call| json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": input(call) }),
        ));
        let mut message = self.message(entry);
        message.insert("content".to_owned(), content.into());
        message.insert("stop_reason".to_owned(), stop_reason(answer).into());
        message.insert("stop_sequence".to_owned(), Value::Null);
        message.insert("usage".to_owned(), usage(answer));
        message.insert("trousseau".to_owned(), trousseau.clone());
        Value::Object(message).to_string()
    }
}

/// The passage that a text cites, and where it stands in its document, in characters.
fn location(citation: &Citation) -> Value {
    json!({
        "type": "char_location",
        "cited_text": citation.text,
        "document_index": citation.number.saturating_sub(1),
        "document_title": citation.title,
        "start_char_index": citation.span.start,
        "end_char_index": citation.span.end,
        "file_id": citation.document,
    })
}

/// The input of a call. What a model wrote that is no JSON object goes on as it came, under a name of its own.
fn input(call: &ToolCall) -> Value {
    if call.arguments.trim().is_empty() {
        return json!({});
    }
    match serde_json::from_str(&call.arguments) {
        Ok(object @ Value::Object(_)) => object,
        _ => json!({ "arguments": call.arguments }),
    }
}

fn stop_reason(answer: &ChatAnswer) -> &'static str {
    match answer.end.as_ref().map(|end| end.finish) {
        Some(FinishReason::Stop) | None => "end_turn",
        Some(FinishReason::Length) => "max_tokens",
        Some(FinishReason::ToolCalls) => "tool_use",
        Some(FinishReason::ContentFilter) => "refusal",
    }
}

/// Tokens; clients add them up, so that what nobody counted is 0.
fn usage(answer: &ChatAnswer) -> Value {
    let counted = answer.end.as_ref().and_then(|end| end.counted());
    let (input, output) = counted.map_or((0, 0), |usage| (usage.input, usage.output));
    json!({ "input_tokens": input, "output_tokens": output })
}
