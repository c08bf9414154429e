//! What clients send: what is read, what is refused, and under which name.

use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::{Value, json};
use trousseau_core::chat::{ChatRequest, Message, Role};
use trousseau_core::error::Explain as _;
use trousseau_wire::Fault;
use trousseau_wire::client::{Continues, Dialect, chat_body, embeddings_body, rerank_body};
use trousseau_wire::server::{ChatCall, chat};

fn read(body: &Value) -> Result<ChatCall, Fault> {
    chat(body.to_string().as_bytes())
}

/// A request with these fields beside the least that it needs.
fn with(fields: Value) -> Value {
    let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "Bonjour" }] });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// A request with one message.
fn of(message: Value) -> Value {
    json!({ "model": "m", "messages": [message] })
}

fn message(message: Value) -> Message {
    read(&of(message)).unwrap().request.messages.remove(0)
}

/// The code and the field of the fault that a request is refused for.
fn refused(body: &Value) -> String {
    told(&read(body).unwrap_err())
}

fn told(fault: &Fault) -> String {
    format!("{} {}", fault.code(), fault.param().unwrap_or("-"))
}

fn sent(request: &ChatRequest, stream: bool) -> Value {
    let body = chat_body(request, &request.messages, "m", stream);
    serde_json::from_str(&serde_json::to_string(&body).unwrap()).unwrap()
}

#[test]
fn the_least_request() {
    let call = read(&with(json!({}))).unwrap();
    assert_eq!(call.request.messages, [Message::user("Bonjour")]);
    assert_eq!(call.model, "m");
    assert!(!call.stream && !call.include_usage && !call.request.grounded);
    assert_eq!(call.options, Default::default());
}

