//! Who may read a collection is changed, and nobody reads by the former list from then on.

use serde_json::{Value, json};
use trousseau_core::label::{Class, Label};
use trousseau_core::principal::{Reader, Tenant};
use trousseau_gateway::settings::Collection;
use trousseau_http::Settings;

use crate::desk::Desk;
use crate::scripted::Step;
use crate::stage::{self, COLLECTION, Stage, all_of};
use crate::wired::{Wired, scripted, staged};

const ANSWER: &[Step] = &[Step::Say("À neuf heures."), Step::End];

#[tokio::test]
async fn a_new_access_list_counts_for_documents_that_are_there_and_that_come() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let desk = Desk::administrator(&wired);
    let (anne, bob) = (Desk::user(&wired, "anne").await, Desk::user(&wired, "bob").await);
    let made = desk
        .post(
            "/api/collections",
            &json!({ "title": "Marchés", "readers": ["user:anne"] }),
        )
        .await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    assert_eq!(
        (&made["readers"], &made["documents"]),
        (&json!(["user:anne"]), &json!(0))
    );
    let id = made["id"].as_str().unwrap();
    let file = desk
        .kept("marche.md", "Le marché public de la voirie est attribué.\n")
        .await;
    desk.attach(id, &file).await;
    let query = "marché de la voirie";
    assert_eq!(anne.found(id, query).await.len(), 1);
    let hidden = bob
        .post(
            &format!("/v1/vector_stores/{id}/search"),
            &json!({ "query": query }),
        )
        .await;
    assert_eq!(hidden.status, 404, "{hidden:?}");

    let path = format!("/api/collections/{id}");
    let changed = desk
        .send(
            "PATCH",
            &path,
            &json!({ "readers": ["user:bob"], "title": "Voirie" }),
            &[],
        )
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let changed = changed.json();
    assert_eq!(
        (&changed["readers"], &changed["title"]),
        (&json!(["user:bob"]), &json!("Voirie"))
    );
    assert_eq!(changed["documents"], 1);
    assert_eq!(bob.found(id, query).await.len(), 1);
    let hidden = anne
        .post(
            &format!("/v1/vector_stores/{id}/search"),
            &json!({ "query": query }),
        )
        .await;
    assert_eq!(hidden.status, 404, "{hidden:?}");
    let second = desk
        .kept("lot.md", "Le lot deux de la voirie attend une offre.\n")
        .await;
    desk.attach(id, &second).await;
    let found = bob.found(id, "offre pour le lot deux").await;
    assert!(found[0].contains("attend une offre"), "{found:?}");

    let entries = stage.entries(&Tenant::default());
    let told: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry["type"] == "collection")
        .collect();
    assert_eq!(told.len(), 2);
    assert_eq!(
        (&told[1]["operation"], &told[1]["documents"]),
        (&json!("readers-changed"), &json!(1))
    );
    assert!(!told[1].to_string().contains("bob"), "{}", told[1]);
    for (body, code) in [
        (json!({ "readers": ["bob"] }), "wire-invalid"),
        (json!({ "title": " " }), "wire-invalid"),
        (json!({ "owner": "bob" }), "auth-body"),
    ] {
        let reply = desk.send("PATCH", &path, &body, &[]).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, code), "{body}");
    }
    let none = desk
        .send(
            "PATCH",
            "/api/collections/none",
            &json!({ "readers": ["*"] }),
            &[],
        )
        .await;
    assert_eq!((none.status, none.code().as_str()), (404, "files-no-store"));
}

#[tokio::test]
async fn a_document_with_a_list_of_its_own_keeps_it_and_so_does_a_configured_collection() {
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("local", ANSWER)]).await;
    let mut own = all_of(stage.write("secret.txt", "La clé du coffre est sous le tapis.\n"));
    own.readers = Some(vec![Reader::User("anne".to_owned())]);
    stage::ingest(&gateway, &Tenant::default(), own).await.unwrap();
    let configured = Collection {
        label: Label::of(Class::Internal),
        readers: vec![Reader::Everyone],
    };
    stage::change(&gateway, |plan| {
        let collections = &mut plan.settings.collections;
        collections.insert("configured".to_owned(), configured);
    });
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let desk = Desk::administrator(&wired);
    let bob = Desk::user(&wired, "bob").await;
    let listed = desk.get("/api/collections").await.json();
    let guides = listed["collections"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == COLLECTION);
    let id = guides.unwrap()["id"].as_str().unwrap().to_owned();
    let changed = desk
        .send(
            "PATCH",
            &format!("/api/collections/{id}"),
            &json!({ "readers": ["user:bob"] }),
            &[],
        )
        .await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(bob.found(&id, "quand ouvre le guichet").await.len(), 1);
    assert!(bob.found(&id, "la clé du coffre").await.is_empty());

    let made = desk
        .post("/api/collections", &json!({ "title": "configured" }))
        .await
        .json();
    let path = format!("/api/collections/{}", made["id"].as_str().unwrap());
    let refused = desk
        .send("PATCH", &path, &json!({ "readers": ["user:bob"] }), &[])
        .await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (409, "files-configured")
    );
}
