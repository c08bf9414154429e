//! Who may spend what, over real HTTP: what is reserved, what is given back, what is told, and what goes on without its files.

use std::sync::Arc;

use serde_json::{Value, json};
use trousseau_core::principal::Tenant;
use trousseau_gateway::error::GatewayError;
use trousseau_http::Settings;
use trousseau_limits::{Allowance, Budget, Limit, Money, Period, Whose};
use trousseau_policy::card::Price;

use crate::desk::Desk;
use crate::scripted::{Scripted, Step};
use crate::stage::{self, Stage, cast, route, unknown};
use crate::wired::{Reply, Wired, question, staged, until};

const ANSWER: &[Step] = &[Step::Say("À neuf heures [1]."), Step::Cite, Step::End];

fn limit(name: &str, whose: Whose, each: bool, allowance: Allowance) -> Arc<Limit> {
    Arc::new(Limit {
        name: name.to_owned(),
        whose,
        each,
        allowance,
    })
}

fn requests(most: u64) -> Allowance {
    Allowance {
        requests_per_minute: Some(most),
        ..Allowance::default()
    }
}

fn budget(tokens: Option<u64>, money: Option<f64>) -> Allowance {
    Allowance {
        budget: Some(Budget {
            tokens,
            money: money.and_then(Money::of_units),
            currency: "EUR".to_owned(),
            per: Period::Month,
        }),
        ..Allowance::default()
    }
}

/// Has these limits count from now on.
fn limited(wired: &Wired, limits: Vec<Arc<Limit>>) {
    stage::change(&wired.server.gateway, |plan| {
        plan.settings.spending.limits = limits;
    });
}

/// A server with a target that answers, one that fails, and one that may see nothing.
async fn start(stage: &Stage) -> Wired {
    let scripts: [(&str, &[Step]); 3] = [
        ("local", ANSWER),
        ("broken", &[Step::Fail]),
        ("endless", &[Step::Say("À neuf heures"), Step::Hang]),
    ];
    let (gateway, _) = staged(stage, &scripts).await;
    stage::change(&gateway, |plan| {
        plan.targets.push(unknown("afar"));
        plan.settings.routes = [
            ("documents", "local"),
            ("failing", "broken"),
            ("endless", "endless"),
            ("outside", "afar"),
        ]
        .map(|(name, target)| route(name, &[target]))
        .into();
    });
    cast(&gateway, "afar", &Scripted::new("afar", stage.data(), ANSWER));
    Wired::start(stage, gateway, Settings::default()).await
}

async fn ask(desk: &Desk<'_>, route: &str) -> Reply {
    let mut asked = question(false);
    asked["model"] = route.into();
    desk.post("/v1/chat/completions", &asked).await
}

/// Used and reserved of a limit.
async fn used(desk: &Desk<'_>, limit: &str) -> (f64, f64) {
    let mine = desk.get("/api/usage/mine").await.json();
    let limits = mine["limits"].as_array().unwrap();
    let found = limits.iter().find(|standing| standing["limit"] == limit);
    let found = found.unwrap_or_else(|| panic!("{mine:#}"));
    (
        found["used"].as_f64().unwrap(),
        found["reserved"].as_f64().unwrap(),
    )
}

#[tokio::test]
async fn a_limit_of_requests_is_told_before_and_when_it_is_reached() {
    let stage = Stage::new();
    let wired = start(&stage).await;
    let anne = Desk::user(&wired, "anne").await;
    let free = ask(&anne, "documents").await;
    assert_eq!(
        (free.status, free.header("x-ratelimit-limit-requests")),
        (200, None)
    );

    let each = limit("each", Whose::Everyone, true, requests(2));
    let all = limit("all", Whose::Tenant(Tenant::default()), false, requests(100));
    limited(&wired, vec![all, each]);
    let first = ask(&anne, "documents").await;
    let told = |reply: &Reply| {
        ["limit", "remaining"].map(|what| {
            reply
                .header(&format!("x-ratelimit-{what}-requests"))
                .map(str::to_owned)
        })
    };
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(told(&first), [Some("2".to_owned()), Some("1".to_owned())]);
    assert!(
        first
            .header("x-ratelimit-reset-requests")
            .unwrap()
            .starts_with("1m")
    );
    // What no place may see is a request all the same.
    assert_eq!(ask(&anne, "outside").await.status, 403);

    let refused = ask(&anne, "documents").await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "limit-requests"));
    let body = refused.json();
    assert_eq!(body["error"]["type"], "rate_limit_exceeded");
    let reached = &body["error"]["trousseau"]["limit"];
    assert_eq!(
        (
            &reached["name"],
            &reached["each"],
            &reached["used"],
            &reached["most"]
        ),
        (&json!("each"), &json!(true), &json!(2.0), &json!(2.0))
    );
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    assert_eq!(told(&refused), [Some("2".to_owned()), Some("0".to_owned())]);
    assert_eq!(refused.header("x-should-retry"), None);

    // Another account has its own; without the limit nothing is counted against anybody.
    let bob = Desk::user(&wired, "bob").await;
    assert_eq!(ask(&bob, "documents").await.status, 200);
    limited(&wired, Vec::new());
    assert_eq!(ask(&anne, "documents").await.status, 200);
}

