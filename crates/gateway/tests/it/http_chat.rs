//! `/v1/chat/completions` and `/v1/models` as OpenAI's clients see them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use trousseau_core::model::{ModelError, Phase};
use trousseau_core::principal::{Role, Tenant};
use trousseau_http::Settings;

use crate::scripted::Step;
use crate::stage::{Stage, unknown};
use crate::wired::{Wired, new_key, question, request, scripted, staged};

/// An answer in one piece.
const ANSWER: &[Step] = &[Step::Say("À neuf heures [1]."), Step::Cite, Step::End];

#[tokio::test]
async fn a_question_is_answered_with_its_proof() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let reply = wired.ask(&question(false)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = reply.json();
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["model"], "documents");
    assert_eq!(answer["choices"][0]["message"]["content"], "À neuf heures [1].");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    let annotations = &answer["choices"][0]["message"]["annotations"];
    assert_eq!(annotations[0]["filename"], "a.txt");
    assert_eq!(answer["usage"]["total_tokens"], 5);
    let trousseau = &answer["trousseau"];
    assert_eq!(trousseau["route"], "documents");
    assert_eq!(trousseau["decision"]["target"], "local");
    assert_eq!(trousseau["decision"]["permitted"], json!(["local"]));
    assert_eq!(trousseau["label"]["class"], "internal");
    assert_eq!(trousseau["citations"][0]["document"], annotations[0]["file_id"]);
    let entries = stage.entries(&Tenant::default());
    let proof = |name: &str| entries[index(&trousseau[name])].clone();
    assert_eq!(proof("entry")["type"], "decision");
    assert_eq!(proof("outcome")["state"], "answered");
    wired.end().await.close().await.unwrap();
}

/// The index of an entry's name.
fn index(entry: &Value) -> usize {
    entry
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_stream_ends_with_its_proof_and_done() {
    let stage = Stage::new();
    let script = [
        Step::Say("À neuf "),
        Step::Say("heures [1]."),
        Step::Cite,
        Step::End,
    ];
    let wired = scripted(&stage, &script).await;
    let mut asked = question(true);
    asked["stream_options"] = json!({ "include_usage": true });
    let reply = wired.ask(&asked).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(reply.whole);
    assert_eq!(reply.header("x-accel-buffering"), Some("no"));
    let events = reply.events();
    let (done, chunks) = events.split_last().unwrap();
    assert_eq!(*done, "[DONE]");
    let chunks: Vec<Value> = chunks
        .iter()
        .map(|chunk| serde_json::from_str(chunk).unwrap())
        .collect();
    let text: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(text, "À neuf heures [1].");
    let [.., last, usage] = chunks.as_slice() else {
        panic!("{chunks:?}")
    };
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!(last["trousseau"]["decision"]["target"], "local");
    assert_eq!(last["choices"][0]["delta"]["annotations"][0]["filename"], "a.txt");
    assert_eq!(
        (usage["choices"].clone(), &usage["usage"]["total_tokens"]),
        (json!([]), &json!(5))
    );
}

#[tokio::test]
async fn a_stream_that_breaks_ends_in_an_error_event() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[Step::Say("À neuf "), Step::Fail]).await;
    let reply = wired.ask(&question(true)).await;
    assert_eq!((reply.status, reply.whole), (200, true));
    assert!(reply.body.contains("\nevent: error\n"), "{}", reply.body);
    let events = reply.events();
    let error: Value = serde_json::from_str(events.last().unwrap()).unwrap();
    assert_eq!(error["error"]["code"], "gateway-broken");
    assert!(error["error"]["trousseau"]["entry"].is_string(), "{error}");
    assert!(!reply.body.contains("[DONE]") && !reply.body.contains("\"finish_reason\":\"stop\""));

    let reply = wired.ask(&question(false)).await;
    assert_eq!((reply.status, reply.code().as_str()), (502, "gateway-broken"));
}

#[tokio::test]
async fn what_fails_before_the_first_byte_is_told_by_its_status() {
    let rate_limited = Step::FailAs(|target| ModelError::RateLimited {
        target,
        retry_after: Some(17),
    });
    let timed_out = Step::FailAs(|target| ModelError::TimedOut {
        target,
        phase: Phase::FirstByte,
        limit_ms: 5,
    });
    let malformed = Step::FailAs(|target| ModelError::Malformed {
        target,
        reason: "HTML".to_owned(),
    });
    for (script, status, code, retry_after) in [
        (Step::Fail, 503, "gateway-exhausted", Some("5")),
        (rate_limited, 429, "rate_limit_exceeded", Some("17")),
        (timed_out, 504, "gateway-exhausted", Some("5")),
        (malformed, 502, "gateway-exhausted", Some("5")),
        (Step::Decline, 400, "gateway-declined", None),
    ] {
        for stream in [false, true] {
            // A target that wants to be left alone is not asked a second time.
            let stage = Stage::new();
            let wired = scripted(&stage, &[script]).await;
            let reply = wired.ask(&question(stream)).await;
            assert_eq!((reply.status, reply.code().as_str()), (status, code));
            assert_eq!(reply.header("retry-after"), retry_after, "{code}");
            assert!(reply.json()["error"]["trousseau"]["entry"].is_string());
        }
    }
}

#[tokio::test]
async fn a_refusal_of_the_policy_says_why() {
    let stage = Stage::new();
    let (gateway, models) = staged(&stage, &[("afar", ANSWER)]).await;
    crate::stage::change(&gateway, |plan| plan.targets = vec![unknown("afar")]);
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let reply = wired.ask(&question(true)).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "policy-denied"));
    let error = &reply.json()["error"];
    assert_eq!(error["message"], "fr policy-denied");
    let told = &error["trousseau"];
    assert_eq!(told["label"]["class"], "internal");
    assert_eq!(told["rejected"][0]["target"], "afar");
    let reason = &told["rejected"][0]["reasons"][0];
    assert_eq!(reason["code"], "inference-region-unknown");
    assert_eq!(reason["text"], "fr reason-inference-region-unknown");
    assert!(models[0].calls().is_empty());
}

