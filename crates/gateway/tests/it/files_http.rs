//! Files and vector stores over real sockets: the whole life of a file, and who sees what of it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use trousseau_core::principal::{Role, Tenant};

use crate::desk::{Desk, id};
use crate::scripted::Step;
use crate::stage::{Stage, operator, tenant};
use crate::wired::scripted;

const TEXT: &str =
    "# Déchetterie\n\nLa déchetterie de Montclair ouvre le mardi et le samedi de 9 h à 17 h.\n";
const QUERY: &str = "horaires de la déchetterie";
const ANSWER: &[Step] = &[Step::Say("À neuf heures."), Step::End];

/// Every file below a folder, as paths below it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs_err::read_dir(folder) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[tokio::test]
async fn a_file_lives_from_its_upload_to_its_deletion() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let desk = Desk::administrator(&wired);
    let uploaded = desk.upload("dechetterie.md", TEXT).await.json();
    let file = uploaded["id"].as_str().unwrap();
    assert!(file.starts_with("file-"), "{uploaded}");
    for (name, value) in [
        ("object", json!("file")),
        ("filename", json!("dechetterie.md")),
        ("bytes", json!(TEXT.len())),
        ("purpose", json!("assistants")),
        ("status", json!("processed")),
    ] {
        assert_eq!(uploaded[name], value, "{name}");
    }
    assert_eq!(desk.get(&format!("/v1/files/{file}")).await.json(), uploaded);
    assert_eq!(desk.listed("/v1/files").await, [file]);
    let content = desk.get(&format!("/v1/files/{file}/content")).await;
    assert_eq!(content.body, TEXT);
    assert_eq!(content.header("content-type"), Some("application/octet-stream"));
    assert_eq!(content.header("content-disposition"), Some("attachment"));

    let store = desk.store("tri").await;
    let attached = desk.attach(&store, file).await;
    assert_eq!(attached["status"], "completed", "{attached}");
    assert_eq!(attached["last_error"], Value::Null);
    assert_eq!(attached["vector_store_id"], store.as_str());
    let shown = desk.get(&format!("/v1/vector_stores/{store}")).await.json();
    assert_eq!(shown["name"], "tri");
    assert_eq!(shown["status"], "completed");
    assert_eq!(shown["usage_bytes"], TEXT.len());
    assert_eq!(shown["file_counts"]["completed"], 1);
    let members = format!("/v1/vector_stores/{store}/files");
    assert_eq!(desk.listed(&members).await, [file]);
    let read = desk.get(&format!("{members}/{file}/content")).await.json();
    assert!(
        read["data"][0]["text"]
            .as_str()
            .unwrap()
            .starts_with("Déchetterie\n"),
        "{read}"
    );

    let path = format!("/v1/vector_stores/{store}/search");
    let page = desk.post(&path, &json!({ "query": QUERY })).await.json();
    assert_eq!(page["object"], "vector_store.search_results.page");
    let hit = &page["data"][0];
    assert_eq!(
        (&hit["file_id"], &hit["filename"]),
        (&json!(file), &json!("dechetterie.md"))
    );
    let score = hit["score"].as_f64().unwrap();
    assert!(score > 0.2 && score < 1.0, "{score}");
    assert!(hit["content"][0]["text"].as_str().unwrap().contains("mardi"));
    assert_eq!(hit["attributes"]["heading"], "Déchetterie");
    assert!(
        hit["attributes"]["document"]
            .as_str()
            .unwrap()
            .starts_with("doc-")
    );
    let strict = json!({ "query": [QUERY, "mardi"], "max_num_results": 1, "ranking_options": { "score_threshold": 1.0 } });
    assert_eq!(desk.post(&path, &strict).await.json()["data"], json!([]));

    let gone = desk.delete(&format!("{members}/{file}")).await.json();
    assert_eq!(
        gone,
        json!({ "id": file, "object": "vector_store.file.deleted", "deleted": true })
    );
    assert!(desk.found(&store, QUERY).await.is_empty());
    assert!(desk.listed(&members).await.is_empty());
    assert_eq!(
        desk.get(&format!("{members}/{file}")).await.code(),
        "files-no-file"
    );
    assert_eq!(
        desk.get(&format!("/v1/files/{file}/content")).await.body,
        TEXT,
        "the upload stays"
    );

    assert_eq!(desk.attach(&store, file).await["status"], "completed");
    assert_eq!(desk.found(&store, QUERY).await.len(), 1);
    assert_eq!(files_below(&stage.data().join("files")).len(), 1);
    let gone = desk.delete(&format!("/v1/files/{file}")).await.json();
    assert_eq!(gone, json!({ "id": file, "object": "file", "deleted": true }));
    assert!(desk.found(&store, QUERY).await.is_empty());
    assert_eq!(desk.get(&format!("/v1/files/{file}")).await.status, 404);
    assert!(files_below(&stage.data().join("files")).is_empty());
    let shown = desk.get(&format!("/v1/vector_stores/{store}")).await.json();
    assert_eq!(
        (&shown["usage_bytes"], &shown["file_counts"]["total"]),
        (&json!(0), &json!(0))
    );
    let gateway = wired.end().await;
    let left = gateway.library.store().documents(&operator(), None).await;
    assert_eq!(left.unwrap().len(), 1, "the command line's own");
    gateway.close().await.unwrap();
    let told = stage.entries(&Tenant::default());
    let operations: Vec<&str> = told
        .iter()
        .filter_map(|entry| entry["operation"].as_str())
        .collect();
    assert_eq!(operations, ["added", "added", "removed", "added", "removed"]);
}

