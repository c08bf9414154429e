//! `docs/openapi.yaml` against the router, and against what a running server answers.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use trousseau_core::permit::Purpose;
use trousseau_core::principal::Role;
use trousseau_http::{Access, ROUTES, Settings};
use trousseau_policy::decide::Target;

use crate::openapi_document::Document;
use crate::openapi_parts::{kept_responses, withdrawals};
use crate::scripted::{Scripted, Step};
use crate::stage::{Stage, cast, own, route, unknown};
use crate::vectors::{add_measure, add_route};
use crate::wired::{Reply, Wired, new_key, request, staged};

const ANSWER: &[Step] = &[Step::Say("À neuf heures [1]."), Step::Cite, Step::End];
const PASSWORD: &str = "une phrase assez longue";
const JSON: &str = "content-type: application/json";

/// Operations whose success needs an identity provider, which `accounts_oidc` has, or the page's own files, as `page`. What
/// is for a provider, under `scim`, is held against the document in `accounts_scim`.
const ELSEWHERE: [&str; 3] = ["departToProvider", "arriveFromProvider", "getAsset"];

#[test]
fn the_document_names_what_can_be_called_and_nothing_else() {
    let document = Document::read();
    let documented: BTreeSet<(String, &str)> = document
        .operations()
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let routes: BTreeSet<(String, &str)> = ROUTES
        .iter()
        .map(|route| (route.method.to_string(), route.path))
        .collect();
    assert_eq!(documented, routes);
}

#[test]
fn the_document_says_what_needs_no_key() {
    let document = Document::read();
    for (method, path, operation) in document.operations() {
        let route = ROUTES
            .iter()
            .find(|route| route.method.as_str() == method && route.path == path);
        let public = route.unwrap().access == Access::Public;
        let open = operation["security"] == json!([]);
        assert_eq!(open, public, "{method} {path}");
        let role = matches!(route.unwrap().access, Access::Roles(_));
        let told = operation["description"]
            .as_str()
            .is_some_and(|text| text.starts_with("For "));
        assert_eq!(told, role, "{method} {path}");
        let refuses = operation["responses"]["401"].is_object();
        assert!(public || refuses, "{method} {path}");
    }
}

/// Calls a server and holds what it answers against the document.
pub(crate) struct Tour {
    wired: Wired,
    document: Document,
    faults: Vec<String>,
    /// The operations that were answered as asked.
    seen: BTreeSet<String>,
}

impl Tour {
    /// `call` is `METHOD /path/{name}`; `places` go into the braces and behind the path.
    pub(crate) async fn call(&mut self, call: &str, places: &[&str], headers: &[&str], body: &str) -> Reply {
        let (method, template) = call.split_once(' ').unwrap();
        let mut path = template.to_owned();
        let mut query = String::new();
        for place in places {
            match path.split_once('{') {
                Some((before, rest)) => {
                    let (_, after) = rest.split_once('}').unwrap();
                    path = format!("{before}{place}{after}");
                }
                None => query = format!("?{place}"),
            }
        }
        let own = headers
            .iter()
            .any(|header| header.starts_with("authorization") || header.starts_with("cookie"));
        let key = format!("authorization: Bearer {}", self.wired.key);
        let mut headers = headers.to_vec();
        if !own {
            headers.push(&key);
        }
        let reply = self
            .wired
            .send(request(method, &format!("{path}{query}"), &headers, body))
            .await;
        let operations = self.document.operations();
        let found = operations
            .iter()
            .find(|(known, path, _)| known == method && *path == template);
        let (_, _, operation) = found.unwrap_or_else(|| panic!("{call} is not documented"));
        let found = self.document.faults(operation, &reply);
        if reply.status < 300 {
            self.seen
                .insert(operation["operationId"].as_str().unwrap().to_owned());
        }
        let found = found
            .into_iter()
            .map(|fault| format!("{call} {}: {fault}", reply.status));
        self.faults.extend(found);
        reply
    }

