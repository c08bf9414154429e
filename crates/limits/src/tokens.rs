//! How many tokens a request may have at most, and an answer had where nobody counted.
//!
//! No tokenizer has tokens shorter than a byte. What came is estimated at a token for three bytes, as French and English have
//! them.

use serde_json::{Map, Value};
use trousseau_core::chat::{ChatAnswer, ChatEnd, ChatRequest};

/// What is sent around each message, in tokens at most.
const MESSAGE: u64 = 16;

/// What a part of a message costs that is no text, beside its bytes, in tokens at most.
const PART: u64 = 4096;

/// What is sent around passages, in tokens at most.
const GROUNDED: u64 = 4096;

/// How many bytes of text a token has, where nobody counted them.
const BYTES_PER_TOKEN: u64 = 3;

/// The bytes of everything that is sent.
pub fn bytes(request: &ChatRequest) -> u64 {
    let mut sum = length_of_map(&request.extra);
    for message in &request.messages {
        sum += if message.parts.is_empty() {
            message.content.len()
        } else {
            message.parts.iter().map(length).sum()
        };
        for call in &message.tool_calls {
            sum += call.id.len() + call.name.len() + call.arguments.len() + length_of_map(&call.extra);
        }
        sum += length_of_map(&message.extra);
    }
    for passage in &request.passages {
        sum += passage.title.len() + passage.text.len();
    }
    sum += request
        .tools
        .definitions
        .iter()
        .chain(&request.tools.choice)
        .map(length)
        .sum::<usize>();
    sum as u64
}

/// About how many tokens a request has, and how many parts of it are no text, which are not counted: a picture's tokens depend
/// on the model that sees it. Passages that a search would add are not there yet.
pub fn about(request: &ChatRequest) -> (u64, u64) {
    let is_text = |part: &&Value| part["type"] == "text";
    let others = request.messages.iter().flat_map(|message| &message.parts);
    let others: Vec<&Value> = others.filter(|part| !is_text(part)).collect();
    let their_bytes: usize = others.iter().map(|part| length(part)).sum();
    let text = bytes(request).saturating_sub(their_bytes as u64);
    (estimate(text), others.len() as u64)
}

/// How many tokens a request of so many bytes has at most.
pub fn most_read(request: &ChatRequest, bytes: u64) -> u64 {
    bytes.saturating_add(around(request))
}

/// The tokens of what an answer did cost, read and written: as counted where somebody counts, estimated otherwise, none where
/// nothing came. `bytes` are those of the request.
pub fn spent(answer: &ChatAnswer, bytes: u64) -> (u64, u64) {
    let end = answer.end.as_ref();
    // What was counted is the last target's: those before it read as much, and wrote what stands before the seam.
    let (read, before) = before_seams(answer, bytes);
    match end.and_then(ChatEnd::counted) {
        Some(usage) => (
            usage.input.saturating_add(read),
            usage.output.saturating_add(before),
        ),
        None if end.is_none() && answer.is_empty() => (0, 0),
        None => (estimate(bytes).saturating_add(read), estimate(written(answer))),
    }
}

/// The tokens of what is sent around the texts, at most.
fn around(request: &ChatRequest) -> u64 {
    let is_text = |part: &&Value| part["type"] == "text";
    let messages = request.messages.iter().map(|message| {
        let others = message.parts.iter().filter(|part| !is_text(part)).count();
        MESSAGE + others as u64 * PART
    });
    let passages = if request.grounded {
        GROUNDED + request.passages.len() as u64 * MESSAGE
    } else {
        0
    };
    messages.sum::<u64>() + passages
}

/// About as many bytes as a value has in JSON.
fn length(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 24,
        Value::String(text) => text.len() + 2,
        Value::Array(values) => values.iter().map(length).sum::<usize>() + values.len() + 2,
        Value::Object(map) => length_of_map(map) + 2,
    }
}

fn length_of_map(map: &Map<String, Value>) -> usize {
    map.iter()
        .map(|(name, value)| name.len() + length(value) + 4)
        .sum()
}

/// The bytes of what came.
fn written(answer: &ChatAnswer) -> u64 {
    let calls = answer
        .tool_calls
        .iter()
        .map(|call| call.name.len() + call.arguments.len());
    (answer.text.len() + answer.reasoning.len() + calls.sum::<usize>()) as u64
}

/// What the targets before the last one read and wrote, where the answer is of several.
fn before_seams(answer: &ChatAnswer, bytes: u64) -> (u64, u64) {
    let Some(last) = answer.seams.last() else {
        return (0, 0);
    };
    let before: usize = answer.text.chars().take(last.at).map(char::len_utf8).sum();
    (
        estimate(bytes).saturating_mul(answer.seams.len() as u64),
        estimate(before as u64),
    )
}

const fn estimate(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trousseau_core::chat::{FinishReason, Message, Role, Seam, Usage};

    use super::*;

    #[test]
    fn everything_that_is_sent_is_counted() {
        let mut message = Message::user("été");
        let mut request = ChatRequest {
            messages: vec![message.clone(), Message::new(Role::System, "a".repeat(100))],
            ..ChatRequest::default()
        };
        assert_eq!(
            (bytes(&request), most_read(&request, bytes(&request))),
            (105, 137)
        );
        request.tools.definitions = vec![json!({ "name": "b".repeat(50) })];
        assert!(bytes(&request) > 155);
        message.parts =
            vec![json!({ "type": "image_url", "image_url": { "url": "https://a.example/b.png" } })];
        request.messages = vec![message];
        assert!(most_read(&request, bytes(&request)) > PART);
    }

    #[test]
    fn what_is_about_right_counts_texts_and_names_what_it_leaves_out() {
        let mut message = Message::user("Quand ouvre le guichet ?");
        let request = |message: &Message| ChatRequest {
            messages: vec![message.clone()],
            ..ChatRequest::default()
        };
        assert_eq!(about(&request(&message)), (8, 0));
        let picture =
            json!({ "type": "image_url", "image_url": { "url": "data:image/png;base64,".repeat(99) } });
        message.parts = vec![
            json!({ "type": "text", "text": "Quand ouvre le guichet ?" }),
            picture,
        ];
        let (tokens, others) = about(&request(&message));
        assert!((8..30).contains(&tokens), "{tokens}");
        assert_eq!(others, 1);
    }

    #[test]
    fn an_answer_costs_what_was_counted_or_what_came() {
        let mut answer = ChatAnswer::default();
        assert_eq!(spent(&answer, 300), (0, 0), "nothing came");
        answer.text = "né à Montclair".to_owned();
        assert_eq!(spent(&answer, 300), (100, 6));
        answer.seams = vec![Seam {
            from: "a".to_owned(),
            to: "b".to_owned(),
            at: 4,
            error: "model-cut".to_owned(),
        }];
        assert_eq!(spent(&answer, 300), (200, 6), "it was read twice");
        answer.end = Some(ChatEnd {
            finish: FinishReason::Stop,
            abstained: false,
            usage: Usage {
                input: 90,
                output: 5,
                ..Usage::default()
            },
            removed_markers: 0,
        });
        assert_eq!(spent(&answer, 300), (190, 7), "and written as far as the seam");
        answer.seams.clear();
        assert_eq!(spent(&answer, 300), (90, 5));
    }
}
