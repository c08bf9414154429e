//! `cargo xtask check`: everything about the code that can be judged without running its tests.

use std::time::Instant;

use anyhow::Result;

use crate::process::{answer, say, succeeds};
use crate::repository::{Options, Repository};
use crate::{generate, tidy, tools};

/// The compiler whose lints the code is clean of. A newer clippy knows lints that this code has not met: its
/// warnings are shown and do not fail the check.
const LINTED_WITH: &str = "1.95.";

struct Step {
    name: &'static str,
    run: fn(&Repository, Options) -> Result<bool>,
}

const STEPS: &[Step] = &[
    Step {
        name: "formatting",
        run: formatting,
    },
    Step {
        name: "tidy",
        run: |repository, _| tidy::run(repository),
    },
    Step {
        name: "clippy",
        run: clippy,
    },
    Step {
        name: "dependencies",
        run: dependencies,
    },
    Step {
        name: "generated references",
        run: |repository, _| generate::run(repository, true),
    },
];

/// Runs every step, also after one that found something; false when any did.
pub(crate) fn run(repository: &Repository, options: Options) -> bool {
    let mut summary = Vec::new();
    let mut clean = true;
    for step in STEPS {
        say(&format!("\n== {}", step.name));
        let start = Instant::now();
        let passed = match (step.run)(repository, options) {
            Ok(passed) => passed,
            Err(error) => {
                say(&format!("error: {error:#}"));
                false
            }
        };
        clean &= passed;
        let verdict = if passed { "ok" } else { "FAILED" };
        summary.push(format!(
            "{:24}{verdict:8}{:.0} s",
            step.name,
            start.elapsed().as_secs_f64()
        ));
    }
    say("");
    summary.iter().for_each(|line| say(line));
    clean
}

fn formatting(repository: &Repository, options: Options) -> Result<bool> {
    tools::component(repository, "rustfmt", options)?;
    let workspace = succeeds(repository.cargo().args(["fmt", "--all", "--check"]))?;
    let fuzz = ["fmt", "--manifest-path", "fuzz/Cargo.toml", "--", "--check"];
    Ok(succeeds(repository.cargo().args(fuzz))? && workspace)
}

fn clippy(repository: &Repository, options: Options) -> Result<bool> {
    tools::component(repository, "clippy", options)?;
    let mut command = repository.cargo();
    command.args(["clippy", "--workspace", "--all-targets"]);
    let version = answer(repository.command("rustc").arg("--version")).unwrap_or_default();
    if version
        .split_whitespace()
        .nth(1)
        .is_some_and(|number| number.starts_with(LINTED_WITH))
    {
        command.args(["--", "-D", "warnings"]);
    }
    succeeds(&mut command)
}

fn dependencies(repository: &Repository, _: Options) -> Result<bool> {
    let program = tools::cargo_deny(repository)?;
    let mut command = repository.command(&program.to_string_lossy());
    succeeds(command.args([
        "--workspace",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))
}
