//! A copy of a log is a log: it verifies, and it can be written to.

use std::sync::atomic::{AtomicBool, Ordering};

use trousseau_ledger::{Durability, LogReader, VerifyOptions, verify};

use crate::logs::{entry, grown, open};

#[test]
fn a_copy_of_any_size_verifies_and_goes_on() {
    for size in [0, 1, 255, 256, 257, 600, 65_537] {
        let dir = tempfile::tempdir().unwrap();
        grown(dir.path(), size);
        let copied = tempfile::tempdir().unwrap();
        let reader = LogReader::open(&dir.path().join("log")).unwrap();
        let checkpoint = reader.copy_to(&copied.path().join("log")).unwrap();
        assert_eq!(checkpoint.size, size);
        let report = verify(&copied.path().join("log"), &VerifyOptions::default()).unwrap();
        assert_eq!(report.findings, []);

        fs_err::copy(dir.path().join("key"), copied.path().join("key")).unwrap();
        let (ledger, recovery) = open(copied.path()).unwrap();
        assert_eq!((ledger.size(), recovery.unclean_batch), (size, false));
        ledger.append(&entry(size), Durability::Request).unwrap();
        ledger.close().unwrap();
        let report = verify(&copied.path().join("log"), &VerifyOptions::default()).unwrap();
        assert_eq!(report.findings, []);
        let reader = LogReader::open(&copied.path().join("log")).unwrap();
        assert_eq!(reader.entry(size).unwrap(), entry(size));
    }
}

#[test]
fn a_log_is_copied_while_it_grows() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = open(dir.path()).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let start = ledger.size();
                let entries: Vec<Vec<u8>> = (start..start + 37).map(entry).collect();
                ledger.append_all(&entries, Durability::Batch).unwrap();
                ledger.publish().unwrap();
            }
        });
        for _ in 0..20 {
            let size = ledger.size();
            ledger.publish().unwrap();
            let copy = tempfile::tempdir().unwrap();
            let reader = LogReader::open(&dir.path().join("log")).unwrap();
            let checkpoint = reader.copy_to(copy.path()).unwrap();
            assert!(checkpoint.size >= size);
            let report = verify(copy.path(), &VerifyOptions::default()).unwrap();
            assert_eq!(report.findings, []);
        }
        done.store(true, Ordering::Relaxed);
    });
}
