//! Questions and answers, independent of any wire format.
//!
//! What this program does not know of a client's request or a server's answer is carried in `extra` fields and
//! passed on. It counts as sent: it is digested and labelled like the rest.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::digest::Digest;
use crate::document::{Citation, Passage};
pub use crate::extra::Extra;
use crate::texts::{visit_map, visit_strings};

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions of the operator or developer.
    System,
    /// The person who asks.
    User,
    /// A model's earlier answer.
    Assistant,
    /// The result of a tool call.
    Tool,
}

impl Role {
    /// The name used on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it.
    pub role: Role,
    /// Its text; of a message in several parts, the texts among them, a line each.
    pub content: String,
    /// The parts as they came, when the content is not one text: sent on in its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Value>,
    /// Of the assistant: the tools it called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Of a tool: the call it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// What else came with it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl Message {
    /// A message of one text.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
            parts: Vec::new(),
            tool_calls: Vec::new(),
            tool_call_id: None,
            extra: Map::new(),
        }
    }

    /// A message of the person who asks.
    pub fn user(content: impl Into<String>) -> Self {
        Self::new(Role::User, content)
    }
}

/// A call of a tool that a model asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Names the call; its result refers to it.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// Its arguments: JSON as the model wrote it, which may be no JSON at all.
    pub arguments: String,
    /// What else came with it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// The tools a model may call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tools {
    /// Their definitions, in OpenAI's form.
    pub definitions: Vec<Value>,
    /// Which of them it must call: OpenAI's `tool_choice`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Value>,
}

impl Tools {
    /// Whether nothing is said of tools.
    pub const fn is_empty(&self) -> bool {
        self.definitions.is_empty() && self.choice.is_none()
    }
}

/// How the answer is to be made. What is `None` is the model's own choice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// The most tokens the answer may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// 0 is the most likely answer; larger is more varied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// The seed of the random choices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// How rare the terms of a question are among the documents that were searched for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rarities {
    /// The inverse document frequency of each term that occurs, by its stem.
    pub terms: BTreeMap<String, f32>,
    /// That of a term that does not occur; in a small collection not the highest, for there a common word may
    /// well be missing.
    pub unseen: f32,
    /// The sum over the question's terms on the scale of the passages' scores, words that say little counted less.
    pub attainable: f32,
}

impl Rarities {
    /// The inverse document frequency of a term.
    pub fn of(&self, term: &str) -> f32 {
        self.terms.get(term).copied().unwrap_or(self.unseen)
    }
}

/// A conversation to be continued, with the passages to ground the answer in kept apart from the text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The conversation, oldest message first.
    pub messages: Vec<Message>,
    /// The question so that it stands alone, where it is a follow-up that does not; for searching, never sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standalone: Option<String>,
    /// The passages the answer must stand on; empty when the route is not grounded.
    pub passages: Vec<Passage>,
    /// How rare the question's terms are where the passages were found; never sent to a network model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rarities: Option<Rarities>,
    /// Whether the answer must stand on `passages` alone, and abstain when they do not support one.
    pub grounded: bool,
    /// What of the answer has been delivered already, by a model that broke off: the model goes on from there, or
    /// fails with [`ModelError::Unsupported`](crate::model::ModelError::Unsupported) before a byte leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<String>,
    /// Where in `begun` another target went on, in bytes, rising. Not sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joints: Vec<usize>,
    /// What the markers of `begun` point to: those of the rest are numbered on from there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cited: Vec<Citation>,
    /// Whether the answer is wanted in one piece, as no one reads along: a model may then send it whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
    /// How the answer is to be made.
    pub sampling: Sampling,
    /// The tools the model may call.
    #[serde(default, skip_serializing_if = "Tools::is_empty")]
    pub tools: Tools,
    /// What else the caller asks of the model: `top_p`, `stop`, `response_format`, ...
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

impl ChatRequest {
    /// The last message of the person who asks, or the empty text.
    pub fn question(&self) -> &str {
        self.messages
            .iter()
            .rfind(|message| message.role == Role::User)
            .map_or("", |message| message.content.as_str())
    }

    /// The question as it is searched for: with its subject.
    pub fn standalone(&self) -> &str {
        self.standalone.as_deref().unwrap_or_else(|| self.question())
    }

