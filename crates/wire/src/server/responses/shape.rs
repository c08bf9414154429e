//! A response as it is written: whole, or as OpenAI's typed events, numbered from 0.

use serde_json::{Map, Value, json};
use trousseau_core::chat::{ChatAnswer, ChatEvent, FinishReason, Seam, ToolCallDelta};

use super::output::{Item, Kind, annotations, reasoning_part, text_part, usage};
use super::{Echo, response_id};
use crate::server::Shape;
use crate::sse;

/// Writes one response.
pub struct ResponseShape {
    /// When it was begun, in seconds since 1970.
    created: i64,
    model: String,
    echo: Echo,
    /// The entry that names it, with `_` for `/`; empty until it is begun.
    name: String,
    sequence: u64,
    items: Vec<Item>,
}

/// How a response stands that was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// With an answer.
    Completed,
    /// It is being made.
    InProgress,
    /// Whoever asked hung up.
    Cancelled,
    /// Nothing answered, or not to the end.
    Failed,
}

impl Kept {
    const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::InProgress => "in_progress",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

/// How a response stands.
#[derive(Default)]
struct Standing<'a> {
    status: &'static str,
    error: Option<Value>,
    incomplete: Option<&'static str>,
    output: Vec<Value>,
    usage: Value,
    trousseau: Option<&'a Value>,
}

impl ResponseShape {
    /// The form of one response of `model`, a route.
    pub fn new(created: i64, model: String, echo: Echo) -> Self {
        Self {
            created,
            model,
            echo,
            name: String::new(),
            sequence: 0,
            items: Vec::new(),
        }
    }

    fn object(&self, standing: Standing<'_>) -> Value {
        let Standing {
            status,
            error,
            incomplete,
            output,
            usage,
            trousseau,
        } = standing;
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        put("id", response_id(&self.name).into());
        put("object", "response".into());
        put("created_at", self.created.into());
        put("status", status.into());
        put("model", self.model.as_str().into());
        put("error", error.into());
        put(
            "incomplete_details",
            incomplete.map(|reason| json!({ "reason": reason })).into(),
        );
        put("output", output.into());
        put("usage", usage);
        if let Some(trousseau) = trousseau {
            put("trousseau", trousseau.clone());
        }
        fields.extend(self.echo.0.clone());
        Value::Object(fields)
    }

    fn event(&mut self, kind: &'static str, fields: Value, out: &mut String) {
        let mut event = Map::new();
        event.insert("type".to_owned(), kind.into());
        event.insert("sequence_number".to_owned(), self.sequence.into());
        if let Value::Object(fields) = fields {
            event.extend(fields);
        }
        self.sequence += 1;
        out.push_str(&sse::named(kind, &Value::Object(event)));
    }

    /// Opens an item; returns its place.
    fn open(&mut self, kind: Kind) -> usize {
        let place = self.items.len();
        self.items.push(Item {
            id: format!("{}_{}_{place}", Item::prefix(&kind), self.name),
            kind,
            text: String::new(),
            open: true,
        });
        place
    }

    /// The item that takes more of this kind, and whether it is new.
    fn place(&mut self, wanted: &ChatEvent) -> (usize, bool) {
        let takes = |item: &Item| {
            item.open
                && match (&item.kind, wanted) {
                    (Kind::Call(index, ..), ChatEvent::ToolCall(delta)) => *index == delta.index,
                    (Kind::Message, ChatEvent::Text(_)) | (Kind::Reasoning, ChatEvent::Reasoning(_)) => true,
                    _ => false,
                }
        };
        if let Some(place) = self.items.iter().position(takes) {
            return (place, false);
        }
        let kind = match wanted {
            ChatEvent::ToolCall(delta) => Kind::Call(delta.index, String::new(), String::new()),
            ChatEvent::Reasoning(_) => Kind::Reasoning,
            _ => Kind::Message,
        };
        (self.open(kind), true)
    }

    fn added(&mut self, place: usize, out: &mut String) {
        let item = &self.items[place];
        let fields = json!({ "output_index": place, "item": item.written("in_progress", &[]) });
        let part = match item.kind {
            Kind::Message => Some(text_part("", &[])),
            Kind::Reasoning => Some(reasoning_part("")),
            Kind::Call(..) => None,
        };
        let id = item.id.clone();
        self.event("response.output_item.added", fields, out);
        if let Some(part) = part {
            let fields = json!({ "item_id": id, "output_index": place, "content_index": 0, "part": part });
            self.event("response.content_part.added", fields, out);
        }
    }

