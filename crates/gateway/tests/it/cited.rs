//! The passage that an answer stands on, in its document as it may be read now.

use serde_json::{Value, json};
use trousseau_core::document::Span;
use trousseau_core::principal::{Reader, Role, Tenant};
use trousseau_gateway::service::Gateway;
use trousseau_http::Settings;

use crate::scripted::Step;
use crate::stage::{self, Stage, all_of};
use crate::wired::{Wired, new_key, question, request, staged};

const ANSWER: &[Step] = &[Step::Say("À neuf heures [1]."), Step::Cite, Step::End];

/// What a citation shows to whom the key belongs.
async fn cited(wired: &Wired, key: &str, entry: &str) -> Value {
    let key = format!("authorization: Bearer {key}");
    let path = format!("/api/records/{entry}/citations/1");
    let reply = wired.send(request("GET", &path, &[&key], "")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// Asks; the entry of the answer.
async fn ask(wired: &Wired, key: &str) -> String {
    let key = format!("authorization: Bearer {key}");
    let body = question(false).to_string();
    let reply = wired
        .send(request("POST", "/v1/chat/completions", &[&key], &body))
        .await;
    reply.json()["trousseau"]["entry"].as_str().unwrap().to_owned()
}

/// The part of a text that something marks in it.
fn marked(shown: &Value) -> &str {
    let place = |name: &str| shown[name].as_u64().unwrap() as usize;
    let span = Span {
        start: place("start"),
        end: place("end"),
    };
    span.slice(shown["text"].as_str().unwrap()).unwrap()
}

async fn take_in(gateway: &Gateway, stage: &Stage) {
    let tenant = Tenant::default();
    stage::ingest(gateway, &tenant, all_of(stage.files()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_citation_is_shown_where_it_stands_and_says_what_became_of_it() {
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("local", ANSWER)]).await;
    let before = "Une première ligne.\n\n".repeat(200);
    let line = "Le guichet ouvre à neuf heures.";
    stage.write("a.txt", format!("{before}{line}\n"));
    take_in(&gateway, &stage).await;
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let entry = ask(&wired, &wired.key).await;
    let now = cited(&wired, &wired.key, &entry).await;
    assert_eq!(now["state"], "current", "{now}");
    assert_eq!(now["collection"], stage::COLLECTION);
    assert!(marked(&now["document_text"]).contains(line), "{now}");
    assert!(marked(&now["recorded"]).contains(line), "{now}");
    assert_eq!(now["document_text"]["before"], true);
    let document = now["document"].as_str().unwrap();
    let place = |of: &str| now["document_text"][of].as_u64().unwrap();
    let (start, end) = (place("offset") + place("start"), place("offset") + place("end"));
    let part = wired
        .get(&format!("/api/documents/{document}?start={start}&end={end}"))
        .await
        .json();
    assert_eq!(marked(&part["window"]), marked(&now["document_text"]));
    for (query, status) in [
        ("?version=9", 404),
        ("?start=999999", 404),
        ("?start=5&end=4", 400),
    ] {
        let reply = wired.get(&format!("/api/documents/{document}{query}")).await;
        assert_eq!(reply.status, status, "{query}");
    }
    for path in [
        format!("{entry}/citations/2"),
        format!("{entry}/citations/x"),
        "main/9999/citations/1".to_owned(),
    ] {
        assert_eq!(
            wired.get(&format!("/api/records/{path}")).await.status,
            404,
            "{path}"
        );
    }
    let other = new_key(&wired.server, Role::User, |_| {}).await;
    let other = format!("authorization: Bearer {other}");
    let foreign = format!("/api/records/{entry}/citations/1");
    assert_eq!(
        wired.send(request("GET", &foreign, &[&other], "")).await.status,
        404
    );

    // Replaced: the sentence is still there, then it is not.
    stage.write("a.txt", format!("Nouveau.\n\n{before}{line}\n"));
    take_in(&wired.server.gateway, &stage).await;
    let now = cited(&wired, &wired.key, &entry).await;
    assert_eq!(now["state"], "replaced");
    assert!(marked(&now["recorded"]).contains(line), "{now}");
    stage.write("a.txt", "Le guichet ouvre à dix heures.\n");
    take_in(&wired.server.gateway, &stage).await;
    let now = cited(&wired, &wired.key, &entry).await;
    assert_eq!(
        (&now["state"], &now["document_text"]),
        (&json!("replaced"), &Value::Null)
    );

    // Deleted.
    let store = wired.server.gateway.library.store();
    let rows = store.documents(&stage::operator(), None).await.unwrap();
    let gone = [(rows[0].collection.clone(), rows[0].source.clone())];
    let tenant = Tenant::default();
    wired
        .server
        .gateway
        .register_removal(&tenant, &gone)
        .await
        .unwrap();
    stage::work(&wired.server.gateway, &tenant).await.unwrap();
    let now = cited(&wired, &wired.key, &entry).await;
    assert_eq!(
        (&now["state"], &now["collection"]),
        (&json!("deleted"), &Value::Null)
    );
    assert!(marked(&now["recorded"]).contains(line), "{now}");
}

#[tokio::test]
async fn what_may_no_longer_be_read_is_not_shown() {
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("local", ANSWER)]).await;
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let user = new_key(&wired.server, Role::User, |_| {}).await;
    let entry = ask(&wired, &user).await;
    let now = cited(&wired, &user, &entry).await;
    assert_eq!(now["state"], "current");
    let document = now["document"].as_str().unwrap();
    let key = format!("authorization: Bearer {user}");
    let record = async || {
        let path = format!("/api/records/{entry}");
        wired.send(request("GET", &path, &[&key], "")).await.json()
    };
    let whole = record().await;
    assert!(!whole["citations"][0]["text"].as_str().unwrap().is_empty());
    assert!(!whole["passages"][0]["text"].as_str().unwrap().is_empty());

    // The document is closed to everybody but one.
    let mut closed = all_of(stage.files());
    closed.readers = Some(vec![Reader::User("bob".to_owned())]);
    stage.write("a.txt", "Le guichet ouvre à neuf heures, le mardi.\n");
    stage::ingest(&wired.server.gateway, &Tenant::default(), closed)
        .await
        .unwrap();
    let now = cited(&wired, &user, &entry).await;
    assert_eq!(now["state"], "unreadable");
    assert_eq!(
        (&now["recorded"], &now["document_text"]),
        (&Value::Null, &Value::Null)
    );
    let hidden = record().await;
    assert_eq!(hidden["citations"][0]["title"], whole["citations"][0]["title"]);
    assert_eq!(
        (&hidden["citations"][0]["text"], &hidden["passages"][0]["text"]),
        (&json!(""), &json!(""))
    );
    let reply = wired
        .send(request("GET", &format!("/api/documents/{document}"), &[&key], ""))
        .await;
    assert_eq!((reply.status, reply.code().as_str()), (404, "store-no-document"));
}
