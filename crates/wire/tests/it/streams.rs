//! A stream from end to end: however it is split, and back and forth.

use proptest::prelude::*;
use serde_json::json;
use trousseau_core::chat::{ChatAnswer, ChatEnd, ChatEvent, FinishReason, ToolCallDelta, Usage};
use trousseau_wire::client::ChatReader;
use trousseau_wire::server::{Chunks, Head};
use trousseau_wire::sse;

/// Reads a stream whose bytes come in pieces that end at `cuts`.
fn read(stream: &[u8], cuts: &[usize]) -> ChatAnswer {
    let (mut decoder, mut reader) = (sse::Decoder::new(1 << 20), ChatReader::default());
    let mut answer = ChatAnswer::default();
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    for pair in cuts.windows(2) {
        for data in decoder.push(&stream[pair[0]..pair[1]]).unwrap() {
            for event in reader.chunk(&data).unwrap() {
                answer.push(event);
            }
        }
    }
    answer
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    let piece = prop_oneof![
        Just("<thi"),
        Just("nk>"),
        Just("<think>"),
        Just("</think>"),
        Just("[THINK]"),
        Just("[/THINK]"),
        Just("\n"),
        Just("é€😀"),
        Just("a [1]"),
    ];
    prop::collection::vec(piece.prop_map(str::to_owned), 0..10)
}

/// The stream of a server that sends these pieces of text.
fn stream(pieces: &[String]) -> Vec<u8> {
    let mut stream = sse::COMMENT.to_owned();
    for piece in pieces {
        let chunk = json!({ "choices": [{ "index": 0, "delta": { "content": piece } }] });
        stream += &sse::event(&chunk.to_string()).replace('\n', "\r\n");
    }
    stream += &sse::event(r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#);
    stream += &sse::event(sse::DONE);
    stream.into_bytes()
}

fn events() -> impl Strategy<Value = Vec<ChatEvent>> {
    let call = (0_usize..3, "[a-z\"{]{0,4}").prop_map(|(index, arguments)| (index, arguments));
    let event = prop_oneof![
        "[a-zé<> ]{1,6}".prop_map(ChatEvent::Text),
        "[a-zé<> ]{1,6}".prop_map(ChatEvent::Reasoning),
        call.prop_map(|(index, arguments)| {
            ChatEvent::ToolCall(ToolCallDelta {
                index,
                arguments,
                ..ToolCallDelta::default()
            })
        }),
    ];
    prop::collection::vec(event, 0..12).prop_map(named)
}

/// The same events, each call begun in the order of its number, with its id and its name.
fn named(mut events: Vec<ChatEvent>) -> Vec<ChatEvent> {
    let mut begun = 0;
    for event in &mut events {
        if let ChatEvent::ToolCall(call) = event {
            call.index = call.index.min(begun);
            if call.index == begun {
                call.id = Some(format!("call-{begun}"));
                call.name = Some("f".to_owned());
                begun += 1;
            }
        }
    }
    events
}

fn end(events: &[ChatEvent]) -> ChatEvent {
    let calls = events.iter().any(|event| matches!(event, ChatEvent::ToolCall(_)));
    ChatEvent::End(ChatEnd {
        finish: if calls {
            FinishReason::ToolCalls
        } else {
            FinishReason::Stop
        },
        abstained: false,
        usage: Usage {
            input: 5,
            output: 3,
            ..Usage::default()
        },
        removed_markers: 0,
    })
}

proptest! {
    #[test]
    fn any_split_gives_the_same_answer(texts in texts(), cuts in prop::collection::vec(any::<usize>(), 0..8)) {
        let whole = texts.concat();
        let expected = read(&stream(&[whole]), &[]);
        let found = read(&stream(&texts), &cuts);
        prop_assert_eq!(found, expected);
    }

    /// What this program writes as a server it reads as a client.
    #[test]
    fn what_is_streamed_is_read(mut events in events()) {
        events.push(end(&events));
        let head = Head { id: "x".to_owned(), created: 0, model: "m".to_owned() };
        let mut answer = ChatAnswer::default();
        let (mut chunks, mut sent) = (Chunks::new(head, true), Vec::new());
        for event in &events {
            sent.extend(chunks.push(event));
            answer.push(event.clone());
        }
        sent.extend(chunks.end(&answer, &json!({})));
        let (mut reader, mut read) = (ChatReader::default(), ChatAnswer::default());
        for chunk in sent.iter().map(String::as_str).chain([sse::DONE]) {
            for event in reader.chunk(chunk).unwrap() {
                read.push(event);
            }
        }
        prop_assert_eq!(read, answer);
    }
}
