//! `POST /v1/completions`: OpenAI's oldest form, one text to be gone on with.
//!
//! The text is asked as a question, and what the model answers is what follows it: the models of today are no others.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use trousseau_core::chat::{ChatAnswer, ChatEvent, ChatRequest, Message, Sampling};

use super::answer::{Head, WrittenUsage, finish};
use super::refused;
use super::request::{ChatCall, WireOptions, options, unknown};
use super::shape::Shape;
use crate::fault::Fault;
use crate::json;
use crate::sse;

#[derive(Deserialize)]
struct WireCompletion {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    prompt: Option<Value>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<Map<String, Value>>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    temperature: Option<f32>,
    #[serde(default)]
    trousseau: Option<WireOptions>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// Reads a request. What cannot be honoured is refused by name.
pub fn completions(bytes: &[u8]) -> Result<ChatCall, Fault> {
    let body: WireCompletion = json::request(bytes, misread)?;
    let mut include_usage = false;
    if let Some(mut options) = body.stream_options {
        include_usage = options.remove("include_usage") == Some(true.into());
        options.remove("include_obfuscation");
        unknown("stream_options", &options)?;
    }
    if body
        .temperature
        .is_some_and(|temperature| !temperature.is_finite())
    {
        return Err(Fault::invalid("temperature", "the number is too large"));
    }
    Ok(ChatCall {
        model: body.model.ok_or_else(|| Fault::missing("model"))?,
        stream: body.stream.unwrap_or(false),
        include_usage,
        options: options(body.trousseau)?,
        request: ChatRequest {
            messages: vec![Message::user(prompt(body.prompt)?)],
            sampling: Sampling {
                max_tokens: body.max_tokens,
                temperature: body.temperature,
                seed: None,
            },
            extra: refused::filter(without_absent(body.extra)?)?,
            ..ChatRequest::default()
        },
    })
}

/// The one text. Numbers of tokens cannot be read by detectors.
fn prompt(prompt: Option<Value>) -> Result<String, Fault> {
    let one = match prompt {
        Some(Value::Array(mut prompts)) if prompts.len() == 1 => prompts.pop(),
        prompt => prompt,
    };
    match one {
        None | Some(Value::Null) => Err(Fault::missing("prompt")),
        Some(Value::String(text)) => Ok(text),
        Some(Value::Array(prompts)) if prompts.iter().all(Value::is_string) => {
            Err(Fault::invalid("prompt", "one text at a time"))
        }
        Some(_) => Err(Fault::invalid(
            "prompt",
            "a text is expected: tokens are not read",
        )),
    }
}

fn without_absent(mut extra: Map<String, Value>) -> Result<Map<String, Value>, Fault> {
    for (name, usual) in [
        ("best_of", json!(1)),
        ("echo", json!(false)),
        ("logprobs", json!(0)),
        ("suffix", json!("")),
    ] {
        match extra.remove(name) {
            Some(value) if !value.is_null() && value != usual => return Err(Fault::unsupported(name)),
            _ => {}
        }
    }
    Ok(extra)
}

fn misread(body: &Value) -> Option<Fault> {
    let fields = [
        json::misread::<Option<String>>(body, "", "model"),
        json::misread::<Option<bool>>(body, "", "stream"),
        json::misread::<Option<Map<String, Value>>>(body, "", "stream_options"),
        json::misread::<Option<u32>>(body, "", "max_tokens"),
        json::misread::<Option<f32>>(body, "", "temperature"),
        json::misread::<Option<WireOptions>>(body, "", "trousseau"),
    ];
    fields.into_iter().flatten().next()
}

/// Writes one answer. What a model reasons has no place in it.
pub struct CompletionShape {
    head: Head,
    include_usage: bool,
}

impl CompletionShape {
    /// The form of one answer; `include_usage` has a stream end with its tokens.
    pub const fn new(head: Head, include_usage: bool) -> Self {
        Self { head, include_usage }
    }

    fn object(&self, choices: Value) -> Value {
        let Head { id, created, model } = &self.head;
        json!({ "id": id, "object": "text_completion", "created": created, "model": model, "choices": choices })
    }

    fn choice(&self, text: &str, finish: Option<&str>) -> Value {
        self.object(json!([{ "index": 0, "text": text, "logprobs": null, "finish_reason": finish }]))
    }
}

fn counted(answer: &ChatAnswer) -> Option<Value> {
    let usage = answer.end.as_ref().and_then(|end| end.counted())?;
    serde_json::to_value(WrittenUsage(usage)).ok()
}

impl Shape for CompletionShape {
    fn push(&mut self, event: &ChatEvent, out: &mut String) {
        let piece = match event {
            ChatEvent::Text(more) => self.choice(more, None),
            ChatEvent::Seam(seam) => {
                let mut piece = self.choice("", None);
                piece["trousseau"] = json!({ "seam": seam });
                piece
            }
            _ => return,
        };
        out.push_str(&sse::event(&piece.to_string()));
    }

    fn end(&mut self, answer: &ChatAnswer, trousseau: &Value, out: &mut String) {
        let mut last = self.choice("", Some(finish(answer)));
        last["trousseau"] = trousseau.clone();
        out.push_str(&sse::event(&last.to_string()));
        if let Some(usage) = counted(answer).filter(|_| self.include_usage) {
            let mut chunk = self.object(json!([]));
            chunk["usage"] = usage;
            out.push_str(&sse::event(&chunk.to_string()));
        }
        out.push_str(&sse::event(sse::DONE));
    }

    fn fail(&mut self, _status: u16, error: &Value, out: &mut String) {
        out.push_str(&sse::named("error", error));
    }

    fn whole(&mut self, _entry: &str, answer: &ChatAnswer, trousseau: &Value) -> String {
        let mut whole = self.choice(&answer.text, Some(finish(answer)));
        if let Some(usage) = counted(answer) {
            whole["usage"] = usage;
        }
        whole["trousseau"] = trousseau.clone();
        whole.to_string()
    }
}
