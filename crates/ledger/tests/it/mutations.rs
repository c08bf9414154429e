//! Whatever is done to the files of a log, the verifier notices and says where.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use trousseau_ledger::{Finding, VerifyOptions, verify};

use crate::logs::{entry, grown, open};

/// 256 full entries twice, a partial tile, an older partial tile that it goes on from.
const SIZE: u64 = 600;

fn log() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    grown(dir.path(), 530);
    grown(dir.path(), SIZE);
    dir
}

fn findings(dir: &Path) -> Vec<Finding> {
    verify(&dir.join("log"), &VerifyOptions::default())
        .unwrap()
        .findings
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs_err::read(path).unwrap();
    change(&mut bytes);
    fs_err::write(path, bytes).unwrap();
}

/// Rewrites a bundle with other entries.
fn change_entries(path: &Path, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let bytes = fs_err::read(path).unwrap();
    let mut entries: Vec<Vec<u8>> = trousseau_ledger::tile::bundle_entries(&bytes)
        .map(|entry| entry.unwrap().to_vec())
        .collect();
    change(&mut entries);
    let length = |entry: &Vec<u8>| u16::try_from(entry.len()).unwrap().to_be_bytes();
    let bytes: Vec<u8> = entries
        .iter()
        .flat_map(|entry| [&length(entry)[..], entry.as_slice()].concat())
        .collect();
    fs_err::write(path, bytes).unwrap();
}

#[test]
fn a_sound_log_is_found_sound() {
    let dir = log();
    let report = verify(&dir.path().join("log"), &VerifyOptions::default()).unwrap();
    assert_eq!(report.findings, []);
    assert_eq!(
        (report.entries, report.tiles, report.uncovered, report.torn_bytes),
        (SIZE, 4, 0, 0)
    );
    assert!(report.is_sound() && !report.is_rollback_checked() && !report.is_key_given);
}

#[test]
fn what_was_done_to_an_entry_is_named() {
    let check =
        |bundle: &str, change: &dyn Fn(&mut Vec<Vec<u8>>), expected: &dyn Fn(PathBuf) -> Vec<Finding>| {
            let dir = log();
            let path = dir.path().join("log/tile/entries").join(bundle);
            change_entries(&path, change);
            assert_eq!(findings(dir.path()), expected(path), "{bundle}");
        };
    for (bundle, start) in [("000", 0), ("001", 256), ("002.p/88", 512)] {
        check(bundle, &|entries| entries[7][3] ^= 0x20, &|path| {
            vec![Finding::ByteChanged {
                index: start + 7,
                byte: 3,
                path,
            }]
        });
        check(
            bundle,
            &|entries| entries[7] = b"another story".to_vec(),
            &|path| {
                vec![Finding::EntryChanged {
                    index: start + 7,
                    path,
                }]
            },
        );
        check(bundle, &|entries| _ = entries.remove(9), &|path| {
            vec![Finding::EntryDropped {
                index: start + 9,
                path,
            }]
        });
        check(bundle, &|entries| _ = entries.pop(), &|path| {
            let last = start + if start == 512 { 87 } else { 255 };
            vec![Finding::EntryDropped { index: last, path }]
        });
        check(
            bundle,
            &|entries| entries.insert(4, b"never said".to_vec()),
            &|path| {
                vec![Finding::EntryAdded {
                    index: start + 4,
                    path,
                }]
            },
        );
        check(bundle, &|entries| entries.insert(5, entry(start + 4)), &|path| {
            vec![Finding::EntryAdded {
                index: start + 5,
                path,
            }]
        });
        check(bundle, &|entries| entries.swap(20, 30), &|path| {
            vec![Finding::EntriesReordered {
                first: start + 20,
                last: start + 30,
                path,
            }]
        });
    }
}

#[test]
fn a_changed_length_of_an_entry_is_named() {
    let dir = log();
    let path = dir.path().join("log/tile/entries/000");
    change(&path, |bytes| bytes[0] = 0xff);
    assert_eq!(
        findings(dir.path()),
        [Finding::BundleCut {
            path,
            offset: 0,
            index: 0
        }]
    );
}

#[test]
fn a_changed_hash_is_told_from_a_changed_entry() {
    for (tile, width) in [
        ("0/000", 256),
        ("0/001", 256),
        ("0/002.p/88", 88),
        ("1/000.p/2", 2),
    ] {
        for position in [0, width / 2, width - 1] {
            let dir = log();
            let path = dir.path().join("log/tile").join(tile);
            change(&path, |bytes| bytes[32 * position + 5] ^= 1);
            let position = position as u64;
            assert_eq!(findings(dir.path()), [Finding::TileChanged { path, position }]);
        }
    }
}

