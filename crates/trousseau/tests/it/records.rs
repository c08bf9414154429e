//! `trousseau records`, `backup` and `restore`: what a data-protection officer and a night watch ask for.

use serde_json::{Value, json};

use crate::harness::Dir;
use crate::service::{Service, ask};

/// A data folder in which two people have asked.
fn asked() -> Dir {
    let dir = Dir::new();
    dir.write(
        "data/trousseau.toml",
        "[[key]]\nname = \"alice\"\n[[key]]\nname = \"bruno\"\n[ledger]\norigin = \"ville.example\"\n",
    );
    dir.write("docs/a.txt", "Le guichet ouvre à huit heures.\n");
    dir.run(&["ingest", "docs"]).succeeded();
    for (key, question) in [
        ("alice", "À quelle heure ouvre le guichet ?"),
        ("bruno", "Quand ouvre le guichet ?"),
    ] {
        dir.run(&["ask", question, "--key", key]).succeeded();
    }
    dir
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn what_is_kept_of_a_person_is_given_out_and_erased() {
    let dir = asked();
    for served in [false, true] {
        let _service = served.then(|| Service::start(&dir, &["--no-first-key"]));
        let out = dir.run(&["records", "export", "--subject", "alice"]).succeeded();
        let told = lines(&out.out);
        let types: Vec<&str> = told.iter().map(|line| line["type"].as_str().unwrap()).collect();
        assert_eq!(types, ["export", "record", "end"], "{out:#?}");
        assert!(
            out.out.contains("À quelle heure") && !out.out.contains("bruno"),
            "{out:#?}"
        );
        let file = dir.path().join("alice.jsonl");
        dir.run(&["records", "export", "--subject", "alice", "-o", "alice.jsonl"])
            .succeeded();
        assert_eq!(lines(&fs_err::read_to_string(&file).unwrap()).len(), 3);
    }
    let erased = dir.json(&["records", "delete", "--subject", "alice"]);
    assert_eq!(erased, json!({ "erased": 1 }));
    let out = dir.run(&["records", "export", "--subject", "alice"]).succeeded();
    assert_eq!(lines(&out.out).len(), 2, "{out:#?}");
    assert!(
        dir.run(&["records", "export", "--subject", "bruno"])
            .out
            .contains("Quand ouvre")
    );
    // The ledger says what was done, and its proofs hold.
    let entries = dir.french(&["ledger", "show"]).succeeded().out;
    assert!(entries.contains("un enregistrement remis"), "{entries}");
    assert!(
        entries.contains("un enregistrement effacé (à la demande de la personne)"),
        "{entries}"
    );
    dir.run(&["ledger", "verify"]).succeeded();
    dir.run(&["ledger", "prove", "1"]).succeeded();
}

#[test]
fn records_past_their_time_go_and_others_stay() {
    let dir = asked();
    assert_eq!(dir.json(&["records", "purge"]), json!({ "erased": 0 }));
    assert_eq!(
        dir.json(&["records", "purge", "--older-than", "0"]),
        json!({ "erased": 2 })
    );
    dir.run(&["ledger", "verify"]).succeeded();
}

#[test]
fn a_backup_made_while_serving_comes_back_on_a_blank_machine() {
    let dir = asked();
    let service = Service::start(&dir, &[]);
    let made = dir.json(&["backup", "copy"]);
    assert!(made["files"].as_u64().unwrap() > 4, "{made:#}");
    assert_eq!(
        dir.run(&["backup", "copy", "--json"]).ended_with(4).error(),
        "backup-not-empty"
    );
    let refused = dir.run(&["restore", "copy", "--json"]).ended_with(4);
    assert_eq!(refused.error(), "app-locked", "a server has the folder");
    let elsewhere = dir.path().join("blank").to_string_lossy().into_owned();
    let restore = ["--data", &elsewhere, "restore", "copy", "--json"];
    dir.run(&restore).succeeded();
    assert_eq!(dir.run(&restore).ended_with(4).error(), "backup-not-empty");
    let key = service.key.clone().unwrap();
    service.stop().ended_with(0);

    let at = |arguments: &[&str]| {
        dir.run(&[&["--data", &elsewhere], arguments].concat())
            .succeeded()
    };
    assert!(at(&["search", "guichet"]).out.contains("huit heures"));
    at(&["ledger", "verify"]);
    assert!(
        at(&["records", "export", "--subject", "bruno"])
            .out
            .contains("Quand ouvre")
    );
    let restored = Service::of(&mut dir.command(&["--data", &elsewhere, "serve", "--listen", "127.0.0.1:0"]));
    let question = json!({ "model": "documents", "messages": [{ "role": "user", "content": "Quand ouvre le guichet ?" }] });
    assert_eq!(ask(&restored.address, &key, &question).0, 200);
}

#[test]
fn a_damaged_backup_is_refused_and_makes_nothing() {
    let dir = asked();
    dir.run(&["backup", "copy"]).succeeded();
    let store = dir.path().join("copy/records.sqlite");
    let mut bytes = fs_err::read(&store).unwrap();
    bytes[5000] ^= 1;
    fs_err::write(&store, bytes).unwrap();
    let blank = dir.path().join("blank");
    let blank = blank.to_string_lossy();
    let refused = dir
        .run(&["--data", &blank, "restore", "copy", "--json"])
        .ended_with(5);
    assert_eq!(refused.error(), "backup-damaged");
    assert!(!dir.path().join("blank/records.sqlite").exists());
}

#[test]
fn a_backup_of_newer_accounts_is_refused_and_what_is_there_stays() {
    let dir = asked();
    dir.run(&["keys", "create", "--name", "portail"]).succeeded();
    dir.run(&["backup", "copy"]).succeeded();
    let path = dir.path().join("copy/manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
    let files = manifest["files"].as_array_mut().unwrap();
    let accounts = files.iter_mut().find(|file| file["path"] == "accounts.sqlite");
    accounts.unwrap()["version"] = 99.into();
    fs_err::write(&path, manifest.to_string()).unwrap();
    let blank = dir.path().join("blank");
    let blank = blank.to_string_lossy();
    let restore = ["--data", &blank, "restore", "copy"];
    let refused = dir.french(&restore).ended_with(4);
    assert!(
        refused.err.contains("accounts.sqlite") && refused.err.contains("99"),
        "{refused:#?}"
    );
    let refused = dir.run(&[&restore[..], &["--json"]].concat()).ended_with(4);
    assert_eq!(refused.error(), "backup-newer");
    assert!(!dir.path().join("blank/accounts.sqlite").exists());
    // The backup and the folder that it was made of are as they were.
    let listed = dir.run(&["keys", "list"]).succeeded();
    assert!(listed.out.contains("portail"), "{listed:#?}");
}
