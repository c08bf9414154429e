//! A killed process loses nothing that it had acknowledged, in either mode.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use trousseau_ledger::{Durability, Evidence, LogReader, VerifyOptions, verify};

use crate::child;
use crate::logs::{grown, open};

const ROUNDS: u64 = 25;

/// What the children that ran in `dir` were told was appended.
pub(crate) fn acknowledged(dir: &Path) -> BTreeMap<u64, String> {
    let mut entries = BTreeMap::new();
    for file in fs_err::read_dir(dir).unwrap().map(|file| file.unwrap().path()) {
        if file
            .extension()
            .is_none_or(|extension| extension != "acknowledged")
        {
            continue;
        }
        let text = fs_err::read_to_string(file).unwrap();
        // The kill may have cut the last line.
        for line in text[..text.rfind('\n').map_or(0, |end| end + 1)].lines() {
            let (index, entry) = line.split_once(' ').unwrap();
            assert_eq!(
                entries.insert(index.parse().unwrap(), entry.to_owned()),
                None,
                "index {index} twice"
            );
        }
    }
    entries
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let mut kept = Vec::new();
    let mut published = 0;
    for round in 0..ROUNDS {
        let mut child = child::start("append-until-killed", dir.path(), &[]);
        // From before the log is open to well into appending, in uneven steps.
        std::thread::sleep(Duration::from_millis(10 + round * 89 % 170));
        child.kill().unwrap();
        child.wait().unwrap();
        if !log.join("checkpoint").exists() {
            continue;
        }
        let report = verify(
            &log,
            &VerifyOptions {
                key: None,
                newer: kept.clone(),
            },
        )
        .unwrap();
        assert_eq!(report.findings, [], "round {round}");
        let reader = LogReader::open(&log).unwrap();
        assert!(reader.checkpoint().size >= published);
        published = reader.checkpoint().size;
        kept.push(Evidence::Checkpoint(reader.checkpoint().clone()));

        let expected = acknowledged(dir.path());
        let found: BTreeMap<u64, String> = reader
            .entries(0..u64::MAX)
            .map(|entry| {
                entry
                    .map(|(index, entry)| (index, String::from_utf8(entry).unwrap()))
                    .unwrap()
            })
            .collect();
        for (index, entry) in &expected {
            assert!(
                found.get(index) == Some(entry),
                "round {round}: entry {index} is not as acknowledged"
            );
        }
        // Every other time the log is opened and closed in good order in between.
        if round % 2 == 0 {
            let (ledger, recovery) = open(dir.path()).unwrap();
            assert_eq!(recovery.replayed, reader.size() - published);
            assert_eq!(ledger.size(), reader.size());
            ledger.close().unwrap();
        }
    }
    assert!(published > 100, "only {published} entries were published");
    assert!(kept.len() > 10);
}

#[test]
fn a_log_is_read_and_verified_while_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let (ledger, _) = open(dir.path()).unwrap();
    let mut rounds = 0;
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            // Several times past the length at which a new write-ahead file is begun.
            for _ in 0..60 {
                ledger.append_all(&[[b'.'; 2000]; 90], Durability::Batch).unwrap();
                ledger.publish().unwrap();
            }
        });
        let mut size = 0;
        while !writer.is_finished() {
            let report = verify(&log, &VerifyOptions::default()).unwrap();
            assert_eq!(report.findings, []);
            let reader = LogReader::open(&log).unwrap();
            assert!(reader.size() >= size, "{} after {size}", reader.size());
            size = reader.size();
            for (index, entry) in reader.entries(size.saturating_sub(300)..size).map(Result::unwrap) {
                assert!(entry == [b'.'; 2000], "entry {index}");
            }
            if let Some(last) = reader.checkpoint().size.checked_sub(1) {
                let proof = reader.prove(last).unwrap();
                proof.verify(reader.verifier(), &[b'.'; 2000]).unwrap();
            }
            rounds += 1;
        }
    });
    assert!(rounds > 3, "the writer was done after {rounds} rounds");
}

#[test]
fn one_writer_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = open(dir.path()).unwrap();
    assert_eq!(open(dir.path()).unwrap_err().code(), "ledger-locked");
    child::run("find-it-locked", dir.path(), &[]);
    ledger.close().unwrap();
    grown(dir.path(), 1);
}
