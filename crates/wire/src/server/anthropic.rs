//! `POST /v1/messages`: Anthropic's form of a question, for clients that speak only that.
//!
//! [`messages`] reads a request into a [`ChatCall`]: what is given to a model is a chat like every other. Its blocks become
//! messages ([`blocks`]); [`MessageShape`] writes the answer, [`error`] what went wrong.
//!
//! `cache_control` asks for a saving at a provider and for nothing of the answer; it is read over. A thinking block's
//! signature says nothing to another provider's models.

mod blocks;
mod shape;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use trousseau_core::chat::{ChatRequest, Message, Role, Sampling, Tools};

use super::fields::Fields;
use super::refused;
use super::request::{ChatCall, MESSAGES, TOOLS, WireOptions, limit, options};
use crate::content::Content;
use crate::fault::Fault;
use crate::json;

pub use shape::MessageShape;

#[derive(Deserialize)]
struct WireRequest {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    messages: Vec<Value>,
    #[serde(default)]
    system: Content,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stop_sequences: Option<Vec<String>>,
    #[serde(default)]
    temperature: Option<f32>,
    #[serde(default)]
    tools: Option<Vec<Value>>,
    #[serde(default)]
    tool_choice: Option<Value>,
    #[serde(default)]
    output_config: Option<Value>,
    #[serde(default)]
    trousseau: Option<WireOptions>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// Reads a request. What cannot be honoured is refused by name; other fields that this program does not know are kept for
/// the server that answers.
pub fn messages(bytes: &[u8]) -> Result<ChatCall, Fault> {
    let body: WireRequest = json::request(bytes, misread)?;
    if body.model.is_some() && body.max_tokens.is_none() {
        return Err(Fault::missing("max_tokens"));
    }
    read(body)
}

/// Reads a request whose tokens are to be counted: the same, of which nothing is answered.
pub fn counted(bytes: &[u8]) -> Result<ChatCall, Fault> {
    read(json::request(bytes, misread)?)
}

fn read(body: WireRequest) -> Result<ChatCall, Fault> {
    let model = body.model.ok_or_else(|| Fault::missing("model"))?;
    if body.messages.is_empty() {
        return Err(Fault::missing("messages"));
    }
    limit("messages", body.messages.len(), MESSAGES)?;
    let mut messages = system(&body.system)?;
    for (at, message) in body.messages.iter().enumerate() {
        blocks::read(&Fields::of(message, format!("messages[{at}]"))?, &mut messages)?;
    }
    let mut extra = refused::filter(without_absent(body.extra)?)?;
    if let Some(stop) = body.stop_sequences {
        extra.insert("stop".to_owned(), stop.into());
    }
    if let Some(config) = &body.output_config {
        output_config(&Fields::of(config, "output_config".to_owned())?, &mut extra)?;
    }
    if body
        .temperature
        .is_some_and(|temperature| !temperature.is_finite())
    {
        return Err(Fault::invalid("temperature", "the number is too large"));
    }
    let tools = body.tools.unwrap_or_default();
    limit("tools", tools.len(), TOOLS)?;
    let definitions = tools.iter().enumerate().map(|(at, tool)| definition(at, tool));
    let definitions = definitions.collect::<Result<Vec<_>, _>>()?;
    let choice = match &body.tool_choice {
        Some(choice) => Some(read_choice(
            &Fields::of(choice, "tool_choice".to_owned())?,
            &mut extra,
        )?),
        None => None,
    };
    Ok(ChatCall {
        model,
        stream: body.stream.unwrap_or(false),
        include_usage: true,
        options: options(body.trousseau)?,
        request: ChatRequest {
            messages,
            sampling: Sampling {
                max_tokens: body.max_tokens,
                temperature: body.temperature,
                seed: None,
            },
            tools: Tools { definitions, choice },
            extra,
            ..ChatRequest::default()
        },
    })
}

/// The error of this OpenAI body and HTTP status in Anthropic's form: `{"type": "error", "error": {"type", "message"}}`.
/// What this program says besides stands in the error's `trousseau` object, with the stable code.
pub fn error(status: u16, body: &Value) -> Value {
    let ours = &body["error"];
    let kind = match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        503 => "overloaded_error",
        504 => "timeout_error",
        _ => "api_error",
    };
    let mut told = ours["trousseau"].clone();
    for name in ["code", "param"] {
        if let Some(told) = told.as_object_mut() {
            told.insert(name.to_owned(), ours[name].clone());
        }
    }
    json!({
        "type": "error",
        "error": { "type": kind, "message": ours["message"], "trousseau": told },
        "request_id": ours["trousseau"]["request_id"],
    })
}

