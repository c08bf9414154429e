//! An answer comes from a model server, line by line. Reading it ends, gives one end at most, and what is passed on
//! to a client is JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trousseau_core::chat::{ChatAnswer, ChatEvent};
use trousseau_wire::client::{ChatReader, embeddings, error, offered, rerank};
use trousseau_wire::server::{Chunks, Completion, Head, completion};

fn check(events: &[ChatEvent]) {
    let head = Head {
        id: "x".to_owned(),
        created: 0,
        model: "m".to_owned(),
    };
    let mut chunks = Chunks::new(head.clone(), true);
    let mut answer = ChatAnswer::default();
    let (mut written, mut calls) = (Vec::new(), 0);
    for (at, event) in events.iter().enumerate() {
        match event {
            ChatEvent::ToolCall(call) => {
                assert!(call.index <= calls, "calls begin in order");
                assert_eq!(
                    call.id.is_some(),
                    call.index == calls,
                    "an id comes with the first piece"
                );
                calls += usize::from(call.index == calls);
            }
            ChatEvent::End(_) => assert_eq!(at + 1, events.len(), "the end is the last"),
            _ => {}
        }
        written.extend(chunks.push(event));
        answer.push(event.clone());
    }
    let nothing = serde_json::Value::Null;
    written.extend(chunks.end(&answer, &nothing));
    let body = Completion {
        head: &head,
        answer: &answer,
        trousseau: &nothing,
    };
    written.push(serde_json::to_string(&completion(&body)).expect("an answer can be written"));
    for json in written {
        let value: serde_json::Value = serde_json::from_str(&json).expect("what is passed on is JSON");
        assert_eq!(value["id"], "x", "nobody else names the answer");
        assert!(value["trousseau"].is_null(), "nobody else speaks in our object");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (mut reader, mut events) = (ChatReader::default(), Vec::new());
    let whole = text
        .lines()
        .try_for_each(|line| reader.chunk(line).map(|more| events.extend(more)));
    if whole.is_ok() {
        events.extend(reader.end());
    }
    check(&events);
    if let Ok(events) = ChatReader::whole(bytes) {
        check(&events);
        assert!(matches!(events.last(), Some(ChatEvent::End(_))));
    }
    assert!(error(500, bytes).chars().count() <= 401);
    let _ = embeddings(bytes, 2);
    let _ = offered(bytes);
    let _ = rerank(bytes, 2);
});