    /// The same with JSON, answered with this status.
    pub(crate) async fn post(&mut self, call: &str, places: &[&str], body: &Value, status: u16) -> Value {
        let reply = self.call(call, places, &[JSON], &body.to_string()).await;
        assert_eq!(reply.status, status, "{call}: {reply:?}");
        reply.json()
    }

    /// A request without a body, answered as asked.
    pub(crate) async fn get(&mut self, call: &str, places: &[&str]) -> Value {
        let reply = self.call(call, places, &[], "").await;
        assert_eq!(reply.status, 200, "{call}: {reply:?}");
        reply.json()
    }

    async fn ask(&mut self, model: &str, more: Value, status: u16) -> Reply {
        let mut body = json!({
            "model": model,
            "messages": [{ "role": "user", "content": "Quand ouvre le guichet ?" }],
        });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let reply = self
            .call("POST /v1/chat/completions", &[], &[JSON], &body.to_string())
            .await;
        assert_eq!(reply.status, status, "{reply:?}");
        reply
    }
}

/// A server with routes that answer, fail and refuse.
async fn tour(stage: &Stage) -> Tour {
    let (gateway, _) = staged(stage, &[("local", ANSWER)]).await;
    for (name, script, target) in [
        ("failing", [Step::Fail], own("broken")),
        ("outside", [Step::End], unknown("stranger")),
    ] {
        let target_name = target.name.clone();
        cast(
            &gateway,
            &target_name,
            &Scripted::new(&target_name, stage.data(), &script),
        );
        let target = Target {
            serves: vec![Purpose::Chat],
            ..target
        };
        crate::stage::change(&gateway, |plan| plan.targets.push(target));
        crate::stage::change(&gateway, |plan| {
            plan.settings.routes.push(route(name, &[&target_name]));
        });
    }
    add_measure(stage, &gateway, "vecteurs", None);
    add_route(&gateway, "mesures", &["vecteurs"]);
    let logo = stage.files().join("logo.svg");
    fs_err::write(&logo, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
    let mut settings = Settings::default();
    settings.page.logo = Some(logo);
    Tour {
        wired: Wired::start(stage, gateway, settings).await,
        document: Document::read(),
        faults: Vec::new(),
        seen: BTreeSet::new(),
    }
}

#[tokio::test]
async fn what_a_server_answers_is_documented() {
    let stage = Stage::new();
    let mut tour = tour(&stage).await;
    page(&mut tour).await;
    live(&mut tour).await;
    other_forms(&mut tour).await;
    kept_responses(&mut tour).await;
    tour.get("GET /v1/models", &[]).await;
    tour.get("GET /v1/models/{model}", &["documents"]).await;
    answers_and_records(&mut tour).await;
    files(&mut tour).await;
    accounts(&mut tour).await;
    refusals(&mut tour).await;
    tour.get("GET /api/collections", &[]).await;
    let new = json!({ "title": "Marchés", "readers": ["group:achats"] });
    let made = tour.post("POST /api/collections", &[], &new, 201).await;
    let change = json!({ "readers": ["*"] });
    let id = made["id"].as_str().unwrap();
    tour.post("PATCH /api/collections/{collection}", &[id], &change, 200)
        .await;
    tour.get("GET /api/upstreams", &[]).await;
    configuration(&mut tour).await;
    withdrawals(&mut tour).await;
    tour.get("GET /api/usage", &["by=target"]).await;
    tour.get("GET /api/usage/mine", &[]).await;
    tour.get("GET /api/limits", &[]).await;
    tour.get("GET /api/tasks", &["state=succeeded"]).await;
    tour.call("GET /metrics", &[], &[], "").await;
    tour.get("GET /healthz", &[]).await;
    tour.get("GET /readyz", &[]).await;
    tour.wired.server.health.drain();
    assert_eq!(tour.call("GET /readyz", &[], &[], "").await.status, 503);

    assert!(tour.faults.is_empty(), "{:#?}", tour.faults);
    let operations = tour.document.operations();
    let unseen: Vec<&str> = operations
        .iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap())
        .filter(|name| !tour.seen.contains(*name) && !ELSEWHERE.contains(name) && !name.starts_with("scim"))
        .collect();
    assert!(unseen.is_empty(), "never answered: {unseen:?}");
}

