//! The end of the write-ahead file after a crash: what is kept, what is cut, what is refused.

use std::path::{Path, PathBuf};

use trousseau_ledger::{Durability, Finding, Recovery, VerifyOptions, verify};

use crate::logs::{copy, entry, grown, open};

/// A crash: what lies on the disk while the log is open.
fn image(dir: &Path) -> tempfile::TempDir {
    let image = tempfile::tempdir().unwrap();
    copy(dir, image.path());
    image
}

fn wal(dir: &Path) -> PathBuf {
    let mut files: Vec<_> = fs_err::read_dir(dir.join("log/wal"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files.pop().unwrap()
}

/// A crashed log of three published entries and five that are only in the write-ahead file, and where the records
/// of these begin and end.
fn crashed() -> (tempfile::TempDir, Vec<u64>) {
    let dir = tempfile::tempdir().unwrap();
    grown(dir.path(), 3);
    let (ledger, _) = open(dir.path()).unwrap();
    let length = || fs_err::metadata(wal(dir.path())).unwrap().len();
    let mut ends = vec![length()];
    for index in 3..8 {
        ledger.append(&entry(index), Durability::Request).unwrap();
        ends.push(length());
    }
    (image(dir.path()), ends)
}

#[test]
fn a_write_cut_at_any_byte_costs_only_itself() {
    let (crash, ends) = crashed();
    let file = fs_err::read(wal(crash.path())).unwrap();
    for cut in ends[0]..=*ends.last().unwrap() {
        for rest in [0, 40] {
            // What was not written is missing, or is zeros where the file had grown already.
            let mut torn = file[..usize::try_from(cut).unwrap()].to_vec();
            torn.resize(torn.len() + rest, 0);
            fs_err::write(wal(crash.path()), &torn).unwrap();
            let whole = ends.iter().filter(|end| **end <= cut).count() as u64 - 1;
            let torn_bytes = torn.len() as u64 - ends[usize::try_from(whole).unwrap()];
            let report = verify(&crash.path().join("log"), &VerifyOptions::default()).unwrap();
            assert_eq!(report.findings, []);
            assert_eq!(
                (report.uncovered, report.torn_bytes),
                (whole, torn_bytes),
                "cut at {cut}"
            );
            if cut % 7 == 0 {
                let again = image(crash.path());
                let (ledger, recovery) = open(again.path()).unwrap();
                assert_eq!(
                    recovery,
                    Recovery {
                        replayed: whole,
                        torn_bytes,
                        unclean_batch: false
                    }
                );
                let next = ledger.append(b"after the crash", Durability::Request).unwrap();
                assert_eq!(next, 3 + whole);
                for index in 0..next {
                    assert_eq!(ledger.entry(index).unwrap(), entry(index));
                }
                let (ledger, recovery) = open(image(again.path()).path()).unwrap();
                assert_eq!((recovery.replayed, recovery.torn_bytes), (whole + 1, 0));
                assert_eq!(ledger.entry(next).unwrap(), b"after the crash");
            }
        }
    }
}

#[test]
fn damage_to_what_was_durable_is_refused_and_named() {
    let (crash, ends) = crashed();
    let path = wal(crash.path());
    let file = fs_err::read(&path).unwrap();
    for at in usize::try_from(ends[0]).unwrap()..file.len() {
        let mut damaged = file.clone();
        damaged[at] ^= 0x10;
        fs_err::write(&path, &damaged).unwrap();
        let hit = ends.iter().filter(|end| **end <= at as u64).count() - 1;
        let report = verify(&crash.path().join("log"), &VerifyOptions::default()).unwrap();
        if hit == 4 {
            // Nothing was written after the last record that could call it durable.
            assert_eq!((report.findings, report.uncovered), (vec![], 4));
            continue;
        }
        let (offset, index) = (ends[hit], 3 + hit as u64);
        assert_eq!(
            report.findings,
            [Finding::WalDamaged {
                path: path.clone(),
                offset,
                index
            }],
            "byte {at}"
        );
        assert_eq!(open(crash.path()).unwrap_err().code(), "ledger-wal-damaged");
    }
}

#[test]
fn records_that_were_dropped_swapped_or_repeated_are_refused() {
    let (crash, ends) = crashed();
    let path = wal(crash.path());
    let file = fs_err::read(&path).unwrap();
    let part = |from: usize, to: usize| {
        file[usize::try_from(ends[from]).unwrap()..usize::try_from(ends[to]).unwrap()].to_vec()
    };
    let head = &file[..usize::try_from(ends[0]).unwrap()];
    for changed in [
        [head.to_vec(), part(1, 5)].concat(),
        [head.to_vec(), part(0, 1), part(2, 5)].concat(),
        [head.to_vec(), part(1, 2), part(0, 1), part(2, 5)].concat(),
        [head.to_vec(), part(0, 2), part(1, 5)].concat(),
    ] {
        fs_err::write(&path, changed).unwrap();
        assert_eq!(open(crash.path()).unwrap_err().code(), "ledger-wal-damaged");
        let report = verify(&crash.path().join("log"), &VerifyOptions::default()).unwrap();
        assert!(matches!(report.findings[..], [Finding::WalDamaged { .. }]));
    }
}

#[test]
fn damage_to_what_is_published_already_stops_nobody() {
    let dir = tempfile::tempdir().unwrap();
    grown(dir.path(), 8);
    let path = wal(dir.path());
    let file = fs_err::read(&path).unwrap();
    for at in [60, file.len() / 2, file.len() - 100] {
        let crash = image(dir.path());
        let mut damaged = file.clone();
        damaged[at] ^= 0x10;
        fs_err::write(wal(crash.path()), damaged).unwrap();
        let (ledger, _) = open(crash.path()).unwrap();
        assert_eq!(ledger.append(&entry(8), Durability::Request).unwrap(), 8);
        drop(ledger);
        grown(crash.path(), 9);
        assert_eq!(
            verify(&crash.path().join("log"), &VerifyOptions::default())
                .unwrap()
                .findings,
            []
        );
    }
}

#[test]
fn a_batch_that_did_not_end_in_good_order_is_told_until_an_entry_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = open(dir.path()).unwrap();
    ledger.append(b"durable", Durability::Request).unwrap();
    let requests_only = image(dir.path());
    assert!(!open(requests_only.path()).unwrap().1.unclean_batch);

    ledger.append(b"fast", Durability::Batch).unwrap();
    let crash = image(dir.path());
    ledger.append(b"durable again", Durability::Request).unwrap();
    ledger.close().unwrap();
    assert!(!open(dir.path()).unwrap().1.unclean_batch);

    // Told again while nobody appended: the run that was told may have died before it could.
    for _ in 0..3 {
        let (ledger, recovery) = open(crash.path()).unwrap();
        assert!(recovery.unclean_batch);
        assert_eq!(ledger.entry(1).unwrap(), b"fast");
    }
    let (ledger, recovery) = open(crash.path()).unwrap();
    assert!(recovery.unclean_batch);
    ledger.append(b"gap", Durability::Request).unwrap();
    let second_crash = image(crash.path());
    assert!(!open(second_crash.path()).unwrap().1.unclean_batch);
}

#[test]
fn a_power_loss_that_takes_a_batch_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = open(dir.path()).unwrap();
    ledger.append(b"first of the batch", Durability::Batch).unwrap();
    let durable = fs_err::metadata(wal(dir.path())).unwrap().len();
    for index in 0..10 {
        ledger.append(&entry(index), Durability::Batch).unwrap();
    }
    let crash = image(dir.path());
    let file = fs_err::read(wal(crash.path())).unwrap();
    fs_err::write(wal(crash.path()), &file[..usize::try_from(durable).unwrap()]).unwrap();
    let (ledger, recovery) = open(crash.path()).unwrap();
    assert_eq!(
        recovery,
        Recovery {
            replayed: 1,
            torn_bytes: 0,
            unclean_batch: true
        }
    );
    assert_eq!(ledger.size(), 1);
}