    /// The digest of everything that would be sent. A [`Permit`](crate::permit::Permit) is bound to it.
    pub fn digest(&self) -> Digest {
        let mut fields = Fields::default();
        for message in &self.messages {
            fields.text("message");
            fields.text(message.role.name());
            fields.text(&message.content);
            for part in &message.parts {
                fields.value("part", part);
            }
            for call in &message.tool_calls {
                fields.text("call");
                fields.text(&call.id);
                fields.text(&call.name);
                fields.text(&call.arguments);
                fields.map(&call.extra);
            }
            if let Some(id) = &message.tool_call_id {
                fields.text("answers");
                fields.text(id);
            }
            fields.map(&message.extra);
        }
        for passage in &self.passages {
            fields.text("passage");
            fields.text(&passage.title);
            fields.text(&passage.text);
        }
        for tool in &self.tools.definitions {
            fields.value("tool", tool);
        }
        if let Some(choice) = &self.tools.choice {
            fields.value("tool_choice", choice);
        }
        fields.text("request");
        fields.map(&self.extra);
        if let Some(begun) = &self.begun {
            fields.text("begun");
            fields.text(begun);
        }
        for Citation {
            number,
            document,
            chunk,
            ..
        } in &self.cited
        {
            fields.value("cited", &json!([number, document, chunk]));
        }
        Digest::of_fields(fields.0.iter().map(|field| field.as_bytes()))
    }

    /// Calls `visit` with every text that would be sent beside the passages, wherever it stands: in messages and their
    /// parts, tool calls, tool definitions, fields this program does not know and what is begun. `data:` URLs are left out: they hold
    /// bytes, not text.
    pub fn visit_texts(&self, visit: &mut dyn FnMut(&str)) {
        for message in &self.messages {
            message.visit_texts(visit);
        }
        for value in self.tools.definitions.iter().chain(&self.tools.choice) {
            visit_strings(value, visit);
        }
        visit_map(&self.extra, visit);
        if let Some(begun) = &self.begun {
            for (_, stretch) in stretches(begun, &self.joints) {
                visit(stretch);
            }
        }
    }
}

/// What is begun of an answer, with the place where it stands: the whole, then what lies between two of its ends and joints. What was
/// somebody's number when it was delivered still is where another target wrote on right behind it.
pub fn stretches<'a>(begun: &'a str, joints: &[usize]) -> Vec<(usize, &'a str)> {
    let ends: Vec<usize> = [0]
        .into_iter()
        .chain(joints.iter().copied())
        .chain([begun.len()])
        .collect();
    let mut stretches = vec![(0, begun)];
    for (at, start) in ends.iter().enumerate() {
        let parts = ends[at + 1..].iter();
        let parts = parts.filter_map(|end| Some((*start, begun.get(*start..*end)?)));
        stretches.extend(parts.filter(|(_, part)| !part.is_empty() && part.len() < begun.len()));
    }
    stretches
}

impl Message {
    /// Calls `visit` with every text of the message; see [`ChatRequest::visit_texts`].
    pub fn visit_texts(&self, visit: &mut dyn FnMut(&str)) {
        visit(&self.content);
        for part in &self.parts {
            visit_strings(part, visit);
        }
        for call in &self.tool_calls {
            visit(&call.id);
            visit(&call.name);
            visit(&call.arguments);
            visit_map(&call.extra, visit);
        }
        if let Some(id) = &self.tool_call_id {
            visit(id);
        }
        visit_map(&self.extra, visit);
    }
}

/// The fields of a digest, in order.
#[derive(Default)]
struct Fields<'a>(Vec<Cow<'a, str>>);

impl<'a> Fields<'a> {
    fn text(&mut self, text: &'a str) {
        self.0.push(Cow::Borrowed(text));
    }

    fn value(&mut self, name: &'a str, value: &Value) {
        self.text(name);
        self.0.push(Cow::Owned(value.to_string()));
    }

    fn map(&mut self, map: &'a Map<String, Value>) {
        for (name, value) in map {
            self.text("extra");
            self.value(name, value);
        }
    }
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// It had finished.
    Stop,
    /// It reached a limit.
    Length,
    /// It asked for a tool.
    ToolCalls,
    /// A filter held the rest back.
    ContentFilter,
}

impl FinishReason {
    /// The name used on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
        }
    }
}

