//! Answers that are given again: to whom, for what, and how it is told. Over real sockets.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use trousseau_core::principal::{Role, Tenant};
use trousseau_gateway::service::Gateway;
use trousseau_gateway::settings::Bounds;
use trousseau_http::Settings;

use crate::desk::Desk;
use crate::scripted::{Scripted, Step};
use crate::stage::{self, Stage, all_of};
use crate::wired::{Reply, Wired, question, staged};

const ANSWER: &[Step] = &[
    Step::Think("Voyons."),
    Step::Say("À neuf "),
    Step::Say("heures [1]."),
    Step::Cite,
    Step::End,
];

/// A server over `main` and `other`, in this order, whose route keeps answers.
async fn keeping(stage: &Stage, script: &[Step]) -> (Wired, Vec<Arc<Scripted>>) {
    let (gateway, models) = staged(stage, &[("main", script), ("other", script)]).await;
    keep(&gateway);
    (Wired::start(stage, gateway, Settings::default()).await, models)
}

fn keep(gateway: &Gateway) {
    stage::change(gateway, |plan| {
        plan.settings.routes[0].cache = Some(Bounds {
            bytes: 1 << 20,
            age: Duration::from_secs(3600),
        });
    });
}

fn is_cached(reply: &Reply) -> bool {
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["trousseau"]["cached"].as_bool().unwrap()
}

fn index(reply: &Value, name: &str) -> usize {
    let entry = reply["trousseau"][name].as_str().unwrap();
    entry.rsplit('/').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_same_question_is_answered_again_as_an_answer_of_its_own() {
    let stage = Stage::new();
    let (wired, models) = keeping(&stage, ANSWER).await;
    let (first, second) = (
        wired.ask(&question(false)).await,
        wired.ask(&question(false)).await,
    );
    assert!(!is_cached(&first) && is_cached(&second));
    assert_eq!(models[0].calls().len(), 1);
    let (first, second) = (first.json(), second.json());
    let message = |answer: &Value| answer["choices"][0]["message"].clone();
    assert_eq!(message(&second), message(&first));
    assert_eq!(message(&second)["reasoning_content"], "Voyons.");
    assert_eq!(first["usage"]["total_tokens"], 5);
    assert_eq!(
        (&second["usage"]["total_tokens"], &second["usage"]["cached"]),
        (&json!(0), &json!(true))
    );

    // Its decision, its outcome with the answer that it repeats, its record.
    let entries = stage.entries(&Tenant::default());
    let decision = &entries[index(&second, "entry")];
    let outcome = &entries[index(&second, "outcome")];
    assert_eq!(decision["type"], "decision");
    assert!(index(&second, "entry") > index(&first, "outcome"));
    assert_eq!(
        (&outcome["state"], &outcome["target"]),
        (&json!("answered"), &json!("main"))
    );
    assert_eq!(outcome["repeats"], first["trousseau"]["entry"]);
    assert!(entries[index(&first, "outcome")].get("repeats").is_none());
    let record = |answer: &Value| format!("/api/records/{}", answer["trousseau"]["entry"].as_str().unwrap());
    let kept = wired.get(&record(&second)).await;
    assert_eq!(kept.status, 200, "{kept:?}");
    let kept = kept.json();
    assert!(kept.to_string().contains("À neuf heures [1]."), "{kept}");

    let told = wired.get("/metrics").await.body;
    assert!(
        told.contains("trousseau_answers_cached_total{route=\"documents\"} 1"),
        "{told}"
    );
    let tokens = "trousseau_tokens_total{route=\"documents\",target=\"main\",direction=\"input\"} 3";
    assert!(told.contains(tokens), "{told}");
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn a_stream_and_a_whole_answer_repeat_each_other() {
    let stage = Stage::new();
    let (wired, models) = keeping(&stage, ANSWER).await;
    let streamed = wired.ask(&question(true)).await;
    assert!(is_cached(&wired.ask(&question(false)).await));
    let again = wired.ask(&question(true)).await;
    assert_eq!(models[0].calls().len(), 1);
    let said = |reply: &Reply| {
        let events = reply.events();
        let (done, chunks) = events.split_last().unwrap();
        assert_eq!(*done, "[DONE]");
        let chunks = chunks
            .iter()
            .map(|chunk| serde_json::from_str::<Value>(chunk).unwrap());
        let chunks: Vec<Value> = chunks.collect();
        let deltas = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]);
        let text = |name: &str| {
            deltas
                .clone()
                .filter_map(|delta| delta[name].as_str())
                .collect::<String>()
        };
        (
            text("reasoning_content"),
            text("content"),
            chunks.last().unwrap()["choices"][0]["delta"]["annotations"].clone(),
            chunks.last().unwrap()["trousseau"]["cached"].clone(),
        )
    };
    let ((reasoning, text, annotations, cached), again) = (said(&streamed), said(&again));
    assert_eq!(
        (reasoning.as_str(), text.as_str(), &cached),
        ("Voyons.", "À neuf heures [1].", &json!(false))
    );
    assert_eq!(again, (reasoning, text, annotations, json!(true)));
}

