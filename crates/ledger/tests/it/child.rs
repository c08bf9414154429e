//! The other side of the tests that need a second process: this test binary, started again.

use std::io::Write as _;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use trousseau_ledger::{Durability, Ledger, LedgerError, Options, SigningKey, VerifyOptions, verify};

use crate::logs::{entry, open};

/// Starts `task` on the folder `dir`, behind the words of `wrapper` if there are any.
pub(crate) fn start(task: &str, dir: &Path, wrapper: &[&str]) -> Child {
    let order = format!("{task} {}", dir.display());
    trousseau_testing::start_child("child::does_what_it_is_told", &order, wrapper)
}

/// Starts `task` and waits for its success.
pub(crate) fn run(task: &str, dir: &Path, wrapper: &[&str]) {
    trousseau_testing::finish_child(start(task, dir, wrapper));
}

#[test]
fn does_what_it_is_told() {
    let Some(order) = trousseau_testing::child_order() else {
        return;
    };
    let (task, dir) = order.split_once(' ').unwrap();
    let dir = Path::new(dir);
    match task {
        "append-until-killed" => append_until_killed(dir),
        "find-it-locked" => assert_eq!(open(dir).unwrap_err().code(), "ledger-locked"),
        "append-through-faults" => append_through_faults(dir),
        "fill-the-file" => fill(dir, None),
        "fill-the-disk" => fill(dir, Some(&dir.join("ballast"))),
        _ => panic!("no such task: {task}"),
    }
}

/// Appends from four threads, each of which writes the acknowledged indexes and entries to a file of its own.
fn append_until_killed(dir: &Path) {
    let key = SigningKey::load_or_create(&dir.join("key"), "example.org/log").unwrap();
    let options = Options {
        batch_interval: Duration::from_millis(2),
        checkpoint_interval: Duration::from_millis(5),
    };
    let (ledger, _) = Ledger::open(&dir.join("log"), key, options).unwrap();
    let start = ledger.size();
    let append = |thread: u64| {
        let mut file = fs_err::OpenOptions::new()
            .create(true)
            .append(true)
            .open(dir.join("acknowledged"))
            .unwrap();
        for count in 0.. {
            // Long enough for the write-ahead file to be changed for a new one now and then.
            let length = usize::try_from((start + 37 * count) % 3000).unwrap();
            let entries: Vec<String> = (0..=count % 3)
                .map(|part| format!("{start}-{thread}-{count}-{part}-{}", "x".repeat(length)))
                .collect();
            let durability = if thread.is_multiple_of(2) {
                Durability::Request
            } else {
                Durability::Batch
            };
            let range = ledger.append_all(&entries, durability).unwrap();
            let lines: String = range
                .zip(&entries)
                .map(|(index, entry)| format!("{index} {entry}\n"))
                .collect();
            file.write_all(lines.as_bytes()).unwrap();
        }
    };
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || append(thread));
        }
    });
}

/// Appends and publishes whatever fails meanwhile, and tells of what was acknowledged like the above.
fn append_through_faults(dir: &Path) {
    let mut file = fs_err::File::create(dir.join("faults.acknowledged")).unwrap();
    let mut failures = 0;
    for _ in 0..5 {
        let Ok((ledger, _)) = open(dir) else {
            failures += 1;
            continue;
        };
        for count in 0..60 {
            let line = format!("entry after {failures} failures");
            match ledger.append(line.as_bytes(), Durability::Request) {
                Ok(index) => file.write_all(format!("{index} {line}\n").as_bytes()).unwrap(),
                Err(_) => failures += 1,
            }
            if count % 7 == 6 && ledger.publish().is_err() {
                failures += 1;
            }
        }
        if ledger.close().is_err() {
            failures += 1;
        }
    }
    fs_err::write(dir.join("failures"), failures.to_string()).unwrap();
}

/// Appends until there is no room, and shows that nothing was harmed by it. `ballast` makes room when removed.
fn fill(dir: &Path, ballast: Option<&Path>) {
    if let Some(ballast) = ballast {
        fs_err::write(ballast, vec![0; 2 << 20]).unwrap();
    }
    let (ledger, _) = open(dir).unwrap();
    ledger.check().unwrap();
    let long_entry = |index: u64| [entry(index), vec![b'.'; 3000]].concat();
    let refused = loop {
        let index = ledger.size();
        match ledger.append(&long_entry(index), Durability::Request) {
            Ok(given) => assert_eq!(given, index),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, LedgerError::DiskFull { .. }), "{refused}");
    let size = ledger.size();
    assert!(size > 20, "{size} entries found room");
    for _ in 0..3 {
        assert_eq!(
            ledger
                .append(&long_entry(size), Durability::Batch)
                .unwrap_err()
                .code(),
            "ledger-disk-full"
        );
        assert_eq!(ledger.size(), size);
        assert_eq!(ledger.check().unwrap_err().code(), "ledger-disk-full");
    }
    assert_eq!(ledger.entry(size - 1).unwrap(), long_entry(size - 1));
    if let Some(ballast) = ballast {
        assert_eq!(ledger.publish().unwrap_err().code(), "ledger-disk-full");
        assert!(ledger.publish_failure().is_some());
        assert_eq!(ledger.checkpoint().size, 0);
        fs_err::remove_file(ballast).unwrap();
        ledger.check().unwrap();
        assert_eq!(ledger.size(), size);
        assert_eq!(
            ledger.append(&long_entry(size), Durability::Request).unwrap(),
            size
        );
    }
    let size = ledger.size();
    assert_eq!(ledger.publish().unwrap().size, size);
    assert_eq!(ledger.publish_failure(), None);
    for (index, found) in ledger.entries(0..size).map(Result::unwrap) {
        assert_eq!(found, long_entry(index));
    }
    drop(ledger);
    assert_eq!(
        verify(&dir.join("log"), &VerifyOptions::default())
            .unwrap()
            .findings,
        []
    );
}