#[tokio::test]
async fn a_stated_label_raises_and_never_lowers() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let class = async |header: &str, stated: Value| {
        let mut asked = question(false);
        asked["trousseau"] = json!({ "label": stated });
        let header = format!("x-trousseau-label: {header}");
        let reply = wired
            .call("POST", "/v1/chat/completions", &[&header], &asked.to_string())
            .await;
        reply.json()["trousseau"]["label"]["class"].clone()
    };
    assert_eq!(class("sensitive+health", Value::Null).await, "sensitive");
    assert_eq!(class("public", json!("restricted")).await, "restricted");
    assert_eq!(class("public", json!("public")).await, "internal");
    let reply = wired
        .call(
            "POST",
            "/v1/chat/completions",
            &["x-trousseau-label: secret"],
            &question(false).to_string(),
        )
        .await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "http-header"));
}

#[tokio::test]
async fn requests_that_are_wrong_are_refused_by_name() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let mut several = question(false);
    several["n"] = json!(2);
    let mut elsewhere = question(false);
    elsewhere["model"] = json!("gpt-4");
    let mut lost = question(false);
    lost["trousseau"] = json!({ "conversation": "none" });
    for (body, status, code, param) in [
        (json!("text"), 400, "wire-invalid", Value::Null),
        (
            json!({ "model": "documents" }),
            400,
            "wire-missing",
            json!("messages"),
        ),
        (several, 400, "wire-unsupported", json!("n")),
        (elsewhere, 404, "model_not_found", json!("model")),
        (lost, 404, "gateway-no-conversation", Value::Null),
    ] {
        let reply = wired.ask(&body).await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{reply:?}");
        assert_eq!(reply.json()["error"]["param"], param, "{reply:?}");
    }
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let reply = wired.call("POST", "/v1/chat/completions", &[], &deep).await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "wire-too-deep"));
}

#[tokio::test]
async fn a_client_that_hangs_up_stops_the_model_and_is_recorded() {
    for stream in [false, true] {
        let stage = Stage::new();
        let wired = scripted(&stage, &[Step::Say("À "), Step::Hang]).await;
        let body = question(stream).to_string();
        let key = format!("authorization: Bearer {}", wired.key);
        let mut socket = wired.connect().await;
        let bytes = request("POST", "/v1/chat/completions", &[&key], &body);
        socket.write_all(bytes.as_bytes()).await.unwrap();
        while stage.entries(&Tenant::default()).len() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        drop(socket);
        let state = outcome(&stage).await;
        assert_eq!(state, "cancelled", "stream: {stream}");
        wired.end().await.close().await.unwrap();
    }
}

/// How the one question ended, once it has.
async fn outcome(stage: &Stage) -> String {
    for _ in 0..1000 {
        let entries = stage.entries(&Tenant::default());
        if let Some(outcome) = entries.iter().find(|entry| entry["type"] == "outcome") {
            return outcome["state"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no outcome");
}

#[tokio::test]
async fn comments_are_sent_while_the_model_says_nothing() {
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("local", &[Step::Hang])]).await;
    let mut settings = Settings::default();
    settings.limits.quiet = Duration::from_millis(20);
    let wired = Wired::start(&stage, gateway, settings).await;
    let mut opened = wired.open_stream().await;
    opened.read_until(":\n\n").await;
    opened.read_until(":\n\n").await;
    wired.revoke_all().await;
    // The key is revoked in mid-stream.
    let rest = opened.read_until("invalid_api_key").await;
    assert!(rest.contains("event: error"), "{rest}");
    assert_eq!(outcome(&stage).await, "cancelled");
    assert_eq!(wired.ask(&question(false)).await.status, 401);
}

#[tokio::test]
async fn the_models_are_the_routes_that_the_caller_may_use() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let models = wired.get("/v1/models").await.json();
    assert_eq!(models["object"], "list");
    assert_eq!(models["data"][0]["id"], "documents");
    let one = wired.get("/v1/models/documents").await;
    assert_eq!((one.status, &one.json()["object"]), (200, &json!("model")));
    let none = wired.get("/v1/models/gpt-4").await;
    assert_eq!((none.status, none.code().as_str()), (404, "model_not_found"));

    let key = new_key(&wired.server, Role::User, |grants| {
        grants.routes = Some(["other".to_owned()].into());
    })
    .await;
    let key = format!("authorization: Bearer {key}");
    let reply = wired.send(request("GET", "/v1/models", &[&key], "")).await;
    assert_eq!(reply.json()["data"], json!([]));
    let body = question(false).to_string();
    let asked = request("POST", "/v1/chat/completions", &[&key], &body);
    let reply = wired.send(asked).await;
    assert_eq!((reply.status, reply.code().as_str()), (404, "model_not_found"));
}

#[tokio::test]
async fn errors_speak_the_callers_language() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    for (language, message, hint) in [
        ("accept-language: en-GB", "nothing is at /v2", "hint"),
        ("accept-language: de, fr;q=0.5", "fr http-not-found", "indice"),
        ("x-nothing: 1", "fr http-not-found", "indice"),
    ] {
        let reply = wired.call("GET", "/v2", &[language], "").await;
        let error = &reply.json()["error"];
        assert_eq!(error["message"], message, "{language}");
        assert_eq!(error["trousseau"]["hint"], hint);
        assert_eq!(
            error["trousseau"]["request_id"].as_str(),
            reply.header("x-request-id")
        );
    }
}