#[tokio::test]
async fn whatever_is_other_is_asked_anew() {
    let stage = Stage::new();
    let (wired, models) = keeping(&stage, ANSWER).await;
    let mut calls = 0;
    let mut asked_anew = |reply: Reply, what: &str| {
        assert!(!is_cached(&reply), "{what}");
        calls += 1;
        assert_eq!(models[0].calls().len(), calls, "{what}");
    };
    asked_anew(wired.ask(&question(false)).await, "first");
    // Parameters, of those that are sent as text and of those that are not.
    for (name, value) in [
        ("temperature", json!(0.5)),
        ("temperature", json!(0)),
        ("max_tokens", json!(100)),
        ("seed", json!(7)),
        ("top_p", json!(0.5)),
        ("stop", json!(["\n"])),
        ("response_format", json!({ "type": "json_object" })),
        (
            "tools",
            json!([{ "type": "function", "function": { "name": "f" } }]),
        ),
    ] {
        let mut other = question(false);
        other[name] = value;
        asked_anew(wired.ask(&other).await, name);
        assert!(is_cached(&wired.ask(&other).await), "{name}");
    }
    let mut other = question(false);
    other["messages"] = json!([
        { "role": "system", "content": "Sois bref." },
        { "role": "user", "content": "Quand ouvre le guichet ?" },
    ]);
    asked_anew(wired.ask(&other).await, "messages");

    let body = question(false).to_string();
    let label = ["content-type: application/json", "x-trousseau-label: sensitive"];
    let labelled = async || wired.call("POST", "/v1/chat/completions", &label, &body).await;
    asked_anew(labelled().await, "label");
    assert!(is_cached(&labelled().await));

    // The same files in another tenant's hands.
    let elsewhere = stage::tenant("elsewhere");
    stage::ingest(&wired.server.gateway, &elsewhere, all_of(stage.files()))
        .await
        .unwrap();
    let desk = Desk::of(&wired, &elsewhere, "anne", Role::User, "restricted").await;
    asked_anew(
        desk.post("/v1/chat/completions", &question(false)).await,
        "tenant",
    );
    // Another person of the same tenant may read the same passages.
    let desk = Desk::user(&wired, "paul").await;
    assert!(is_cached(
        &desk.post("/v1/chat/completions", &question(false)).await
    ));
}

#[tokio::test]
async fn other_passages_are_another_answer() {
    let stage = Stage::new();
    let (wired, models) = keeping(&stage, ANSWER).await;
    wired.ask(&question(false)).await;
    assert!(is_cached(&wired.ask(&question(false)).await));
    stage.write("a.txt", "Le guichet ouvre à dix heures.\n");
    let (gateway, tenant) = (&wired.server.gateway, Tenant::default());
    stage::ingest(gateway, &tenant, all_of(stage.files()))
        .await
        .unwrap();
    assert!(!is_cached(&wired.ask(&question(false)).await), "another text");
    // The same text again, as a later version of the document.
    stage.write("a.txt", "Le guichet ouvre à neuf heures.\n");
    stage::ingest(gateway, &tenant, all_of(stage.files()))
        .await
        .unwrap();
    assert!(!is_cached(&wired.ask(&question(false)).await), "another version");
    assert_eq!(models[0].calls().len(), 3);
}

#[tokio::test]
async fn a_target_that_is_not_permitted_any_more_has_said_nothing() {
    let stage = Stage::new();
    let (wired, models) = keeping(&stage, ANSWER).await;
    wired.ask(&question(false)).await;
    assert!(is_cached(&wired.ask(&question(false)).await));
    // Nothing but the card changes: the plan's number and its digest stay.
    stage::change(&wired.server.gateway, |plan| {
        plan.targets[0] = stage::unknown("main");
    });
    let reply = wired.ask(&question(false)).await;
    assert!(!is_cached(&reply));
    assert_eq!(reply.json()["trousseau"]["decision"]["target"], "other");
    assert_eq!((models[0].calls().len(), models[1].calls().len()), (1, 1));
}

#[tokio::test]
async fn another_plan_begins_with_nothing() {
    let stage = Stage::new();
    let (wired, models) = keeping(&stage, ANSWER).await;
    wired.ask(&question(false)).await;
    let gateway = &wired.server.gateway;
    gateway.put(trousseau_plan::Plan::clone(&gateway.plan()));
    assert!(!is_cached(&wired.ask(&question(false)).await));
    assert_eq!(models[0].calls().len(), 2);
}

#[tokio::test]
async fn what_is_erased_is_not_given_again() {
    let stage = Stage::new();
    let (wired, models) = keeping(&stage, ANSWER).await;
    let desk = Desk::user(&wired, "paul").await;
    let first = desk.post("/v1/chat/completions", &question(false)).await.json();
    // Erasing what somebody else asked leaves it.
    let mut other = question(false);
    other["temperature"] = json!(1);
    let other = wired.ask(&other).await.json();
    let record = |answer: &Value| format!("/api/records/{}", answer["trousseau"]["entry"].as_str().unwrap());
    assert_eq!(wired.call("DELETE", &record(&other), &[], "").await.status, 200);
    assert!(is_cached(&wired.ask(&question(false)).await));
    assert_eq!(desk.delete(&record(&first)).await.status, 200);
    assert!(!is_cached(&wired.ask(&question(false)).await));
    assert_eq!(models[0].calls().len(), 3);
}

#[tokio::test]
async fn what_is_not_whole_is_not_kept() {
    for script in [&[Step::Say("À neuf "), Step::Fail][..], &[Step::Decline]] {
        let stage = Stage::new();
        let (wired, models) = keeping(&stage, script).await;
        for calls in 1..=2 {
            assert_ne!(wired.ask(&question(false)).await.status, 200);
            assert_eq!(models[0].calls().len(), calls);
        }
    }
}

#[tokio::test]
async fn what_is_to_be_forgotten_is_not_kept_and_off_is_off() {
    let stage = Stage::new();
    let (gateway, models) = staged(&stage, &[("main", ANSWER)]).await;
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    wired.ask(&question(false)).await;
    assert!(!is_cached(&wired.ask(&question(false)).await));
    keep(&wired.server.gateway);
    stage::change(&wired.server.gateway, |plan| plan.settings.forgets = true);
    wired.ask(&question(false)).await;
    assert!(!is_cached(&wired.ask(&question(false)).await));
    assert_eq!(models[0].calls().len(), 4);
}
