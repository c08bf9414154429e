//! A full disk is told, harms nothing, and is got over once there is room.

use trousseau_ledger::{VerifyOptions, verify};

use crate::child;

#[test]
fn a_file_that_cannot_grow_costs_no_entry() {
    let dir = tempfile::tempdir().unwrap();
    // 800 blocks of 512 bytes or, in other shells, of 1024: below the size at which a new file is begun.
    let limited = ["sh", "-c", "trap '' XFSZ; ulimit -f 800; exec \"$@\"", "sh"];
    child::run("fill-the-file", dir.path(), &limited);
    let report = verify(&dir.path().join("log"), &VerifyOptions::default()).unwrap();
    assert_eq!(report.findings, []);
    assert!(report.entries > 20);
}

#[test]
fn a_full_disk_costs_no_entry() {
    let dir = tempfile::tempdir().unwrap();
    let Some(small) = trousseau_testing::small_disk("ledger-full-disk", dir.path(), 3) else {
        return;
    };
    let small: Vec<&str> = small.iter().map(String::as_str).collect();
    child::run("fill-the-disk", dir.path(), &small);
}