/// What is called when the configuration of the server can change: its forms, and what is refused of them.
async fn configuration(tour: &mut Tour) {
    let new = json!({ "name": "vllm", "url": "http://127.0.0.1:1/v1", "model": "m", "key": "sk-x" });
    tour.post("POST /api/upstreams/try", &[], &new, 200).await;
    tour.post("POST /api/upstreams", &[], &new, 201).await;
    let other = json!({ "name": "read-only", "url": "http://127.0.0.1:1/v1", "model": "m" });
    tour.post("POST /api/upstreams/try", &[], &other, 200).await;
    tour.post("POST /api/upstreams", &[], &other, 200).await;
    for (field, wrong) in [
        ("name", "Two Words"),
        ("url", "a\nb"),
        ("key", "sk two"),
        ("more", "x"),
    ] {
        let mut new = other.clone();
        new[field] = wrong.into();
        let refused = tour.post("POST /api/upstreams", &[], &new, 400).await;
        assert!(!refused.to_string().contains("sk two"), "{refused}");
    }
    tour.post("POST /api/configuration/reload", &[], &json!({}), 200)
        .await;
}

async fn page(tour: &mut Tour) {
    let index = tour.call("GET /", &[], &[], "").await;
    assert_eq!(index.status, 200, "{index:?}");
    tour.call("GET /assets/{file}", &["none.js"], &[], "").await;
    tour.get("GET /api/page", &[]).await;
    tour.call("GET /api/page/logo", &[], &[], "").await;
}

async fn live(tour: &mut Tour) {
    let events = "GET /api/answers/{answer}/events";
    for (model, last) in [("documents", "end"), ("outside", "error"), ("failing", "error")] {
        let begun = tour
            .post("POST /api/answers", &[], &json!({ "model": model, "messages": [{ "role": "user", "content": "Quand ouvre le guichet ?" }] }), 202)
            .await;
        let id = begun["id"].as_str().unwrap();
        let heard = tour.call(events, &[id, "after=0"], &[], "").await;
        let (name, _) = heard.named_events().pop().unwrap();
        assert_eq!(name, last, "{model}: {heard:?}");
        let last = heard
            .body
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("id: "))
            .unwrap();
        let after = format!("after={last}");
        assert_eq!(tour.call(events, &[id, &after], &[], "").await.status, 204);
        assert_eq!(
            tour.call("DELETE /api/answers/{answer}", &[id], &[], "")
                .await
                .status,
            204
        );
    }
    tour.get("GET /api/answers", &["conversation=none"]).await;
    tour.call(events, &["none"], &[], "").await;
}

/// The other forms of a question, whole, as a stream, refused and failed.
async fn other_forms(tour: &mut Tour) {
    let question = "Quand ouvre le guichet ?";
    let said = json!([{ "role": "user", "content": question }]);
    for (call, asked) in [
        ("POST /v1/responses", json!({ "input": question })),
        ("POST /v1/messages", json!({ "messages": said, "max_tokens": 9 })),
        ("POST /v1/completions", json!({ "prompt": question })),
        ("POST /v1/embeddings", json!({ "input": [question] })),
        (
            "POST /v1/rerank",
            json!({ "query": question, "documents": ["a", "b"] }),
        ),
    ] {
        let mut asked = asked;
        let words = !call.ends_with("embeddings") && !call.ends_with("rerank");
        for (model, status) in [
            (if words { "documents" } else { "mesures" }, 200),
            ("outside", 403),
            ("failing", if words { 503 } else { 403 }),
            ("nowhere", 404),
        ] {
            asked["model"] = model.into();
            tour.post(call, &[], &asked, status).await;
        }
        asked["model"] = "documents".into();
        if words {
            asked["stream"] = true.into();
            let reply = tour.call(call, &[], &[JSON], &asked.to_string()).await;
            assert!(reply.status == 200 && reply.events().len() > 2, "{reply:?}");
        }
        asked["trousseau"] = 7.into();
        tour.post(call, &[], &asked, 400).await;
    }
}