#[tokio::test]
async fn who_was_refused_is_in_the_ledger_once_for_an_account() {
    let stage = Stage::new();
    let wired = start(&stage).await;
    limited(&wired, vec![limit("each", Whose::Everyone, true, requests(1))]);
    let anne = Desk::user(&wired, "anne").await;
    assert_eq!(ask(&anne, "documents").await.status, 200);
    for _ in 0..5 {
        assert_eq!(ask(&anne, "documents").await.status, 429);
    }
    let gateway = &wired.server.gateway;
    gateway.record_turned().await.unwrap();
    gateway.record_turned().await.unwrap();
    let entries = stage.entries(&Tenant::default());
    let refused: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry["operation"] == "requests-refused")
        .collect();
    assert_eq!(refused.len(), 1, "{refused:#?}");
    assert_eq!(refused[0]["reasons"], json!({ "limit-requests": 5 }));
    let decisions = entries.iter().filter(|entry| entry["type"] == "decision");
    let actors: Vec<&Value> = decisions.map(|entry| &entry["actor"]).collect();
    assert_eq!(
        actors,
        [&refused[0]["account"]],
        "nothing was decided for those refused, who are the same"
    );
}

#[tokio::test]
async fn a_budget_counts_what_was_counted_and_nothing_for_what_failed() {
    let stage = Stage::new();
    let wired = start(&stage).await;
    let everyone = || Whose::Everyone;
    limited(
        &wired,
        vec![
            limit("tokens", everyone(), false, budget(Some(12), None)),
            limit("money", everyone(), false, budget(None, Some(100.0))),
        ],
    );
    stage::change(&wired.server.gateway, |plan| {
        let price = Price {
            input: 1e6,
            output: 2e6,
            currency: "EUR".to_owned(),
        };
        plan.targets[0].card.price = price.into();
    });
    let anne = Desk::administrator(&wired);
    for (route, status) in [("failing", 503), ("outside", 403)] {
        assert_eq!(ask(&anne, route).await.status, status, "{route}");
        assert_eq!(used(&anne, "tokens").await, (0.0, 0.0), "{route}");
    }
    // Three tokens are read and two are written each time.
    for (times, status) in [(1, 200), (2, 200), (3, 200)] {
        assert_eq!(ask(&anne, "documents").await.status, status);
        assert_eq!(used(&anne, "tokens").await, (5.0 * f64::from(times), 0.0));
        assert_eq!(used(&anne, "money").await, (7.0 * f64::from(times), 0.0));
    }
    let refused = ask(&anne, "documents").await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "limit-budget"));
    let body = refused.json();
    assert_eq!(body["error"]["type"], "insufficient_quota");
    assert_eq!(refused.header("x-should-retry"), Some("false"));
    assert_eq!(body["error"]["trousseau"]["limit"]["name"], "tokens");
    assert!(body["error"]["trousseau"]["limit"]["free"].is_string(), "{body}");
    let all = wired.get("/api/limits").await.json();
    let names: Vec<&Value> = all["limits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|limit| &limit["limit"])
        .collect();
    assert_eq!(names, ["tokens", "money"]);
    assert_eq!(all["limits"][1]["currency"], "EUR");
}

