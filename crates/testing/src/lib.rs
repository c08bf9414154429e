//! What the tests of all crates share.
//!
//! It is a development dependency only; nothing of it reaches the product.
//!
//! A test that cannot run on this machine says so through [`skip`] and returns; there is no other way to
//! skip. `cargo xtask test` counts what was written and fails on an id that `ci/skips.toml` does not list.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The environment variable that names the folder of the benchmark data.
pub const BENCH_DATA: &str = "TROUSSEAU_BENCH_DATA";

/// Whether the randomised tests run at full size: `cargo xtask test --long` says so.
pub fn long() -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told by the environment how long they may take"
    )]
    let told = std::env::var_os("TROUSSEAU_LONG");
    told.is_some()
}

/// Records that the test `id` is skipped, and why. The caller returns right after.
///
/// # Panics
///
/// When the record cannot be written: a skip that leaves no trace would pass for a success.
#[expect(clippy::panic, reason = "a skip without a trace must fail the test")]
#[expect(
    clippy::print_stderr,
    reason = "a person running one test wants to see it was skipped"
)]
pub fn skip(id: &str, reason: &str) {
    eprintln!("skipped {id}: {reason}");
    let line = format!("{}\n", serde_json::json!({ "id": id, "reason": reason }));
    let target = target_folder();
    let written = fs_err::create_dir_all(&target).and_then(|()| {
        fs_err::OpenOptions::new()
            .create(true)
            .append(true)
            .open(target.join("skips.jsonl"))?
            .write_all(line.as_bytes())
    });
    if let Err(error) = written {
        panic!("cannot record that {id} was skipped: {error}");
    }
}

/// The benchmark data's folder `part`, or a recorded skip of the test `id`.
pub fn bench_data(id: &str, part: &str) -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told by the environment where the data lies"
    )]
    let folder = std::env::var_os(BENCH_DATA).map(|root| PathBuf::from(root).join(part));
    let found = folder.filter(|folder| folder.is_dir());
    if found.is_none() {
        skip(id, "needs the benchmark data");
    }
    found
}

/// Whether `program` answers on this machine, or a recorded skip of the test `id` as `needs NAME`.
pub fn program(id: &str, program: &str, version_argument: &str, name: &str) -> bool {
    let found = std::process::Command::new(program)
        .arg(version_argument)
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        skip(id, &format!("needs {name}"));
    }
    found
}

/// `target/` of this workspace.
pub fn target_folder() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    workspace.canonicalize().unwrap_or(workspace).join("target")
}