async fn answers_and_records(tour: &mut Tour) {
    let begun = tour.post("POST /api/conversations", &[], &json!({}), 201).await;
    let conversation = begun["id"].as_str().unwrap();
    let more = json!({ "trousseau": { "conversation": conversation, "label": "personal+minor" } });
    let answer = tour.ask("documents", more, 200).await.json();
    assert!(answer["trousseau"]["citations"][0].is_object(), "{answer}");
    let stream = json!({ "stream": true, "stream_options": { "include_usage": true } });
    assert!(tour.ask("documents", stream, 200).await.events().len() > 2);
    let entry = answer["trousseau"]["entry"].as_str().unwrap();
    let (replica, index) = entry.split_once('/').unwrap();
    let rating = json!({ "entry": entry, "rating": "up", "comment": "Merci." });
    tour.post("POST /api/feedback", &[], &rating, 200).await;

    tour.get("GET /api/conversations", &["q=guichet"]).await;
    let shown = tour
        .get("GET /api/conversations/{conversation}", &[conversation])
        .await;
    assert!(shown["records"]["items"][0].is_object(), "{shown}");
    let title = json!({ "title": "Horaires" });
    tour.post(
        "PATCH /api/conversations/{conversation}",
        &[conversation],
        &title,
        200,
    )
    .await;
    let listed = tour.get("GET /api/records", &["limit=5"]).await;
    assert!(listed["items"][1].is_object(), "{listed}");
    tour.get("GET /api/records/{replica}/{entry}", &[replica, index])
        .await;

    proofs(tour, replica, index).await;
    let officer = new_key(&tour.wired.server, Role::DataProtectionOfficer, |_| {}).await;
    let officer = format!("authorization: Bearer {officer}");
    let metadata = tour
        .call("GET /api/records/metadata", &[], &[&officer], "")
        .await
        .json();
    assert!(metadata["items"][0].is_object(), "{metadata}");
    let access = "POST /api/records/{replica}/{entry}/access";
    let reason = json!({ "reason": "Demande d'accès" }).to_string();
    let read = tour
        .call(access, &[replica, index], &[&officer, JSON], &reason)
        .await;
    assert_eq!(read.status, 200, "{read:?}");
    tour.get("DELETE /api/feedback/{replica}/{entry}", &[replica, index])
        .await;
    tour.get("DELETE /api/records/{replica}/{entry}", &[replica, index])
        .await;
    tour.get("DELETE /api/conversations/{conversation}", &[conversation])
        .await;
}

/// What an answer stands on, and what proves it.
async fn proofs(tour: &mut Tour, replica: &str, index: &str) {
    let record = "/api/records/{replica}/{entry}";
    let places = [replica, index, "1"];
    let cited = tour
        .get(&format!("GET {record}/citations/{{number}}"), &places)
        .await;
    assert_eq!(cited["state"], "current", "{cited}");
    let document = cited["document"].as_str().unwrap();
    tour.get("GET /api/documents/{document}", &[document, "start=3"])
        .await;
    tour.get(&format!("GET {record}/proof"), &[replica, index]).await;
    tour.call(&format!("GET {record}/proof/file"), &[replica, index], &[], "")
        .await;
    tour.get("GET /api/ledger", &[]).await;
    tour.get("GET /api/ledger/entries", &["limit=3"]).await;
    let entry = "/api/ledger/entries/{replica}/{entry}";
    tour.get(&format!("GET {entry}"), &[replica, index]).await;
    tour.call(&format!("GET {entry}/proof"), &[replica, index], &[], "")
        .await;
    tour.post("POST /api/ledger/verify", &[], &json!({}), 200).await;
    let text = json!({ "text": "Écrire à anne@montclair.example", "label": "personal" });
    tour.post("POST /api/explain", &[], &text, 200).await;
}