#[test]
fn missing_and_cut_tiles_are_named_and_the_rest_is_still_checked() {
    let dir = log();
    let tile = dir.path().join("log/tile");
    fs_err::remove_file(tile.join("0/000")).unwrap();
    fs_err::remove_file(tile.join("entries/001")).unwrap();
    change(&tile.join("0/002.p/88"), |bytes| _ = bytes.pop());
    assert_eq!(
        findings(dir.path()),
        [
            Finding::TileMissing {
                path: tile.join("0/000")
            },
            Finding::TileMissing {
                path: tile.join("entries/001")
            },
            Finding::TileLength {
                path: tile.join("0/002.p/88"),
                bytes: 88 * 32 - 1,
                expected: 88 * 32
            },
        ]
    );
}

#[test]
fn entries_rewritten_with_their_hashes_are_found_from_above() {
    let dir = log();
    let tile = dir.path().join("log/tile");
    change_entries(&tile.join("entries/000"), |entries| {
        entries[3] = b"forged".to_vec();
    });
    let forged = trousseau_ledger::merkle::Hash::leaf(b"forged");
    change(&tile.join("0/000"), |bytes| {
        bytes[3 * 32..4 * 32].copy_from_slice(&forged.0);
    });
    let path = tile.join("1/000.p/2");
    assert_eq!(
        findings(dir.path()),
        [Finding::EntriesRewritten {
            first: 0,
            last: 255,
            path
        }]
    );
}

#[test]
fn a_wholly_rewritten_log_does_not_lead_to_the_signed_root() {
    let (ours, theirs) = (log(), tempfile::tempdir().unwrap());
    let (forged, _) = open(theirs.path()).unwrap();
    let entries: Vec<Vec<u8>> = (0..SIZE).map(|index| entry(index + 1)).collect();
    forged
        .append_all(&entries, trousseau_ledger::Durability::Request)
        .unwrap();
    forged.close().unwrap();
    let checkpoint = fs_err::read(ours.path().join("log/checkpoint")).unwrap();
    let key = fs_err::read(ours.path().join("log/log.vkey")).unwrap();
    fs_err::write(theirs.path().join("log/checkpoint"), checkpoint).unwrap();
    fs_err::write(theirs.path().join("log/log.vkey"), key).unwrap();
    let found = findings(theirs.path());
    assert!(
        matches!(found[..], [Finding::RootMismatch { size: SIZE, .. }]),
        "{found:?}"
    );
}

#[test]
fn an_edited_checkpoint_and_a_changed_key_are_named() {
    let dir = log();
    let log = dir.path().join("log");
    let edit = |from: &str, to: &str| {
        let text = fs_err::read_to_string(log.join("checkpoint")).unwrap();
        fs_err::write(log.join("checkpoint"), text.replacen(from, to, 1)).unwrap();
    };
    edit("600", "599");
    let codes: Vec<_> = findings(dir.path()).iter().map(Finding::code).collect();
    assert_eq!(codes[0], "ledger-finding-checkpoint-edited");
    edit("599", "0599");
    let found = findings(dir.path());
    assert!(
        matches!(&found[..], [Finding::CheckpointMalformed { fault, .. }] if fault.line == 2),
        "{found:?}"
    );
    fs_err::remove_file(log.join("checkpoint")).unwrap();
    assert_eq!(
        findings(dir.path()),
        [Finding::CheckpointMissing {
            path: log.join("checkpoint")
        }]
    );

    let (dir, other) = (self::log(), self::log());
    fs_err::copy(other.path().join("log/log.vkey"), dir.path().join("log/log.vkey")).unwrap();
    let codes: Vec<_> = findings(dir.path()).iter().map(Finding::code).collect();
    assert_eq!(codes, ["ledger-finding-checkpoint-edited"]);
}

#[test]
fn a_folder_without_a_log_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(
        verify(dir.path(), &VerifyOptions::default()).unwrap_err().code(),
        "ledger-no-log"
    );
}

/// All files that others read, which are all but the lock and the write-ahead files.
fn published_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![dir.join("log")];
    while let Some(folder) = folders.pop() {
        for item in fs_err::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != "lock" {
                files.push(path);
            }
        }
    }
    files.retain(|path| !path.starts_with(dir.join("log/wal")));
    files.sort();
    files
}

#[test]
fn no_file_can_lose_or_change_a_byte_unnoticed() {
    let dir = log();
    let files = published_files(dir.path());
    assert_eq!(files.len(), 11);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(300));
    let strategy = (
        0..files.len(),
        any::<prop::sample::Index>(),
        0_u8..8,
        any::<bool>(),
    );
    runner
        .run(&strategy, |(file, at, bit, is_removed)| {
            let path = &files[file];
            let original = fs_err::read(path).unwrap();
            let at = at.index(original.len());
            change(path, |bytes| {
                if is_removed {
                    bytes.remove(at);
                } else {
                    bytes[at] ^= 1 << bit;
                }
            });
            let found = findings(dir.path());
            fs_err::write(path, original).unwrap();
            // The key file may lose its last newline.
            let is_newline =
                path.ends_with("log.vkey") && at + 1 == fs_err::metadata(path).unwrap().len() as usize;
            prop_assert!(is_newline || !found.is_empty(), "{path:?} byte {at}");
            Ok(())
        })
        .unwrap();
    assert_eq!(findings(dir.path()), []);
}