/// The first field of a request whose value is not of its type.
fn misread(body: &Value) -> Option<Fault> {
    let fields = [
        json::misread::<Option<String>>(body, "", "model"),
        json::misread::<Option<u32>>(body, "", "max_tokens"),
        json::misread::<Vec<Value>>(body, "", "messages"),
        json::misread::<Content>(body, "", "system"),
        json::misread::<Option<bool>>(body, "", "stream"),
        json::misread::<Option<Vec<String>>>(body, "", "stop_sequences"),
        json::misread::<Option<f32>>(body, "", "temperature"),
        json::misread::<Option<Vec<Value>>>(body, "", "tools"),
        json::misread::<Option<WireOptions>>(body, "", "trousseau"),
    ];
    fields.into_iter().flatten().next()
}

/// What the operator says: one text or blocks of text.
fn system(system: &Content) -> Result<Vec<Message>, Fault> {
    let text = match system {
        Content::None => return Ok(Vec::new()),
        Content::Text(text) => text.clone(),
        Content::Parts(parts) => {
            let texts = parts.iter().enumerate().map(|(at, part)| {
                let block = Fields::of(part, format!("system[{at}]"))?;
                blocks::text(&block).map(str::to_owned)
            });
            texts.collect::<Result<Vec<_>, _>>()?.join("\n")
        }
    };
    Ok(vec![Message::new(Role::System, text)])
}

/// Refuses what is not there, and takes out what is so anyway. Where a request runs is decided, not asked for.
fn without_absent(mut extra: Map<String, Value>) -> Result<Map<String, Value>, Fault> {
    const ABSENT: [&str; 4] = ["container", "context_management", "inference_geo", "mcp_servers"];
    for name in ABSENT {
        if extra.get(name).is_some_and(|value| !value.is_null()) {
            return Err(Fault::unsupported(name));
        }
    }
    match extra.remove("service_tier") {
        Some(tier) if !tier.is_null() && tier != "auto" && tier != "standard_only" => {
            Err(Fault::unsupported("service_tier"))
        }
        _ => Ok(extra),
    }
}

/// How much effort is wanted, and in which form the answer.
fn output_config(config: &Fields<'_>, extra: &mut Map<String, Value>) -> Result<(), Fault> {
    config.only(&["effort", "format"])?;
    if let Some(effort) = config.text("effort")? {
        extra.insert("reasoning_effort".to_owned(), effort.into());
    }
    let Some(format) = config.fields("format")? else {
        return Ok(());
    };
    format.only(&["type", "schema"])?;
    match (format.needed("type")?, format.value("schema")) {
        ("json_schema", Some(schema)) => {
            let schema = json!({ "name": "answer", "schema": schema, "strict": true });
            let wanted = json!({ "type": "json_schema", "json_schema": schema });
            extra.insert("response_format".to_owned(), wanted);
            Ok(())
        }
        ("json_schema", None) => Err(Fault::missing(format.at("schema"))),
        _ => Err(Fault::unsupported(format.at("type"))),
    }
}

/// A tool that the client runs, as a chat has it.
fn definition(at: usize, tool: &Value) -> Result<Value, Fault> {
    let tool = Fields::of(tool, format!("tools[{at}]"))?;
    if let Some(kind) = tool.text("type")?.filter(|kind| *kind != "custom") {
        return Err(Fault::RunsElsewhere {
            param: tool.at("type"),
            tool: kind.to_owned(),
        });
    }
    tool.only(&[
        "type",
        "name",
        "description",
        "input_schema",
        "strict",
        "cache_control",
        "eager_input_streaming",
    ])?;
    tool.needed("name")?;
    let names = [
        ("name", "name"),
        ("description", "description"),
        ("input_schema", "parameters"),
        ("strict", "strict"),
    ];
    let given = names.into_iter();
    let given = given.filter_map(|(name, chat)| Some((chat.to_owned(), tool.value(name)?.clone())));
    Ok(json!({ "type": "function", "function": given.collect::<Map<_, _>>() }))
}

fn read_choice(choice: &Fields<'_>, extra: &mut Map<String, Value>) -> Result<Value, Fault> {
    choice.only(&["type", "name", "disable_parallel_tool_use"])?;
    match choice.value("disable_parallel_tool_use") {
        Some(Value::Bool(true)) => {
            extra.insert("parallel_tool_calls".to_owned(), false.into());
        }
        None | Some(Value::Bool(false)) => {}
        Some(_) => {
            let place = choice.at("disable_parallel_tool_use");
            return Err(Fault::invalid(place, "true or false is expected"));
        }
    }
    match choice.needed("type")? {
        "auto" => Ok("auto".into()),
        "any" => Ok("required".into()),
        "none" => Ok("none".into()),
        "tool" => Ok(json!({ "type": "function", "function": { "name": choice.needed("name")? } })),
        _ => Err(Fault::invalid(choice.at("type"), "auto, any, none or tool")),
    }
}
