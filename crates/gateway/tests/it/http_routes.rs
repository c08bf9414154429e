//! What is answered beside the resources: methods, paths, headers, health and metrics.

use std::time::{Duration, Instant};

use serde_json::json;
use trousseau_gateway::service::Gateway;
use trousseau_http::{Metrics, Settings};
use trousseau_routing::{TargetLimits, Ticket};

use crate::scripted::Step;
use crate::stage::{self, Stage};
use crate::wired::{Wired, question, request, scripted, staged};

const ANSWER: &[Step] = &[Step::Say("À neuf heures."), Step::End];

#[tokio::test]
async fn keys_are_asked_for_and_forged_ones_refused() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let forged = format!("authorization: Bearer trs-{}", "A".repeat(43));
    let basic = format!("authorization: Basic {}", wired.key);
    for (header, code) in [
        ("x-nothing: 1", "invalid_api_key"),
        (forged.as_str(), "invalid_api_key"),
        (basic.as_str(), "invalid_api_key"),
        ("authorization: Bearer", "invalid_api_key"),
        ("authorization: Bearer \u{e9}", "invalid_api_key"),
    ] {
        let reply = wired.send(request("GET", "/v1/models", &[header], "")).await;
        assert_eq!((reply.status, reply.code().as_str()), (401, code), "{header}");
        assert!(reply.header("www-authenticate").is_some());
    }
}

#[tokio::test]
async fn other_methods_and_paths_are_refused_in_the_same_form() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    for (method, path, status, code) in [
        ("DELETE", "/v1/models", 405, "http-method"),
        ("GET", "/v1/chat/completions", 405, "http-method"),
        ("OPTIONS", "/v1/models", 405, "http-method"),
        ("BREW", "/v1/models", 405, "http-method"),
        ("POST", "/", 405, "http-method"),
        ("GET", "/login", 404, "http-not-found"),
        ("GET", "/assets/none.js", 404, "http-not-found"),
        ("GET", "/v1/models/", 404, "http-not-found"),
        ("GET", "/v1/../v1/models", 404, "http-not-found"),
        ("GET", "/v1/models/../../etc/passwd", 404, "http-not-found"),
        ("GET", "/v1/models/%2e%2e%2fmodels", 404, "model_not_found"),
        ("GET", "/v1/models/%ff", 400, "http-invalid"),
        ("GET", "//v1/models", 404, "http-not-found"),
    ] {
        let reply = wired.call(method, path, &[], "").await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (status, code),
            "{method} {path}"
        );
    }
    let reply = wired.call("PUT", "/v1/models", &[], "").await;
    assert_eq!(reply.header("allow"), Some("GET,HEAD"));
    let head = wired.call("HEAD", "/v1/models", &[], "").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_ne!(head.header("content-length"), Some("0"));
}

#[tokio::test]
async fn requests_carry_their_id_in_both_directions() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let given = wired
        .call("GET", "/v1/models", &["x-request-id: abc-1"], "")
        .await;
    assert_eq!(given.header("x-request-id"), Some("abc-1"));
    let made = wired.call("GET", "/v1/models", &["x-request-id: a b"], "").await;
    assert!(made.header("x-request-id").unwrap().starts_with("req_"));
    let reply = wired
        .call(
            "POST",
            "/v1/chat/completions",
            &["x-request-id: abc-2"],
            &question(false).to_string(),
        )
        .await;
    assert_eq!(reply.json()["id"], "chatcmpl-abc-2");
}

