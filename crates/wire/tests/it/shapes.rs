//! Streams in other forms than a chat's: whatever comes, in whatever order, is told once and put together to the same.

use proptest::prelude::*;
use serde_json::{Value, json};
use trousseau_core::chat::{ChatAnswer, ChatEnd, ChatEvent, FinishReason, ToolCallDelta, Usage};
use trousseau_wire::server::Shape;
use trousseau_wire::server::anthropic::MessageShape;
use trousseau_wire::server::responses::{Echo, ResponseShape};

const ENTRY: &str = "main/17";

/// The events of an answer, its end left out.
fn events() -> impl Strategy<Value = Vec<ChatEvent>> {
    let text = "[a-z ]{0,4}";
    let event = prop_oneof![
        text.prop_map(ChatEvent::Text),
        text.prop_map(ChatEvent::Reasoning),
        (0_usize..3, text).prop_map(|(index, arguments)| {
            ChatEvent::ToolCall(ToolCallDelta {
                index,
                arguments,
                ..ToolCallDelta::default()
            })
        }),
    ];
    prop::collection::vec(event, 0..12)
}

fn answer(events: &[ChatEvent]) -> ChatAnswer {
    let mut answer = ChatAnswer::default();
    events.iter().for_each(|event| answer.push(event.clone()));
    answer.push(ChatEvent::End(ChatEnd {
        finish: FinishReason::Stop,
        abstained: false,
        usage: Usage::default(),
        removed_markers: 0,
    }));
    answer
}

/// What a shape tells of an answer, event by event.
fn told(shape: &mut dyn Shape, events: &[ChatEvent], whole: bool) -> Vec<Value> {
    let mut out = String::new();
    shape.begin(ENTRY, &mut out);
    events.iter().for_each(|event| shape.push(event, &mut out));
    let error = json!({ "error": { "code": "c", "message": "m", "param": null, "trousseau": { "request_id": "r" } } });
    match whole {
        true => shape.end(&answer(events), &json!({ "entry": ENTRY }), &mut out),
        false => shape.fail(502, &error, &mut out),
    }
    let blocks = out.split_terminator("\n\n");
    let events = blocks.map(|block| {
        let (name, data) = block.split_once("\ndata: ").unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(name, format!("event: {}", data["type"].as_str().unwrap()));
        data
    });
    events.collect()
}

fn response() -> ResponseShape {
    ResponseShape::new(1, "documents".to_owned(), Echo::default())
}

/// The texts of a response's items of one type, put together.
fn texts(response: &Value, kind: &str) -> String {
    let items = response["output"].as_array().unwrap().iter();
    let items = items.filter(|item| item["type"] == kind);
    items
        .filter_map(|item| item["content"][0]["text"].as_str().or(item["arguments"].as_str()))
        .collect()
}

proptest! {
    #[test]
    fn a_response_is_what_its_pieces_say(events in events()) {
        let told = told(&mut response(), &events, true);
        let answer = answer(&events);
        for (number, event) in told.iter().enumerate() {
            prop_assert_eq!(&event["sequence_number"], number);
        }
        let last = &told.last().unwrap()["response"];
        prop_assert_eq!(&told.last().unwrap()["type"], "response.completed");
        prop_assert_eq!(&texts(last, "message"), &answer.text);
        prop_assert_eq!(&texts(last, "reasoning"), &answer.reasoning);
        // Every item is added once, told in pieces and done once, with what is there in the end.
        for (place, item) in last["output"].as_array().unwrap().iter().enumerate() {
            let of = |kind: &str| {
                let kind = format!("response.{kind}");
                told.iter().filter(move |event| event["type"] == kind && event["output_index"] == place).collect::<Vec<_>>()
            };
            prop_assert_eq!(of("output_item.added").len(), 1);
            prop_assert_eq!(&of("output_item.done")[0]["item"], item);
            let deltas = told.iter().filter(|event| event["output_index"] == place);
            let text: String = deltas.filter_map(|event| event["delta"].as_str()).collect();
            let whole = item["content"][0]["text"].as_str().or(item["arguments"].as_str());
            prop_assert_eq!(text, whole.unwrap_or_default());
        }
        let whole: Value = serde_json::from_str(&response().whole(ENTRY, &answer, &json!({}))).unwrap();
        prop_assert_eq!(texts(&whole, "message"), answer.text);
    }

    #[test]
    fn a_message_is_what_its_pieces_say(events in events()) {
        let told = told(&mut MessageShape::new("documents".to_owned()), &events, true);
        let answer = answer(&events);
        let (mut open, mut next) = (None, 0);
        let (mut text, mut thinking) = (String::new(), String::new());
        for event in &told {
            match event["type"].as_str().unwrap() {
                "content_block_start" => {
                    prop_assert_eq!((open, &event["index"]), (None, &json!(next)));
                    open = Some(next);
                }
                "content_block_delta" => {
                    prop_assert_eq!(open, Some(next));
                    text += event["delta"]["text"].as_str().unwrap_or_default();
                    thinking += event["delta"]["thinking"].as_str().unwrap_or_default();
                }
                "content_block_stop" => {
                    prop_assert_eq!(open.take(), Some(next));
                    next += 1;
                }
                _ => prop_assert_eq!(open, None),
            }
        }
        prop_assert_eq!((&text, &thinking), (&answer.text, &answer.reasoning));
        let calls = told.iter().filter(|event| event["content_block"]["type"] == "tool_use");
        prop_assert_eq!(calls.count(), answer.tool_calls.len());
        prop_assert_eq!(&told.last().unwrap()["trousseau"]["entry"], ENTRY);
    }

    #[test]
    fn what_fails_has_no_clean_end(events in events()) {
        let response = told(&mut response(), &events, false);
        prop_assert_eq!(&response.last().unwrap()["type"], "response.failed");
        let clean = ["response.completed", "response.incomplete", "message_stop", "message_delta"];
        let message = told(&mut MessageShape::new("documents".to_owned()), &events, false);
        prop_assert_eq!(&message.last().unwrap()["error"]["type"], "api_error");
        for event in response.iter().chain(&message) {
            prop_assert!(!clean.contains(&event["type"].as_str().unwrap()));
        }
    }
}
