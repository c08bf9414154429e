//! What programs read: with `--json`, every command writes one object with these fields.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Dir, characters};

const BADGE: &str = "Règlement des badges\n\nLe badge d’accès est valable dix-huit mois. Il est renouvelé à l’accueil, sur \
présentation d’une pièce d’identité.\n\nEn cas de perte, l’agent prévient l’accueil dans les 24 heures ; un badge \
provisoire coûte 12,50 €.\n";

const CONFIG: &str = r#"
[[collection]]
name = "public"
label = "public"

[[upstream]]
name = "local"
kind = "extractive"

[[upstream]]
name = "cloud"
kind = "openai"
url = "http://127.0.0.1:9/v1"
model = "m"

[upstream.card]
premises = "network"
seat = "US"
"#;

/// A data folder with two documents and a configuration. Also gives the path of the text file.
fn library() -> (Dir, PathBuf) {
    let dir = Dir::new();
    dir.write("data/trousseau.toml", CONFIG);
    let badge = dir.write("docs/badges.txt", BADGE);
    dir.write(
        "public/piscine.md",
        "# Piscine\n\n## Horaires\n\nLa piscine ouvre à 9 h 30 le mardi.\n",
    );
    dir.run(&["ingest", "docs"]).succeeded();
    dir.run(&["ingest", "public", "--collection", "public"])
        .succeeded();
    (dir, badge)
}

