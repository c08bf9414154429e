//! What the tests of all crates share.
//!
//! It is a development dependency only; nothing of it reaches the product.
//!
//! A test that cannot run on this machine says so through [`skip`] and returns; there is no other way to
//! skip. `cargo xtask test` counts what was written and fails on an id that `ci/skips.toml` does not list.

pub mod authority;
pub mod embedding;
pub mod openid;
pub mod postgres;
pub mod proxy;
mod small_disk;
pub mod specimens;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub use small_disk::small_disk;

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
    let found = Command::new(program)
        .arg(version_argument)
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        skip(id, &format!("needs {name}"));
    }
    found
}

/// The environment variable that tells a child process of a test what to do.
const ORDER: &str = "TROUSSEAU_TEST_ORDER";

/// Starts this test binary again as a process of its own, running only the test `entry` with `order`, behind the
/// words of `wrapper` if there are any. Its input and outputs are pipes.
///
/// # Panics
///
/// When the process cannot be started.
#[expect(clippy::panic, reason = "a test that cannot start its child must fail")]
pub fn start_child(entry: &str, order: &str, wrapper: &[&str]) -> Child {
    let started = std::env::current_exe().and_then(|program| {
        let mut command = match wrapper.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
            None => Command::new(program),
        };
        command
            .args(["--exact", entry, "--nocapture"])
            .env(ORDER, order)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    });
    match started {
        Ok(child) => child,
        Err(error) => panic!("cannot start {entry} as a process of its own: {error}"),
    }
}

/// Waits until a child of [`start_child`] has passed its one test.
///
/// # Panics
///
/// When it has not, with all that it said.
#[expect(clippy::panic, reason = "a child that fails must fail its test")]
pub fn finish_child(child: Child) {
    match child.wait_with_output() {
        Ok(output) => {
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(output.status.success() && said.contains("1 passed"), "{said}");
        }
        Err(error) => panic!("cannot wait for the child: {error}"),
    }
}

/// What this process was started for by [`start_child`]; `None` in the run of the tests themselves.
pub fn child_order() -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a child is told by its environment what to do"
    )]
    std::env::var(ORDER).ok()
}

/// `target/` of this workspace.
pub fn target_folder() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    workspace.canonicalize().unwrap_or(workspace).join("target")
}
