//! Programs that others wrote accept our logs and proofs, and refuse changed ones.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use trousseau_ledger::{Durability, SigningKey, VerifierKey};

use crate::logs::{copy, entry, grown, open};

/// `tests/fsck`, built; `None` where there is no Go, which is then recorded for the test `id`.
fn checker(id: &str) -> Option<PathBuf> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    if !trousseau_testing::program(id, "go", "version", "Go") {
        return None;
    }
    let build = || {
        let program = trousseau_testing::target_folder().join("tools/ledger-check");
        let output = Command::new("go")
            .args(["build", "-mod=readonly", "-o", program.to_str().unwrap(), "."])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fsck"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        program
    };
    Some(BUILT.get_or_init(build).clone())
}

fn accepts(program: &Path, words: &[&str], paths: &[&Path]) -> Result<String, String> {
    let output = Command::new(program).args(words).args(paths).output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(said(&output.stdout))
    } else {
        Err(said(&output.stderr))
    }
}

#[test]
fn tessera_accepts_our_log_and_refuses_a_changed_one() {
    let Some(program) = checker("ledger-tessera-fsck") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let check = |dir: &Path| {
        let log = dir.join("log");
        accepts(&program, &["log"], &[&log, &log.join("log.vkey")])
    };
    // A first partial tile, a full one, one level more, and past 256 times 256 entries.
    for size in [1, 200, 256, 257, 1000, 65_536, 66_000] {
        grown(dir.path(), size);
        assert_eq!(check(dir.path()).as_deref(), Ok("sound\n"), "{size} entries");
    }
    for (file, at) in [
        ("tile/entries/000", 700),
        ("tile/entries/257.p/208", 10),
        ("tile/0/200", 77),
        ("tile/1/000", 900),
        ("tile/1/001.p/1", 31),
        ("tile/2/000.p/1", 0),
        ("checkpoint", 20),
    ] {
        let changed = tempfile::tempdir().unwrap();
        copy(dir.path(), changed.path());
        let path = changed.path().join("log").join(file);
        let mut bytes = fs_err::read(&path).unwrap();
        bytes[at] ^= 1;
        fs_err::write(&path, bytes).unwrap();
        assert!(check(changed.path()).is_err(), "{file}");
    }
}

#[test]
fn torchwood_and_formats_accept_our_proofs_and_refuse_changed_ones() {
    let Some(program) = checker("ledger-tlog-proof") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let (ledger, _) = open(dir.path()).unwrap();
    let entries: Vec<Vec<u8>> = (0..700).map(entry).collect();
    ledger.append_all(&entries, Durability::Request).unwrap();
    let key = dir.path().join("log/log.vkey");
    let (proof_file, entry_file) = (dir.path().join("p.tlog-proof"), dir.path().join("entry"));
    let check = |text: &str, entry: &[u8]| {
        fs_err::write(&proof_file, text).unwrap();
        fs_err::write(&entry_file, entry).unwrap();
        accepts(&program, &["proof"], &[&key, &proof_file, &entry_file])
    };
    for index in [0, 255, 256, 511, 699] {
        let mut proof = ledger.prove(index).unwrap();
        if index == 256 {
            proof.extra = Some(b"beside the proof".to_vec());
        }
        assert_eq!(
            check(&proof.to_text(), &entry(index)).as_deref(),
            Ok("sound\n"),
            "{index}"
        );
        assert!(check(&proof.to_text(), &entry(index + 1)).is_err());
        proof.hashes[0].0[0] ^= 1;
        assert!(check(&proof.to_text(), &entry(index)).is_err());
    }
    // A log of one entry, whose proof has no hashes.
    let one = tempfile::tempdir().unwrap();
    grown(one.path(), 1);
    let (ledger, _) = open(one.path()).unwrap();
    fs_err::copy(one.path().join("log/log.vkey"), &key).unwrap();
    assert_eq!(
        check(&ledger.prove(0).unwrap().to_text(), &entry(0)).as_deref(),
        Ok("sound\n")
    );
}

#[test]
fn go_writes_the_same_keys_and_notes() {
    let Some(program) = checker("ledger-note") else {
        return;
    };
    let said = accepts(
        &program,
        &["note", "example.org/log", "A note.|Of two lines.|"],
        &[],
    )
    .unwrap();
    let mut lines = said.splitn(3, '\n');
    let secret = SigningKey::parse(lines.next().unwrap()).unwrap();
    let public: VerifierKey = lines.next().unwrap().parse().unwrap();
    assert_eq!(secret.verifier(), public);
    let note = lines.next().unwrap().strip_suffix("sound\n").unwrap();
    assert!(
        trousseau_ledger::SignedNote::parse(note)
            .unwrap()
            .is_signed_by(&public)
    );
}