#[tokio::test]
async fn pages_of_other_origins_are_let_in_only_by_the_configuration() {
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("local", ANSWER)]).await;
    let settings = Settings {
        allowed_origins: vec!["https://intranet.example".to_owned()],
        base_path: "/trousseau".to_owned(),
        ..Settings::default()
    };
    let wired = Wired::start(&stage, gateway, settings).await;
    let allowed = "access-control-allow-origin";
    let known = "origin: https://intranet.example";
    let preflight = wired.send(request("OPTIONS", "/v1/models", &[known], "")).await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header(allowed), Some("https://intranet.example"));
    let reply = wired.call("GET", "/v1/models", &[known], "").await;
    assert_eq!(reply.header(allowed), Some("https://intranet.example"));
    let stranger = wired
        .call("GET", "/v1/models", &["origin: https://evil.example"], "")
        .await;
    assert_eq!((stranger.status, stranger.header(allowed)), (200, None));

    // The same server stands under a path of a reverse proxy.
    for (path, status) in [
        ("/trousseau/v1/models", 200),
        ("/trousseau/healthz", 200),
        ("/other/v1/models", 404),
    ] {
        assert_eq!(wired.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn readiness_tells_the_truth() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    assert_eq!(wired.get("/healthz").await.json(), json!({ "status": "alive" }));
    let ready = wired.get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["status"]), (200, &json!("ready")));

    // A folder stands where the checkpoint goes: what is asked next cannot be published.
    let checkpoint = stage.data().join("ledger/default/main/checkpoint");
    fs_err::remove_file(&checkpoint).unwrap();
    fs_err::create_dir_all(checkpoint.join("in the way")).unwrap();
    let _asked = wired.ask(&question(false)).await;
    let mut ready = wired.get("/readyz").await;
    for _ in 0..500 {
        if ready.status == 503 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        ready = wired.get("/readyz").await;
    }
    assert_eq!(
        (ready.status, &ready.json()["checks"]["ledger"]),
        (503, &json!("failing"))
    );
    assert_eq!(wired.get("/healthz").await.status, 200);
    fs_err::remove_dir_all(&checkpoint).unwrap();

    fs_err::rename(stage.data().join("records.sqlite"), stage.data().join("gone")).unwrap();
    let ready = wired.get("/readyz").await;
    assert_eq!(
        (ready.status, &ready.json()["checks"]["records"]),
        (503, &json!("failing"))
    );
    fs_err::rename(stage.data().join("gone"), stage.data().join("records.sqlite")).unwrap();

    wired.server.health.drain();
    let ready = wired.get("/readyz").await;
    assert_eq!(
        (ready.status, &ready.json()["checks"]["serving"]),
        (503, &json!("draining"))
    );
}

#[tokio::test]
async fn what_happened_is_counted() {
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("broken", &[Step::Fail]), ("local", ANSWER)]).await;
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    assert_eq!(wired.ask(&question(false)).await.status, 200);
    assert_eq!(wired.ask(&question(true)).await.status, 200);
    wired.get("/nowhere").await;
    let _running = known_target(&wired.server.gateway).await;
    let metrics = wired.get("/metrics").await;
    assert_eq!(
        metrics.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    for line in [
        r#"trousseau_requests_total{path="/v1/chat/completions",method="POST",status="200"} 2"#,
        r#"trousseau_requests_total{path="other",method="GET",status="404"} 1"#,
        r#"trousseau_request_duration_seconds_count{path="/v1/chat/completions"} 2"#,
        r#"trousseau_requests_in_flight 0"#,
        r#"trousseau_answers_total{route="documents",outcome="answered"} 2"#,
        r#"trousseau_answer_first_part_seconds_count{route="documents"} 2"#,
        r#"trousseau_tokens_total{route="documents",target="local",direction="output"} 4"#,
        r#"trousseau_decisions_total{class="internal",target="local"} 2"#,
        r#"trousseau_target_failures_total{target="broken",error="model-unavailable"} 2"#,
        r#"trousseau_target_breaker{target="asked",state="open"} 1"#,
        r#"trousseau_target_breaker{target="asked",state="closed"} 0"#,
        r#"trousseau_target_breaker{target="local",state="closed"} 1"#,
        r#"trousseau_target_calls{target="asked"} 1"#,
        r#"trousseau_target_latency_seconds{target="asked"} 0.25"#,
        r#"trousseau_ledger_entries 5"#,
        r#"trousseau_ledger_publish_failing 0"#,
        r#"trousseau_tasks{state="succeeded"} 1"#,
        r#"trousseau_tasks{state="failed"} 0"#,
        r#"trousseau_draining 0"#,
    ] {
        assert!(
            metrics.body.lines().any(|found| found == line),
            "{line} is not in\n{}",
            metrics.body
        );
    }
    for (name, _) in Metrics::all() {
        assert!(metrics.body.contains(name), "{name} is never told");
    }
}

/// Has the plan name a target `asked` that one call runs at, that answers after a quarter of a second, and whose check failed.
async fn known_target(gateway: &Gateway) -> Ticket {
    stage::change(gateway, |plan| plan.targets.push(stage::own("asked")));
    let (now, limits) = (Instant::now(), TargetLimits::default());
    let mut ticket = gateway.router.enter("asked", &limits, now).await.unwrap();
    ticket.first_byte(now + Duration::from_millis(250));
    gateway.router.checked("asked", false, now);
    ticket
}

#[test]
fn every_metric_is_documented() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let page = fs_err::read_to_string(page).unwrap();
    for (name, _) in Metrics::all() {
        assert!(
            page.contains(&format!("`{name}`")),
            "{name} is not in docs/metrics.md"
        );
    }
}
