//! Too much, too long, twice at once, damaged: a clear word and no loss.

use std::process::Stdio;

use rustix::fs::{FlockOperation, flock};
use serde_json::json;

use crate::harness::{Dir, Ran};

#[test]
fn a_question_past_the_limit_is_refused_with_the_limit() {
    let dir = Dir::new();
    dir.write("docs/a.txt", "Le guichet ouvre à huit heures.\n");
    dir.run(&["ingest", "docs"]).succeeded();
    let long = "mot ".repeat(1 << 18);
    for command in [&["ask", "-"][..], &["search", "-"], &["policy", "explain", "-"]] {
        let ran = dir.fed(command, long.as_bytes()).ended_with(1);
        assert_eq!(ran.out, "");
        insta::allow_duplicates! {
            insta::assert_snapshot!(ran.err, @"
            error: The question is too long: more than 64 KiB.
            hint: Shorten it, or raise max_question_bytes in [ask].
            ");
        }
    }
    let just = dir
        .fed(
            &["ask", "--json", "-"],
            "À quelle heure ouvre le guichet ?\n".as_bytes(),
        )
        .succeeded();
    assert_eq!(just.object()["abstained"], false);
    for nothing in [&b""[..], b" \n\t "] {
        assert_eq!(
            dir.fed(&["ask", "-", "--json"], nothing).ended_with(1).error(),
            "gateway-empty-question"
        );
    }
    // Bytes that are no text are read as far as they are one.
    dir.fed(&["ask", "-"], b"guichet \xff\xfe\x00 ouvre").succeeded();
}

#[test]
fn one_line_of_ten_megabytes_does_not_hold_up_the_rest() {
    let dir = Dir::new();
    dir.write("docs/ligne.txt", "abcdefghij".repeat(1 << 20));
    dir.write("docs/bon.txt", "Le guichet ouvre à huit heures.\n");
    dir.run(&["ingest", "docs"]).succeeded();
    let found = dir.json(&["search", "guichet"]);
    assert_eq!(found["hits"].as_array().unwrap().len(), 1, "{found:#}");
    let failed = dir.json(&["tasks", "--state", "failed"]);
    assert_eq!(failed, json!({ "tasks": [] }));
}

#[test]
fn while_one_process_writes_others_may_read() {
    let dir = Dir::new();
    dir.write("docs/a.txt", "Le guichet ouvre à huit heures.\n");
    dir.run(&["ingest", "docs"]).succeeded();
    let lock = fs_err::OpenOptions::new()
        .write(true)
        .open(dir.data().join("lock"))
        .unwrap();
    flock(lock.file(), FlockOperation::LockExclusive).unwrap();
    for command in [
        &["ingest", "docs"][..],
        &["ask", "À quelle heure ouvre le guichet ?"],
    ] {
        let ran = dir.run(command).ended_with(4);
        assert!(ran.err.contains("is in use by process"), "{ran:#?}");
    }
    for command in [
        &["search", "guichet"][..],
        &["tasks"],
        &["documents"],
        &["collections"],
        &["policy", "explain", "guichet"],
        &["ledger", "verify"],
        &["doctor"],
    ] {
        dir.run(command).succeeded();
    }
    drop(lock);
    dir.run(&["ingest", "docs"]).succeeded();
}

#[test]
fn two_ingests_at_once_take_every_file_in_once() {
    let dir = Dir::new();
    for number in 0..60 {
        dir.write(
            &format!("docs/{number}.txt"),
            format!("La fiche {number} est close.\n"),
        );
    }
    let spawn = || {
        let mut command = dir.command(&["ingest", "docs", "--json"]);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let both = [spawn(), spawn()].map(|child| Ran::from(child.wait_with_output().unwrap()));
    for ran in &both {
        assert!(
            ran.code == Some(0) || (ran.code == Some(4) && ran.error() == "app-locked"),
            "{both:#?}"
        );
    }
    assert!(both.iter().any(|ran| ran.code == Some(0)), "{both:#?}");
    assert_eq!(
        dir.json(&["documents"])["documents"].as_array().unwrap().len(),
        60
    );
}

#[test]
fn a_damaged_index_is_built_again() {
    let dir = Dir::new();
    dir.write("docs/a.txt", "Le guichet ouvre à huit heures.\n");
    dir.run(&["ingest", "docs"]).succeeded();
    let before = dir.json(&["search", "guichet"]);
    let index = dir.data().join("index/default");
    let garble = |only: Option<&str>| {
        for entry in fs_err::read_dir(&index).unwrap() {
            let path = entry.unwrap().path();
            if only.is_none_or(|name| path.ends_with(name)) {
                fs_err::write(&path, "garbled").unwrap();
            }
        }
    };
    for only in [Some("meta.json"), Some(".managed.json"), None] {
        garble(only);
        assert_eq!(
            dir.json(&["search", "guichet"])["hits"][0]["text"],
            before["hits"][0]["text"],
            "{only:?}"
        );
    }
    fs_err::remove_dir_all(&index).unwrap();
    assert_eq!(
        dir.json(&["search", "guichet"])["hits"][0]["text"],
        before["hits"][0]["text"]
    );
    garble(None);
    let asked = dir.json(&["ask", "À quelle heure ouvre le guichet ?"]);
    assert_eq!(asked["abstained"], false, "{asked:#}");
}

#[test]
fn a_damaged_database_is_named_and_left_as_it_is() {
    for name in ["documents.sqlite", "records.sqlite"] {
        let dir = Dir::new();
        dir.write("docs/a.txt", "Le guichet ouvre à huit heures.\n");
        dir.run(&["ingest", "docs"]).succeeded();
        for beside in ["-wal", "-shm"] {
            // A clean end leaves neither behind.
            let file = dir.data().join(format!("{name}{beside}"));
            if file.exists() {
                fs_err::remove_file(file).unwrap();
            }
        }
        let garbled = "not a database, whatever its name says\n".repeat(200);
        let file = dir.write(&format!("data/{name}"), &garbled);
        for command in [
            &["ask", "À quelle heure ouvre le guichet ?"][..],
            &["ingest", "docs"],
        ] {
            let ran = dir.french(command).ended_with(5);
            assert!(ran.err.contains(&format!("{name} est endommagé")), "{ran:#?}");
            assert!(ran.err.contains("sauvegarde"), "{ran:#?}");
        }
        assert_eq!(fs_err::read_to_string(&file).unwrap(), garbled);
    }
}

#[test]
fn names_that_are_not_there_are_told() {
    let dir = Dir::new();
    dir.write("docs/a.txt", "Le guichet ouvre à huit heures.\n");
    dir.run(&["ingest", "docs"]).succeeded();
    let code = |arguments: &[&str]| dir.run(&[&["--json"], arguments].concat()).ended_with(1).error();
    assert_eq!(
        code(&["ask", "guichet ?", "--collection", "x"]),
        "store-no-collection"
    );
    assert_eq!(
        code(&["search", "guichet", "--collection", "x"]),
        "store-no-collection"
    );
    assert_eq!(code(&["documents", "--collection", "x"]), "store-no-collection");
    assert_eq!(
        code(&["policy", "explain", "guichet", "--collection", "x"]),
        "store-no-collection"
    );
    assert_eq!(code(&["ask", "guichet ?", "--route", "x"]), "gateway-no-route");
    assert_eq!(code(&["ask", "guichet ?", "--key", "x"]), "app-no-key");
    assert_eq!(code(&["documents", "show", "doc-x"]), "store-no-document");
    assert_eq!(code(&["documents", "delete", "doc-x"]), "store-no-document");
    assert_eq!(code(&["--data", "/dev/null", "ingest", "docs"]), "app-io");
}