#[tokio::test]
async fn nobody_sees_or_changes_what_is_another_s() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let anne = Desk::user(&wired, "anne").await;
    let file = anne.kept("secret.md", TEXT).await;
    let store = anne.store("à moi").await;
    anne.attach(&store, &file).await;
    assert_eq!(anne.found(&store, QUERY).await.len(), 1);
    let far = tenant("autre");
    let others = [
        Desk::user(&wired, "benoit").await,
        Desk::of(&wired, &far, "anne", Role::User, "restricted").await,
        Desk::of(&wired, &far, "chef", Role::Administrator, "restricted").await,
        Desk::of(&wired, &Tenant::default(), "audit", Role::Auditor, "restricted").await,
        Desk::administrator(&wired),
    ];
    let own = others[0].kept("a.md", TEXT).await;
    for other in &others {
        for path in [
            format!("/v1/files/{file}"),
            format!("/v1/files/{file}/content"),
            format!("/v1/vector_stores/{store}"),
            format!("/v1/vector_stores/{store}/files"),
            format!("/v1/vector_stores/{store}/files/{file}"),
            format!("/v1/vector_stores/{store}/files/{file}/content"),
            format!("/v1/vector_stores/{store}/file_batches/vsfb_1"),
        ] {
            assert_eq!(other.get(&path).await.status, 404, "{path}");
        }
        for path in [
            format!("/v1/files/{file}"),
            format!("/v1/vector_stores/{store}"),
            format!("/v1/vector_stores/{store}/files/{file}"),
        ] {
            assert_eq!(other.delete(&path).await.status, 404, "{path}");
        }
        for (path, body) in [
            ("", json!({ "name": "pris" })),
            ("/search", json!({ "query": QUERY })),
            ("/files", json!({ "file_id": own })),
            ("/file_batches", json!({ "file_ids": [own] })),
        ] {
            let reply = other
                .post(&format!("/v1/vector_stores/{store}{path}"), &body)
                .await;
            assert_eq!(reply.code(), "files-no-store", "{path}");
        }
        assert!(!other.listed("/v1/vector_stores").await.contains(&store));
        assert!(!other.listed("/v1/files").await.contains(&file));
    }
    // Nobody attaches another's file, not even to a store of their own.
    let taken = others[0].store("pris").await;
    let body = json!({ "file_id": file });
    let reply = others[0]
        .post(&format!("/v1/vector_stores/{taken}/files"), &body)
        .await;
    assert_eq!(reply.code(), "files-no-file");
    let body = json!({ "name": "x", "file_ids": [file] });
    assert_eq!(
        others[0].post("/v1/vector_stores", &body).await.code(),
        "files-no-file"
    );
    assert_eq!(others[0].listed("/v1/vector_stores").await.first(), Some(&taken));
    assert_eq!(
        anne.found(&store, QUERY).await.len(),
        1,
        "all of it is still there"
    );
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn what_an_administrator_shares_is_read_and_not_changed() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let (chef, anne) = (Desk::administrator(&wired), Desk::user(&wired, "anne").await);
    let file = chef.kept("dechetterie.md", TEXT).await;
    let store = chef.store("partage").await;
    chef.attach(&store, &file).await;
    assert_eq!(anne.found(&store, QUERY).await.len(), 1);
    assert!(anne.listed("/v1/vector_stores").await.contains(&store));
    let members = format!("/v1/vector_stores/{store}/files");
    assert_eq!(anne.listed(&members).await, [file.as_str()]);
    assert_eq!(anne.get(&format!("/v1/files/{file}/content")).await.body, TEXT);
    assert!(
        anne.listed("/v1/files").await.is_empty(),
        "it is not among her own"
    );
    let own = anne.kept("a.md", TEXT).await;
    for reply in [
        anne.delete(&format!("/v1/files/{file}")).await,
        anne.delete(&format!("{members}/{file}")).await,
        anne.delete(&format!("/v1/vector_stores/{store}")).await,
        anne.post(&members, &json!({ "file_id": own })).await,
        anne.post(&format!("{members}/{file}"), &json!({ "attributes": {} }))
            .await,
        anne.post(&format!("/v1/vector_stores/{store}"), &json!({ "name": "pris" }))
            .await,
    ] {
        assert_eq!((reply.status, reply.code().as_str()), (403, "files-not-yours"));
    }
    // What is above somebody's clearance is not there for them.
    let low = Desk::of(&wired, &Tenant::default(), "stagiaire", Role::User, "public").await;
    assert_eq!(low.get(&format!("/v1/vector_stores/{store}")).await.status, 404);
    assert_eq!(low.get(&format!("/v1/files/{file}")).await.status, 404);
    let refused = low.post("/v1/vector_stores", &json!({ "name": "x" })).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "files-clearance")
    );
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn documents_of_the_command_line_are_files_as_well() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let (chef, anne) = (Desk::administrator(&wired), Desk::user(&wired, "anne").await);
    let stores = anne.get("/v1/vector_stores").await.json();
    let store = &stores["data"][0];
    assert_eq!(
        (&store["name"], &store["file_counts"]["total"]),
        (&json!("guides"), &json!(1))
    );
    let store = store["id"].as_str().unwrap();
    let members = anne.listed(&format!("/v1/vector_stores/{store}/files")).await;
    let [file] = members.as_slice() else {
        panic!("{members:?}");
    };
    assert!(file.starts_with("file-doc-"), "{file}");
    let shown = anne.get(&format!("/v1/files/{file}")).await.json();
    assert_eq!(
        (&shown["filename"], &shown["id"]),
        (&json!("a.txt"), &json!(file))
    );
    // As citations name it.
    let document = file.strip_prefix("file-").unwrap();
    for name in [file.as_str(), document] {
        let content = anne.get(&format!("/v1/files/{name}/content")).await;
        assert_eq!(content.body, "Le guichet ouvre à neuf heures.\n");
    }
    let page = anne
        .post(
            &format!("/v1/vector_stores/{store}/search"),
            &json!({ "query": "guichet" }),
        )
        .await
        .json();
    assert_eq!(page["data"][0]["file_id"], json!(file));
    assert_eq!(anne.delete(&format!("/v1/files/{file}")).await.status, 403);
    let far = Desk::of(&wired, &tenant("autre"), "x", Role::Administrator, "restricted").await;
    assert_eq!(far.get(&format!("/v1/files/{file}")).await.status, 404);
    assert_eq!(far.delete(&format!("/v1/files/{file}")).await.status, 404);
    assert_eq!(chef.delete(&format!("/v1/files/{file}")).await.status, 200);
    assert!(anne.found(store, "guichet").await.is_empty());
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn a_deleted_store_takes_its_documents_and_leaves_the_uploads() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let anne = Desk::user(&wired, "anne").await;
    let mut ids = Vec::new();
    for number in 0..30 {
        let text = format!("{TEXT}\nFiche numéro {number}.\n");
        ids.push(anne.kept(&format!("{number}.md"), text).await);
    }
    let (store, other) = (anne.store("un").await, anne.store("deux").await);
    anne.attach(&other, &ids[0]).await;
    let path = format!("/v1/vector_stores/{store}");
    let attached = anne
        .post(&format!("{path}/file_batches"), &json!({ "file_ids": ids }))
        .await;
    assert_eq!(attached.status, 200, "{attached:?}");
    // While they are being taken in.
    let gone = anne.delete(&path).await.json();
    assert_eq!(
        gone,
        json!({ "id": store, "object": "vector_store.deleted", "deleted": true })
    );
    assert_eq!(anne.get(&path).await.code(), "files-no-store");
    assert_eq!(anne.listed("/v1/files?limit=100").await.len(), 30);
    assert_eq!(
        anne.found(&other, QUERY).await.len(),
        1,
        "the same file elsewhere stays"
    );
    let gateway = wired.end().await;
    let operator = operator();
    let left = gateway.library.store().documents(&operator, None).await;
    assert_eq!(left.unwrap().len(), 2);
    gateway.close().await.unwrap();
}

