//! Questions and answers: what is sent of the one, and how the other is put together.

use serde_json::Value;
use trousseau_core::chat::{
    ChatAnswer, ChatEvent, ChatRequest, Message, Role, Seam, ToolCall, ToolCallDelta,
};

#[test]
fn the_question_is_the_last_user_message() {
    let mut request = ChatRequest::default();
    assert_eq!(request.question(), "");
    for (role, content) in [
        (Role::User, "un"),
        (Role::User, "deux"),
        (Role::Assistant, "trois"),
    ] {
        request.messages.push(Message::new(role, content));
    }
    assert_eq!(request.question(), "deux");
}

#[test]
fn the_digest_tells_requests_apart() {
    let one = ChatRequest {
        messages: vec![Message::user("a"), Message::user("b")],
        ..ChatRequest::default()
    };
    let other = ChatRequest {
        messages: vec![Message::user("ab")],
        ..ChatRequest::default()
    };
    assert_ne!(one.digest(), other.digest());
}

#[test]
fn whatever_would_be_sent_is_digested_and_visited() {
    fn in_part(request: &mut ChatRequest, value: Value) {
        request.messages[0].parts.push(value);
    }
    fn in_call(request: &mut ChatRequest, value: Value) {
        let arguments = value["text"].as_str().unwrap().to_owned();
        request.messages[0].tool_calls.push(ToolCall {
            arguments,
            ..ToolCall::default()
        });
    }
    fn in_call_id(request: &mut ChatRequest, value: Value) {
        let id = value["text"].as_str().unwrap().to_owned();
        request.messages[0].tool_call_id = Some(id.clone());
        request.messages[0].tool_calls.push(ToolCall {
            id,
            ..ToolCall::default()
        });
    }
    fn in_message(request: &mut ChatRequest, value: Value) {
        request.messages[0].extra.insert("x".to_owned(), value);
    }
    fn in_tool(request: &mut ChatRequest, value: Value) {
        request.tools.definitions.push(value);
    }
    fn in_choice(request: &mut ChatRequest, value: Value) {
        request.tools.choice = Some(value);
    }
    fn in_request(request: &mut ChatRequest, value: Value) {
        request.extra.insert("x".to_owned(), value);
    }
    fn in_begun(request: &mut ChatRequest, value: Value) {
        request.begun = value["text"].as_str().map(str::to_owned);
    }
    let places = [
        in_part, in_call, in_call_id, in_message, in_tool, in_choice, in_request, in_begun,
    ];
    let plain = ChatRequest {
        messages: vec![Message::user("a")],
        ..ChatRequest::default()
    };
    let mut digests = vec![plain.digest()];
    for (at, place) in places.into_iter().enumerate() {
        let mut request = plain.clone();
        place(
            &mut request,
            serde_json::json!({ "text": "secret", "url": "data:image/png;base64,bytes" }),
        );
        let mut seen = Vec::new();
        request.visit_texts(&mut |text| seen.push(text.to_owned()));
        assert!(seen.iter().any(|text| text.ends_with("secret")), "place {at}");
        assert!(
            !seen
                .iter()
                .any(|text| text.contains("data:image/png;base64,bytes")),
            "place {at}"
        );
        digests.push(request.digest());
    }
    let count = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), count);
}

#[test]
fn an_answer_is_put_together_from_its_events() {
    let mut answer = ChatAnswer::default();
    let call = |index, id: Option<&str>, arguments: &str| {
        ChatEvent::ToolCall(ToolCallDelta {
            index,
            id: id.map(str::to_owned),
            name: id.map(|_| "search".to_owned()),
            arguments: arguments.to_owned(),
            ..ToolCallDelta::default()
        })
    };
    let seam = Seam {
        from: "un".to_owned(),
        to: "deux".to_owned(),
        at: 4,
        error: "model-cut".to_owned(),
    };
    for event in [
        ChatEvent::Reasoning("Hm.".to_owned()),
        ChatEvent::Text("O".to_owned()),
        ChatEvent::Text("ui.".to_owned()),
        call(1, Some("b"), "{"),
        call(0, Some("a"), "[]"),
        call(1, None, "}"),
        call(1 << 40, Some("c"), ""),
        ChatEvent::Seam(seam.clone()),
    ] {
        answer.push(event);
    }
    assert_eq!((answer.text.as_str(), answer.reasoning.as_str()), ("Oui.", "Hm."));
    let calls = answer.tool_calls.iter();
    let calls: Vec<_> = calls
        .map(|call| (call.id.as_str(), call.arguments.as_str()))
        .collect();
    assert_eq!(calls, [("a", "[]"), ("b", "{}")]);
    assert_eq!(answer.seams, [seam]);
    assert!(!answer.is_empty() && answer.end.is_none());
}
