//! What a client sees at the end of an answer, in each of the forms: a clean end, an error that is told, or neither.

use serde_json::Value;

use crate::client::Reply;
use crate::wanted::Form;

/// Why an answer says that it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It is all there.
    #[default]
    Stop,
    /// For want of tokens.
    Length,
    /// The rest is held back.
    Held,
}

impl Reason {
    /// By the words of the three forms.
    fn of(word: &Value) -> Option<Self> {
        Some(match word.as_str()? {
            "length" | "max_tokens" | "max_output_tokens" => Self::Length,
            "content_filter" | "refusal" => Self::Held,
            _ => Self::Stop,
        })
    }
}

/// How an answer ended for whoever asked.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// As if it were whole.
    Clean {
        text: String,
        reason: Reason,
        report: Value,
    },
    /// With an error, and what came before it.
    Told {
        status: u16,
        code: String,
        entry: Option<String>,
        text: String,
    },
    /// Neither. The text is what came.
    Cut { text: String },
    /// Whoever asked hung up.
    HungUp,
}

impl Ending {
    pub(crate) fn of(form: Form, streams: bool, reply: &Reply) -> Self {
        let Some(status) = reply.status else {
            return Self::Cut { text: String::new() };
        };
        let body = String::from_utf8_lossy(&reply.body);
        if status != 200 || !streams {
            let json = serde_json::from_str::<Value>(&body).ok().filter(|_| reply.whole);
            return match json {
                None => Self::Cut {
                    text: body.into_owned(),
                },
                Some(json) if status != 200 || json.get("error").is_some_and(|error| !error.is_null()) => {
                    told(status, &json, String::new())
                }
                Some(json) => whole(form, &json),
            };
        }
        stream(form, &body, reply.whole)
    }

    /// The ledger's entry that it names.
    pub(crate) fn entry(&self) -> Option<u64> {
        let name = match self {
            Self::Clean { report, .. } => report["entry"].as_str(),
            Self::Told { entry, .. } => entry.as_deref(),
            Self::Cut { .. } | Self::HungUp => None,
        };
        name?.rsplit('/').next()?.parse().ok()
    }
}

fn told(status: u16, json: &Value, text: String) -> Ending {
    let error = &json["error"];
    let code = [&error["code"], &error["type"]]
        .into_iter()
        .find_map(Value::as_str);
    let entry = [&error["trousseau"]["entry"], &json["trousseau"]["entry"]]
        .into_iter()
        .find_map(Value::as_str);
    Ending::Told {
        status,
        code: code.unwrap_or_default().to_owned(),
        entry: entry.map(str::to_owned),
        text,
    }
}

/// The text of a list of parts.
fn parts(list: &Value) -> String {
    let parts = list.as_array().into_iter().flatten();
    parts.filter_map(|part| part["text"].as_str()).collect()
}

fn whole(form: Form, json: &Value) -> Ending {
    let report = json["trousseau"].clone();
    let (text, reason) = match form {
        Form::Chat => {
            let choice = &json["choices"][0];
            let text = choice["message"]["content"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            (text, &choice["finish_reason"])
        }
        Form::Responses => {
            let items = json["output"].as_array().into_iter().flatten();
            let text = items.map(|item| parts(&item["content"])).collect();
            (text, &json["incomplete_details"]["reason"])
        }
        Form::Messages => (parts(&json["content"]), &json["stop_reason"]),
    };
    Ending::Clean {
        text,
        reason: Reason::of(reason).unwrap_or_default(),
        report,
    }
}

/// What is gathered while the events of a stream are read.
#[derive(Default)]
struct Stream {
    text: String,
    reason: Reason,
    ended: bool,
    report: Value,
    error: Option<Value>,
}

fn stream(form: Form, body: &str, whole: bool) -> Ending {
    let mut seen = Stream::default();
    for line in body.lines() {
        let Some(data) = line.strip_prefix("data:").map(str::trim) else {
            continue;
        };
        if data == "[DONE]" {
            seen.ended = true;
        } else if let Ok(event) = serde_json::from_str::<Value>(data) {
            seen.take(form, &event);
        }
    }
    let Stream {
        text,
        reason,
        ended,
        report,
        error,
    } = seen;
    match error {
        // An error and a clean end in one stream: whoever reads on takes it for whole.
        Some(error) if !ended => told(200, &error, text),
        _ if ended && whole => Ending::Clean { text, reason, report },
        _ => Ending::Cut { text },
    }
}

impl Stream {
    fn take(&mut self, form: Form, event: &Value) {
        let kind = event["type"].as_str().unwrap_or_default();
        if event
            .get("trousseau")
            .is_some_and(|report| report.get("entry").is_some())
        {
            self.report = event["trousseau"].clone();
        }
        match form {
            Form::Chat => {
                let choice = &event["choices"][0];
                self.text += choice["delta"]["content"].as_str().unwrap_or_default();
                self.reason = Reason::of(&choice["finish_reason"]).unwrap_or(self.reason);
                if event.get("error").is_some() {
                    self.error = Some(event.clone());
                }
            }
            Form::Responses => match kind {
                "response.output_text.delta" => self.text += event["delta"].as_str().unwrap_or_default(),
                "response.completed" | "response.incomplete" => {
                    self.ended = true;
                    let why = &event["response"]["incomplete_details"]["reason"];
                    self.reason = Reason::of(why).unwrap_or_default();
                    self.report = event["response"]["trousseau"].clone();
                }
                "response.failed" => self.error = Some(event["response"].clone()),
                "error" => self.error = Some(serde_json::json!({ "error": event })),
                _ => {}
            },
            Form::Messages => match kind {
                "content_block_delta" => self.text += event["delta"]["text"].as_str().unwrap_or_default(),
                "message_delta" => {
                    self.reason = Reason::of(&event["delta"]["stop_reason"]).unwrap_or_default();
                }
                "message_stop" => self.ended = true,
                "error" => self.error = Some(event.clone()),
                _ => {}
            },
        }
    }
}
