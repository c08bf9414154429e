//! What administrators see of questions and targets: counts and states, no contents.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trousseau_http::Settings;
use trousseau_policy::card::Price;
use trousseau_routing::{Failure, TargetLimits};

use crate::desk::Desk;
use crate::scripted::{Scripted, Step};
use crate::stage::{Stage, cast, own, route, unknown};
use crate::wired::{Wired, question, staged};

const ANSWER: &[Step] = &[Step::Say("À neuf heures [1]."), Step::Cite, Step::End];

/// A server whose first target fails, and which has a route to where nothing may go.
async fn start(stage: &Stage) -> Wired {
    let (gateway, _) = staged(stage, &[("broken", &[Step::Fail]), ("local", ANSWER)]).await;
    crate::stage::change(&gateway, |plan| plan.targets.push(unknown("afar")));
    crate::stage::change(&gateway, |plan| {
        plan.settings.routes.push(route("outside", &["afar"]));
    });
    crate::stage::change(&gateway, |plan| {
        plan.settings.routes.push(route("failing", &["broken"]));
    });
    cast(&gateway, "afar", &Scripted::new("afar", stage.data(), ANSWER));
    assert_eq!(gateway.plan().targets[0].name, own("broken").name);
    Wired::start(stage, gateway, Settings::default()).await
}

async fn ask(wired: &Wired, route: &str) -> u16 {
    let mut asked = question(false);
    asked["model"] = route.into();
    wired.ask(&asked).await.status
}