async fn files(tour: &mut Tour) {
    let form = "--b\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nassistants\r\n\
        --b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"piscine.txt\"\r\n\r\n\
        La piscine ferme en août.\n\r\n--b--\r\n";
    let kind = "content-type: multipart/form-data; boundary=b";
    let file = tour.call("POST /v1/files", &[], &[kind], form).await.json();
    let file = file["id"].as_str().unwrap();
    tour.get("GET /v1/files", &["purpose=assistants"]).await;
    tour.get("GET /v1/files/{file}", &[file]).await;
    tour.call("GET /v1/files/{file}/content", &[file], &[], "").await;

    let new = json!({ "name": "sport", "metadata": { "service": "sport" } });
    let store = tour.post("POST /v1/vector_stores", &[], &new, 200).await;
    let store = store["id"].as_str().unwrap();
    tour.get("GET /v1/vector_stores", &["order=asc"]).await;
    let one = "/v1/vector_stores/{store}";
    let change = json!({ "name": "Sport" });
    tour.post(&format!("POST {one}"), &[store], &change, 200).await;
    let attachment = json!({ "file_id": file, "attributes": { "lieu": "Montclair" } });
    tour.post(&format!("POST {one}/files"), &[store], &attachment, 200)
        .await;
    taken_in(tour, store, file).await;
    tour.get(&format!("GET {one}"), &[store]).await;
    tour.get(&format!("GET {one}/files"), &[store, "filter=completed"])
        .await;
    let change = json!({ "attributes": { "lieu": "Montclair", "places": 25 } });
    tour.post(
        &format!("POST {one}/files/{{file}}"),
        &[store, file],
        &change,
        200,
    )
    .await;
    tour.get(&format!("GET {one}/files/{{file}}/content"), &[store, file])
        .await;
    let search = json!({ "query": "fermeture de la piscine" });
    let found = tour
        .post(&format!("POST {one}/search"), &[store], &search, 200)
        .await;
    assert!(found["data"][0].is_object(), "{found}");
    tour.get(&format!("DELETE {one}/files/{{file}}"), &[store, file])
        .await;

    let files = json!({ "files": [{ "file_id": file }] });
    let batches = format!("POST {one}/file_batches");
    let batch = tour.post(&batches, &[store], &files, 200).await;
    let batch = batch["id"].as_str().unwrap();
    taken_in(tour, store, file).await;
    tour.get(&format!("GET {one}/file_batches/{{batch}}"), &[store, batch])
        .await;
    let files = format!("GET {one}/file_batches/{{batch}}/files");
    tour.get(&files, &[store, batch]).await;
    tour.get(&format!("DELETE {one}"), &[store]).await;
    tour.get("DELETE /v1/files/{file}", &[file]).await;
}