#[tokio::test]
async fn batches_are_followed_to_their_end_and_lists_come_in_pages() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let anne = Desk::user(&wired, "anne").await;
    let store = anne.store("lot").await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(
            anne.kept(&format!("{number}.md"), format!("{TEXT}{number}"))
                .await,
        );
    }
    // Text at its beginning, and none behind it.
    let mut damaged = vec![b'a'; 10_000];
    damaged.extend([0; 5000]);
    ids.push(anne.kept("abime.txt", damaged).await);
    let path = format!("/v1/vector_stores/{store}");
    let files: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "file_id": id, "attributes": { "lot": 1 } }))
        .collect();
    let made = anne
        .post(&format!("{path}/file_batches"), &json!({ "files": files }))
        .await;
    assert_eq!(made.json()["object"], "vector_store.files_batch");
    let batch = id(&made);
    let batch = format!("{path}/file_batches/{batch}");
    let ended = anne.settled(&batch).await;
    assert_eq!(ended["status"], "completed");
    assert_eq!(
        ended["file_counts"],
        json!({ "in_progress": 0, "completed": 5, "failed": 1, "cancelled": 0, "total": 6 })
    );
    let failed = anne.get(&format!("{batch}/files?filter=failed")).await.json();
    assert_eq!(failed["data"][0]["id"], json!(ids[5]));
    assert_eq!(
        failed["data"][0]["last_error"],
        json!({ "code": "invalid_file", "message": "fr extract-binary" })
    );
    assert_eq!(failed["data"][0]["attributes"], json!({ "lot": 1 }));
    assert_eq!(
        anne.listed(&format!("{path}/files?filter=completed")).await.len(),
        5
    );
    let changed = anne
        .post(
            &format!("{path}/files/{}", ids[0]),
            &json!({ "attributes": { "b": true } }),
        )
        .await;
    assert_eq!(changed.json()["attributes"], json!({ "b": true }));

    for listing in [
        "/v1/files".to_owned(),
        format!("{path}/files"),
        format!("{batch}/files"),
    ] {
        let newest = anne.listed(&listing).await;
        assert_eq!(newest.len(), 6, "{listing}");
        let mut oldest = anne.listed(&format!("{listing}?order=asc")).await;
        let (second, fourth) = (oldest[1].clone(), oldest[3].clone());
        let page = anne
            .get(&format!("{listing}?order=asc&limit=2&after={second}"))
            .await
            .json();
        assert_eq!(
            (&page["first_id"], &page["last_id"], &page["has_more"]),
            (&json!(oldest[2]), &json!(fourth), &json!(true))
        );
        let before = anne
            .listed(&format!("{listing}?order=asc&limit=2&before={fourth}"))
            .await;
        assert_eq!(before, &oldest[1..3]);
        oldest.reverse();
        assert_eq!(newest, oldest);
        let nothing = anne.get(&format!("{listing}?after=file-0")).await;
        assert_eq!(nothing.status, 404, "{nothing:?}");
        for bad in ["limit=0", "limit=101", "order=up", "after=a&before=b", "page=2"] {
            assert_eq!(anne.get(&format!("{listing}?{bad}")).await.status, 400, "{bad}");
        }
    }
    let stores: Vec<String> = anne.listed("/v1/vector_stores?order=asc&limit=1").await;
    assert_eq!(stores.len(), 1);
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn a_store_is_renamed_and_keeps_what_is_written_beside_it() {
    let stage = Stage::new();
    let wired = scripted(&stage, ANSWER).await;
    let (chef, anne) = (Desk::administrator(&wired), Desk::user(&wired, "anne").await);
    // Names are people's own: nobody takes one from another, or finds out that there is one.
    let first = anne.store("tri").await;
    let second = chef.store("tri").await;
    let third = chef.store("tri").await;
    assert_eq!(
        [&first, &second, &third]
            .iter()
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        3
    );
    let body = json!({ "name": "déchets", "metadata": { "service": "voirie" } });
    let changed = anne
        .post(&format!("/v1/vector_stores/{first}"), &body)
        .await
        .json();
    assert_eq!(
        (&changed["name"], &changed["metadata"]),
        (&body["name"], &body["metadata"])
    );
    let again = anne
        .post(&format!("/v1/vector_stores/{first}"), &json!({ "name": "tri" }))
        .await
        .json();
    assert_eq!(again["metadata"], body["metadata"]);
    for (body, param) in [
        (
            json!({ "expires_after": { "anchor": "last_active_at", "days": 1 } }),
            "expires_after",
        ),
        (json!({ "file_ids": ["file-1"] }), "file_ids"),
        (json!({ "metadata": { "a": [1] } }), "metadata.a"),
        (json!({ "name": "a\nb" }), "name"),
        (json!({ "name": "é".repeat(257) }), "name"),
    ] {
        let refused = anne.post(&format!("/v1/vector_stores/{first}"), &body).await;
        assert_eq!(
            (refused.status, &refused.json()["error"]["param"]),
            (400, &json!(param))
        );
    }
    for (body, param) in [
        (
            json!({ "query": "a", "filters": { "type": "eq", "key": "a", "value": 1 } }),
            "filters",
        ),
        (json!({ "query": "a", "rewrite_query": true }), "rewrite_query"),
        (json!({ "query": "a", "max_num_results": 51 }), "max_num_results"),
        (json!({ "query": [] }), "query"),
        (json!({ "query": vec!["a"; 17] }), "query"),
    ] {
        let refused = anne
            .post(&format!("/v1/vector_stores/{first}/search"), &body)
            .await;
        assert_eq!(
            (refused.status, &refused.json()["error"]["param"]),
            (400, &json!(param))
        );
    }
    let collections = chef.get("/api/collections").await.json();
    let named: Vec<&Value> = collections["collections"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["name"] == "tri")
        .collect();
    assert_eq!(
        named.len(),
        1,
        "the administrator's first one has the name itself"
    );
    assert_eq!(
        (&named[0]["id"], &named[0]["readers"]),
        (&json!(second), &json!(["*"]))
    );
    let own = collections["collections"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == json!(first));
    assert_eq!(own.unwrap()["readers"], json!(["user:anne"]));
    wired.end().await.close().await.unwrap();
}
