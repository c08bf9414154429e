//! `POST /v1/chat/completions`: the streamed answer, chunk by chunk.

use serde::Serialize;
use serde_json::{Map, Value, json};
use trousseau_core::chat::{ChatAnswer, ChatEvent, Extra, ToolCallDelta};

use super::annotations::{Annotations, annotations};
use super::answer::{ANSWER, CHOICE, Head, MESSAGE, Rest, WrittenUsage, finish};

/// Turns the events of an answer into the JSON of its chunks.
///
/// The `trousseau` object and the annotations ride on the chunk that carries `finish_reason`, which clients read to its
/// end; the tokens follow on a chunk without choices, and only where they were asked for. Where another target goes on, a
/// chunk without text says so in a `trousseau` object of its own.
#[derive(Clone, Debug)]
pub struct Chunks {
    head: Head,
    include_usage: bool,
    begun: bool,
    /// Fields that this program does not know, until the next chunk carries them.
    extra: Extra,
}

impl Chunks {
    /// The chunks of one answer.
    pub fn new(head: Head, include_usage: bool) -> Self {
        Self {
            head,
            include_usage,
            begun: false,
            extra: Extra::default(),
        }
    }

    /// The chunk that an event makes, if it makes one: citations and the end are written by [`Chunks::end`].
    pub fn push(&mut self, event: &ChatEvent) -> Option<String> {
        let mut delta = Delta::default();
        match event {
            ChatEvent::Text(text) => delta.content = Some(text),
            ChatEvent::Reasoning(text) => delta.reasoning_content = Some(text),
            ChatEvent::ToolCall(call) => delta.tool_calls = Some([Call::of(call)]),
            ChatEvent::Extra(extra) => {
                self.extra.merge(extra.clone());
                return None;
            }
            ChatEvent::Seam(seam) => {
                let told = json!({ "seam": seam });
                let beside = Beside {
                    trousseau: Some(&told),
                    ..Beside::default()
                };
                return Some(self.chunk(delta, beside));
            }
            ChatEvent::Citation(_) | ChatEvent::End(_) => return None,
        }
        Some(self.chunk(delta, Beside::default()))
    }

    /// The last chunks of a whole answer: the one with `finish_reason`, and the tokens where they were asked for and
    /// counted.
    pub fn end(&mut self, answer: &ChatAnswer, trousseau: &Value) -> Vec<String> {
        let delta = Delta {
            annotations: annotations(answer),
            ..Delta::default()
        };
        let beside = Beside {
            finish_reason: Some(finish(answer)),
            trousseau: Some(trousseau),
        };
        let mut chunks = vec![self.chunk(delta, beside)];
        let counted = answer.end.as_ref().and_then(|end| end.counted());
        if let Some(usage) = counted.filter(|_| self.include_usage) {
            chunks.push(written(&Chunk {
                choices: &[],
                usage: Some(Some(WrittenUsage(usage))),
                ..self.empty(&Map::new())
            }));
        }
        chunks
    }

    fn chunk(&mut self, delta: Delta<'_>, beside: Beside<'_>) -> String {
        let extra = std::mem::take(&mut self.extra);
        let delta = Delta {
            role: (!self.begun).then_some("assistant"),
            annotations: delta.annotations.and(&extra.message),
            ..delta
        };
        self.begun = true;
        let choices = [Choice {
            index: 0,
            delta: WholeDelta {
                delta,
                rest: Rest::of(&extra.message, &MESSAGE, None),
            },
            finish_reason: beside.finish_reason,
            rest: Rest::of(&extra.choice, &CHOICE, None),
        }];
        written(&Chunk {
            choices: &choices,
            usage: self.include_usage.then_some(None),
            trousseau: beside.trousseau,
            ..self.empty(&extra.answer)
        })
    }

    fn empty<'a>(&'a self, extra: &'a Map<String, Value>) -> Chunk<'a> {
        Chunk {
            id: &self.head.id,
            object: "chat.completion.chunk",
            created: self.head.created,
            model: &self.head.model,
            choices: &[],
            usage: None,
            rest: Rest::of(extra, &ANSWER, None),
            trousseau: None,
        }
    }
}

/// What the last chunk with a choice carries, and a seam's.
#[derive(Default)]
struct Beside<'a> {
    finish_reason: Option<&'static str>,
    trousseau: Option<&'a Value>,
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: &'a [Choice<'a>],
    /// Null on every chunk but the last of a stream that was asked for its tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<WrittenUsage<'a>>>,
    #[serde(flatten)]
    rest: Rest<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trousseau: Option<&'a Value>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    delta: WholeDelta<'a>,
    finish_reason: Option<&'static str>,
    #[serde(flatten)]
    rest: Rest<'a>,
}

#[derive(Serialize)]
struct WholeDelta<'a> {
    #[serde(flatten)]
    delta: Delta<'a>,
    #[serde(flatten)]
    rest: Rest<'a>,
}

#[derive(Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[Call<'a>; 1]>,
    #[serde(skip_serializing_if = "Annotations::is_empty")]
    annotations: Annotations<'a>,
}

#[derive(Serialize)]
struct Call<'a> {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    /// With the id: clients put the texts of later pieces behind the first.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    function: Function<'a>,
    #[serde(flatten)]
    rest: Rest<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

/// Fields of a tool call's piece that this program writes itself.
const CALL: [&str; 5] = ["index", "id", "type", "function", "trousseau"];

impl<'a> Call<'a> {
    fn of(call: &'a ToolCallDelta) -> Self {
        Self {
            index: call.index,
            id: call.id.as_deref(),
            kind: call.id.is_some().then_some("function"),
            function: Function {
                name: call.name.as_deref(),
                arguments: &call.arguments,
            },
            rest: Rest::of(&call.extra, &CALL, None),
        }
    }
}

/// The JSON of a chunk. Its fields are texts, numbers and JSON values: writing them cannot fail.
fn written(chunk: &Chunk<'_>) -> String {
    serde_json::to_string(chunk).unwrap_or_default()
}