    /// More text, or more of what was reasoned.
    fn text(&mut self, (kind, event): (&'static str, &ChatEvent), more: &str, out: &mut String) {
        if more.is_empty() {
            return;
        }
        let (place, new) = self.place(event);
        if new {
            if matches!(event, ChatEvent::Text(_)) {
                self.close(|kind| matches!(kind, Kind::Reasoning), &[], out);
            }
            self.added(place, out);
        }
        let item = &mut self.items[place];
        item.text.push_str(more);
        let mut fields =
            json!({ "item_id": item.id, "output_index": place, "content_index": 0, "delta": more });
        if matches!(event, ChatEvent::Text(_)) {
            fields["logprobs"] = json!([]);
        }
        self.event(kind, fields, out);
    }

    /// Another place goes on from here: a piece without text that says so, which clients that do not know of it read over.
    fn seam(&mut self, seam: &Seam, out: &mut String) {
        let open = self.items.iter().rposition(|item| item.open);
        let place = open.unwrap_or_else(|| {
            let place = self.open(Kind::Message);
            self.added(place, out);
            place
        });
        let item = &self.items[place];
        let mut fields = json!({ "item_id": item.id, "output_index": place });
        let kind = match item.kind {
            Kind::Call(..) => "response.function_call_arguments.delta",
            Kind::Reasoning => "response.reasoning_text.delta",
            Kind::Message => "response.output_text.delta",
        };
        if !matches!(item.kind, Kind::Call(..)) {
            fields["content_index"] = 0.into();
        }
        fields["delta"] = "".into();
        if matches!(item.kind, Kind::Message) {
            fields["logprobs"] = json!([]);
        }
        fields["trousseau"] = json!({ "seam": seam });
        self.event(kind, fields, out);
    }

    fn call(&mut self, delta: &ToolCallDelta, event: &ChatEvent, out: &mut String) {
        let (place, new) = self.place(event);
        if new {
            self.close(|kind| matches!(kind, Kind::Reasoning), &[], out);
        }
        let arguments = delta.arguments.as_str();
        let item = &mut self.items[place];
        if new {
            item.call(&ToolCallDelta {
                arguments: String::new(),
                ..delta.clone()
            });
            self.added(place, out);
            self.items[place].text.push_str(arguments);
        } else {
            item.call(delta);
        }
        if !arguments.is_empty() {
            let id = &self.items[place].id;
            let fields = json!({ "item_id": id, "output_index": place, "delta": arguments });
            self.event("response.function_call_arguments.delta", fields, out);
        }
    }

    /// Closes the open items of a kind.
    fn close(&mut self, wanted: impl Fn(&Kind) -> bool, annotations: &[Value], out: &mut String) {
        for place in 0..self.items.len() {
            if self.items[place].open && wanted(&self.items[place].kind) {
                self.items[place].open = false;
                self.done(place, annotations, out);
            }
        }
    }

    fn done(&mut self, place: usize, annotations: &[Value], out: &mut String) {
        let item = &self.items[place];
        let (id, text) = (item.id.clone(), item.text.clone());
        let whole = item.written("completed", annotations);
        let part = |mut fields: Value| {
            fields["item_id"] = id.as_str().into();
            fields["output_index"] = place.into();
            fields["content_index"] = 0.into();
            fields
        };
        match &item.kind {
            Kind::Reasoning => {
                self.event("response.reasoning_text.done", part(json!({ "text": text })), out);
                let fields = part(json!({ "part": reasoning_part(&text) }));
                self.event("response.content_part.done", fields, out);
            }
            Kind::Message => {
                for (number, annotation) in annotations.iter().enumerate() {
                    let fields = part(json!({ "annotation_index": number, "annotation": annotation }));
                    self.event("response.output_text.annotation.added", fields, out);
                }
                let fields = part(json!({ "text": text, "logprobs": [] }));
                self.event("response.output_text.done", fields, out);
                let fields = part(json!({ "part": text_part(&text, annotations) }));
                self.event("response.content_part.done", fields, out);
            }
            Kind::Call(_, _, name) => {
                let fields = json!({ "item_id": id, "output_index": place, "name": name, "arguments": text });
                self.event("response.function_call_arguments.done", fields, out);
            }
        }
        let fields = json!({ "output_index": place, "item": whole });
        self.event("response.output_item.done", fields, out);
    }

    fn output(&self, status: &str, annotations: &[Value]) -> Vec<Value> {
        self.items
            .iter()
            .map(|item| item.written(status, annotations))
            .collect()
    }

    /// The response as it ended, and the name of its last event.
    fn ended<'a>(&self, answer: &ChatAnswer, trousseau: &'a Value) -> (&'static str, Standing<'a>) {
        let incomplete = match answer.end.as_ref().map(|end| end.finish) {
            Some(FinishReason::Length) => Some("max_output_tokens"),
            Some(FinishReason::ContentFilter) => Some("content_filter"),
            Some(FinishReason::Stop | FinishReason::ToolCalls) | None => None,
        };
        let (kind, status) = match incomplete {
            Some(_) => ("response.incomplete", "incomplete"),
            None => ("response.completed", "completed"),
        };
        let standing = Standing {
            status,
            incomplete,
            output: self.output("completed", &annotations(answer)),
            usage: usage(answer),
            trousseau: Some(trousseau),
            error: None,
        };
        (kind, standing)
    }