#[test]
fn a_request_with_everything() {
    let call = read(&with(json!({
        "stream": true,
        "stream_options": { "include_usage": true, "include_obfuscation": false },
        "max_tokens": 5,
        "max_completion_tokens": 7,
        "temperature": 0.7,
        "seed": 3,
        "n": 1,
        "store": false,
        "modalities": ["text"],
        "stop": null,
        "top_p": 0.9,
        "logit_bias": { "50256": -100 },
        "tools": [{ "type": "function", "function": { "name": "f" } }],
        "tool_choice": "auto",
        "trousseau": { "collections": ["rh"], "label": "personal+health", "conversation": "c1", "parent": "main/4" },
    })))
    .unwrap();
    assert!(call.stream && call.include_usage);
    assert_json_snapshot!(call.request, @r#"
    {
      "messages": [
        {
          "role": "user",
          "content": "Bonjour"
        }
      ],
      "passages": [],
      "grounded": false,
      "sampling": {
        "max_tokens": 7,
        "temperature": 0.7,
        "seed": 3
      },
      "tools": {
        "definitions": [
          {
            "type": "function",
            "function": {
              "name": "f"
            }
          }
        ],
        "choice": "auto"
      },
      "extra": {
        "top_p": 0.9,
        "logit_bias": {
          "50256": -100
        }
      }
    }
    "#);
    assert_snapshot!(format!("{:?}", call.options), @r#"Options { collections: Some(["rh"]), label: Some(Label { class: Personal, tags: {"health"} }), conversation: Some("c1"), parent: Some("main/4"), forget: false }"#);
    assert_json_snapshot!(sent(&call.request, true), @r#"
    {
      "model": "m",
      "messages": [
        {
          "role": "user",
          "content": "Bonjour"
        }
      ],
      "stream": true,
      "stream_options": {
        "include_usage": true
      },
      "max_tokens": 7,
      "temperature": 0.7,
      "seed": 3,
      "tools": [
        {
          "type": "function",
          "function": {
            "name": "f"
          }
        }
      ],
      "tool_choice": "auto",
      "top_p": 0.9,
      "logit_bias": {
        "50256": -100
      }
    }
    "#);
}

#[test]
fn contents_of_every_form() {
    let user = |content: Value| message(json!({ "role": "user", "content": content }));
    assert_eq!(user(json!("a")), Message::user("a"));
    assert_eq!(
        user(json!([{ "type": "text", "text": "a" }])),
        Message::user("a"),
        "one text is a text"
    );
    let parts = json!([
        { "type": "text", "text": "a", "cache_control": { "type": "ephemeral" } },
        { "type": "image_url", "image_url": { "url": "data:image/png;base64,AA" } },
        { "type": "input_audio", "input_audio": { "data": "AA", "format": "wav" } },
        { "type": "file", "file": { "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA" } },
        { "type": "refusal", "refusal": "no" },
        { "type": "video_url", "video_url": { "url": "https://example.org/a.mp4" } },
        { "type": "text", "text": "b" },
    ]);
    let read = user(parts.clone());
    assert_eq!(read.content, "a\nb");
    assert_eq!(Value::Array(read.parts), parts);
    assert_eq!(user(json!([])).content, "");
}

#[test]
fn roles() {
    for (name, role) in [
        ("system", Role::System),
        ("developer", Role::System),
        ("user", Role::User),
        ("assistant", Role::Assistant),
    ] {
        assert_eq!(message(json!({ "role": name, "content": "" })).role, role);
    }
    let tool = message(json!({ "role": "tool", "content": "14", "tool_call_id": "c", "name": "f" }));
    assert_eq!((tool.role, tool.tool_call_id.as_deref()), (Role::Tool, Some("c")));
    assert_eq!(tool.extra["name"], "f");
}

/// An answer of ours, as the `openai` package for Python puts it back into the conversation.
#[test]
fn an_answer_comes_back_as_history() {
    let message = message(json!({
        "role": "assistant",
        "content": null,
        "refusal": null,
        "audio": null,
        "function_call": null,
        "annotations": [{ "type": "file_citation", "index": 3, "file_id": "d", "filename": "a.md" }],
        "reasoning_content": "Hm.",
        "tool_calls": [
            { "id": "c", "type": "function", "index": 0, "function": { "name": "f", "arguments": "{}", "strict": true } },
            { "id": "d", "type": "function", "function": { "name": "g", "arguments": { "x": 1 } }, "custom_field": 1 },
        ],
    }));
    assert_json_snapshot!(message, @r#"
    {
      "role": "assistant",
      "content": "",
      "tool_calls": [
        {
          "id": "c",
          "name": "f",
          "arguments": "{}",
          "extra": {
            "index": 0,
            "function": {
              "strict": true
            }
          }
        },
        {
          "id": "d",
          "name": "g",
          "arguments": "{\"x\":1}",
          "extra": {
            "custom_field": 1
          }
        }
      ],
      "extra": {
        "reasoning_content": "Hm."
      }
    }
    "#);
    let request = ChatRequest {
        messages: vec![message],
        ..ChatRequest::default()
    };
    assert_json_snapshot!(sent(&request, false)["messages"], @r#"
    [
      {
        "role": "assistant",
        "content": null,
        "tool_calls": [
          {
            "id": "c",
            "type": "function",
            "function": {
              "name": "f",
              "arguments": "{}",
              "strict": true
            },
            "index": 0
          },
          {
            "id": "d",
            "type": "function",
            "function": {
              "name": "g",
              "arguments": "{\"x\":1}"
            },
            "custom_field": 1
          }
        ],
        "reasoning_content": "Hm."
      }
    ]
    "#);
    let strict = chat_body(&request, &request.messages, "m", true).in_dialect(Dialect::Mistral);
    assert_snapshot!(serde_json::to_string(&strict).unwrap(), @r#"{"model":"m","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}","strict":true},"index":0},{"id":"d","type":"function","function":{"name":"g","arguments":"{\"x\":1}"},"custom_field":1}]}],"stream":true}"#);
}

#[test]
fn what_cannot_be_honoured_is_refused_by_name() {
    for (name, value) in [
        ("n", json!(2)),
        ("audio", json!({ "voice": "alloy" })),
        ("modalities", json!(["text", "audio"])),
        ("functions", json!([])),
        ("function_call", json!("auto")),
        ("store", json!(true)),
        ("web_search_options", json!({})),
        ("models", json!(["other/model"])),
        ("provider", json!({ "order": ["elsewhere"] })),
        ("api_base", json!("https://example.org")),
        ("fallbacks", json!([])),
    ] {
        let body = with(json!({ name: value }));
        assert_eq!(refused(&body), format!("wire-unsupported {name}"));
    }
    for (body, field) in [
        (
            with(json!({ "stream_options": { "continuous_usage_stats": true } })),
            "stream_options.continuous_usage_stats",
        ),
        (with(json!({ "trousseau": { "entry": "x" } })), "trousseau.entry"),
        (
            with(json!({ "tools": [{ "type": "mcp", "server_url": "https://example.org" }] })),
            "tools[0].type",
        ),
        (
            of(json!({ "role": "function", "name": "f", "content": "" })),
            "messages[0].role",
        ),
        (
            of(json!({ "role": "assistant", "function_call": { "name": "f" } })),
            "messages[0].function_call",
        ),
        (
            of(json!({ "role": "assistant", "audio": { "id": "a" } })),
            "messages[0].audio",
        ),
        (
            of(json!({ "role": "assistant", "tool_calls": [{ "id": "c", "type": "custom", "custom": {} }] })),
            "messages[0].tool_calls[0].type",
        ),
        (
            of(json!({ "role": "user", "content": [{ "type": "file", "file": { "file_id": "file-1" } }] })),
            "messages[0].content[0].file.file_id",
        ),
    ] {
        assert_eq!(refused(&body), format!("wire-unsupported {field}"));
    }
}

#[test]
fn what_is_missing_is_named() {
    for (body, field) in [
        (
            json!({ "messages": [{ "role": "user", "content": "a" }] }),
            "model",
        ),
        (json!({ "model": "m" }), "messages"),
        (json!({ "model": "m", "messages": [] }), "messages"),
        (of(json!({ "content": "a" })), "messages[0].role"),
        (of(json!({ "role": "user" })), "messages[0].content"),
        (
            of(json!({ "role": "user", "content": null })),
            "messages[0].content",
        ),
        (
            of(json!({ "role": "tool", "content": "a" })),
            "messages[0].tool_call_id",
        ),
        (
            of(json!({ "role": "user", "content": ["a"] })),
            "messages[0].content[0].type",
        ),
        (
            of(json!({ "role": "user", "content": [{ "type": "text" }] })),
            "messages[0].content[0].text",
        ),
        (
            of(json!({ "role": "user", "content": [{ "type": "image_url" }] })),
            "messages[0].content[0].image_url",
        ),
        (
            of(json!({ "role": "assistant", "tool_calls": [{ "id": "c" }] })),
            "messages[0].tool_calls[0].function",
        ),
        (
            of(json!({ "role": "assistant", "tool_calls": [{ "function": { "arguments": "" } }] })),
            "messages[0].tool_calls[0].function.name",
        ),
        (
            with(json!({ "tools": [{ "type": "function", "function": {} }] })),
            "tools[0].function.name",
        ),
        (with(json!({ "tools": [{}] })), "tools[0].type"),
    ] {
        assert_eq!(refused(&body), format!("wire-missing {field}"));
    }
}

#[test]
fn what_is_of_another_type_is_named() {
    for (body, field) in [
        (with(json!({ "model": 5 })), "model"),
        (with(json!({ "messages": "a" })), "messages"),
        (with(json!({ "messages": [5] })), "messages[0]"),
        (of(json!({ "role": "user", "content": 5 })), "messages[0].content"),
        (of(json!({ "role": 5, "content": "a" })), "messages[0].role"),
        (of(json!({ "role": "boss", "content": "a" })), "messages[0].role"),
        (
            of(json!({ "role": "user", "content": "a", "tool_calls": [] })),
            "messages[0].tool_calls",
        ),
        (
            of(json!({ "role": "assistant", "tool_calls": [5] })),
            "messages[0].tool_calls",
        ),
        (with(json!({ "stream": "yes" })), "stream"),
        (with(json!({ "max_tokens": -1 })), "max_tokens"),
        (
            with(json!({ "max_completion_tokens": 1.5 })),
            "max_completion_tokens",
        ),
        (with(json!({ "temperature": "hot" })), "temperature"),
        (with(json!({ "temperature": 1e39 })), "temperature"),
        (with(json!({ "seed": "a" })), "seed"),
        (with(json!({ "tools": {} })), "tools"),
        (with(json!({ "stream_options": true })), "stream_options"),
        (with(json!({ "trousseau": { "collections": "rh" } })), "trousseau"),
        (
            with(json!({ "trousseau": { "label": "secret" } })),
            "trousseau.label",
        ),
    ] {
        assert_eq!(refused(&body), format!("wire-invalid {field}"), "{body}");
    }
}

#[test]
fn what_is_no_request_is_refused() {
    let told = |body: &[u8]| told(&chat(body).unwrap_err());
    for body in ["", "{", "{\"model\":", "nul", "{} x", "\u{feff}{}"] {
        assert_eq!(told(body.as_bytes()), "wire-not-json -", "{body:?}");
    }
    assert_eq!(told(b"{\"model\":\"\xff\"}"), "wire-not-json -");
    assert_eq!(told(b"[]"), "wire-invalid -");
    assert_eq!(told(b"null"), "wire-invalid -");
    let twice = br#"{"model":"m","messages":[{"role":"user","content":"a"}],"model":"n"}"#;
    assert_eq!(
        told(twice),
        "wire-invalid -",
        "a field that is there twice means two things"
    );
}

#[test]
fn limits() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let deep = format!(r#"{{"model":"m","x":{}}}"#, nested(200));
    assert_eq!(told(&chat(deep.as_bytes()).unwrap_err()), "wire-too-deep -");
    let many = format!(r#"{{"model":"m","x":[{}0]}}"#, "0,".repeat(300_000));
    assert_eq!(told(&chat(many.as_bytes()).unwrap_err()), "wire-too-many values");
    let message = json!({ "role": "user", "content": "a" });
    assert_eq!(
        refused(&json!({ "model": "m", "messages": vec![message; 5000] })),
        "wire-too-many messages"
    );
    let part = json!({ "type": "text", "text": "a" });
    assert_eq!(
        refused(&of(json!({ "role": "user", "content": vec![part; 2000] }))),
        "wire-too-many messages[0].content"
    );
    let tool = json!({ "type": "function", "function": { "name": "f" } });
    assert_eq!(
        refused(&with(json!({ "tools": vec![tool; 600] }))),
        "wire-too-many tools"
    );
}

#[test]
fn seeds_of_every_sign() {
    let seeded = |seed: Value| read(&with(json!({ "seed": seed })));
    assert_eq!(
        seeded(json!(u64::MAX)).unwrap().request.sampling.seed,
        Some(u64::MAX)
    );
    let chance = seeded(json!(-1)).unwrap().request;
    assert_eq!(chance.sampling.seed, None);
    assert_eq!(sent(&chance, false)["seed"], -1);
    assert!(seeded(json!(1.5)).is_err());
}

/// What stands in `extra` cannot take the place of what this program writes.
#[test]
fn unknown_fields_do_not_replace_ours() {
    let mut request = read(&with(json!({ "temperature": 0.5, "seed": 1 })))
        .unwrap()
        .request;
    for name in [
        "model",
        "messages",
        "stream",
        "temperature",
        "seed",
        "trousseau",
        "top_p",
    ] {
        request.extra.insert(name.to_owned(), json!("theirs"));
    }
    for name in ["role", "content", "tool_calls", "trousseau", "name"] {
        request.messages[0].extra.insert(name.to_owned(), json!("theirs"));
    }
    let body = chat_body(&request, &request.messages, "m", false);
    assert_snapshot!(serde_json::to_string(&body).unwrap(), @r#"{"model":"m","messages":[{"role":"user","content":"Bonjour","name":"theirs"}],"stream":false,"temperature":0.5,"seed":1,"top_p":"theirs"}"#);
}

#[test]
fn vectors_and_rankings_are_asked_for() {
    let texts = ["a", "b"];
    assert_snapshot!(serde_json::to_string(&embeddings_body("m", &texts, None)).unwrap(), @r#"{"model":"m","input":["a","b"]}"#);
    assert_snapshot!(serde_json::to_string(&embeddings_body("m", &texts, Some(256))).unwrap(), @r#"{"model":"m","input":["a","b"],"dimensions":256}"#);
    assert_snapshot!(serde_json::to_string(&rerank_body("m", "q", &texts)).unwrap(), @r#"{"model":"m","query":"q","documents":["a","b"],"top_n":2}"#);
}

#[test]
fn the_rest_of_an_answer_is_asked_for_in_the_servers_way() {
    let mut beginning = Message::new(Role::Assistant, "Le repas coûte");
    beginning.extra.insert("prefix".to_owned(), true.into());
    let request = ChatRequest {
        messages: vec![Message::user("Combien ?"), beginning],
        begun: Some("Le repas coûte".to_owned()),
        ..read(&with(
            json!({ "max_tokens": 10, "add_generation_prompt": true, "top_k": 5 }),
        ))
        .unwrap()
        .request
    };
    let asked = |way, dialect| {
        let body = chat_body(&request, &request.messages, "m", false)
            .in_dialect(dialect)
            .going_on(way);
        serde_json::to_string(&body).unwrap()
    };
    assert_snapshot!(asked(Continues::VllmPrefix, Dialect::OpenAi), @r#"{"model":"m","messages":[{"role":"user","content":"Combien ?"},{"role":"assistant","content":"Le repas coûte","prefix":true}],"stream":false,"max_tokens":7,"top_k":5,"continue_final_message":true,"add_generation_prompt":false}"#);
    assert_snapshot!(asked(Continues::MistralPrefix, Dialect::Mistral), @r#"{"model":"m","messages":[{"role":"user","content":"Combien ?"},{"role":"assistant","content":"Le repas coûte","prefix":true}],"stream":false,"max_tokens":7,"add_generation_prompt":true,"top_k":5}"#);
    for way in Continues::ALL {
        assert_eq!(Continues::named(way.name()), Some(way));
    }
    assert_eq!(Continues::named("prefix"), None);
}

#[test]
fn an_answer_that_has_had_its_tokens_may_still_end() {
    let most = |begun: &str| {
        let request = ChatRequest {
            begun: Some(begun.to_owned()),
            ..read(&with(json!({ "max_tokens": 3 }))).unwrap().request
        };
        sent(&request, false)["max_tokens"].clone()
    };
    assert_eq!(["Oui", "Oui.", "Une longue réponse"].map(most), [3, 2, 1]);
}
