//! Calls of the operating system that fail: what was acknowledged is kept, and what is published is sound.

use trousseau_ledger::{LogReader, VerifyOptions, verify};

use crate::child;
use crate::crash::acknowledged;
use crate::logs::{grown, open};

#[test]
fn no_failing_call_costs_an_acknowledged_entry() {
    if !trousseau_testing::program("ledger-faults", "strace", "-V", "strace") {
        return;
    }
    let cases = [
        &["fdatasync:error=EIO:when=1"][..],
        &["fdatasync:error=EIO:when=20"],
        &["fdatasync:error=EIO:when=20+"],
        &["fsync:error=EIO:when=7"],
        &["fsync:error=EIO:when=12+3"],
        &["fsync:error=ENOSPC:when=30+"],
        &["rename:error=EACCES:when=3"],
        &["rename:error=ENOSPC:when=9+2"],
        &["pwrite64:error=ENOSPC:when=5+2"],
        &["pwrite64:error=EIO:when=15", "ftruncate:error=EIO"],
        &["mkdir:error=EIO:when=4"],
        &["unlink:error=EPERM", "rmdir:error=EPERM", "unlinkat:error=EPERM"],
    ];
    for case in cases {
        let dir = tempfile::tempdir().unwrap();
        // A log begun in peace, so that faults hit its life and not its birth.
        grown(dir.path(), 250);
        let injections: Vec<String> = case.iter().map(|fault| format!("--inject={fault}")).collect();
        let mut wrapper = vec!["strace", "-f", "-qq", "-o", "/dev/null"];
        wrapper.extend(injections.iter().map(String::as_str));
        child::run("append-through-faults", dir.path(), &wrapper);

        let failures: u32 = fs_err::read_to_string(dir.path().join("failures"))
            .unwrap()
            .parse()
            .unwrap();
        assert!(
            failures > 0 || case[0].starts_with("unlink"),
            "{case:?} never failed"
        );
        let acknowledged = acknowledged(dir.path());
        assert!(acknowledged.len() > 3, "{case:?}: {}", acknowledged.len());
        let log = dir.path().join("log");
        assert_eq!(
            verify(&log, &VerifyOptions::default()).unwrap().findings,
            [],
            "{case:?}"
        );
        let reader = LogReader::open(&log).unwrap();
        for (index, entry) in &acknowledged {
            assert_eq!(
                reader.entry(*index).unwrap(),
                entry.as_bytes(),
                "{case:?}, entry {index}"
            );
        }
        // In peace again, the log goes on.
        let (ledger, _) = open(dir.path()).unwrap();
        assert_eq!(ledger.publish().unwrap().size, ledger.size());
    }
}
