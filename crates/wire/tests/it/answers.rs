//! What clients are answered.

use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::{Value, json};
use trousseau_core::chat::{ChatAnswer, ChatEnd, ChatEvent, Extra, FinishReason, Seam, ToolCallDelta, Usage};
use trousseau_core::document::{Citation, Span};
use trousseau_core::error::ErrorKind;
use trousseau_wire::server::{Chunks, Completion, Head, Place, completion, error, error_body, models};

fn head() -> Head {
    Head {
        id: "chatcmpl-1".to_owned(),
        created: 1_763_640_000,
        model: "mairie".to_owned(),
    }
}

fn citation(number: usize, path: &str) -> ChatEvent {
    ChatEvent::Citation(Citation {
        number,
        document: format!("doc-{number}"),
        version: 1,
        chunk: 5,
        title: "Règlement".to_owned(),
        path: path.to_owned(),
        heading: Vec::new(),
        span: Span { start: 0, end: 4 },
        text: "Fait.".to_owned(),
    })
}

fn end(finish: FinishReason) -> ChatEvent {
    ChatEvent::End(ChatEnd {
        finish,
        abstained: false,
        usage: Usage {
            input: 20,
            output: 9,
            details: json!({ "prompt_tokens_details": { "cached_tokens": 4 } })
                .as_object()
                .unwrap()
                .clone(),
        },
        removed_markers: 0,
    })
}

fn grounded() -> Vec<ChatEvent> {
    vec![
        ChatEvent::Reasoning("Hm.".to_owned()),
        ChatEvent::Text("Été : 10 h ".to_owned()),
        ChatEvent::Text("[2]. Hiver : 9 h [1][7], soit [2].".to_owned()),
        citation(1, "/règles/hiver.md"),
        citation(2, ""),
        end(FinishReason::Stop),
    ]
}

fn extra(value: Value) -> ChatEvent {
    ChatEvent::Extra(serde_json::from_value::<Extra>(value).unwrap())
}

fn called() -> Vec<ChatEvent> {
    let call = |index, first: Option<(&str, &str)>, arguments: &str| {
        ChatEvent::ToolCall(ToolCallDelta {
            index,
            id: first.map(|(id, _)| id.to_owned()),
            name: first.map(|(_, name)| name.to_owned()),
            arguments: arguments.to_owned(),
            ..ToolCallDelta::default()
        })
    };
    vec![
        extra(json!({ "answer": { "system_fingerprint": "b1", "id": "theirs", "trousseau": {} } })),
        call(0, Some(("c1", "f")), ""),
        call(0, None, "{}"),
        extra(json!({
            "message": {
                "role": "theirs",
                "annotations": [{ "type": "url_citation", "url": "https://example.org" }, { "type": "file_citation" }],
            },
            "choice": { "stop_reason": 5, "finish_reason": "theirs" },
        })),
        end(FinishReason::ToolCalls),
    ]
}

fn answer(events: &[ChatEvent]) -> ChatAnswer {
    let mut answer = ChatAnswer::default();
    for event in events {
        answer.push(event.clone());
    }
    answer
}

fn whole(events: &[ChatEvent]) -> Value {
    let body = Completion {
        head: &head(),
        answer: &answer(events),
        trousseau: &json!({ "entry": "e1" }),
    };
    serde_json::to_value(completion(&body)).unwrap()
}

fn streamed(events: &[ChatEvent], include_usage: bool) -> String {
    let mut chunks = Chunks::new(head(), include_usage);
    let mut lines: Vec<String> = events.iter().filter_map(|event| chunks.push(event)).collect();
    lines.extend(chunks.end(&answer(events), &json!({ "entry": "e1" })));
    lines.join("\n")
}

