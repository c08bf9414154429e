//! Fields of a server's answer that this program does not know.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Fields of a server's answer that this program does not know, by where they stood in OpenAI's format.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extra {
    /// In the message or the delta.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub message: Map<String, Value>,
    /// In the choice: `logprobs`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub choice: Map<String, Value>,
    /// In the answer or the chunk: `system_fingerprint`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub answer: Map<String, Value>,
}

impl Extra {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.message.is_empty() && self.choice.is_empty() && self.answer.is_empty()
    }

    /// Takes in later fields, as clients of OpenAI's API put chunks together: lists are put behind each other, objects
    /// field by field, texts of the message behind each other; what else is there already is replaced.
    pub fn merge(&mut self, later: Self) {
        accumulate(&mut self.message, later.message, true);
        accumulate(&mut self.choice, later.choice, false);
        self.answer.extend(later.answer);
    }
}

fn accumulate(fields: &mut Map<String, Value>, later: Map<String, Value>, texts: bool) {
    for (name, value) in later {
        match (fields.get_mut(&name), value) {
            (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
            (Some(Value::Object(object)), Value::Object(more)) => accumulate(object, more, texts),
            (Some(Value::String(text)), Value::String(more)) if texts => text.push_str(&more),
            (Some(_), Value::Null) => {}
            (_, value) => {
                fields.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn extra(value: Value) -> Extra {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn chunks_are_put_together() {
        let mut all = Extra::default();
        for chunk in [
            json!({ "choice": { "logprobs": { "content": [{ "token": "O" }], "refusal": null } } }),
            json!({ "message": { "refusal": "I can" }, "answer": { "system_fingerprint": "a" } }),
            json!({ "choice": { "logprobs": { "content": [{ "token": "ui" }] }, "stop_reason": "x" } }),
            json!({ "message": { "refusal": "not." }, "answer": { "system_fingerprint": "b" } }),
            json!({ "choice": { "logprobs": null, "stop_reason": "y" } }),
        ] {
            all.merge(extra(chunk));
        }
        let expected = json!({
            "message": { "refusal": "I cannot." },
            "choice": {
                "logprobs": { "content": [{ "token": "O" }, { "token": "ui" }], "refusal": null },
                "stop_reason": "y",
            },
            "answer": { "system_fingerprint": "b" },
        });
        assert_eq!(all, extra(expected));
    }
}
