//! `/v1/messages` as Anthropic's clients see it.

use serde_json::{Value, json};
use trousseau_core::chat::Role;
use trousseau_http::Settings;

use crate::scripted::Step;
use crate::stage::{Stage, change, unknown};
use crate::wired::{Reply, Wired, request, scripted, staged};

const PATH: &str = "/v1/messages";
const ANSWER: &[Step] = &[
    Step::Think("Voyons."),
    Step::Say("À neuf "),
    Step::Say("heures [1]."),
    Step::Cite,
    Step::Call(0, "t1", "{\"ville\":"),
    Step::Call(0, "", "\"Lyon\"}"),
    Step::End,
];

fn asked(more: Value) -> Value {
    let mut asked = json!({
        "model": "documents",
        "max_tokens": 100,
        "messages": [{ "role": "user", "content": "Quand ouvre le guichet ?" }],
    });
    for (name, value) in more.as_object().unwrap() {
        asked[name] = value.clone();
    }
    asked
}

/// Sends it as Anthropic's client does.
async fn send(wired: &Wired, key: &str, body: &Value) -> Reply {
    let key = format!("x-api-key: {key}");
    let headers = [
        key.as_str(),
        "anthropic-version: 2023-06-01",
        "content-type: application/json",
    ];
    wired
        .send(request("POST", PATH, &headers, &body.to_string()))
        .await
}

/// The type of an error in Anthropic's form, and its code.
fn error(reply: &Reply) -> (u16, String, String) {
    let body = reply.json();
    assert_eq!(body["type"], "error", "{body}");
    assert!(
        body["error"]["message"].is_string() && body["request_id"].is_string(),
        "{body}"
    );
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let error = &body["error"];
    (
        reply.status,
        text(&error["type"]),
        text(&error["trousseau"]["code"]),
    )
}

#[tokio::test]
async fn a_message_is_whole_with_its_proof() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let reply = send(&wired, &wired.key, &asked(json!({}))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let message = reply.json();
    assert_eq!(
        (&message["type"], &message["role"]),
        (&json!("message"), &json!("assistant"))
    );
    let [thinking, text, call] = message["content"].as_array().unwrap().as_slice() else {
        panic!("{message}")
    };
    assert_eq!(thinking["thinking"], "Voyons.");
    assert_eq!(text["text"], "À neuf heures [1].");
    let cited = &text["citations"][0];
    assert_eq!(
        (&cited["type"], &cited["cited_text"]),
        (&json!("char_location"), &json!("Le guichet ouvre à neuf heures."))
    );
    assert_eq!(
        (&call["id"], &call["input"]),
        (&json!("t1"), &json!({ "ville": "Lyon" }))
    );
    assert_eq!(
        (&message["stop_reason"], &message["usage"]),
        (
            &json!("end_turn"),
            &json!({ "input_tokens": 3, "output_tokens": 2 })
        )
    );
    let entry = message["trousseau"]["entry"].as_str().unwrap();
    assert_eq!(message["id"], format!("msg_{}", entry.replace('/', "_")));
    assert_eq!(
        wired.get(&format!("/api/records/{entry}")).await.json()["answer"],
        "À neuf heures [1]."
    );
    // The key may come as everywhere else.
    assert_eq!(wired.post(PATH, &asked(json!({}))).await.status, 200);
}

#[tokio::test]
async fn events_come_in_order_and_the_proof_with_the_last() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let reply = send(&wired, &wired.key, &asked(json!({ "stream": true }))).await;
    let events = reply.named_events();
    let told = |(name, event): &(&str, Value)| {
        assert_eq!(event["type"], *name);
        let inner = event["delta"]["type"]
            .as_str()
            .or(event["content_block"]["type"].as_str());
        match (inner, event["index"].as_u64()) {
            (Some(inner), Some(index)) => format!("{name} {index} {inner}"),
            (None, Some(index)) => format!("{name} {index}"),
            _ => (*name).to_owned(),
        }
    };
    let expected = [
        "message_start",
        "content_block_start 0 thinking",
        "content_block_delta 0 thinking_delta",
        "content_block_stop 0",
        "content_block_start 1 text",
        "content_block_delta 1 text_delta",
        "content_block_delta 1 text_delta",
        "content_block_delta 1 citations_delta",
        "content_block_stop 1",
        "content_block_start 2 tool_use",
        "content_block_delta 2 input_json_delta",
        "content_block_stop 2",
        "message_delta",
        "message_stop",
    ];
    assert_eq!(events.iter().map(told).collect::<Vec<_>>(), expected);
    let (_, delta) = &events[12];
    assert_eq!(
        (&delta["delta"]["stop_reason"], &delta["usage"]["output_tokens"]),
        (&json!("end_turn"), &json!(2))
    );
    assert_eq!(events[13].1["trousseau"]["decision"]["target"], "local");
    assert_eq!(events[10].1["delta"]["partial_json"], "{\"ville\":\"Lyon\"}");
    assert!(
        events[0].1["message"]["id"]
            .as_str()
            .unwrap()
            .starts_with("msg_main_")
    );
}

#[tokio::test]
async fn a_message_that_is_cut_ends_in_an_error() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[Step::Say("À neuf "), Step::Fail]).await;
    let reply = send(&wired, &wired.key, &asked(json!({ "stream": true }))).await;
    assert!(reply.whole);
    let events = reply.named_events();
    let (name, last) = events.last().unwrap();
    assert_eq!((*name, &last["error"]["type"]), ("error", &json!("api_error")));
    assert_eq!(last["error"]["trousseau"]["code"], "gateway-broken");
    assert!(!reply.body.contains("message_stop"));
    let whole = send(&wired, &wired.key, &asked(json!({}))).await;
    assert_eq!(
        error(&whole),
        (502, "api_error".to_owned(), "gateway-broken".to_owned())
    );
}