#[tokio::test]
async fn questions_are_counted_by_day_route_and_target() {
    let stage = Stage::new();
    let wired = start(&stage).await;
    for (route, status) in [
        ("documents", 200),
        ("documents", 200),
        ("outside", 403),
        ("failing", 503),
    ] {
        assert_eq!(ask(&wired, route).await, status, "{route}");
    }
    let by_route = wired.get("/api/usage?by=route").await.json();
    let row = |key: &str| -> Value {
        let items = by_route["items"].as_array().unwrap();
        items.iter().find(|item| item["key"] == key).unwrap().clone()
    };
    assert_eq!(
        row("documents"),
        json!({
            "key": "documents", "questions": 2, "answered": 2, "abstained": 0, "refused": 0, "failed": 0,
            "cancelled": 0, "interrupted": 0, "prompt_tokens": 6, "completion_tokens": 4,
            "unpriced_tokens": 10, "costs": [],
        })
    );
    assert_eq!(
        (&row("outside")["refused"], &row("failing")["failed"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(by_route["items"][0]["key"], "documents");
    let by_day = wired.get("/api/usage").await.json();
    assert_eq!(by_day["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&by_day["items"][0]["questions"], &by_day["items"][0]["key"]),
        (&json!(4), &by_day["until"])
    );
    let by_target = wired.get("/api/usage?by=target").await.json();
    let keys: Vec<&Value> = by_target["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["key"])
        .collect();
    assert_eq!(keys, ["", "local"]);
    assert!(!by_day.to_string().contains("guichet"));
    let earlier = wired
        .get("/api/usage?since=2020-01-01&until=2020-01-31")
        .await
        .json();
    assert_eq!(earlier["items"], json!([]));
    for query in ["by=name", "since=hier", "since=2026-02-01&until=2026-01-01"] {
        let reply = wired.get(&format!("/api/usage?{query}")).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (400, "wire-invalid"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn an_answer_costs_what_its_place_cost_when_it_was_made() {
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("local", ANSWER)]).await;
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let priced = |input, output, currency: &str| {
        let price = Price {
            input,
            output,
            currency: currency.to_owned(),
        };
        crate::stage::change(&wired.server.gateway, |plan| {
            plan.targets[0].card.price = price.into();
        });
    };
    // Three tokens are read and two are written each time.
    assert_eq!(ask(&wired, "documents").await, 200);
    priced(1e6, 1e5, "EUR");
    assert_eq!(ask(&wired, "documents").await, 200);
    priced(2e6, 0.0, "EUR");
    assert_eq!(ask(&wired, "documents").await, 200);
    priced(1e6, 0.0, "USD");
    assert_eq!(ask(&wired, "documents").await, 200);
    let expected = json!([{ "currency": "EUR", "amount": 9.2 }, { "currency": "USD", "amount": 3.0 }]);
    for by in ["day", "route", "target", "user"] {
        let told = wired.get(&format!("/api/usage?by={by}")).await.json();
        let item = &told["items"][0];
        assert_eq!(
            (&item["costs"], &item["unpriced_tokens"]),
            (&expected, &json!(5)),
            "{told:#}"
        );
        assert_eq!(item["prompt_tokens"], 12);
    }
    let other = Desk::user(&wired, "bob").await;
    assert_eq!(other.get("/api/usage").await.status, 403);
    let mine = other.get("/api/usage/mine").await.json();
    assert_eq!(mine["items"], json!([]));
    let mine = wired.get("/api/usage/mine").await.json();
    assert_eq!(mine["items"][0]["costs"], expected);
    assert!(mine["since"].as_str().unwrap().ends_with("-01"), "{mine}");
}

#[tokio::test]
async fn what_a_target_has_to_do_and_whether_it_is_left_alone_is_shown() {
    let stage = Stage::new();
    let wired = start(&stage).await;
    let (router, now) = (&wired.server.gateway.router, Instant::now());
    let limits = TargetLimits::default();
    let mut running = router.enter("broken", &limits, now).await.unwrap();
    running.first_byte(now + Duration::from_millis(40));
    let asked = Failure::RateLimited {
        retry_after: Some(Duration::from_secs(1800)),
    };
    router
        .enter("broken", &limits, now)
        .await
        .unwrap()
        .fail(asked, now);
    router.checked("local", true, now);
    let listed = wired.get("/api/upstreams").await.json();
    let [broken, local] = [&listed["upstreams"][0], &listed["upstreams"][1]];
    assert_eq!(
        (&broken["breaker"], &broken["in_flight"]),
        (&json!("open"), &json!(1))
    );
    assert_eq!(
        (&broken["latency_ms"], &broken["queued"]),
        (&json!(40.0), &json!(0))
    );
    let seconds = broken["opens_in_seconds"].as_u64().unwrap();
    assert!((1..=1800).contains(&seconds), "{seconds}");
    assert_eq!(
        (&local["breaker"], &local["alive"]),
        (&json!("closed"), &json!(true))
    );
}

#[tokio::test]
async fn targets_are_shown_as_they_were_last_seen() {
    let stage = Stage::new();
    let wired = start(&stage).await;
    let states = async || -> Vec<String> {
        let listed = wired.get("/api/upstreams").await.json();
        let upstreams = listed["upstreams"].as_array().unwrap().iter();
        upstreams
            .map(|one| one["state"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(states().await, ["unseen", "unseen", "unseen"]);
    assert_eq!(ask(&wired, "documents").await, 200);
    assert_eq!(states().await, ["failing", "answering", "unseen"]);
    let listed = wired.get("/api/upstreams").await.json();
    let broken = &listed["upstreams"][0];
    assert_eq!(broken["last_failure"]["code"], "model-unavailable");
    assert_eq!(
        (&broken["routes"], &broken["last_success"]),
        (&json!(["documents", "failing"]), &Value::Null)
    );
    let afar = &listed["upstreams"][2]["classes"];
    assert_eq!(
        (&afar[0]["permitted"], &afar[4]["permitted"]),
        (&json!(true), &json!(false))
    );
    assert!(afar[4]["missing"][0]["remedy"].is_string(), "{afar}");
    assert_eq!(
        (
            &broken["breaker"],
            &broken["in_flight"],
            &broken["latency_ms"],
            &broken["alive"]
        ),
        (&json!("closed"), &json!(0), &Value::Null, &Value::Null)
    );
    // Under another configuration the same name may be another server.
    crate::stage::change(&wired.server.gateway, |_| {});
    assert_eq!(states().await, ["unseen", "unseen", "unseen"]);
}