#[tokio::test]
async fn who_hangs_up_pays_for_what_came_and_an_answer_has_an_end() {
    let stage = Stage::new();
    let wired = start(&stage).await;
    limited(
        &wired,
        vec![limit(
            "tokens",
            Whose::Everyone,
            false,
            budget(Some(1_000_000), None),
        )],
    );
    let anne = Desk::administrator(&wired);
    let mut asked = question(true);
    asked["model"] = "endless".into();
    let key = format!("authorization: Bearer {}", wired.key);
    let request = crate::wired::request("POST", "/v1/chat/completions", &[&key], &asked.to_string());
    let mut stream = wired.open(&request).await;
    stream.read_until("heures").await;
    let (spent, reserved) = used(&anne, "tokens").await;
    assert_eq!(spent, 0.0);
    // An answer without an end is reserved as far as the configuration lets it go.
    assert!(reserved > 4096.0, "{reserved}");
    drop(stream);
    until(async || used(&anne, "tokens").await.1 == 0.0).await;
    let (spent, _) = used(&anne, "tokens").await;
    let written = "À neuf heures".len().div_ceil(3) as f64;
    assert!(written < spent && spent < 200.0, "{spent}");

    let model = Scripted::new("local", stage.data(), ANSWER);
    cast(&wired.server.gateway, "local", &model);
    assert_eq!(ask(&anne, "documents").await.status, 200);
    let mut short = question(false);
    short["max_tokens"] = 7.into();
    assert_eq!(anne.post("/v1/chat/completions", &short).await.status, 200);
    limited(&wired, Vec::new());
    assert_eq!(ask(&anne, "documents").await.status, 200);
    let ends: Vec<_> = model
        .calls()
        .iter()
        .map(|call| call.request.sampling.max_tokens)
        .collect();
    assert_eq!(ends, [Some(4096), Some(7), None]);
}

#[tokio::test]
async fn a_budget_of_money_sends_nothing_where_nobody_knows_the_price() {
    let stage = Stage::new();
    let wired = start(&stage).await;
    stage::change(&wired.server.gateway, |plan| {
        let network = plan
            .targets
            .iter_mut()
            .find(|target| target.name == "broken")
            .unwrap();
        network.card.price = Price {
            input: 1.0,
            output: 1.0,
            currency: "USD".to_owned(),
        }
        .into();
        plan.settings.routes[0].targets.push("broken".to_owned());
    });
    limited(
        &wired,
        vec![limit("money", Whose::Everyone, false, budget(None, Some(1.0)))],
    );
    let anne = Desk::administrator(&wired);
    let refused = ask(&anne, "documents").await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "limit-unpriced"));
    stage::change(&wired.server.gateway, |plan| {
        let rates = trousseau_limits::Rates {
            input: 1.0,
            output: 1.0,
        };
        plan.settings.spending.otherwise = Some(rates);
    });
    assert_eq!(ask(&anne, "documents").await.status, 200);
    assert_eq!(
        used(&anne, "money").await,
        (0.0, 0.0),
        "a model on own premises costs nothing"
    );
}

#[tokio::test]
async fn a_key_is_made_with_limits_and_keeps_them() {
    let stage = Stage::new();
    let wired = start(&stage).await;
    let administrator = Desk::administrator(&wired);
    let key = |limits: Value| json!({ "name": "portal", "grants": { "clearance": "restricted" }, "limits": limits });
    for (limits, status) in [
        (json!({ "requests_per_minute": 0 }), 400),
        (json!({ "budget": { "per": "day" } }), 400),
        (json!({ "requests_per_hour": 5 }), 400),
    ] {
        assert_eq!(
            administrator.post("/api/keys", &key(limits.clone())).await.status,
            status,
            "{limits}"
        );
    }
    let limits = json!({ "budget": { "tokens": 5, "currency": "EUR", "per": "month" } });
    let made = administrator.post("/api/keys", &key(limits.clone())).await.json();
    assert_eq!(made["key"]["limits"], limits, "{made:#}");
    let id = made["key"]["id"].as_str().unwrap().to_owned();
    let secret = made["secret"].as_str().unwrap().to_owned();
    let portal = Desk {
        wired: &wired,
        key: secret.clone(),
    };
    assert_eq!(ask(&portal, "documents").await.status, 200);
    assert_eq!(ask(&portal, "documents").await.code(), "limit-budget");
    assert_eq!(
        ask(&administrator, "documents").await.status,
        200,
        "it is that key's alone"
    );

    // It is so after a restart.
    let first = wired.key.clone();
    wired.end().await.close().await.unwrap();
    let wired = Wired::start(&stage, restarted(&stage).await, Settings::default()).await;
    let portal = Desk {
        wired: &wired,
        key: secret,
    };
    assert_eq!(ask(&portal, "documents").await.code(), "limit-budget");
    assert_eq!(used(&portal, &id).await, (5.0, 0.0));
    let administrator = Desk {
        wired: &wired,
        key: first,
    };
    assert_eq!(administrator.delete("/api/keys/portal").await.status, 200);
    let limits = administrator.get("/api/limits").await.json();
    assert_eq!(limits, json!({ "limits": [] }));
}

