//! Answers that go on whether or not somebody listens.

use serde_json::{Value, json};
use trousseau_core::principal::{Role, Tenant};
use trousseau_http::Settings;

use crate::scripted::Step;
use crate::stage::Stage;
use crate::wired::{Reply, Wired, new_key, question, request, scripted, staged, until};

const SLOW: &[Step] = &[
    Step::Say("À "),
    Step::Wait,
    Step::Say("neuf "),
    Step::Say("heures [1]."),
    Step::Cite,
    Step::End,
];

/// Begins an answer; its id.
pub(crate) async fn begin(wired: &Wired, more: Value) -> String {
    let reply = try_begin(wired, more).await;
    assert_eq!(reply.status, 202, "{reply:?}");
    reply.json()["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn try_begin(wired: &Wired, more: Value) -> Reply {
    let mut body = question(false);
    body["trousseau"] = more;
    wired.call("POST", "/api/answers", &[], &body.to_string()).await
}

/// Listens to the end.
pub(crate) async fn listen(wired: &Wired, id: &str, headers: &[&str]) -> Reply {
    let path = format!("/api/answers/{id}/events");
    let reply = wired.call("GET", &path, headers, "").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(reply.whole, "{reply:?}");
    reply
}

fn numbers(body: &str) -> Vec<usize> {
    let lines = body.lines().filter_map(|line| line.strip_prefix("id: "));
    lines.map(|number| number.parse().unwrap()).collect()
}

fn text(events: &[(&str, Value)]) -> String {
    let pieces = events.iter().filter(|(name, _)| *name == "text");
    pieces.map(|(_, data)| data["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_reload_goes_on_at_the_very_event_and_two_listeners_hear_the_same() {
    let stage = Stage::new();
    let wired = scripted(&stage, SLOW).await;
    let id = begin(&wired, Value::Null).await;
    let path = format!("/api/answers/{id}/events");
    let key = format!("authorization: Bearer {}", wired.key);

    // The page is reloaded after the first piece.
    let mut torn = wired.open(&request("GET", &path, &[&key], "")).await;
    let before = torn.read_until("{\"text\":\"À \"}\n\n").await;
    drop(torn);
    let last = *numbers(&before).last().unwrap();
    let seen = format!("last-event-id: {last}");
    let headers = [seen.as_str()];
    let (rest, other) = tokio::join!(listen(&wired, &id, &headers), listen(&wired, &id, &[]));

    let (again, whole) = (rest.named_events(), other.named_events());
    let names: Vec<&str> = whole.iter().map(|(name, _)| *name).collect();
    assert_eq!(names[..3], ["state", "decided", "state"]);
    assert_eq!(names.last(), Some(&"end"));
    assert!(names.contains(&"citation"));
    assert_eq!(whole[0].1["state"], "searching");
    assert_eq!(whole[1].1["permitted"], json!(["local"]));
    assert_eq!(whole[2].1["state"], "waiting");
    assert_eq!(text(&whole), "À neuf heures [1].");
    assert_eq!(text(&again), "neuf heures [1].");
    assert_eq!(again.last(), whole.last());
    assert_eq!(numbers(&rest.body)[0].min(last + 1), last + 1);
    assert_eq!(numbers(&rest.body).last(), numbers(&other.body).last());
    let end = &whole.last().unwrap().1;
    assert_eq!(end["finish_reason"], "stop");
    assert_eq!(end["usage"]["total_tokens"], 5);
    assert_eq!(end["trousseau"]["decision"]["target"], "local");

    let after = format!("{path}?after={}", numbers(&other.body).last().unwrap());
    assert_eq!(wired.get(&after).await.status, 204);
    let wrong = wired.get(&format!("{path}?after=first")).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (400, "wire-invalid"));
}

#[tokio::test]
async fn an_answer_goes_on_when_nobody_listens() {
    let stage = Stage::new();
    let wired = scripted(&stage, SLOW).await;
    let conversation = wired.call("POST", "/api/conversations", &[], "").await.json();
    let conversation = conversation["id"].as_str().unwrap();
    let id = begin(&wired, json!({ "conversation": conversation })).await;
    let running = wired.get("/api/answers").await.json();
    assert_eq!(running["items"][0]["id"], id.as_str());
    assert_eq!(running["items"][0]["question"], "Quand ouvre le guichet ?");
    assert_eq!(running["items"][0]["conversation"], conversation);
    let others = wired.get("/api/answers?conversation=none").await.json();
    assert_eq!(others["items"], json!([]));
    until(async || wired.get("/api/answers").await.json()["items"] == json!([])).await;
    let kept = wired
        .get(&format!("/api/conversations/{conversation}"))
        .await
        .json();
    let record = &kept["records"]["items"][0];
    assert_eq!(record["answer"], "À neuf heures [1].");
    assert_eq!(
        (&record["citations"], &record["target"]),
        (&json!(1), &json!("local"))
    );
    assert_eq!(
        record["usage"],
        json!({ "prompt_tokens": 3, "completion_tokens": 2 })
    );
    assert_eq!(kept["conversation"]["records"], 1);
    assert_eq!(
        text(&listen(&wired, &id, &[]).await.named_events()),
        "À neuf heures [1]."
    );
}

#[tokio::test]
async fn an_answer_is_its_owners_alone() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[Step::Say("À "), Step::Hang]).await;
    let id = begin(&wired, Value::Null).await;
    let other = new_key(&wired.server, Role::User, |_| {}).await;
    let other = format!("authorization: Bearer {other}");
    for (method, path) in [
        ("GET", format!("/api/answers/{id}/events")),
        ("DELETE", format!("/api/answers/{id}")),
    ] {
        let reply = wired.send(request(method, &path, &[&other], "")).await;
        assert_eq!((reply.status, reply.code().as_str()), (404, "http-no-answer"));
    }
    let listed = wired.send(request("GET", "/api/answers", &[&other], "")).await;
    assert_eq!(listed.json()["items"], json!([]));
    assert_eq!(
        wired.get("/api/answers").await.json()["items"][0]["id"],
        id.as_str()
    );
}

