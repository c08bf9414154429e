//! The events of an answer: each text for itself, in order, as JSON where it is JSON.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use trousseau_core::chat::{
    ChatAnswer, ChatEnd, ChatEvent, ChatRequest, Extra, FinishReason, ToolCallDelta, Usage,
};
use trousseau_masking::{Masked, Restoring};

use crate::{masked, text_of};

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDJ\n7VJTUt9Us8cKj\n-----END PRIVATE KEY-----";

fn both() -> Masked {
    let masked = masked(&format!("marie@exemple.fr {KEY}"));
    assert_eq!(text_of(&masked), "[EMAIL-1] [PEM-1]");
    masked
}

fn end() -> ChatEvent {
    ChatEvent::End(ChatEnd {
        finish: FinishReason::Stop,
        abstained: false,
        usage: Usage::default(),
        removed_markers: 0,
    })
}

fn text(text: &str) -> ChatEvent {
    ChatEvent::Text(text.to_owned())
}

fn call(index: usize, id: Option<&str>, arguments: &str) -> ChatEvent {
    ChatEvent::ToolCall(ToolCallDelta {
        index,
        id: id.map(str::to_owned),
        name: id.map(|_| "payer".to_owned()),
        arguments: arguments.to_owned(),
        ..ToolCallDelta::default()
    })
}

fn restored(masked: &Masked, request: &ChatRequest, events: Vec<ChatEvent>) -> Vec<ChatEvent> {
    let mut restoring = Restoring::new(Arc::clone(&masked.table), request);
    let mut out = Vec::new();
    for event in events {
        out.extend(restoring.push(event));
    }
    out
}

fn answer(events: Vec<ChatEvent>) -> ChatAnswer {
    let mut answer = ChatAnswer::default();
    for event in events {
        answer.push(event);
    }
    answer
}

#[test]
fn what_comes_while_a_text_waits_goes_out_behind_it() {
    let masked = both();
    let extra = || ChatEvent::Extra(Extra::default());
    let tool = || call(0, Some("c"), "{}");
    let events = vec![
        text("à [EMA"),
        extra(),
        text("IL-1], ["),
        tool(),
        text("1]."),
        extra(),
        end(),
    ];
    let out = restored(&masked, &masked.request, events);
    let expected = [
        text("à "),
        text("marie@exemple.fr, "),
        text("[1]."),
        extra(),
        tool(),
        extra(),
        end(),
    ];
    assert_eq!(out, expected);
    // Nothing makes a token of it at the end.
    let out = restored(&masked, &masked.request, vec![text("à [EMA"), tool(), end()]);
    assert_eq!(out, [text("à "), text("[EMA"), tool(), end()]);
}

#[test]
fn structured_output_and_arguments_stay_json() {
    let masked = both();
    let mut request = masked.request.clone();
    request
        .extra
        .insert("response_format".to_owned(), json!({ "type": "json_object" }));
    let written = r#"{"clef":"[PEM-1]","à":"[EMAIL-1]"}"#;
    for size in 1..written.len() {
        let pieces = || {
            written
                .as_bytes()
                .chunks(size)
                .map(|piece| std::str::from_utf8(piece).ok())
        };
        let Some(pieces) = pieces().collect::<Option<Vec<&str>>>() else {
            continue;
        };
        let texts = pieces.iter().map(|piece| text(piece)).chain([end()]).collect();
        let calls = pieces.iter().enumerate();
        let calls = calls
            .map(|(at, piece)| call(0, (at == 0).then_some("c"), piece))
            .chain([end()])
            .collect();
        let (said, called) = (
            answer(restored(&masked, &request, texts)),
            answer(restored(&masked, &request, calls)),
        );
        for json in [&said.text, &called.tool_calls[0].arguments] {
            let read: Value = serde_json::from_str(json).unwrap();
            assert_eq!(read, json!({ "clef": KEY, "à": "marie@exemple.fr" }));
        }
        assert_eq!(
            (
                called.tool_calls[0].id.as_str(),
                called.tool_calls[0].name.as_str()
            ),
            ("c", "payer")
        );
    }
    // In prose the key stands as it was.
    let said = answer(restored(&masked, &masked.request, vec![text("[PEM-1]"), end()]));
    assert_eq!(said.text, KEY);
}

#[test]
fn a_stream_without_end_keeps_nothing_waiting_for_long() {
    let masked = both();
    let extras = (0..600).map(|_| ChatEvent::Extra(Extra::default()));
    let out = restored(
        &masked,
        &masked.request,
        std::iter::once(text("[EMAIL")).chain(extras).collect(),
    );
    assert_eq!(out.len(), 601);
}

proptest! {
    /// Texts, reasoning and calls may be mixed in any way: each is restored as if it had come alone.
    #[test]
    fn mixed_texts_are_restored_each_for_itself(cuts in prop::collection::vec((0_usize..4, 1_usize..7), 1..60)) {
        let masked = both();
        let said = "x [EMAIL-1] y [email-1] [EMAIL- z \\[EMAIL-1\\] [EMAIL-2] [";
        let characters: Vec<char> = said.chars().collect();
        let (mut at, mut events) = ([0; 4], Vec::new());
        let mut piece = |kind: usize, length: usize| {
            let to = (at[kind] + length).min(said.len());
            let piece: String = characters[at[kind]..to].iter().collect();
            at[kind] = to;
            match kind {
                0 => ChatEvent::Text(piece),
                1 => ChatEvent::Reasoning(piece),
                kind => call(kind - 2, None, &piece),
            }
        };
        for (kind, length) in cuts {
            events.push(piece(kind, length));
        }
        for kind in 0..4 {
            events.push(piece(kind, said.len()));
        }
        events.push(end());
        let answer = answer(restored(&masked, &masked.request, events));
        let whole = masked.table.restore(said, false);
        prop_assert_eq!(&whole, "x marie@exemple.fr y marie@exemple.fr [EMAIL- z marie@exemple.fr [EMAIL-2] [");
        prop_assert_eq!(&answer.text, &whole);
        prop_assert_eq!(&answer.reasoning, &whole);
        for call in &answer.tool_calls {
            prop_assert_eq!(&call.arguments, &whole);
        }
        prop_assert!(answer.end.is_some());
    }
}