/// The names of an object's fields, in order.
fn fields(value: &Value) -> String {
    value
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn an_answer_names_its_citations_label_decision_and_entry() {
    let (dir, badge) = library();
    let answer = dir.json(&["ask", "Combien de temps un badge est-il valable ?"]);
    assert_eq!(
        fields(&answer),
        "answer abstained citations label decision entry outcome"
    );
    assert_eq!(answer["abstained"], false);
    assert!(
        answer["answer"].as_str().unwrap().contains("dix-huit mois"),
        "{answer:#}"
    );
    assert_eq!(answer["label"], json!({ "class": "internal" }));
    assert_eq!(answer["decision"]["permitted"], json!(["local"]));
    let rejected = &answer["decision"]["rejected"][0];
    assert_eq!(rejected["target"], "cloud");
    assert!(
        !rejected["reasons"].as_array().unwrap().is_empty(),
        "{rejected:#}"
    );
    let citation = &answer["citations"][0];
    for field in ["document", "title", "heading", "start", "end", "text"] {
        assert!(!citation[field].is_null(), "{field}: {citation:#}");
    }
    let id = citation["document"].as_str().unwrap();
    let stored = dir.json(&["documents", "show", id]);
    assert_eq!(
        characters(stored["text"].as_str().unwrap(), citation),
        citation["text"]
    );
    // A text file is stored as it is written.
    let original = fs_err::read_to_string(&badge).unwrap();
    assert_eq!(characters(&original, citation), citation["text"]);
    assert_eq!(citation["path"], badge.to_string_lossy().as_ref());
}

#[test]
fn a_question_without_an_answer_abstains_with_nothing_cited() {
    let (dir, _) = library();
    let answer = dir.json(&["ask", "Quelle est la capitale de la Mongolie ?"]);
    assert_eq!(answer["abstained"], true, "{answer:#}");
    assert_eq!(answer["citations"], json!([]));
    assert!(answer["entry"].as_str().unwrap().starts_with("main/"));
}

#[test]
fn a_question_that_no_upstream_may_see_is_refused_with_every_reason() {
    let dir = Dir::new();
    let only_cloud = CONFIG.replace(
        "name = \"local\"\nkind = \"extractive\"",
        "name = \"other\"\nkind = \"openai\"\nurl = \"http://127.0.0.1:9\"\nmodel = \"m\"",
    );
    dir.write("data/trousseau.toml", only_cloud);
    let question = [
        "ask",
        "Mon IBAN est FR76 3000 6000 0112 3456 7890 189 : est-ce le bon ?",
    ];
    let ran = dir.run(&[&question[..], &["--json"]].concat()).ended_with(3);
    assert_eq!(ran.error(), "policy-denied");
    let refused = ran.object();
    assert_eq!(
        fields(&refused),
        "answer abstained citations label decision entry"
    );
    assert_eq!(
        (&refused["answer"], &refused["label"]),
        (&json!(null), &json!({ "class": "personal" }))
    );
    assert_eq!(refused["decision"]["permitted"], json!([]));
    let rejected = refused["decision"]["rejected"].as_array().unwrap();
    assert!(
        rejected.len() == 2
            && rejected
                .iter()
                .all(|row| !row["reasons"].as_array().unwrap().is_empty())
    );
    // The refusal is recorded like an answer.
    let entry = refused["entry"].as_str().unwrap();
    assert_eq!(
        dir.json(&["ledger", "show", entry])["entries"][0]["leaf"]["type"],
        "decision"
    );
    let told = dir.french(&question).ended_with(3);
    assert!(told.out.contains("✗ cloud : refusé"), "{told:#?}");
}

#[test]
fn nothing_read_yet_is_told_beside_the_abstention() {
    let dir = Dir::new();
    let ran = dir.french(&["ask", "Quand ouvre la piscine ?"]).succeeded();
    assert!(ran.err.contains("trousseau ingest"), "{ran:#?}");
    assert_eq!(dir.json(&["ask", "Quand ouvre la piscine ?"])["abstained"], true);
}

#[test]
fn hits_say_where_they_stand() {
    let (dir, badge) = library();
    let found = dir.json(&["search", "perte du badge"]);
    assert_eq!(fields(&found), "hits");
    let hit = &found["hits"][0];
    for field in ["document", "path", "chunk", "score", "start", "end", "text"] {
        assert!(!hit[field].is_null(), "{field}: {hit:#}");
    }
    let original = fs_err::read_to_string(&badge).unwrap();
    assert_eq!(characters(&original, hit), hit["text"]);
    assert_eq!(dir.json(&["search", "zzyzx"]), json!({ "hits": [] }));
    let elsewhere = dir.json(&["search", "badge", "--collection", "public"]);
    assert_eq!(elsewhere, json!({ "hits": [] }));
}

#[test]
fn every_document_is_listed_shown_and_deleted() {
    let (dir, badge) = library();
    let listed = dir.json(&["documents"]);
    let documents = listed["documents"].as_array().unwrap();
    assert_eq!(documents.len(), 2, "{listed:#}");
    for field in ["document", "path", "collection", "digest"] {
        assert!(
            documents.iter().all(|document| document[field].is_string()),
            "{field}: {listed:#}"
        );
    }
    for document in documents {
        assert!(document["label"]["class"].is_string(), "{document:#}");
    }
    let of_badge = documents
        .iter()
        .find(|row| row["path"] == badge.to_string_lossy().as_ref());
    let id = of_badge.unwrap()["document"].as_str().unwrap();
    assert_eq!(
        dir.json(&["documents", "show", id])["text"]
            .as_str()
            .unwrap()
            .trim_end(),
        BADGE.trim_end()
    );
    let original = dir.run(&["documents", "show", id, "--original"]).succeeded();
    assert_eq!(original.out, BADGE);
    assert_eq!(dir.json(&["documents", "delete", id]), json!({ "removed": [id] }));
    assert_eq!(dir.json(&["documents"])["documents"].as_array().unwrap().len(), 1);
    assert_eq!(dir.json(&["search", "badge"]), json!({ "hits": [] }));
    let gone = dir.run(&["documents", "show", id, "--json"]).ended_with(1);
    assert_eq!(gone.error(), "store-no-document");
}

#[test]
fn what_was_taken_in_is_counted_and_every_task_listed() {
    let dir = Dir::new();
    dir.write("docs/a.txt", "Le registre est tenu par le greffe.\n");
    dir.write("docs/b.pdf", "%PDF-1.7");
    let told = dir.json(&["ingest", "docs"]);
    assert_eq!(fields(&told), "added replaced unchanged removed failed");
    assert_eq!(
        (&told["added"], told["failed"].as_array().unwrap().len()),
        (&json!(1), 1)
    );
    assert_eq!(fields(&told["failed"][0]), "path code message");
    let tasks = dir.json(&["tasks"]);
    let tasks = tasks["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 2);
    assert_eq!(
        fields(&tasks[0]),
        "task operation state outcome collection path document error enqueued finished"
    );
    let failed = dir.json(&["tasks", "--state", "failed"]);
    assert_eq!(failed["tasks"].as_array().unwrap().len(), 1);
    assert_eq!(failed["tasks"][0]["state"], "failed");
    assert_eq!(failed["tasks"][0]["error"]["code"], told["failed"][0]["code"]);
}

#[test]
fn collections_tell_their_label_and_readers() {
    let (dir, _) = library();
    assert_eq!(
        dir.json(&["collections"]),
        json!({ "collections": [
            { "collection": "documents", "documents": 1, "label": { "class": "internal" }, "readers": ["*"] },
            { "collection": "public", "documents": 1, "label": { "class": "public" }, "readers": ["*"] },
        ] })
    );
}

#[test]
fn a_decision_is_explained_without_recording_it() {
    let (dir, _) = library();
    let size = |dir: &Dir| dir.json(&["ledger", "show"])["size"].clone();
    let before = size(&dir);
    let explained = dir.json(&["policy", "explain", "Écrire à jeanne@exemple.fr"]);
    assert_eq!(fields(&explained), "label labelling permitted rejected rules");
    assert_eq!(explained["label"], json!({ "class": "personal" }));
    assert_eq!(explained["permitted"], json!(["local"]));
    assert_eq!(size(&dir), before);
}

#[test]
fn a_decision_names_the_rule_that_refused_and_its_line() {
    let (dir, _) = library();
    let rules = "[[policy.rule]]\nname = \"pas-pour-les-rh\"\ngroups = [\"rh\"]\nupstreams = [\"local\"]\ndeny = true\n\n\
                 [[upstream]]\nname = \"local\"\nkind = \"extractive\"\n\n[[key]]\nname = \"jeanne\"\ngroups = [\"rh\"]\n";
    let config = dir.write("rules.toml", rules);
    let explain = [
        "policy",
        "explain",
        "Bonjour",
        "--config",
        config.to_str().unwrap(),
    ];
    let for_me = dir.json(&explain);
    assert_eq!(for_me["permitted"], json!(["local"]));
    let for_her = dir.json(&[&explain[..], &["--key", "jeanne"]].concat());
    assert_eq!(
        for_her["rejected"][0]["reasons"][0],
        json!({ "code": "denied-by-rule", "rule": "pas-pour-les-rh", "line": 1, "found": "local", "required": "" })
    );
    assert_eq!(for_her["rules"], json!(["public", "pas-pour-les-rh"]));
    let told = dir
        .french(&[&explain[..], &["--key", "jeanne"]].concat())
        .succeeded();
    assert!(
        told.out.contains("(règle pas-pour-les-rh, ligne 1)"),
        "{}",
        told.out
    );
}

#[test]
fn entries_are_shown_proved_and_verified() {
    let (dir, _) = library();
    let answer = dir.json(&["ask", "Quand ouvre la piscine ?"]);
    let entry = answer["entry"].as_str().unwrap();
    let shown = dir.json(&["ledger", "show", entry, "--record"]);
    let shown = &shown["entries"][0];
    assert_eq!(shown["leaf"]["type"], "decision");
    assert!(
        !shown["leaf"].to_string().contains("piscine"),
        "content in the ledger: {shown:#}"
    );
    assert_eq!(shown["record"]["question"], "Quand ouvre la piscine ?");
    let proof = dir.json(&["ledger", "prove", entry]);
    assert_eq!(fields(&proof), "entry leaf proof key");
    let verified = dir.json(&["ledger", "verify", "--vkey", proof["key"].as_str().unwrap()]);
    assert_eq!(
        fields(&verified),
        "directory sound entries uncovered size key rollback_checked findings"
    );
    assert_eq!(
        (&verified["sound"], &verified["uncovered"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(verified["rollback_checked"], false);
}

#[test]
fn the_configuration_and_the_state_of_things_are_told() {
    let (dir, _) = library();
    assert_eq!(dir.json(&["config", "check"])["sound"], true);
    // The test has made the folder; the program makes it its owner's alone.
    fs_err::set_permissions(dir.data(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let seen = dir.json(&["doctor"]);
    assert_eq!(fields(&seen), "sound findings upstreams");
    assert_eq!(seen["sound"], true);
}

#[test]
fn an_error_is_one_object_on_standard_error() {
    let dir = Dir::new();
    let ran = dir.run(&["documents", "--json"]).ended_with(1);
    assert_eq!(ran.out, "");
    insta::assert_snapshot!(dir.filtered(&ran.err), @r#"{"error":{"code":"app-nothing-yet","message":"[DIR]/data holds no document yet.","hint":"Begin with “trousseau ingest FOLDER”."}}"#);
}