    /// Takes in what a whole answer is made of.
    fn fill(&mut self, entry: &str, answer: &ChatAnswer) {
        self.name = entry.replace('/', "_");
        if !answer.reasoning.is_empty() {
            let place = self.open(Kind::Reasoning);
            self.items[place].text.clone_from(&answer.reasoning);
        }
        if !answer.text.is_empty() {
            let place = self.open(Kind::Message);
            self.items[place].text.clone_from(&answer.text);
        }
        for (index, call) in answer.tool_calls.iter().enumerate() {
            let place = self.open(Kind::Call(index, call.id.clone(), call.name.clone()));
            self.items[place].text.clone_from(&call.arguments);
        }
    }

    /// The response as a record keeps it. `error` is the body of an error in OpenAI's form, where it has no whole answer.
    pub fn kept(
        mut self,
        entry: &str,
        answer: &ChatAnswer,
        (status, error): (Kept, Option<&Value>),
        trousseau: &Value,
    ) -> Value {
        self.fill(entry, answer);
        let items = match status {
            Kept::Completed => "completed",
            Kept::InProgress => "in_progress",
            Kept::Cancelled | Kept::Failed => "incomplete",
        };
        let standing = Standing {
            status: status.name(),
            error: error
                .map(|body| json!({ "code": body["error"]["code"], "message": body["error"]["message"] })),
            incomplete: None,
            output: self.output(items, &annotations(answer)),
            usage: usage(answer),
            trousseau: Some(trousseau),
        };
        self.object(standing)
    }

    /// An answer without a word and without a call still has a message.
    fn has_message(&self) -> bool {
        self.items
            .iter()
            .any(|item| !matches!(item.kind, Kind::Reasoning))
    }
}

impl Shape for ResponseShape {
    fn begin(&mut self, entry: &str, out: &mut String) {
        self.name = entry.replace('/', "_");
        for kind in ["response.created", "response.in_progress"] {
            let standing = Standing {
                status: "in_progress",
                ..Standing::default()
            };
            let fields = json!({ "response": self.object(standing) });
            self.event(kind, fields, out);
        }
    }

    fn push(&mut self, event: &ChatEvent, out: &mut String) {
        match event {
            ChatEvent::Seam(seam) => self.seam(seam, out),
            ChatEvent::Text(more) => self.text(("response.output_text.delta", event), more, out),
            ChatEvent::Reasoning(more) => self.text(("response.reasoning_text.delta", event), more, out),
            ChatEvent::ToolCall(delta) => self.call(delta, event, out),
            // Citations become annotations at the end; a server's own fields have no place here.
            _ => {}
        }
    }

    fn end(&mut self, answer: &ChatAnswer, trousseau: &Value, out: &mut String) {
        if !self.has_message() {
            self.close(|_| true, &[], out);
            let place = self.open(Kind::Message);
            self.added(place, out);
        }
        self.close(|_| true, &annotations(answer), out);
        let (kind, standing) = self.ended(answer, trousseau);
        let fields = json!({ "response": self.object(standing) });
        self.event(kind, fields, out);
    }

    fn fail(&mut self, _status: u16, error: &Value, out: &mut String) {
        let error = &error["error"];
        let (code, message) = (&error["code"], &error["message"]);
        if self.name.is_empty() {
            let fields = json!({ "code": code, "message": message, "param": error["param"] });
            return self.event("error", fields, out);
        }
        let standing = Standing {
            status: "failed",
            error: Some(json!({ "code": code, "message": message })),
            output: self.output("incomplete", &[]),
            trousseau: Some(&error["trousseau"]),
            ..Standing::default()
        };
        let fields = json!({ "response": self.object(standing) });
        self.event("response.failed", fields, out);
    }

    fn whole(&mut self, entry: &str, answer: &ChatAnswer, trousseau: &Value) -> String {
        self.fill(entry, answer);
        if !self.has_message() {
            self.open(Kind::Message);
        }
        self.object(self.ended(answer, trousseau).1).to_string()
    }
}