/// Waits until a file is taken in.
async fn taken_in(tour: &mut Tour, store: &str, file: &str) {
    for _ in 0..500 {
        let shown = tour
            .get("GET /v1/vector_stores/{store}/files/{file}", &[store, file])
            .await;
        if shown["status"] == "completed" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{file} is not taken in");
}

async fn accounts(tour: &mut Tour) {
    let new = json!({ "name": "cle", "grants": { "role": "auditor" }, "expires": "2999-01-01T00:00:00Z" });
    let made = tour.post("POST /api/keys", &[], &new, 201).await;
    tour.get("GET /api/keys", &[]).await;
    let id = made["key"]["id"].as_str().unwrap();
    tour.get("DELETE /api/keys/{key}", &[id]).await;

    let new = json!({ "name": "anne", "display": "Anne", "grants": { "groups": ["mairie"], "routes": ["documents"] } });
    let made = tour.post("POST /api/users", &[], &new, 201).await;
    let first = json!({ "token": made["link"]["token"], "password": PASSWORD });
    tour.post("POST /api/auth/first", &[], &first, 200).await;
    tour.post("POST /api/users/{user}/link", &["anne"], &json!({}), 201)
        .await;
    let change = json!({ "grants": { "clearance": "internal", "label_floor": { "class": "internal", "tags": ["minor"] } } });
    tour.post("PATCH /api/users/{user}", &["anne"], &change, 200)
        .await;
    tour.get("GET /api/users", &[]).await;

    change_password(tour).await;

    let key = tour.get("GET /api/auth/session", &[]).await;
    assert!(key["csrf"].is_null(), "{key}");
    for (end, everywhere) in [
        ("POST /api/auth/logout", false),
        ("POST /api/auth/logout-everywhere", true),
    ] {
        let login = json!({ "name": "anne", "password": PASSWORD }).to_string();
        let reply = tour.call("POST /api/auth/login", &[], &[JSON], &login).await;
        let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap();
        let cookie = format!("cookie: {cookie}");
        let session = tour.call("GET /api/auth/session", &[], &[&cookie], "").await;
        let csrf = format!("x-csrf-token: {}", session.json()["csrf"].as_str().unwrap());
        assert_eq!(tour.call(end, &[], &[&cookie], "").await.status, 403);
        assert_eq!(tour.call(end, &[], &[&cookie, &csrf], "").await.status, 204);
        assert_eq!(
            tour.call("GET /api/auth/session", &[], &[&cookie], "")
                .await
                .status,
            401
        );
        // A key is nobody's session: there is nothing to end.
        assert_eq!(tour.call(end, &[], &[], "").await.status, 204, "{everywhere}");
    }
}

/// Anne changes her password, and back again.
async fn change_password(tour: &mut Tour) {
    const OTHER: &str = "une autre phrase assez longue";
    let mut current = PASSWORD;
    for next in [OTHER, PASSWORD] {
        let login = json!({ "name": "anne", "password": current }).to_string();
        let reply = tour.call("POST /api/auth/login", &[], &[JSON], &login).await;
        let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap();
        let cookie = format!("cookie: {cookie}");
        let csrf = format!("x-csrf-token: {}", reply.json()["csrf"].as_str().unwrap());
        let change = json!({ "current": current, "password": next }).to_string();
        let headers = [JSON, &cookie, &csrf];
        let reply = tour.call("POST /api/auth/password", &[], &headers, &change).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        current = next;
    }
    // A key has no password.
    let change = json!({ "current": PASSWORD, "password": OTHER });
    tour.post("POST /api/auth/password", &[], &change, 404).await;
}

async fn refusals(tour: &mut Tour) {
    let denied = tour.ask("outside", json!({}), 403).await.json();
    let told = &denied["error"]["trousseau"];
    assert!(told["rejected"][0]["reasons"][0]["text"].is_string(), "{denied}");
    let failed = tour.ask("failing", json!({}), 503).await.json();
    assert!(
        failed["error"]["trousseau"]["attempts"][0].is_object(),
        "{failed}"
    );
    tour.ask("nowhere", json!({}), 404).await;
    tour.ask("documents", json!({ "n": 2 }), 400).await;
    let stranger = ["authorization: Bearer trs-inconnue"];
    assert_eq!(tour.call("GET /v1/models", &[], &stranger, "").await.status, 401);
    let wrong = json!({ "name": "anne", "password": "ce n'est pas la phrase" });
    tour.post("POST /api/auth/login", &[], &wrong, 401).await;
    let form = tour
        .call("POST /api/auth/login", &[], &["content-type: text/plain"], "{}")
        .await;
    assert_eq!(form.status, 415);
    let own = json!({ "disabled": true });
    let name = format!("key-{}", Role::Administrator);
    tour.post("PATCH /api/users/{user}", &[&name], &own, 409).await;
    assert_eq!(
        tour.call("GET /api/auth/oidc/login", &[], &[], "").await.status,
        404
    );
}
