//! What the wire format costs one request: reading it, writing it for a server, reading the answer, writing it back.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use serde_json::json;
use trousseau_core::chat::{ChatAnswer, ChatEvent};
use trousseau_wire::client::{ChatReader, chat_body};
use trousseau_wire::server::{ChatCall, Chunks, Completion, Head, chat, completion};
use trousseau_wire::sse;

fn main() {
    divan::main();
}

const SENTENCE: &str =
    "Le marché est ouvert le mardi et le vendredi, de 8 h à 13 h, sur la place de l’église. ";

/// A question behind a conversation of some kilobytes.
fn request(turns: usize) -> String {
    let mut messages = vec![json!({ "role": "system", "content": "Tu réponds en français." })];
    for _ in 0..turns {
        messages.push(json!({ "role": "user", "content": SENTENCE.repeat(2) }));
        messages.push(json!({ "role": "assistant", "content": SENTENCE.repeat(4) }));
    }
    messages.push(json!({ "role": "user", "content": SENTENCE }));
    json!({
        "model": "mairie", "messages": messages, "stream": true, "temperature": 0.2, "max_tokens": 500, "top_p": 0.9,
    })
    .to_string()
}

fn answer() -> String {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_763_640_000, "model": "m",
        "choices": [{
            "index": 0, "finish_reason": "stop", "logprobs": null,
            "message": { "role": "assistant", "content": SENTENCE.repeat(4), "refusal": null },
        }],
        "usage": { "prompt_tokens": 100, "completion_tokens": 80, "total_tokens": 180 },
    })
    .to_string()
}

/// A stream of 32 chunks, as bytes.
fn stream() -> Vec<u8> {
    let mut stream = String::new();
    for at in 0..32 {
        let finish = (at == 31).then_some("stop");
        let chunk = json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_763_640_000, "model": "m",
            "system_fingerprint": "fp",
            "choices": [{ "index": 0, "delta": { "content": " marché" }, "logprobs": null, "finish_reason": finish }],
        });
        stream += &sse::event(&chunk.to_string());
    }
    stream += &sse::event(sse::DONE);
    stream.into_bytes()
}

fn head() -> Head {
    Head {
        id: "chatcmpl-1".to_owned(),
        created: 1_763_640_000,
        model: "mairie".to_owned(),
    }
}

#[divan::bench(args = [0, 10])]
fn read_a_request(bencher: Bencher<'_, '_>, turns: usize) {
    let body = request(turns);
    bencher
        .counter(BytesCount::of_str(&body))
        .bench(|| chat(black_box(body.as_bytes())).map(|call| call.stream));
}

#[divan::bench(args = [0, 10])]
fn write_a_request(bencher: Bencher<'_, '_>, turns: usize) {
    let call = chat(request(turns).as_bytes());
    bencher.bench(|| {
        let ChatCall { request, .. } = black_box(call.as_ref()).ok()?;
        serde_json::to_vec(&chat_body(request, &request.messages, "m", true)).ok()
    });
}

#[divan::bench]
fn read_an_answer(bencher: Bencher<'_, '_>) {
    let body = answer();
    bencher
        .counter(BytesCount::of_str(&body))
        .bench(|| ChatReader::whole(black_box(body.as_bytes())));
}

#[divan::bench]
fn write_an_answer(bencher: Bencher<'_, '_>) {
    let events = ChatReader::whole(answer().as_bytes()).unwrap_or_default();
    let (answer, head, trousseau) = (
        collected(&events),
        head(),
        json!({ "entry": "e1", "label": "public" }),
    );
    bencher.bench(|| {
        let body = Completion {
            head: &head,
            answer: black_box(&answer),
            trousseau: &trousseau,
        };
        serde_json::to_vec(&completion(&body)).ok()
    });
}

#[divan::bench]
fn read_32_chunks(bencher: Bencher<'_, '_>) {
    let stream = stream();
    bencher.bench(|| read(black_box(&stream)));
}

#[divan::bench]
fn write_32_chunks(bencher: Bencher<'_, '_>) {
    let events = read(&stream());
    let (answer, trousseau) = (collected(&events), json!({ "entry": "e1", "label": "public" }));
    bencher.bench(|| {
        let mut chunks = Chunks::new(head(), false);
        let mut bytes = 0;
        for event in black_box(&events) {
            bytes += chunks.push(event).map_or(0, |chunk| sse::event(&chunk).len());
        }
        let last = chunks.end(&answer, &trousseau);
        bytes + last.iter().map(String::len).sum::<usize>()
    });
}

fn read(stream: &[u8]) -> Vec<ChatEvent> {
    let (mut decoder, mut reader) = (sse::Decoder::new(1 << 20), ChatReader::default());
    let events = decoder.push(stream).unwrap_or_default();
    events
        .iter()
        .flat_map(|data| reader.chunk(data).unwrap_or_default())
        .collect()
}

fn collected(events: &[ChatEvent]) -> ChatAnswer {
    let mut answer = ChatAnswer::default();
    for event in events {
        answer.push(event.clone());
    }
    answer
}