#[test]
fn a_file_that_was_only_just_begun_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    grown(dir.path(), 3);
    let begun = dir.path().join("log/wal/00000000000000000003");
    for length in [0, 8, 55] {
        let crash = image(dir.path());
        let begun = crash.path().join("log/wal").join(begun.file_name().unwrap());
        fs_err::write(&begun, &fs_err::read(wal(dir.path())).unwrap()[..length]).unwrap();
        for size in 4..8 {
            let (ledger, _) = open(crash.path()).unwrap();
            assert_eq!(
                ledger.append(&entry(size - 1), Durability::Request).unwrap(),
                size - 1
            );
            drop(open(image(crash.path()).path()).unwrap());
            ledger.close().unwrap();
            assert!(begun.exists());
        }
        assert_eq!(
            verify(&crash.path().join("log"), &VerifyOptions::default())
                .unwrap()
                .findings,
            []
        );
    }
}

#[test]
fn a_format_of_tomorrow_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    grown(dir.path(), 1);
    let path = wal(dir.path());
    let mut file = fs_err::read(&path).unwrap();
    file[7] = 2;
    fs_err::write(&path, file).unwrap();
    let error = open(dir.path()).unwrap_err();
    assert_eq!(error.code(), "ledger-newer");
    assert!(
        error
            .to_string()
            .ends_with("is of format 2, this program reads up to 1"),
        "{error}"
    );
}
