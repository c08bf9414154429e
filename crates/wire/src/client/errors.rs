//! What servers say when they fail, put into one line.
//!
//! There is no one form: OpenAI's object, a plain string, a `message` or a `detail` with a list of fields, HTML of a
//! proxy. What a server repeats of the request is left out, because the line goes to logs.

use serde_json::Value;

use super::delta::WireAnswer;
use crate::fault::Fault;
use crate::json;

/// The most characters of a line.
const LINE: usize = 400;
/// The most faults of one error that are named.
const FAULTS: usize = 3;
/// The most values of an error's body.
const VALUES: usize = 10_000;

/// What a server says in the body of a failed call, in one line; its HTTP status where it says nothing.
pub fn error(status: u16, body: &[u8]) -> String {
    let value = json::answer::<Value>(body, VALUES).ok();
    let said = match &value {
        Some(value) => message(value),
        None => plain(body),
    };
    let said = said.map(|said| line(&said)).filter(|said| !said.is_empty());
    said.unwrap_or_else(|| format!("HTTP status {status}"))
}

/// Kinds of errors by which servers say with status 400 that the key or the model's name is wrong: OpenAI, Mistral,
/// and LiteLLM's proxy where it has no database to look a key up in.
const SETUP: [&str; 5] = [
    "model_not_found",
    "invalid_model",
    "invalid_api_key",
    "authentication_error",
    "no_db_connection",
];

/// How LiteLLM's proxy says of a model's name that it is not known, under a kind that says nothing.
const UNKNOWN_MODEL: &str = "Invalid model name passed in model=";

/// Whether the body of a call that failed with status 400 blames the key or the model's name, which are configured here,
/// rather than the request.
pub fn blames_setup(body: &[u8]) -> bool {
    let Ok(value) = json::answer::<Value>(body, VALUES) else {
        return false;
    };
    let error = value.get("error").filter(|error| error.is_object());
    let error = error.unwrap_or(&value);
    let kinds = ["type", "code"]
        .iter()
        .filter_map(|name| error.get(*name)?.as_str());
    let words = error.get("message").and_then(Value::as_str).unwrap_or_default();
    kinds.into_iter().any(|kind| SETUP.contains(&kind)) || words.contains(UNKNOWN_MODEL)
}

/// Whether the body of a call that failed with status 503 says that the model is being loaded: "Loading model" of
/// llama.cpp, "Model m is currently loading" of Hugging Face's servers. vLLM does not listen before it has loaded its model.
pub fn tells_of_loading(body: &[u8]) -> bool {
    let value = json::answer::<Value>(body, VALUES).ok();
    let said = match &value {
        Some(value) => message(value),
        None => plain(body),
    };
    let said = said.unwrap_or_default().to_lowercase();
    said.contains("loading") && said.contains("model")
}

/// The error that stands in place of an answer, in a call that has not failed otherwise.
pub(super) fn reported(answer: &WireAnswer) -> Option<Fault> {
    if let Some(error) = answer.error.as_ref().filter(|error| !error.is_null()) {
        return Some(Fault::Reported {
            message: message(error).map_or_else(|| "an error without words".to_owned(), |said| line(&said)),
            status: code(error),
        });
    }
    if answer.choices.is_some() {
        return None;
    }
    let (said, code) = (answer.rest.get("message"), answer.rest.get("code"));
    Some(Fault::Reported {
        message: line(&message(said?)?),
        status: code.and_then(status),
    })
}

/// The HTTP status that an error names as its code.
fn code(error: &Value) -> Option<u16> {
    status(error.get("code")?)
}

fn status(code: &Value) -> Option<u16> {
    let code = match code {
        Value::String(text) => text.parse().ok()?,
        code => u16::try_from(code.as_u64()?).ok()?,
    };
    (400..600).contains(&code).then_some(code)
}

/// The words of an error, wherever they stand.
fn message(error: &Value) -> Option<String> {
    match error {
        Value::String(text) => Some(inner(text).unwrap_or_else(|| text.clone())),
        Value::Array(faults) => {
            let told: Vec<String> = faults.iter().filter_map(fault).take(FAULTS).collect();
            (!told.is_empty()).then(|| told.join("; "))
        }
        Value::Object(fields) => ["error", "message", "detail", "errors", "msg", "title", "reason"]
            .iter()
            .find_map(|name| message(fields.get(*name)?)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The words of an error that stands as JSON inside of a text: proxies wrap what they were told.
fn inner(text: &str) -> Option<String> {
    let wrapped = text.trim_start().starts_with(['{', '[']);
    let value = json::answer::<Value>(text.as_bytes(), VALUES)
        .ok()
        .filter(|_| wrapped)?;
    message(&value)
}

/// One of several faults: what is wrong, and where.
fn fault(fault: &Value) -> Option<String> {
    let said = message(fault)?;
    let place = fault.get("loc").and_then(Value::as_array);
    let place: Vec<String> = place
        .into_iter()
        .flatten()
        .filter_map(|step| match step {
            Value::String(name) => Some(name.clone()),
            Value::Number(at) => Some(at.to_string()),
            _ => None,
        })
        .collect();
    match place.is_empty() {
        true => Some(said),
        false => Some(format!("{}: {said}", place.join("."))),
    }
}

/// The text of a body that is no JSON; of HTML, its title.
fn plain(body: &[u8]) -> Option<String> {
    let start = body.get(..body.len().min(4096))?;
    let text = String::from_utf8_lossy(start);
    let text = text.trim();
    if !text.starts_with('<') {
        return Some(text.to_owned());
    }
    let lower = text.to_ascii_lowercase();
    let from = lower.find("<title>")? + "<title>".len();
    let to = from + lower.get(from..)?.find("</title>")?;
    text.get(from..to).map(str::to_owned)
}

/// One line: white space and control characters are one blank each, and what is too long is cut.
fn line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !word.is_empty() {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    if let Some((cut, _)) = line.char_indices().nth(LINE) {
        line.truncate(cut);
        line.push('…');
    }
    line
}
