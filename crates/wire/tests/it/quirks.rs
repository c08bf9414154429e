//! What servers do that no documentation says, and answers that are none.

use insta::assert_snapshot;
use serde_json::{Value, json};
use trousseau_wire::Fault;
use trousseau_wire::client::{ChatReader, embeddings, error, rerank};

use crate::told::{read, told, told_fault};

/// A chunk with this choice.
fn choice(choice: &Value) -> String {
    json!({ "id": "x", "choices": [choice] }).to_string()
}

fn delta(delta: &Value) -> String {
    choice(&json!({ "index": 0, "delta": delta }))
}

fn stop() -> String {
    choice(&json!({ "index": 0, "delta": {}, "finish_reason": "stop" }))
}

fn stream(chunks: &[String]) -> String {
    read(chunks.iter().map(String::as_str))
}

fn whole(body: &str) -> String {
    ChatReader::whole(body.as_bytes()).map_or_else(|fault| told_fault(&fault), |events| told(&events))
}

fn text(text: &str) -> String {
    delta(&json!({ "content": text }))
}

fn done() -> String {
    "[DONE]".to_owned()
}

#[test]
fn a_stream_is_whole_when_it_says_so() {
    assert_snapshot!(stream(&[text("a"), stop(), done()]), @r#"
    text "a"
    end stop 0+0 {}
    "#);
    // Without [DONE].
    assert_snapshot!(stream(&[text("a"), stop()]), @r#"
    text "a"
    end stop 0+0 {}
    "#);
    // Without a finish reason: dropped in favour of another request.
    assert_snapshot!(stream(&[text("a"), done()]), @r#"
    text "a"
    fault "": a stream that ended without a finish reason
    "#);
    // Cut.
    assert_snapshot!(stream(&[text("a")]), @r#"text "a""#);
    // Nothing at all.
    assert_snapshot!(stream(&[done()]), @r#"fault "": a stream that ended before its answer began"#);
    // An empty answer.
    assert_snapshot!(stream(&[stop(), done()]), @"end stop 0+0 {}");
    // More behind the end.
    assert_snapshot!(stream(&[text("a"), stop(), done(), text("b"), done()]), @r#"
    text "a"
    end stop 0+0 {}
    "#);
}

#[test]
fn chunks_without_an_answer_are_read_over() {
    let chunks = [
        r#"{"choices":[],"prompt_filter_results":[{"prompt_index":0}]}"#.to_owned(),
        String::new(),
        r#"{"choices":null}"#.to_owned(),
        choice(&json!({ "index": 1, "delta": { "content": "another" } })),
        choice(&json!({ "index": 0 })),
        choice(&json!({ "delta": { "content": "a" } })),
        r#"{"error":null,"choices":[{"index":0,"delta":null,"finish_reason":"stop"}]}"#.to_owned(),
        r#"{"choices":[],"usage":null}"#.to_owned(),
    ];
    assert_snapshot!(stream(&chunks), @r#"
    extra {"answer":{"prompt_filter_results":[{"prompt_index":0}]}}
    text "a"
    end stop 0+0 {}
    "#);
}

#[test]
fn unknown_fields_are_passed_on_once() {
    let chunks = [
        r#"{"system_fingerprint":"a","x":1,"choices":[{"index":0,"delta":{"content":"a","refusal":null}}]}"#
            .to_owned(),
        r#"{"system_fingerprint":"a","x":1,"choices":[{"index":0,"delta":{"content":"b"}}]}"#.to_owned(),
        r#"{"system_fingerprint":"a","x":2,"choices":[{"index":0,"delta":{"content":"c","y":[1]},"z":{}}]}"#
            .to_owned(),
        r#"{"trousseau":{"label":"public"},"choices":[{"index":0,"delta":{"trousseau":1},"trousseau":2}]}"#
            .to_owned(),
    ];
    assert_snapshot!(stream(&chunks), @r#"
    extra {"answer":{"system_fingerprint":"a","x":1}}
    text "a"
    text "b"
    extra {"message":{"y":[1]},"choice":{"z":{}},"answer":{"x":2}}
    text "c"
    "#);
}

#[test]
fn finish_reasons_that_openai_does_not_have() {
    for reason in ["eos_token", "model_length", "function_call", "abort", "error"] {
        let body = json!({ "choices": [{ "message": { "content": "a" }, "finish_reason": reason }] });
        let told = whole(&body.to_string());
        match reason {
            "eos_token" => assert_snapshot!(told, @r#"
            extra {"choice":{"native_finish_reason":"eos_token"}}
            text "a"
            end stop 0+0 {}
            "#),
            "model_length" => assert_snapshot!(told, @r#"
            extra {"choice":{"native_finish_reason":"model_length"}}
            text "a"
            end length 0+0 {}
            "#),
            "function_call" => assert_snapshot!(told, @r#"
            extra {"choice":{"native_finish_reason":"function_call"}}
            text "a"
            end tool_calls 0+0 {}
            "#),
            "abort" => assert_snapshot!(told, @r#"reported None "the server gave the answer up: abort""#),
            _ => assert_snapshot!(told, @r#"reported None "the server gave the answer up: error""#),
        }
    }
}

/// One piece of a tool's call.
fn piece(call: &Value) -> String {
    delta(&json!({ "tool_calls": [call] }))
}

#[test]
fn tool_calls_are_numbered_anew() {
    let (a, b) = (
        json!({ "name": "a", "arguments": "{}" }),
        json!({ "name": "b", "arguments": "{}" }),
    );
    // Without numbers.
    assert_snapshot!(stream(&[
        piece(&json!({ "id": "1", "function": a })),
        piece(&json!({ "id": "2", "function": b })),
        piece(&json!({ "id": "1", "function": { "arguments": "!" } })),
    ]), @r#"
    call 0 id 1 name a "{}"
    call 1 id 2 name b "{}"
    call 0 "!"
    "#);
    // Without numbers and ids.
    assert_snapshot!(stream(&[
        piece(&json!({ "function": a })),
        piece(&json!({ "function": { "arguments": "!" } })),
        piece(&json!({ "function": b })),
    ]), @r#"
    call 0 id call_x_0 name a "{}"
    call 0 "!"
    call 1 id call_x_1 name b "{}"
    "#);
    // With gaps, ids and names on every piece, arguments that are no text.
    assert_snapshot!(stream(&[
        piece(&json!({ "index": 3, "id": "1", "function": a })),
        piece(&json!({ "index": 3, "id": "1", "function": a })),
        piece(&json!({ "index": 1, "id": "", "function": { "name": "", "arguments": null } })),
        piece(&json!({ "index": 1, "id": null, "function": { "name": "b", "arguments": { "x": 1 } } })),
        piece(&json!({ "index": 1 })),
    ]), @r#"
    call 0 id 1 name a "{}"
    call 0 "{}"
    call 1 id call_x_1 ""
    call 1 name b "{\"x\":1}"
    call 1 ""
    "#);
    // With fields of their own.
    assert_snapshot!(stream(&[
        piece(&json!({ "index": 0, "id": "1", "function": a, "extra_content": { "k": "v" } })),
        piece(&json!({ "index": 0, "function": { "arguments": "", "strict": true } })),
    ]), @r#"
    call 0 id 1 name a "{}" {"extra_content":{"k":"v"}}
    call 0 "" {"function":{"strict":true}}
    "#);
}

#[test]
fn a_whole_answer_may_call_one_tool_twice() {
    let call =
        json!({ "id": "", "type": "function", "function": { "name": "a", "arguments": { "x": [1] } } });
    let body = json!({
        "id": "c9",
        "choices": [{ "message": { "content": null, "tool_calls": [call, call] }, "finish_reason": "stop" }],
    });
    assert_snapshot!(whole(&body.to_string()), @r#"
    call 0 id call_c9_0 name a "{\"x\":[1]}"
    call 1 id call_c9_1 name a "{\"x\":[1]}"
    end tool_calls 0+0 {}
    "#);
}

#[test]
fn too_many_tool_calls_are_refused() {
    let calls: Vec<Value> = (0..200)
        .map(|index| json!({ "index": index, "function": { "name": "a" } }))
        .collect();
    assert_snapshot!(stream(&[delta(&json!({ "tool_calls": calls }))]), @r#"fault "": more than 128 tool calls"#);
}

#[test]
fn errors_in_place_of_an_answer() {
    for (body, expected) in [
        (r#"{"error":"model not loaded"}"#, "model not loaded"),
        (r#"{"error":{"message":"a","code":"503"}}"#, "a"),
        (r#"{"error":{"type":"overloaded"}}"#, "an error without words"),
        (r#"{"error":true}"#, "an error without words"),
        (r#"{"object":"error","message":"b","code":400}"#, "b"),
        (r#"{"code":500,"message":"c","type":"server_error"}"#, "c"),
    ] {
        let Err(Fault::Reported { message, .. }) = ChatReader::default().chunk(body) else {
            panic!("{body}");
        };
        assert_eq!(message, expected);
        assert!(
            matches!(ChatReader::whole(body.as_bytes()), Err(Fault::Reported { .. })),
            "{body}"
        );
    }
}

#[test]
fn what_is_no_answer_is_refused() {
    let deep = format!(r#"{{"choices":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    let many = format!(r#"{{"choices":[],"x":[{}0]}}"#, "0,".repeat(300_000));
    for body in [
        "",
        "<html><body>Bad gateway</body></html>",
        r#"{"choices":[{"message":{"content":"hal"#,
        "[]",
        "null",
        "{}",
        r#"{"choices":[]}"#,
        r#"{"choices":{}}"#,
        r#"{"choices":[{"message":{"content":5},"finish_reason":"stop"}]}"#,
        r#"{"choices":[{"message":{"content":"a"}}],"usage":{"prompt_tokens":-1}}"#,
        &deep,
        &many,
    ] {
        let fault = ChatReader::whole(body.as_bytes()).unwrap_err();
        assert!(
            matches!(fault, Fault::Malformed { .. }),
            "{fault:?} of {body:.60}"
        );
    }
    assert!(ChatReader::whole(b"{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}").is_err());
    assert!(
        ChatReader::default()
            .chunk("{\"choices\":[{\"delta\":{\"content\":\"hal")
            .is_err()
    );
}

#[test]
fn the_words_of_failures() {
    let words = |status, body: &str| error(status, body.as_bytes());
    assert_eq!(
        words(502, "<html>\n<head><TITLE>502 Bad Gateway</TITLE></head>"),
        "502 Bad Gateway"
    );
    assert_eq!(words(500, "<html><body>no title"), "HTTP status 500");
    assert_eq!(
        words(503, "upstream connect error\r\n\u{7}or disconnect"),
        "upstream connect error or disconnect"
    );
    assert_eq!(words(500, ""), "HTTP status 500");
    assert_eq!(words(500, "{}"), "HTTP status 500");
    assert_eq!(words(500, "null"), "HTTP status 500");
    assert_eq!(
        words(401, r#"{"message":"Unauthorized","request_id":"5"}"#),
        "Unauthorized"
    );
    assert_eq!(
        words(422, r#"{"detail":[{"loc":["body","x",0],"msg":"bad"}]}"#),
        "body.x.0: bad"
    );
    assert_eq!(
        words(
            400,
            r#"{"object":"error","message":"{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"bad\"}]}"}"#
        ),
        "body: bad"
    );
    let long = words(
        400,
        &format!(r#"{{"error":{{"message":"{}"}}}}"#, "é".repeat(5000)),
    );
    assert_eq!(long.chars().count(), 401);
    assert_eq!(
        words(500, &format!("{}x", "[".repeat(100_000))).chars().count(),
        401
    );
    assert_eq!(error(500, b"\xff\xfe"), "\u{fffd}\u{fffd}");
}

#[test]
fn vectors_that_do_not_fit_are_refused() {
    let refused = |body: &str, texts| embeddings(body.as_bytes(), texts).unwrap_err().to_string();
    assert_eq!(refused(r#"{"data":[]}"#, 1), "0 vectors for 1 texts");
    assert_eq!(
        refused(r#"{"data":[{"embedding":[]}]}"#, 1),
        "a vector without numbers, or with infinite ones"
    );
    assert_eq!(
        refused(r#"{"data":[{"embedding":[1e300]}]}"#, 1),
        "a vector without numbers, or with infinite ones"
    );
    assert_eq!(
        refused(r#"{"data":[{"embedding":[1]},{"embedding":[1,2]}]}"#, 2),
        "vectors of several lengths"
    );
    assert_eq!(
        refused(
            r#"{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}"#,
            2
        ),
        "two vectors of one text"
    );
    assert_eq!(
        refused(r#"{"data":[{"index":7,"embedding":[1]}]}"#, 1),
        "a vector of a text that was not sent"
    );
    assert_eq!(refused(r#"{"error":{"message":"too long"}}"#, 1), "too long");
    assert!(embeddings(br#"{"data":[{"embedding":"AAAA"}]}"#, 1).is_err());
    assert!(embeddings(b"", 0).is_err());
}

#[test]
fn rankings_that_do_not_fit_are_refused() {
    let refused = |body: &str, documents| rerank(body.as_bytes(), documents).unwrap_err().to_string();
    let listed = rerank(br#"[{"index":1,"score":0.9},{"index":0,"score":0.1}]"#, 2).unwrap();
    assert_eq!(
        listed.iter().map(|ranked| ranked.index).collect::<Vec<_>>(),
        [1, 0]
    );
    assert_eq!(refused(r#"{"results":[]}"#, 1), "0 scores for 1 documents");
    assert_eq!(
        refused(r#"{"results":[{"index":0,"score":1},{"index":0,"score":1}]}"#, 2),
        "document 0 has no one score"
    );
    assert_eq!(
        refused(r#"{"data":[{"index":5,"relevance_score":1}]}"#, 1),
        "document 5 has no one score"
    );
    assert_eq!(
        refused(r#"{"results":[{"index":0,"score":1e300}]}"#, 1),
        "document 0 has no one score"
    );
    assert_eq!(refused(r#"{"error":"no such model"}"#, 1), "no such model");
}
