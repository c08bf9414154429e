//! `POST /v1/responses`: OpenAI's newer form of a question.
//!
//! [`responses`] reads a request into a [`ChatCall`] and what its answer repeats of it ([`Echo`]); [`follow`] puts an
//! earlier answer with its history before it; [`ResponseShape`] writes the answer. What is given to a model is a chat like
//! every other: items become messages ([`input`]), tools the tools of a chat ([`tools`]).

mod input;
mod output;
mod shape;
mod tools;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use trousseau_core::chat::{ChatRequest, Message, Role, Sampling, Tools};

use super::fields::Fields;
use super::refused;
use super::request::{ChatCall, TOOLS, WireOptions, limit, options, unknown};
use crate::content::Content;
use crate::fault::Fault;
use crate::json;

pub use output::earlier_answer;
pub use shape::{Kept, ResponseShape};

/// Marks the message that a request's `instructions` became. It is never sent.
const MARK: &str = "trousseau";
const INSTRUCTIONS: &str = "instructions";

/// A request for a response.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponsesCall {
    /// What is asked, as a chat.
    pub call: ChatCall,
    /// The ledger's entry of the answer that it follows, by `previous_response_id`.
    pub previous: Option<String>,
    /// The vector stores that `file_search` names: search these only.
    pub stores: Option<Vec<String>>,
    /// What the answer repeats of the request.
    pub echo: Echo,
}

/// What an answer repeats of its request, as it was written there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Echo(pub(super) Map<String, Value>);

impl Echo {
    /// What a record keeps of a request: its instructions. The rest stands as it would where nobody says anything.
    pub fn of_kept(messages: &[Message]) -> Self {
        let instructions = messages.iter().find(|message| is_instructions(message));
        let mut echo = echoed(&WireRequest {
            instructions: instructions.map(|message| message.content.clone()),
            ..WireRequest::default()
        });
        echo.0.insert("store".to_owned(), true.into());
        echo
    }

    /// Says that the answer is not kept.
    pub fn is_not_stored(&mut self) {
        self.0.insert("store".to_owned(), false.into());
    }
}

