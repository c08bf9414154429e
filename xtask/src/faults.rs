//! The fault-injection harness against the program: some hundred requests, always the same ones; with `--long` a hundred thousand
//! that nobody has seen before. What it is and how it judges is told in `faults/src/main.rs`.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::process::succeeds;
use crate::repository::Repository;
use crate::test::Run;
use crate::verdict::{Skip, Tally};

/// The harness and the program, from the root.
pub(crate) const HARNESS: &str = "target/debug/faults";
const PROGRAM: &str = "target/debug/trousseau";

/// How many requests a run makes, and in rounds of how many.
pub(crate) const FEW: [&str; 4] = ["--requests", "480", "--each", "160"];
const MANY: [&str; 4] = ["--requests", "100000", "--each", "1000"];

pub(crate) fn run(run: &Run<'_>) -> Result<Tally> {
    let mut tally = Tally::default();
    if !can_be_alone() {
        tally.skip(skipped("faults"));
        return Ok(tally);
    }
    build(run.repository)?;
    let mut command = run.repository.command(HARNESS);
    command.args(["run", "--program", PROGRAM, "--keep", "target/faults"]);
    if run.options.long {
        command
            .args(MANY)
            .args(["--workers", "48", "--seed", &new_seed()]);
    } else {
        command.args(FEW).args(["--seed", "1"]);
    }
    match succeeds(&mut command)? {
        true => tally.pass(),
        false => tally.fail("faults: what must hold did not, or too little was tried; see above".to_owned()),
    }
    Ok(tally)
}

/// Builds the program and the harness.
pub(crate) fn build(repository: &Repository) -> Result<()> {
    let mut build = repository.cargo();
    build.args(["build", "--workspace", "--bin", "trousseau", "--bin", "faults"]);
    ensure!(succeeds(&mut build)?, "the program or the harness does not build");
    Ok(())
}

/// Whether this machine lets a user have a network and disks of one's own.
pub(crate) fn can_be_alone() -> bool {
    let tried = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "--net",
            "ip",
            "link",
            "set",
            "lo",
            "up",
        ])
        .status();
    tried.is_ok_and(|status| status.success())
}

pub(crate) fn skipped(id: &str) -> Skip {
    Skip {
        id: id.to_owned(),
        reason: "needs user namespaces".to_owned(),
    }
}

/// A seed that nobody has seen before.
fn new_seed() -> String {
    RandomState::new().build_hasher().finish().to_string()
}
