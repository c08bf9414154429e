//! Entries come back as they went in, proved, through every way of reading.

use trousseau_ledger::merkle::is_consistent;
use trousseau_ledger::{Durability, LogReader, Proof};

use crate::logs::{entry, grown, open};

#[test]
fn entries_are_read_back_before_and_after_they_are_published() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, recovery) = open(dir.path()).unwrap();
    assert_eq!(recovery, Default::default());
    for index in 0..600 {
        assert_eq!(ledger.append(&entry(index), Durability::Batch).unwrap(), index);
        if index == 300 {
            assert_eq!(ledger.publish().unwrap().size, 301);
        }
    }
    assert_eq!(ledger.size(), 600);
    assert_eq!(ledger.checkpoint().size, 301);
    let read = |range| ledger.entries(range).collect::<Result<Vec<_>, _>>().unwrap();
    let all: Vec<_> = (0..600).map(|index| (index, entry(index))).collect();
    assert_eq!(read(0..600), all);
    assert_eq!(read(250..u64::MAX), all[250..]);
    assert_eq!(read(599..600), all[599..]);
    assert_eq!(read(600..700), []);
    for index in [0, 255, 256, 300, 301, 599] {
        assert_eq!(ledger.entry(index).unwrap(), entry(index));
    }
    assert_eq!(ledger.entry(600).unwrap_err().code(), "ledger-no-such-entry");

    let reader = LogReader::open(&dir.path().join("log")).unwrap();
    assert_eq!((reader.size(), reader.checkpoint().size), (600, 301));
    assert_eq!(
        reader.entries(0..600).collect::<Result<Vec<_>, _>>().unwrap(),
        all
    );
    assert_eq!(reader.entry(599).unwrap(), entry(599));
    assert_eq!(reader.prove(301).unwrap_err().code(), "ledger-not-covered");
    assert_eq!(reader.prove(600).unwrap_err().code(), "ledger-no-such-entry");
}

#[test]
fn every_entry_is_proved_after_reopening_at_every_size() {
    let dir = tempfile::tempdir().unwrap();
    let mut size = 0;
    for step in [1, 2, 252, 1, 1, 255, 1, 400] {
        size += step;
        grown(dir.path(), size);
        let (ledger, recovery) = open(dir.path()).unwrap();
        assert_eq!(recovery, Default::default());
        for index in [0, size / 3, size / 2, size - 1] {
            let text = ledger.prove(index).unwrap().to_text();
            let proof = Proof::parse(&text).unwrap();
            assert_eq!((proof.index, proof.checkpoint.size), (index, size));
            proof.verify(&ledger.verifier(), &entry(index)).unwrap();
            assert!(proof.verify(&ledger.verifier(), b"another entry").is_err());
        }
    }
}

#[test]
fn a_proof_of_an_unpublished_entry_publishes_it() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = open(dir.path()).unwrap();
    let index = ledger.append(b"decided", Durability::Request).unwrap();
    assert_eq!(ledger.checkpoint().size, 0);
    let proof = ledger.prove(index).unwrap();
    proof.verify(&ledger.verifier(), b"decided").unwrap();
    assert_eq!(ledger.checkpoint(), proof.checkpoint);
}

#[test]
fn every_older_checkpoint_is_shown_to_be_a_beginning() {
    let dir = tempfile::tempdir().unwrap();
    let mut older = Vec::new();
    for size in [1, 7, 255, 256, 300, 512, 700, 1000] {
        grown(dir.path(), size);
        let reader = LogReader::open(&dir.path().join("log")).unwrap();
        let new = reader.checkpoint().clone();
        older.push((new.size, new.root));
        for (old, root) in &older {
            let proof = reader.prove_consistency(*old).unwrap();
            assert!(
                is_consistent((*old, root), (new.size, &new.root), &proof),
                "{old} in {size}"
            );
            let (_, other) = older[0];
            assert_eq!(
                is_consistent((*old, &other), (new.size, &new.root), &proof),
                other == *root
            );
        }
        assert_eq!(
            reader.prove_consistency(size + 1).unwrap_err().code(),
            "ledger-no-such-entry"
        );
    }
}
