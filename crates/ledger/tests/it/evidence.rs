//! Rollbacks and forks are found against what somebody else holds.

use std::path::Path;

use trousseau_ledger::{Durability, Evidence, Finding, Report, VerifyOptions, verify};

use crate::logs::{copy, entry, grown, open};

fn check(dir: &Path, evidence: &[&str]) -> Report {
    let newer = evidence
        .iter()
        .map(|text| Evidence::parse(text).unwrap())
        .collect();
    verify(&dir.join("log"), &VerifyOptions { key: None, newer }).unwrap()
}

fn checkpoint(dir: &Path) -> String {
    fs_err::read_to_string(dir.join("log/checkpoint")).unwrap()
}

#[test]
fn older_checkpoints_and_proofs_agree_with_a_log_that_only_grew() {
    let dir = tempfile::tempdir().unwrap();
    let mut kept = Vec::new();
    for size in [0, 1, 3, 255, 256, 257, 512, 700, 1000] {
        grown(dir.path(), size);
        kept.push(checkpoint(dir.path()));
        if let Some(last) = size.checked_sub(1) {
            let (ledger, _) = open(dir.path()).unwrap();
            kept.push(ledger.prove(last).unwrap().to_text());
            kept.push(ledger.prove(last / 2).unwrap().to_text());
        }
    }
    let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
    let report = check(dir.path(), &kept);
    assert_eq!(report.findings, []);
    assert_eq!(report.evidence, 25);
    assert!(report.is_rollback_checked());
}

#[test]
fn a_rollback_of_all_files_is_found_against_newer_evidence_only() {
    let dir = tempfile::tempdir().unwrap();
    grown(dir.path(), 300);
    let backup = tempfile::tempdir().unwrap();
    copy(dir.path(), backup.path());
    grown(dir.path(), 310);
    let newer = checkpoint(dir.path());
    let proof = open(dir.path()).unwrap().0.prove(305).unwrap().to_text();

    assert_eq!(check(backup.path(), &[]).findings, []);
    let rolled_back = Finding::RolledBack { size: 300, held: 310 };
    assert_eq!(
        check(backup.path(), &[&newer]).findings,
        std::slice::from_ref(&rolled_back)
    );
    assert_eq!(
        check(backup.path(), &[&proof, &newer]).findings,
        [rolled_back.clone(), rolled_back]
    );
}

#[test]
fn two_histories_of_one_size_are_found() {
    let dir = tempfile::tempdir().unwrap();
    grown(dir.path(), 300);
    let fork = tempfile::tempdir().unwrap();
    copy(dir.path(), fork.path());
    grown(dir.path(), 310);
    let (forked, _) = open(fork.path()).unwrap();
    for index in 300..310 {
        forked.append(&entry(index + 1), Durability::Request).unwrap();
    }
    forked.close().unwrap();

    let (ours, theirs) = (checkpoint(dir.path()), checkpoint(fork.path()));
    assert_eq!(check(dir.path(), &[&ours]).findings, []);
    assert_eq!(
        check(dir.path(), &[&theirs]).findings,
        [Finding::Forked { held: 310 }]
    );
    assert_eq!(
        check(fork.path(), &[&ours]).findings,
        [Finding::Forked { held: 310 }]
    );
    // A longer history does not hide the fork.
    grown(fork.path(), 900);
    assert_eq!(
        check(fork.path(), &[&ours]).findings,
        [Finding::Forked { held: 310 }]
    );
}

#[test]
fn a_checkpoint_put_back_alone_is_found_by_the_tiles_and_stops_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    grown(dir.path(), 300);
    let old = checkpoint(dir.path());
    grown(dir.path(), 310);
    fs_err::write(dir.path().join("log/checkpoint"), &old).unwrap();
    // The write-ahead file still has what the checkpoint lacks: nothing is lost, the writer goes on.
    assert_eq!(check(dir.path(), &[]).uncovered, 10);

    fs_err::remove_dir_all(dir.path().join("log/wal")).unwrap();
    let path = dir.path().join("log/tile/0/001.p/54");
    assert_eq!(
        check(dir.path(), &[]).findings,
        [Finding::SetBack { path, size: 300 }]
    );
    assert_eq!(open(dir.path()).unwrap_err().code(), "ledger-set-back");
}

#[test]
fn evidence_of_another_log_proves_nothing() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    grown(dir.path(), 3);
    grown(other.path(), 3);
    let report = check(dir.path(), &[&checkpoint(other.path())]);
    assert!(
        matches!(&report.findings[..], [Finding::EvidenceInvalid { origin, .. }] if origin == "example.org/log")
    );

    // A proof whose hashes were changed still carries a good checkpoint.
    let mut proof = open(dir.path()).unwrap().0.prove(1).unwrap();
    proof.hashes[0].0[0] ^= 1;
    let report = check(dir.path(), &[&proof.to_text()]);
    assert!(matches!(&report.findings[..], [Finding::EvidenceInvalid { .. }]));
}

#[test]
fn the_key_that_was_given_counts_and_not_the_one_beside_the_log() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    grown(dir.path(), 3);
    grown(other.path(), 3);
    let key = open(other.path()).unwrap().0.verifier();
    let report = verify(
        &dir.path().join("log"),
        &VerifyOptions {
            key: Some(key),
            newer: vec![],
        },
    )
    .unwrap();
    let codes: Vec<_> = report.findings.iter().map(Finding::code).collect();
    assert_eq!(
        codes,
        ["ledger-finding-key-changed", "ledger-finding-checkpoint-edited"]
    );
}
