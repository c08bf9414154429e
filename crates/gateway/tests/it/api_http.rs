//! `/api/` over real sockets: conversations, records, feedback, and what other roles see of them.

use serde_json::{Value, json};
use trousseau_core::principal::{Role, Tenant};

use crate::desk::Desk;
use crate::scripted::Step;
use crate::stage::{Stage, tenant};
use crate::wired::{Wired, question, scripted};

const ANSWER: &[Step] = &[Step::Say("À neuf heures."), Step::End];

/// Asks in a conversation, and returns the decision's entry.
async fn ask(desk: &Desk<'_>, conversation: Option<&str>) -> String {
    let mut body = question(false);
    if let Some(conversation) = conversation {
        body["trousseau"] = json!({ "conversation": conversation });
    }
    let answer = desk.post("/v1/chat/completions", &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["trousseau"]["entry"].as_str().unwrap().to_owned()
}

/// The ids, or the entries, of a page.
async fn items(desk: &Desk<'_>, path: &str) -> Vec<String> {
    let page = desk.get(path).await;
    assert_eq!(page.status, 200, "{path}: {page:?}");
    let name = |item: &Value| match item["id"].as_str() {
        Some(id) => id.to_owned(),
        None => format!("{}/{}", item["replica"].as_str().unwrap(), item["entry"]),
    };
    page.json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(name)
        .collect()
}

async fn begun(desk: &Desk<'_>) -> String {
    let begun = desk.post("/api/conversations", &json!({})).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    begun.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn conversations_are_listed_searched_renamed_and_deleted() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let (anne, benoit) = (
        Desk::user(&wired, "anne").await,
        Desk::user(&wired, "benoit").await,
    );
    let far = Desk::of(&wired, &tenant("autre"), "anne", Role::User, "restricted").await;
    let (first, second) = (begun(&anne).await, begun(&anne).await);
    let entry = ask(&anne, Some(&first)).await;
    let alone = ask(&anne, None).await;
    assert_eq!(items(&anne, "/api/conversations?limit=1").await, [first.as_str()]);
    let rest = format!("/api/conversations?after={first}");
    assert_eq!(items(&anne, &rest).await, [second.as_str()]);
    let shown = anne.get(&format!("/api/conversations/{first}")).await.json();
    assert_eq!(shown["conversation"]["title"], "Quand ouvre le guichet ?");
    assert_eq!(shown["records"]["items"][0]["answer"], "À neuf heures.");
    assert_eq!(shown["records"]["more"], false);
    for (text, found) in [("GUICHET+neuf", 1), ("%C3%A0+neuf", 1), ("piscine", 0)] {
        let path = format!("/api/conversations?q={text}");
        assert_eq!(items(&anne, &path).await.len(), found, "{text}");
    }
    let path = format!("/api/conversations/{second}");
    let renamed = anne
        .send("PATCH", &path, &json!({ "title": "Vacances d'été" }), &[])
        .await;
    assert_eq!(renamed.json()["title"], "Vacances d'été");
    assert_eq!(items(&anne, "/api/conversations?q=ete").await, [second.as_str()]);
    assert_eq!(
        items(&anne, "/api/records").await,
        [alone.as_str(), entry.as_str()]
    );
    let own = format!("/api/records?conversation={first}&q=guichet");
    assert_eq!(items(&anne, &own).await, [entry.as_str()]);

    for path in [
        format!("/api/conversations/{first}"),
        format!("/api/records/{entry}"),
    ] {
        for other in [&benoit, &far] {
            assert_eq!(other.get(&path).await.status, 404, "{path}");
            assert_eq!(other.delete(&path).await.status, 404, "{path}");
        }
    }
    let path = format!("/api/conversations/{first}");
    let stolen = benoit.send("PATCH", &path, &json!({ "title": "x" }), &[]).await;
    assert_eq!(stolen.status, 404);
    assert!(items(&benoit, "/api/conversations").await.is_empty());
    let gone = anne.delete(&path).await.json();
    assert_eq!(gone, json!({ "id": first, "deleted": true, "records": 1 }));
    assert_eq!(anne.get(&path).await.status, 404);
    assert_eq!(anne.get(&format!("/api/records/{entry}")).await.status, 404);
    assert_eq!(items(&anne, "/api/records").await, [alone.as_str()]);
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn records_are_read_rated_and_deleted_by_their_owner() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let (anne, benoit) = (
        Desk::user(&wired, "anne").await,
        Desk::user(&wired, "benoit").await,
    );
    let entry = ask(&anne, None).await;
    let path = format!("/api/records/{entry}");
    let record = anne.get(&path).await.json();
    assert_eq!(
        (&record["question"], &record["actor"]),
        (&json!("Quand ouvre le guichet ?"), &json!("anne"))
    );
    let rated = json!({ "entry": entry, "rating": "down", "comment": "Pas le samedi." });
    assert_eq!(anne.post("/api/feedback", &rated).await.status, 200);
    assert_eq!(
        anne.get(&path).await.json()["feedback"]["comment"],
        "Pas le samedi."
    );
    assert_eq!(benoit.post("/api/feedback", &rated).await.status, 404);
    for bad in [
        json!({ "entry": entry, "rating": "meh" }),
        json!({ "entry": entry }),
        json!({ "entry": entry, "rating": "up", "stars": 5 }),
    ] {
        assert_eq!(anne.post("/api/feedback", &bad).await.status, 400, "{bad}");
    }
    let long = json!({ "entry": entry, "rating": "up", "comment": "a".repeat(5000) });
    assert_eq!(anne.post("/api/feedback", &long).await.status, 413);
    let back = format!("/api/feedback/{entry}");
    assert_eq!(benoit.delete(&back).await.status, 404);
    assert_eq!(anne.delete(&back).await.status, 200);
    assert_eq!(anne.get(&path).await.json()["feedback"], Value::Null);
    assert_eq!(
        anne.delete(&path).await.json(),
        json!({ "entry": entry, "deleted": true })
    );
    assert_eq!(anne.get(&path).await.status, 404);
    for odd in ["main/-1", "main/x", "main/99999999999999999999", "x/1"] {
        assert_eq!(
            anne.get(&format!("/api/records/{odd}")).await.status,
            404,
            "{odd}"
        );
    }
    for odd in ["limit=0", "rows=1", "after=x"] {
        assert!(
            matches!(anne.get(&format!("/api/records?{odd}")).await.status, 400 | 404),
            "{odd}"
        );
    }
    wired.end().await.close().await.unwrap();
}

async fn with_role<'a>(wired: &'a Wired, role: Role) -> Desk<'a> {
    Desk::of(
        wired,
        &Tenant::default(),
        &format!("r-{role}"),
        role,
        "restricted",
    )
    .await
}