/// The gateway of before over the same folder, with a model that answers.
async fn restarted(stage: &Stage) -> trousseau_gateway::service::Gateway {
    let gateway = stage.open().await;
    cast(&gateway, "local", &Scripted::new("local", stage.data(), ANSWER));
    gateway
}

#[tokio::test]
async fn without_the_files_of_accounts_and_limits_keys_let_in_and_limits_hold() {
    let stage = Stage::new();
    let wired = start(&stage).await;
    limited(
        &wired,
        vec![limit("tokens", Whose::Everyone, false, budget(Some(14), None))],
    );
    let gateway = Arc::clone(&wired.server.gateway);
    let anne = Desk::user(&wired, "anne").await;
    assert_eq!(ask(&anne, "documents").await.status, 200);
    gateway.limits.fold((gateway.now)()).await.unwrap();
    let state = async || {
        let ready = wired.get("/readyz").await;
        let body = ready.json();
        let checks = ["accounts", "limits"].map(|part| body["checks"][part].as_str().unwrap().to_owned());
        (ready.status, body["status"].as_str().unwrap().to_owned(), checks)
    };
    let told = |status: &str, part: &str| (200, status.to_owned(), [part.to_owned(), part.to_owned()]);
    assert_eq!(state().await, told("ready", "ok"));
    // Gone for a while, without a restart.
    let files = ["accounts.sqlite", "limits.sqlite"].map(|name| stage.data().join(name));
    for file in &files {
        fs_err::rename(file, file.with_extension("away")).unwrap();
    }
    assert_eq!(state().await, told("degraded", "failing"));
    for file in &files {
        fs_err::rename(file.with_extension("away"), file).unwrap();
    }
    assert_eq!(state().await, told("ready", "ok"));
    for file in &files {
        let garbled = stage.root().join("garbled");
        fs_err::write(&garbled, "not a database\n".repeat(1000)).unwrap();
        fs_err::rename(&garbled, file).unwrap();
    }
    assert_eq!(state().await, told("degraded", "failing"));
    // Keys that were valid are, one that was not is not, and the budget goes on.
    assert_eq!(ask(&anne, "documents").await.status, 200);
    let stranger = Desk {
        wired: &wired,
        key: "trs-unknown".to_owned(),
    };
    assert_eq!(ask(&stranger, "documents").await.status, 401);
    assert_eq!(used(&anne, "tokens").await, (10.0, 0.0));
    assert_eq!(ask(&anne, "documents").await.status, 200);
    assert_eq!(ask(&anne, "documents").await.code(), "limit-budget");
}

#[tokio::test]
async fn a_limit_that_is_full_is_found_before_anything_is_searched() {
    let stage = Stage::new();
    let gateway = stage.open().await;
    stage::change(&gateway, |plan| {
        plan.settings.spending.limits = vec![limit("all", Whose::Everyone, false, requests(1))];
    });
    let model = Scripted::new("local", stage.data(), &[Step::Say("Oui."), Step::End]);
    cast(&gateway, "local", &model);
    let ask = async || {
        stage::ask(&gateway, &stage::operator(), stage::question("Quand ?"))
            .await
            .0
    };
    assert!(ask().await.is_ok());
    let GatewayError::Limited(refused) = ask().await.unwrap_err() else {
        panic!("it was let in");
    };
    assert_eq!((refused.name.as_str(), refused.used, refused.most), ("all", 1, 1));
    assert_eq!(model.calls().len(), 1);
    gateway.close().await.unwrap();
}