#[tokio::test]
async fn a_key_that_is_revoked_ends_its_answers() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[Step::Say("À "), Step::Hang]).await;
    let id = begin(&wired, Value::Null).await;
    let key = format!("authorization: Bearer {}", wired.key);
    let path = format!("/api/answers/{id}/events");
    let mut heard = wired.open(&request("GET", &path, &[&key], "")).await;
    heard.read_until("\"À \"").await;
    wired.revoke_all().await;
    let end = heard.read_until("invalid_api_key").await;
    assert!(end.contains("event: error"), "{end}");
    until(async || states(&stage) == ["cancelled"]).await;
}

/// How the answers ended, as the ledger tells.
pub(crate) fn states(stage: &Stage) -> Vec<String> {
    let entries = stage.entries(&Tenant::default());
    let states = entries.iter().filter_map(|entry| entry["state"].as_str());
    states.map(str::to_owned).collect()
}

#[tokio::test]
async fn what_goes_wrong_is_told_as_the_last_event() {
    for (script, code) in [
        (&[Step::Say("À "), Step::Fail] as &[Step], "gateway-broken"),
        (&[Step::Fail], "gateway-exhausted"),
        (&[Step::Decline], "gateway-declined"),
    ] {
        let stage = Stage::new();
        let wired = scripted(&stage, script).await;
        let id = begin(&wired, Value::Null).await;
        let heard = listen(&wired, &id, &["accept-language: en"]).await;
        let events = heard.named_events();
        let (name, error) = events.last().unwrap();
        assert_eq!((*name, &error["error"]["code"]), ("error", &json!(code)));
        assert!(error["error"]["trousseau"]["entry"].is_string(), "{error}");
        let listed = wired.get("/api/records").await.json();
        let told = listed["items"][0]["refusal"].as_str().unwrap();
        assert!(told.starts_with("model-"), "{told}");
    }
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    let mut tools = question(false);
    tools["tools"] = json!([{ "type": "function", "function": { "name": "f" } }]);
    let mut nowhere = question(false);
    nowhere["trousseau"] = json!({ "conversation": "none" });
    for (body, status, code) in [
        (tools, 400, "wire-unsupported"),
        (nowhere, 404, "gateway-no-conversation"),
        (
            json!({ "model": "gpt-4", "messages": [{ "role": "user", "content": "?" }] }),
            404,
            "model_not_found",
        ),
    ] {
        let reply = wired.call("POST", "/api/answers", &[], &body.to_string()).await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code));
    }
    assert_eq!(wired.get("/api/answers").await.json()["items"], json!([]));
}