#[tokio::test]
async fn others_see_what_their_role_is_for() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let anne = Desk::user(&wired, "anne").await;
    let (officer, auditor) = (
        with_role(&wired, Role::DataProtectionOfficer).await,
        with_role(&wired, Role::Auditor).await,
    );
    let chef = Desk::administrator(&wired);
    let entry = ask(&anne, None).await;
    let path = format!("/api/records/{entry}/access");
    let reason = json!({ "reason": "Demande d'accès n° 12" });
    for refused in [&anne, &auditor, &chef] {
        assert_eq!(refused.post(&path, &reason).await.code(), "http-role");
        assert!(matches!(
            refused.get(&format!("/api/records/{entry}")).await.status,
            200 | 404
        ));
    }
    assert_eq!(chef.get(&format!("/api/records/{entry}")).await.status, 404);
    assert_eq!(
        officer.get(&format!("/api/records/{entry}")).await.status,
        404,
        "not without a reason"
    );
    let read = officer.post(&path, &reason).await.json();
    assert_eq!(read["answer"], "À neuf heures.");
    assert_eq!(officer.post(&path, &json!({ "reason": " " })).await.status, 400);
    assert_eq!(
        officer
            .post("/api/records/main/9999/access", &reason)
            .await
            .status,
        404
    );
    for reader in [&auditor, &officer] {
        let page = reader.get("/api/records/metadata?user=anne").await.json();
        let row = &page["items"][0];
        assert_eq!(
            (&row["actor"], &row["state"]),
            (&json!("anne"), &json!("answered"))
        );
        for content in ["question", "answer", "passages", "messages"] {
            assert_eq!(row[content], Value::Null, "{content}");
        }
    }
    let far = Desk::of(
        &wired,
        &tenant("autre"),
        "far",
        Role::DataProtectionOfficer,
        "restricted",
    )
    .await;
    assert_eq!(far.post(&path, &reason).await.status, 404);
    assert_eq!(far.get("/api/records/metadata").await.json()["items"], json!([]));

    let listed = chef.get("/api/collections").await.json();
    assert_eq!(listed["collections"][0]["name"], "guides");
    assert_eq!(listed["collections"][0]["documents"], 1);
    let tasks = chef.get("/api/tasks?state=succeeded&limit=5").await.json();
    assert_eq!(tasks["tasks"][0]["outcome"], "added");
    assert_eq!(chef.get("/api/tasks?state=done").await.status, 400);
    wired.end().await.close().await.unwrap();
    // Who read it, and why, is proved: the reason itself is not in the ledger.
    let told = stage.entries(&Tenant::default());
    let accesses = told.iter().filter(|entry| entry["type"] == "access").count();
    assert_eq!(accesses, 1, "{told:?}");
    assert!(!format!("{told:?}").contains("Demande"));
}
