//! A ledger that was tampered with: `ledger verify` ends with 5 and names what is wrong.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Dir, Ran};

/// A data folder whose ledger has a few entries.
fn asked() -> Dir {
    let dir = Dir::new();
    dir.write("docs/a.txt", "Le portail ferme à dix-neuf heures.\n");
    dir.run(&["ingest", "docs"]).succeeded();
    for question in ["À quelle heure ferme le portail ?", "Qui ferme le portail ?"] {
        dir.run(&["ask", question]).succeeded();
    }
    dir.run(&["ledger", "verify"]).succeeded();
    dir
}

/// What `ledger verify` finds, by code. The exit code is 5, in both languages with a line per finding.
fn findings(dir: &Dir, more: &[&str]) -> Vec<String> {
    let verify = [&["ledger", "verify"], more].concat();
    let told = dir.run(&[verify.as_slice(), &["--json"]].concat()).ended_with(5);
    let report = told.object();
    assert_eq!(report["sound"], false);
    let found = report["findings"].as_array().unwrap();
    for ran in [dir.run(&verify), dir.french(&verify)] {
        let ran = ran.ended_with(5);
        assert_eq!(ran.out.matches('✗').count(), found.len(), "{ran:#?}");
    }
    let code = |finding: &Value| finding["code"].as_str().unwrap().to_owned();
    found.iter().map(code).collect()
}

/// The newest bundle of entries: an older partial one may stand beside it.
fn newest_bundle(folder: &Path) -> PathBuf {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort_by_key(|file| fs_err::metadata(file).unwrap().len());
    files.pop().unwrap()
}

#[test]
fn a_flipped_byte_of_an_entry() {
    let dir = asked();
    let bundle = newest_bundle(&dir.ledger().join("tile/entries"));
    let mut bytes = fs_err::read(&bundle).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs_err::write(&bundle, bytes).unwrap();
    assert_eq!(findings(&dir, &[]), ["ledger-finding-byte-changed"]);
    let told = dir.run(&["ledger", "verify"]);
    assert!(told.out.contains(&*bundle.to_string_lossy()), "{told:#?}");
}

#[test]
fn a_dropped_tile() {
    let dir = asked();
    let bundle = newest_bundle(&dir.ledger().join("tile/entries"));
    fs_err::remove_file(&bundle).unwrap();
    assert_eq!(findings(&dir, &[]), ["ledger-finding-tile-missing"]);
}

#[test]
fn an_edited_checkpoint() {
    let dir = asked();
    let checkpoint = dir.ledger().join("checkpoint");
    let text = fs_err::read_to_string(&checkpoint).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let size = (lines[1].parse::<u64>().unwrap() - 1).to_string();
    lines[1] = &size;
    fs_err::write(&checkpoint, lines.join("\n") + "\n").unwrap();
    let found = findings(&dir, &[]);
    assert!(
        found.contains(&"ledger-finding-checkpoint-edited".to_owned()),
        "{found:?}"
    );
}

#[test]
fn a_rollback_is_found_with_a_proof_that_somebody_holds() {
    let dir = asked();
    let older = dir.path().join("older");
    copy(&dir.ledger(), &older);
    let answer = dir.json(&["ask", "Quand ouvre le portail ?"]);
    let entry = answer["outcome"].as_str().unwrap();
    dir.run(&["ledger", "prove", entry, "--output", "held.tlog-proof"])
        .succeeded();
    fs_err::remove_dir_all(dir.ledger()).unwrap();
    copy(&older, &dir.ledger());
    let alone = dir.run(&["ledger", "verify"]).succeeded();
    assert!(
        alone.out.contains("--against"),
        "it must say what it cannot see: {alone:#?}"
    );
    let found = findings(&dir, &["--against", "held.tlog-proof"]);
    assert_eq!(found, ["ledger-finding-rolled-back"]);
}

#[test]
fn another_key_than_the_one_that_is_held() {
    let (dir, other) = (asked(), asked());
    let key = other.ledger().join("log.vkey");
    let found = findings(&dir, &["--vkey", &key.to_string_lossy()]);
    assert!(
        found.contains(&"ledger-finding-key-changed".to_owned()),
        "{found:?}"
    );
}

#[test]
fn nothing_is_asked_on_a_damaged_ledger() {
    let dir = asked();
    let ledger = dir.ledger();
    for entry in fs_err::read_dir(&ledger).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path.file_name().is_some_and(|name| name != "log.vkey") {
            fs_err::write(&path, "not what it was\n").unwrap();
        }
    }
    for ran in [
        dir.run(&["ask", "Qui ferme le portail ?"]),
        dir.french(&["ask", "Qui ferme le portail ?"]),
    ] {
        let ran = ran.ended_with(5);
        assert!(ran.err.contains(&*ledger.to_string_lossy()), "{ran:#?}");
        assert_eq!(ran.out, "", "an answer that was not recorded");
    }
}

#[test]
fn folders_without_a_ledger_and_entries_that_are_not_there() {
    let dir = asked();
    let code = |arguments: &[&str], exit: i32| Ran::error(&dir.run(arguments).ended_with(exit));
    assert_eq!(code(&["ledger", "verify", "docs", "--json"], 1), "ledger-no-log");
    assert_eq!(
        code(&["ledger", "prove", "999", "--json"], 1),
        "ledger-no-such-entry"
    );
    assert_eq!(code(&["ledger", "show", "999", "--json"], 1), "gateway-no-entry");
    assert_eq!(
        code(&["ledger", "show", "first", "--json"], 1),
        "app-not-an-entry"
    );
    assert_eq!(
        code(&["ledger", "show", "other/0", "--json"], 1),
        "gateway-no-entry"
    );
}

#[test]
fn entries_are_listed_in_words() {
    let dir = asked();
    let listed = dir.french(&["ledger", "show"]).succeeded();
    let times = |line: &str| {
        let words = line.split_whitespace();
        words
            .map(|word| if word.ends_with('Z') { "[TIME]" } else { word })
            .collect::<Vec<_>>()
            .join(" ")
    };
    let lines: Vec<String> = listed.out.lines().map(times).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    entrée date nature détail
    0 [TIME] document document ajouté
    1 [TIME] décision route « documents », étiquette internal
    2 [TIME] issue entrée 1 : répondue
    3 [TIME] décision route « documents », étiquette internal
    4 [TIME] issue entrée 3 : répondue
    ");
}

fn copy(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs_err::copy(&path, &target).unwrap();
        }
    }
}