#[tokio::test]
async fn questions_branch_from_any_record_of_their_conversation() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[Step::Say("Oui."), Step::End]).await;
    let mut conversations = Vec::new();
    for _ in 0..2 {
        let begun = wired.call("POST", "/api/conversations", &[], "").await.json();
        conversations.push(begun["id"].as_str().unwrap().to_owned());
    }
    let mut entries: Vec<String> = Vec::new();
    for (conversation, parent) in [(0, None), (0, Some(0)), (0, Some(0)), (1, None)] {
        let parent: Option<&String> = parent.map(|at: usize| &entries[at]);
        let asked = json!({ "conversation": conversations[conversation], "parent": parent });
        let id = begin(&wired, asked).await;
        let heard = listen(&wired, &id, &[]).await;
        let end = heard.named_events().pop().unwrap().1;
        entries.push(end["trousseau"]["entry"].as_str().unwrap().to_owned());
    }
    let kept = wired
        .get(&format!("/api/conversations/{}", conversations[0]))
        .await
        .json();
    let parents: Vec<&Value> = kept["records"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| &record["parent"])
        .collect();
    assert_eq!(parents, [&Value::Null, &json!(entries[0]), &json!(entries[0])]);
    let record = wired.get(&format!("/api/records/{}", entries[1])).await.json();
    assert_eq!(record["parent"], json!(entries[0]));

    // A record of another conversation, and none at all.
    for parent in [&entries[3], "main/9999"] {
        let asked = json!({ "conversation": conversations[0], "parent": parent });
        let id = begin(&wired, asked.clone()).await;
        let error = listen(&wired, &id, &[]).await.named_events().pop().unwrap().1;
        assert_eq!(error["error"]["code"], "gateway-no-entry", "{parent}");
        let mut body = question(false);
        body["trousseau"] = asked;
        assert_eq!(wired.ask(&body).await.code(), "gateway-no-entry");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_and_answers_that_are_too_many_are_refused() {
    let stage = Stage::new();
    let long: &'static str = Box::leak("a".repeat(1 << 20).into_boxed_str());
    let wired = scripted(
        &stage,
        &[
            Step::Say(long),
            Step::Say(long),
            Step::Say(long),
            Step::Say(long),
            Step::Hang,
        ],
    )
    .await;
    let id = begin(&wired, Value::Null).await;
    let heard = listen(&wired, &id, &[]).await;
    let events = heard.named_events();
    assert_eq!(events.last().unwrap().1["error"]["code"], "http-long-answer");
    assert!(heard.body.len() < 5 << 20, "{}", heard.body.len());
    assert_eq!(states(&stage), ["cancelled"]);

    let stage = Stage::new();
    let wired = scripted(&stage, &[Step::Hang]).await;
    let mut ids = Vec::new();
    for _ in 0..8 {
        ids.push(begin(&wired, Value::Null).await);
    }
    let more = try_begin(&wired, Value::Null).await;
    assert_eq!(
        (more.status, more.code().as_str()),
        (429, "http-too-many-answers")
    );
    assert!(more.header("retry-after").is_some());
    let stopped = wired
        .call("DELETE", &format!("/api/answers/{}", ids[0]), &[], "")
        .await;
    assert_eq!(stopped.status, 204);
    listen(&wired, &ids[0], &[]).await;
    begin(&wired, Value::Null).await;
}

#[tokio::test]
async fn a_server_that_ends_lets_answers_end_and_stops_those_that_do_not() {
    for (script, drain, state) in [
        (SLOW, 20_000, "answered"),
        (&[Step::Say("À "), Step::Hang], 100, "cancelled"),
    ] {
        let stage = Stage::new();
        let (gateway, _) = staged(&stage, &[("local", script)]).await;
        let mut settings = Settings::default();
        settings.limits.drain = std::time::Duration::from_millis(drain);
        let wired = Wired::start(&stage, gateway, settings).await;
        begin(&wired, Value::Null).await;
        wired.end().await.close().await.unwrap();
        assert_eq!(states(&stage), [state]);
    }
}