#[tokio::test]
async fn errors_have_anthropics_form() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let key = wired.key.clone();
    for (key, more, expected) in [
        (
            "trs-inconnue",
            json!({}),
            (401, "authentication_error", "invalid_api_key"),
        ),
        (
            &key,
            json!({ "model": "x" }),
            (404, "not_found_error", "model_not_found"),
        ),
        (
            &key,
            json!({ "max_tokens": null }),
            (400, "invalid_request_error", "wire-missing"),
        ),
        (
            &key,
            json!({ "container": "c" }),
            (400, "invalid_request_error", "wire-unsupported"),
        ),
        (
            &key,
            json!({ "inference_geo": "us" }),
            (400, "invalid_request_error", "wire-unsupported"),
        ),
        (
            &key,
            json!({ "mcp_servers": [{}] }),
            (400, "invalid_request_error", "wire-unsupported"),
        ),
        (
            &key,
            json!({ "tools": [{ "type": "web_search_20250305", "name": "web_search" }] }),
            (400, "invalid_request_error", "wire-runs-elsewhere"),
        ),
        (
            &key,
            json!({ "messages": [{ "role": "assistant", "content": [{ "type": "redacted_thinking", "data": "x" }] }] }),
            (400, "invalid_request_error", "wire-unsupported"),
        ),
        (
            &key,
            json!({ "messages": [{ "role": "user", "content": [{ "type": "document", "source": { "type": "url", "url": "https://x" } }] }] }),
            (400, "invalid_request_error", "wire-unsupported"),
        ),
    ] {
        let (status, kind, code) = expected;
        let reply = send(&wired, key, &asked(more.clone())).await;
        assert_eq!(
            error(&reply),
            (status, kind.to_owned(), code.to_owned()),
            "{more}"
        );
    }
    // A key in that header opens nothing else.
    let elsewhere = wired
        .send(request("GET", "/v1/models", &[&format!("x-api-key: {key}")], ""))
        .await;
    assert_eq!(
        (elsewhere.status, elsewhere.code().as_str()),
        (401, "invalid_api_key")
    );
}

#[tokio::test]
async fn a_denial_tells_every_reason() {
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("afar", ANSWER)]).await;
    change(&gateway, |plan| plan.targets = vec![unknown("afar")]);
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let reply = send(&wired, &wired.key, &asked(json!({ "stream": true }))).await;
    assert_eq!(
        error(&reply),
        (403, "permission_error".to_owned(), "policy-denied".to_owned())
    );
    assert!(reply.json()["error"]["trousseau"]["rejected"][0]["reasons"][0]["text"].is_string());
}

#[tokio::test]
async fn blocks_become_the_messages_of_a_chat() {
    let stage = Stage::new();
    let (gateway, models) = staged(&stage, &[("local", &[Step::Say("Oui."), Step::End])]).await;
    change(&gateway, |plan| plan.settings.routes[0].grounded = false);
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let image =
        json!({ "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AA==" } });
    let more = json!({
        "system": [{ "type": "text", "text": "Sois bref.", "cache_control": { "type": "ephemeral" } }],
        "messages": [
            { "role": "user", "content": "Météo ?" },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "Un outil.", "signature": "s" },
                { "type": "text", "text": "Je regarde." },
                { "type": "tool_use", "id": "t1", "name": "meteo", "input": { "ville": "Lyon" } },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "t1", "content": [{ "type": "text", "text": "20" }], "is_error": false },
                { "type": "text", "text": "Et demain ?" }, image,
            ] },
        ],
        "stop_sequences": ["FIN"],
        "top_k": 5,
        "tools": [{ "name": "meteo", "description": "d", "input_schema": { "type": "object" } }],
        "tool_choice": { "type": "any", "disable_parallel_tool_use": true },
        "thinking": { "type": "enabled", "budget_tokens": 1024 },
    });
    assert_eq!(send(&wired, &wired.key, &asked(more)).await.status, 200);
    let request = models[0].calls()[0].request.clone();
    let roles: Vec<Role> = request.messages.iter().map(|message| message.role).collect();
    assert_eq!(
        roles,
        [Role::System, Role::User, Role::Assistant, Role::Tool, Role::User]
    );
    let [system, _, assistant, tool, user] = request.messages.as_slice() else {
        panic!("{roles:?}")
    };
    assert_eq!(system.content, "Sois bref.");
    assert_eq!(
        (assistant.content.as_str(), &assistant.extra["reasoning_content"]),
        ("Je regarde.", &json!("Un outil."))
    );
    assert_eq!(assistant.tool_calls[0].arguments, "{\"ville\":\"Lyon\"}");
    assert_eq!(
        (tool.content.as_str(), tool.tool_call_id.as_deref()),
        ("20", Some("t1"))
    );
    assert_eq!(user.parts[1]["image_url"]["url"], "data:image/png;base64,AA==");
    assert_eq!(
        (request.sampling.max_tokens, request.tools.choice.clone()),
        (Some(100), Some(json!("required")))
    );
    assert_eq!(
        (&request.extra["stop"], &request.extra["parallel_tool_calls"]),
        (&json!(["FIN"]), &json!(false))
    );
    assert_eq!(
        request.tools.definitions[0]["function"]["parameters"]["type"],
        "object"
    );
}