/// Tokens as the model counts them; for the extractive answerer, words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    pub input: u64,
    /// Tokens written, reasoning among them.
    pub output: u64,
    /// What else the model's server says of them, in its own words: cached tokens, reasoning tokens.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub details: Map<String, Value>,
}

/// One step of an answer as it is made.
#[derive(Clone, Debug, PartialEq)]
pub enum ChatEvent {
    /// More text.
    Text(String),
    /// More of the model's reasoning, apart from the answer.
    Reasoning(String),
    /// More of a tool's call.
    ToolCall(ToolCallDelta),
    /// A citation that a marker in the text so far points to.
    Citation(Citation),
    /// Fields that this program does not know.
    Extra(Extra),
    /// From here on the answer is another target's.
    Seam(Seam),
    /// The end; always the last event of a whole answer.
    End(ChatEnd),
}

/// A piece of a tool's call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCallDelta {
    /// Which of the answer's calls it belongs to, counted from 0.
    pub index: usize,
    /// The call's id; with its first piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The tool's name; with its first piece.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// More of the arguments.
    pub arguments: String,
    /// What else came with it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra: Map<String, Value>,
}

/// A place in an answer where one target broke off and another went on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seam {
    /// The target that broke off.
    pub from: String,
    /// The target that went on.
    pub to: String,
    /// How many characters (Unicode scalar values) of the answer's text stand before it.
    pub at: usize,
    /// The code of the failure: `model-cut`, `model-timed-out`, ...
    pub error: String,
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatEnd {
    /// Why the model stopped.
    pub finish: FinishReason,
    /// Whether the model declined because nothing supports an answer.
    pub abstained: bool,
    /// What it cost; nothing where the server counts no tokens. [`ChatEnd::counted`] tells that from zero.
    pub usage: Usage,
    /// How many citation markers were removed because they pointed to no passage.
    #[serde(default)]
    pub removed_markers: u64,
}

impl ChatEnd {
    /// What it cost, where somebody counted: many servers count no tokens in a stream, and no model reads none. An
    /// abstention may have cost nothing.
    pub fn counted(&self) -> Option<&Usage> {
        (self.abstained || self.usage != Usage::default()).then_some(&self.usage)
    }
}

/// An answer, whole or as far as it came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChatAnswer {
    /// The text, with citation markers `[1]`, `[2]`, ...
    pub text: String,
    /// What the model reasoned before and between.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reasoning: String,
    /// The tools it calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// What the markers point to, in order of their numbers.
    pub citations: Vec<Citation>,
    /// Fields that this program does not know.
    #[serde(default, skip_serializing_if = "Extra::is_empty")]
    pub extra: Extra,
    /// Where another target went on, in the order of the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seams: Vec<Seam>,
    /// How it ended; `None` when it was cut.
    pub end: Option<ChatEnd>,
}

/// The most tool calls of one answer; what comes for later ones is dropped.
const TOOL_CALLS: usize = 128;

impl ChatAnswer {
    /// Takes in the next event.
    pub fn push(&mut self, event: ChatEvent) {
        match event {
            ChatEvent::Text(more) => self.text.push_str(&more),
            ChatEvent::Reasoning(more) => self.reasoning.push_str(&more),
            ChatEvent::ToolCall(more) => self.push_call(more),
            ChatEvent::Citation(citation) => self.citations.push(citation),
            ChatEvent::Extra(extra) => self.extra.merge(extra),
            ChatEvent::Seam(seam) => self.seams.push(seam),
            ChatEvent::End(end) => self.end = Some(end),
        }
    }

    /// Whether nothing of it has come.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
            && self.reasoning.is_empty()
            && self.tool_calls.is_empty()
            && self.citations.is_empty()
    }

    /// Whether the model declined because nothing supports an answer.
    pub fn abstained(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.abstained)
    }

    fn push_call(&mut self, more: ToolCallDelta) {
        if more.index >= TOOL_CALLS {
            return;
        }
        if self.tool_calls.len() <= more.index {
            self.tool_calls.resize_with(more.index + 1, ToolCall::default);
        }
        let Some(call) = self.tool_calls.get_mut(more.index) else {
            return;
        };
        call.id.push_str(more.id.as_deref().unwrap_or_default());
        call.name.push_str(more.name.as_deref().unwrap_or_default());
        call.arguments.push_str(&more.arguments);
        call.extra.extend(more.extra);
    }
}