#[test]
fn a_whole_answer() {
    assert_json_snapshot!(whole(&grounded()), @r#"
    {
      "id": "chatcmpl-1",
      "object": "chat.completion",
      "created": 1763640000,
      "model": "mairie",
      "choices": [
        {
          "index": 0,
          "message": {
            "role": "assistant",
            "content": "Été : 10 h [2]. Hiver : 9 h [1][7], soit [2].",
            "reasoning_content": "Hm.",
            "annotations": [
              {
                "type": "file_citation",
                "index": 11,
                "file_id": "doc-2",
                "filename": "Règlement"
              },
              {
                "type": "file_citation",
                "index": 28,
                "file_id": "doc-1",
                "filename": "hiver.md"
              },
              {
                "type": "file_citation",
                "index": 41,
                "file_id": "doc-2",
                "filename": "Règlement"
              }
            ],
            "refusal": null
          },
          "finish_reason": "stop",
          "logprobs": null
        }
      ],
      "usage": {
        "prompt_tokens": 20,
        "completion_tokens": 9,
        "total_tokens": 29,
        "prompt_tokens_details": {
          "cached_tokens": 4
        }
      },
      "trousseau": {
        "entry": "e1"
      }
    }
    "#);
    assert_json_snapshot!(whole(&called()), @r#"
    {
      "id": "chatcmpl-1",
      "object": "chat.completion",
      "created": 1763640000,
      "model": "mairie",
      "choices": [
        {
          "index": 0,
          "message": {
            "role": "assistant",
            "content": null,
            "tool_calls": [
              {
                "id": "c1",
                "type": "function",
                "function": {
                  "name": "f",
                  "arguments": "{}"
                }
              }
            ],
            "annotations": [
              {
                "type": "url_citation",
                "url": "https://example.org"
              }
            ],
            "refusal": null
          },
          "finish_reason": "tool_calls",
          "stop_reason": 5,
          "logprobs": null
        }
      ],
      "usage": {
        "prompt_tokens": 20,
        "completion_tokens": 9,
        "total_tokens": 29,
        "prompt_tokens_details": {
          "cached_tokens": 4
        }
      },
      "system_fingerprint": "b1",
      "trousseau": {
        "entry": "e1"
      }
    }
    "#);
}

#[test]
fn a_streamed_answer() {
    assert_snapshot!(streamed(&grounded(), false), @r#"
    {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763640000,"model":"mairie","choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"Hm."},"finish_reason":null}]}
    {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763640000,"model":"mairie","choices":[{"index":0,"delta":{"content":"Été : 10 h "},"finish_reason":null}]}
    {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763640000,"model":"mairie","choices":[{"index":0,"delta":{"content":"[2]. Hiver : 9 h [1][7], soit [2]."},"finish_reason":null}]}
    {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763640000,"model":"mairie","choices":[{"index":0,"delta":{"annotations":[{"type":"file_citation","index":11,"file_id":"doc-2","filename":"Règlement"},{"type":"file_citation","index":28,"file_id":"doc-1","filename":"hiver.md"},{"type":"file_citation","index":41,"file_id":"doc-2","filename":"Règlement"}]},"finish_reason":"stop"}],"trousseau":{"entry":"e1"}}
    "#);
    assert_snapshot!(streamed(&called(), true), @r#"
    {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763640000,"model":"mairie","choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"f","arguments":""}}]},"finish_reason":null}],"usage":null,"system_fingerprint":"b1"}
    {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763640000,"model":"mairie","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]},"finish_reason":null}],"usage":null}
    {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763640000,"model":"mairie","choices":[{"index":0,"delta":{"annotations":[{"type":"url_citation","url":"https://example.org"}]},"finish_reason":"tool_calls","stop_reason":5}],"usage":null,"trousseau":{"entry":"e1"}}
    {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763640000,"model":"mairie","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":9,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":4}}}
    "#);
}

#[test]
fn a_seam_is_told_where_it_is() {
    let seam = ChatEvent::Seam(Seam {
        from: "nuage".to_owned(),
        to: "gpu".to_owned(),
        at: 6,
        error: "model-cut".to_owned(),
    });
    let events = [
        ChatEvent::Text("Été : ".to_owned()),
        seam,
        ChatEvent::Text("10 h.".to_owned()),
        end(FinishReason::Stop),
    ];
    assert_snapshot!(streamed(&events, false), @r#"
    {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763640000,"model":"mairie","choices":[{"index":0,"delta":{"role":"assistant","content":"Été : "},"finish_reason":null}]}
    {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763640000,"model":"mairie","choices":[{"index":0,"delta":{},"finish_reason":null}],"trousseau":{"seam":{"from":"nuage","to":"gpu","at":6,"error":"model-cut"}}}
    {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763640000,"model":"mairie","choices":[{"index":0,"delta":{"content":"10 h."},"finish_reason":null}]}
    {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763640000,"model":"mairie","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"trousseau":{"entry":"e1"}}
    "#);
    assert_eq!(whole(&events)["choices"][0]["message"]["content"], "Été : 10 h.");
}

#[test]
fn tokens_that_nobody_counted_are_not_told_as_none() {
    let ended = |abstained| {
        let end = ChatEnd {
            finish: FinishReason::Stop,
            abstained,
            usage: Usage::default(),
            removed_markers: 0,
        };
        [ChatEvent::Text("Non.".to_owned()), ChatEvent::End(end)]
    };
    assert!(whole(&ended(false)).get("usage").is_none());
    assert!(!streamed(&ended(false), true).contains("prompt_tokens"));
    // Whoever answers without a model has read none.
    assert_eq!(whole(&ended(true))["usage"]["total_tokens"], 0);
    assert!(streamed(&ended(true), true).contains("\"total_tokens\":0"));
}

#[test]
fn an_empty_answer() {
    let events = [end(FinishReason::Length)];
    assert_eq!(whole(&events)["choices"][0]["message"]["content"], "");
    assert_snapshot!(streamed(&events, false), @r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763640000,"model":"mairie","choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":"length"}],"trousseau":{"entry":"e1"}}"#);
}

#[test]
fn errors() {
    let kinds = [
        ErrorKind::InvalidInput,
        ErrorKind::NotFound,
        ErrorKind::Forbidden,
        ErrorKind::Conflict,
        ErrorKind::TooLarge,
        ErrorKind::Unavailable,
        ErrorKind::Timeout,
        ErrorKind::Corrupt,
        ErrorKind::Internal,
    ];
    let told: Vec<String> = kinds
        .iter()
        .map(|kind| {
            let (status, body) = error(*kind, "code", "Non.", None);
            format!("{kind:?}: {status} {}", body["error"]["type"])
        })
        .collect();
    assert_snapshot!(told.join("\n"), @r#"
    InvalidInput: 400 "invalid_request_error"
    NotFound: 404 "not_found_error"
    Forbidden: 403 "permission_error"
    Conflict: 409 "conflict_error"
    TooLarge: 413 "invalid_request_error"
    Unavailable: 503 "server_error"
    Timeout: 504 "timeout_error"
    Corrupt: 500 "server_error"
    Internal: 500 "server_error"
    "#);
    assert_json_snapshot!(error(ErrorKind::InvalidInput, "wire-unsupported", "Non.", Some("n")), @r#"
    [
      400,
      {
        "error": {
          "message": "Non.",
          "type": "invalid_request_error",
          "param": "n",
          "code": "wire-unsupported"
        }
      }
    ]
    "#);
    let kind = |status| error_body(status, "c", "m", None)["error"]["type"].clone();
    assert_eq!(
        (kind(401), kind(429)),
        (json!("authentication_error"), json!("rate_limit_error"))
    );
}

#[test]
fn routes_are_models() {
    let place = Place {
        target: "gpu".to_owned(),
        provider: "Mairie".to_owned(),
        premises: "own".to_owned(),
        region: "unknown".to_owned(),
        open_weights: Some(true),
    };
    let routes = [("mairie", vec![place]), ("libre", Vec::new())];
    assert_json_snapshot!(models(routes, 1_763_640_000), @r#"
    {
      "object": "list",
      "data": [
        {
          "id": "mairie",
          "object": "model",
          "created": 1763640000,
          "owned_by": "trousseau",
          "trousseau": {
            "places": [
              {
                "target": "gpu",
                "provider": "Mairie",
                "premises": "own",
                "region": "unknown",
                "open_weights": true
              }
            ]
          }
        },
        {
          "id": "libre",
          "object": "model",
          "created": 1763640000,
          "owned_by": "trousseau",
          "trousseau": {
            "places": []
          }
        }
      ]
    }
    "#);
}
