//! The form in which an answer leaves: one for each way of asking.

use serde_json::Value;
use trousseau_core::chat::{ChatAnswer, ChatEvent};

use super::answer::{Completion, Head, completion};
use super::chunks::Chunks;
use crate::sse;

/// Writes one answer, either as a stream of events or whole. `entry` is the ledger's entry of the decision, `main/17`.
///
/// Events are written behind what `out` holds, as they leave. A stream is begun once and ends either whole or failed.
pub trait Shape: Send {
    /// It is decided where the request may run: what stands before the first piece.
    fn begin(&mut self, _entry: &str, _out: &mut String) {}

    /// A piece of the answer.
    fn push(&mut self, event: &ChatEvent, out: &mut String);

    /// The end of a whole answer. The `trousseau` object rides on its last event that clients read.
    fn end(&mut self, answer: &ChatAnswer, trousseau: &Value, out: &mut String);

    /// The end of an answer that is not whole, which no client takes for a clean one. `error` is the body of an error in
    /// OpenAI's form, for the HTTP `status`.
    fn fail(&mut self, status: u16, error: &Value, out: &mut String);

    /// What says nothing and keeps a connection open.
    fn idle(&self) -> &'static str {
        sse::COMMENT
    }

    /// The whole answer, in one piece.
    fn whole(&mut self, entry: &str, answer: &ChatAnswer, trousseau: &Value) -> String;
}

/// `POST /v1/chat/completions`.
#[derive(Clone, Debug)]
pub struct Chat {
    head: Head,
    chunks: Chunks,
}

impl Chat {
    /// The form of one answer; `include_usage` has a stream end with its tokens.
    pub fn new(head: Head, include_usage: bool) -> Self {
        Self {
            chunks: Chunks::new(head.clone(), include_usage),
            head,
        }
    }
}

impl Shape for Chat {
    fn push(&mut self, event: &ChatEvent, out: &mut String) {
        if let Some(chunk) = self.chunks.push(event) {
            out.push_str(&sse::event(&chunk));
        }
    }

    fn end(&mut self, answer: &ChatAnswer, trousseau: &Value, out: &mut String) {
        for chunk in self.chunks.end(answer, trousseau) {
            out.push_str(&sse::event(&chunk));
        }
        out.push_str(&sse::event(sse::DONE));
    }

    fn fail(&mut self, _status: u16, error: &Value, out: &mut String) {
        out.push_str(&sse::named("error", error));
    }

    fn whole(&mut self, _entry: &str, answer: &ChatAnswer, trousseau: &Value) -> String {
        let body = Completion {
            head: &self.head,
            answer,
            trousseau,
        };
        // Texts, numbers and JSON values: writing them cannot fail.
        serde_json::to_string(&completion(&body)).unwrap_or_default()
    }
}
