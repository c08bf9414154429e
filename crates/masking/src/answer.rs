//! The values back in the place of their tokens, in the events of an answer.
//!
//! Text, reasoning and the arguments of each call are texts of their own. While one of them holds something back, what comes
//! of the others waits behind it, so that everything goes out in its order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::{Map, Value};
use trousseau_core::chat::{ChatEvent, ChatRequest, Extra, ToolCallDelta};

use crate::restore::Restorer;
use crate::table::Table;

/// The most events that wait.
const WAITING: usize = 256;

/// Restores one answer.
pub struct Restoring {
    table: Arc<Table>,
    /// Whether the answer's text is JSON.
    structured: bool,
    texts: BTreeMap<Kind, Restorer>,
    /// Whose text holds something back.
    holding: Option<Kind>,
    waiting: VecDeque<ChatEvent>,
}

/// The texts that an answer consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Text,
    Reasoning,
    Call(usize),
}

impl Restoring {
    /// Restores the answer to `request`, with this table.
    pub fn new(table: Arc<Table>, request: &ChatRequest) -> Self {
        let format = request.extra.get("response_format");
        let format = format.and_then(|format| format.get("type"));
        Self {
            table,
            structured: format.is_some_and(|kind| kind != "text"),
            texts: BTreeMap::new(),
            holding: None,
            waiting: VecDeque::new(),
        }
    }

    /// Takes in an event, and gives those that may go out now.
    pub fn push(&mut self, event: ChatEvent) -> Vec<ChatEvent> {
        let mut out = Vec::new();
        self.waiting.push_back(event);
        while let Some(event) = self.next(&mut out) {
            self.take(event, &mut out);
        }
        out
    }

    /// The next event whose turn it is: of the text that holds something back, where one does.
    fn next(&mut self, out: &mut Vec<ChatEvent>) -> Option<ChatEvent> {
        let Some(holding) = self.holding else {
            return self.waiting.pop_front();
        };
        let same = self.waiting.iter().position(|event| kind(event) == Some(holding));
        if let Some(same) = same {
            return self.waiting.remove(same);
        }
        let ends = |event: &ChatEvent| matches!(event, ChatEvent::End(_) | ChatEvent::Seam(_));
        if self.waiting.iter().any(ends) || self.waiting.len() > WAITING {
            self.let_go(holding, out);
            return self.waiting.pop_front();
        }
        None
    }

    fn take(&mut self, event: ChatEvent, out: &mut Vec<ChatEvent>) {
        match event {
            ChatEvent::Text(text) => {
                let restored = self.restore(Kind::Text, text);
                out.extend(restored.map(ChatEvent::Text));
            }
            ChatEvent::Reasoning(text) => {
                let restored = self.restore(Kind::Reasoning, text);
                out.extend(restored.map(ChatEvent::Reasoning));
            }
            ChatEvent::ToolCall(call) => {
                let arguments = self.restore(Kind::Call(call.index), call.arguments);
                let whole = |part: Option<String>| part.map(|part| self.table.restore(&part, false));
                let call = ToolCallDelta {
                    index: call.index,
                    id: whole(call.id),
                    name: whole(call.name),
                    extra: restore_map(&self.table, call.extra),
                    arguments: arguments.clone().unwrap_or_default(),
                };
                if arguments.is_some() || call.id.is_some() || call.name.is_some() || !call.extra.is_empty() {
                    out.push(ChatEvent::ToolCall(call));
                }
            }
            ChatEvent::Extra(extra) => out.push(ChatEvent::Extra(Extra {
                message: restore_map(&self.table, extra.message),
                choice: restore_map(&self.table, extra.choice),
                answer: restore_map(&self.table, extra.answer),
            })),
            // What is cited is a document's text, which was sent as it is.
            ChatEvent::Citation(_) | ChatEvent::Seam(_) | ChatEvent::End(_) => out.push(event),
        }
    }

    /// More of a text; nothing where all of it is held back.
    fn restore(&mut self, kind: Kind, more: String) -> Option<String> {
        let in_json = matches!(kind, Kind::Call(_)) || kind == Kind::Text && self.structured;
        let new = || Restorer::new(Arc::clone(&self.table), in_json);
        let restorer = self.texts.entry(kind).or_insert_with(new);
        let was_empty = more.is_empty();
        let restored = restorer.push(more);
        self.holding = (restorer.held() > 0).then_some(kind);
        (was_empty || !restored.is_empty()).then_some(restored)
    }

    /// Gives out what a text holds back, for nothing makes a token of it any more.
    fn let_go(&mut self, kind: Kind, out: &mut Vec<ChatEvent>) {
        self.holding = None;
        let Some(restorer) = self.texts.get_mut(&kind) else {
            return;
        };
        let rest = restorer.finish();
        out.push(match kind {
            Kind::Text => ChatEvent::Text(rest),
            Kind::Reasoning => ChatEvent::Reasoning(rest),
            Kind::Call(index) => ChatEvent::ToolCall(ToolCallDelta {
                index,
                arguments: rest,
                ..ToolCallDelta::default()
            }),
        });
    }
}

const fn kind(event: &ChatEvent) -> Option<Kind> {
    match event {
        ChatEvent::Text(_) => Some(Kind::Text),
        ChatEvent::Reasoning(_) => Some(Kind::Reasoning),
        ChatEvent::ToolCall(call) => Some(Kind::Call(call.index)),
        ChatEvent::Citation(_) | ChatEvent::Extra(_) | ChatEvent::Seam(_) | ChatEvent::End(_) => None,
    }
}

fn restore_map(table: &Table, map: Map<String, Value>) -> Map<String, Value> {
    let fields = map.into_iter();
    fields
        .map(|(name, value)| (name, restore_value(table, value)))
        .collect()
}

fn restore_value(table: &Table, value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(table.restore(&text, false)),
        Value::Array(values) => values
            .into_iter()
            .map(|value| restore_value(table, value))
            .collect(),
        Value::Object(map) => Value::Object(restore_map(table, map)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}