#[derive(Default, Deserialize)]
struct WireRequest {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    input: Content,
    #[serde(default)]
    instructions: Option<String>,
    #[serde(default)]
    previous_response_id: Option<String>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<Map<String, Value>>,
    #[serde(default)]
    store: Option<bool>,
    #[serde(default)]
    max_output_tokens: Option<u32>,
    #[serde(default)]
    temperature: Option<f32>,
    #[serde(default)]
    tools: Option<Vec<Value>>,
    #[serde(default)]
    tool_choice: Option<Value>,
    #[serde(default)]
    text: Option<Value>,
    #[serde(default)]
    reasoning: Option<Value>,
    #[serde(default)]
    trousseau: Option<WireOptions>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// Reads a request. What cannot be honoured is refused by name; other fields that this program does not know are kept for
/// the server that answers.
pub fn responses(bytes: &[u8]) -> Result<ResponsesCall, Fault> {
    let body: WireRequest = json::request(bytes, misread)?;
    let mut echo = echoed(&body);
    let model = body.model.ok_or_else(|| Fault::missing("model"))?;
    let mut messages = Vec::new();
    if let Some(text) = body.instructions {
        let mut message = Message::new(Role::System, text);
        message.extra.insert(MARK.to_owned(), INSTRUCTIONS.into());
        messages.push(message);
    }
    let before = messages.len();
    messages.extend(input::messages(body.input)?);
    if messages.len() == before && body.previous_response_id.is_none() {
        return Err(Fault::missing("input"));
    }
    let definitions = body.tools.unwrap_or_default();
    limit("tools", definitions.len(), TOOLS)?;
    let tools = tools::read(&definitions)?;
    let choice = body.tool_choice.as_ref().map(tools::choice).transpose()?;
    let mut extra = Map::new();
    if let Some(text) = &body.text {
        read_text(&Fields::of(text, "text".to_owned())?, &mut extra)?;
    }
    if let Some(reasoning) = &body.reasoning {
        read_reasoning(&Fields::of(reasoning, "reasoning".to_owned())?, &mut extra)?;
    }
    extra.extend(refused::filter(without_defaults(body.extra)?)?);
    if let Some(mut options) = body.stream_options {
        options.retain(|name, _| name != "include_obfuscation");
        unknown("stream_options", &options)?;
    }
    let mut options = options(body.trousseau)?;
    if body.store == Some(false) {
        if options.conversation.is_some() || options.parent.is_some() {
            let reason = "what is not kept belongs to no conversation and follows no record";
            return Err(Fault::invalid("store", reason));
        }
        options.forget = true;
    }
    echo.0.insert("store".to_owned(), (!options.forget).into());
    let previous = body.previous_response_id.as_deref();
    Ok(ResponsesCall {
        previous: previous.map(entry_of).transpose()?,
        stores: tools.stores,
        echo,
        call: ChatCall {
            model,
            stream: body.stream.unwrap_or(false),
            include_usage: true,
            options,
            request: ChatRequest {
                messages,
                sampling: Sampling {
                    max_tokens: body.max_output_tokens,
                    temperature: finite(body.temperature)?,
                    seed: None,
                },
                tools: Tools {
                    // Where there is nothing to choose from, servers refuse a choice.
                    choice: choice.filter(|_| !tools.definitions.is_empty()),
                    definitions: tools.definitions,
                },
                extra,
                ..ChatRequest::default()
            },
        },
    })
}

/// Puts an earlier answer, and the messages that it was given to, before what is asked now. Its instructions are not
/// carried over.
pub fn follow(call: &mut ChatCall, mut earlier: Vec<Message>, answer: Message) {
    earlier.retain(|message| !is_instructions(message));
    earlier.push(answer);
    let messages = &mut call.request.messages;
    let at = messages
        .iter()
        .take_while(|message| is_instructions(message))
        .count();
    messages.splice(at..at, earlier);
}

fn is_instructions(message: &Message) -> bool {
    message.extra.get(MARK).is_some_and(|mark| mark == INSTRUCTIONS)
}

/// The name of the answer of this entry: `resp_main_17` for `main/17`.
pub fn response_id(entry: &str) -> String {
    format!("resp_{}", entry.replace('/', "_"))
}

/// The entry that the name of an answer tells; nothing where it is no such name.
pub fn named_entry(id: &str) -> Option<String> {
    let (replica, index) = id.strip_prefix("resp_")?.rsplit_once('_')?;
    Some(format!("{replica}/{index}"))
}

fn entry_of(id: &str) -> Result<String, Fault> {
    named_entry(id)
        .ok_or_else(|| Fault::invalid("previous_response_id", "no response of this server has this id"))
}

fn finite(temperature: Option<f32>) -> Result<Option<f32>, Fault> {
    match temperature {
        Some(number) if !number.is_finite() => Err(Fault::invalid("temperature", "the number is too large")),
        temperature => Ok(temperature),
    }
}

/// The first field of a request whose value is not of its type.
fn misread(body: &Value) -> Option<Fault> {
    let fields = [
        json::misread::<Option<String>>(body, "", "model"),
        json::misread::<Content>(body, "", "input"),
        json::misread::<Option<String>>(body, "", "instructions"),
        json::misread::<Option<String>>(body, "", "previous_response_id"),
        json::misread::<Option<bool>>(body, "", "stream"),
        json::misread::<Option<Map<String, Value>>>(body, "", "stream_options"),
        json::misread::<Option<bool>>(body, "", "store"),
        json::misread::<Option<u32>>(body, "", "max_output_tokens"),
        json::misread::<Option<f32>>(body, "", "temperature"),
        json::misread::<Option<Vec<Value>>>(body, "", "tools"),
        json::misread::<Option<WireOptions>>(body, "", "trousseau"),
    ];
    fields.into_iter().flatten().next()
}

/// Takes out the fields that ask for what is so anyway, and refuses those that ask for what is not there.
fn without_defaults(mut extra: Map<String, Value>) -> Result<Map<String, Value>, Fault> {
    const ABSENT: [&str; 5] = [
        "context_management",
        "conversation",
        "max_tool_calls",
        "moderation",
        "prompt",
    ];
    for name in ABSENT {
        if extra.get(name).is_some_and(|value| !value.is_null()) {
            return Err(Fault::unsupported(name));
        }
    }
    let usual = |name: &str, value: &Value| match name {
        "background" => value == false,
        "include" => value.as_array().is_some_and(Vec::is_empty),
        "service_tier" => value == "auto" || value == "default",
        "top_logprobs" => value == 0,
        "truncation" => value == "disabled",
        _ => false,
    };
    for name in [
        "background",
        "include",
        "service_tier",
        "top_logprobs",
        "truncation",
    ] {
        match extra.remove(name) {
            Some(value) if !value.is_null() && !usual(name, &value) => return Err(Fault::unsupported(name)),
            _ => {}
        }
    }
    Ok(extra)
}

/// The form of the text: a chat's `response_format`.
fn read_text(text: &Fields<'_>, extra: &mut Map<String, Value>) -> Result<(), Fault> {
    text.only(&["format", "verbosity"])?;
    if let Some(verbosity) = text.text("verbosity")? {
        extra.insert("verbosity".to_owned(), verbosity.into());
    }
    let Some(format) = text.fields("format")? else {
        return Ok(());
    };
    let wanted = match format.needed("type")? {
        "text" => return Ok(()),
        "json_object" => json!({ "type": "json_object" }),
        "json_schema" => {
            format.only(&["type", "name", "description", "schema", "strict"])?;
            let mut schema = Map::new();
            format.needed("name")?;
            for name in ["name", "description", "schema", "strict"] {
                if let Some(value) = format.value(name) {
                    schema.insert(name.to_owned(), value.clone());
                }
            }
            json!({ "type": "json_schema", "json_schema": schema })
        }
        _ => return Err(Fault::unsupported(format.at("type"))),
    };
    extra.insert("response_format".to_owned(), wanted);
    Ok(())
}

/// How hard a model is to think. Its reasoning comes as it is written: no summary is made of it.
fn read_reasoning(reasoning: &Fields<'_>, extra: &mut Map<String, Value>) -> Result<(), Fault> {
    reasoning.only(&["effort", "summary", "generate_summary"])?;
    for name in ["summary", "generate_summary"] {
        if reasoning.text(name)?.is_some_and(|summary| summary != "auto") {
            return Err(Fault::unsupported(reasoning.at(name)));
        }
    }
    if let Some(effort) = reasoning.text("effort")? {
        extra.insert("reasoning_effort".to_owned(), effort.into());
    }
    Ok(())
}

/// What the answer repeats.
fn echoed(body: &WireRequest) -> Echo {
    let given = |name: &str| body.extra.get(name).cloned();
    let or = |value: Option<Value>, usual: Value| value.filter(|value| !value.is_null()).unwrap_or(usual);
    let effort = body
        .reasoning
        .as_ref()
        .and_then(|reasoning| reasoning.get("effort"));
    let object = json!({
        "background": false,
        "instructions": body.instructions,
        "max_output_tokens": body.max_output_tokens,
        "max_tool_calls": null,
        "metadata": or(given("metadata"), json!({})),
        "parallel_tool_calls": or(given("parallel_tool_calls"), true.into()),
        "previous_response_id": body.previous_response_id,
        "reasoning": { "effort": effort, "summary": null },
        "temperature": body.temperature,
        "text": or(body.text.clone(), json!({ "format": { "type": "text" } })),
        "tool_choice": or(body.tool_choice.clone(), "auto".into()),
        "tools": body.tools.clone().unwrap_or_default(),
        "top_p": given("top_p"),
        "truncation": "disabled",
    });
    match object {
        Value::Object(fields) => Echo(fields),
        _ => Echo::default(),
    }
}
