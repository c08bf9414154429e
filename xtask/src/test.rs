//! `cargo xtask test`: every test there is, one count at the end.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::process::say;
use crate::repository::{Options, Repository, under_ci};
use crate::services::Services;
use crate::tools::Tools;
use crate::verdict::{Allowed, Skip, Tally};
use crate::{clients, contract, engines, faults, fuzz, mutants, packaged, page, verdict};

/// What a suite gets: where it runs, what was asked for, the programs it may call.
pub(crate) struct Run<'a> {
    pub(crate) repository: &'a Repository,
    pub(crate) options: Options,
    pub(crate) tools: Tools,
}

struct Suite {
    /// What `--only` calls it.
    word: &'static str,
    name: &'static str,
    /// Whether it only runs when asked for: by its name or with `--long`.
    long: bool,
    run: fn(&Run<'_>) -> Result<Tally>,
}

impl Suite {
    /// Whether it is to run.
    fn wanted(&self, only: Option<&str>, long: bool) -> bool {
        only.map_or(long || !self.long, |word| self.word == word)
    }
}

/// The suites, in order. One with real servers, clients or a browser is a line here.
const SUITES: &[Suite] = &[
    Suite {
        word: "cargo",
        name: "cargo test",
        long: false,
        run: cargo_test,
    },
    Suite {
        word: "fuzz",
        name: "fuzz targets",
        long: false,
        run: fuzz::run,
    },
    Suite {
        word: "clients",
        name: "clients",
        long: false,
        run: clients::run,
    },
    Suite {
        word: "contract",
        name: "contract",
        long: false,
        run: contract::run,
    },
    Suite {
        word: "page",
        name: "page",
        long: false,
        run: page::run,
    },
    Suite {
        word: "packages",
        name: "packages",
        long: false,
        run: packaged::run,
    },
    Suite {
        word: "faults",
        name: "faults",
        long: false,
        run: faults::run,
    },
    Suite {
        word: "mutants",
        name: "mutants of the decision",
        long: true,
        run: mutants::run,
    },
    Suite {
        word: "engines",
        name: "engines",
        long: true,
        run: engines::run,
    },
];

/// Runs all suites, or only one, and prints `N passed, N failed, N skipped` last; false on a failure or a forbidden
/// skip.
pub(crate) fn run(repository: &Repository, options: Options, only: Option<&str>) -> Result<bool> {
    let wanted: Vec<&Suite> = SUITES
        .iter()
        .filter(|suite| suite.wanted(only, options.long))
        .collect();
    ensure!(!wanted.is_empty(), "there is no such suite");
    let record = repository.path("target/skips.jsonl");
    if record.exists() {
        fs_err::remove_file(&record)?;
    }
    let run = Run {
        repository,
        options,
        tools: Tools::find(repository, options)?,
    };
    let mut tally = Tally::default();
    for suite in wanted {
        say(&format!("\n== {}", suite.name));
        tally.add((suite.run)(&run)?);
    }
    if record.exists() {
        tally.recorded(Skip::parse_record(&fs_err::read_to_string(&record)?)?);
    }
    let list = repository.path("ci/skips.toml");
    let allowed = Allowed::parse(&fs_err::read_to_string(&list)?)
        .with_context(|| format!("cannot read {}", list.display()))?;
    Ok(report(&tally, &allowed.faults(tally.skips(), under_ci())))
}

fn report(tally: &Tally, faults: &[String]) -> bool {
    say("");
    for skip in tally.skips() {
        say(&format!("skipped {}: {}", skip.id, skip.reason));
    }
    for fault in faults.iter().chain(tally.failures()) {
        say(&format!("error: {fault}"));
    }
    say(&tally.to_string());
    faults.is_empty() && tally.failed() == 0
}

/// `cargo test --workspace`, its lines shown as they come and counted.
fn cargo_test(run: &Run<'_>) -> Result<Tally> {
    let mut command = run.repository.cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]);
    run.tools.put_on_path(&mut command)?;
    let _services = Services::start(run.repository)?;
    command.env("INSTA_UPDATE", "no");
    if run.options.long {
        command.env("TROUSSEAU_LONG", "1").env("PROPTEST_CASES", "4096");
    } else {
        // A run that decides whether a change lands gives the same answer twice; the long one looks further.
        command.env("PROPTEST_RNG_SEED", "1");
    }
    count_tests(command, say)
}

/// Runs `cargo test` in some form, shows its lines and counts what its test binaries report.
fn count_tests(mut command: Command, show: fn(&str)) -> Result<Tally> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut tally = Tally::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("cannot read what cargo prints")?;
        let line = String::from_utf8_lossy(&line);
        show(&line);
        verdict::read_line(&line, &mut tally);
    }
    let status = child.wait().context("cannot wait for cargo")?;
    if !status.success() && tally.failed() == 0 {
        tally.fail(format!("cargo test ended with {status} before it could count"));
    }
    Ok(tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_suite_runs_when_it_is_asked_for() {
        let words = |only, long| -> Vec<&str> {
            let wanted = SUITES.iter().filter(|suite| suite.wanted(only, long));
            wanted.map(|suite| suite.word).collect()
        };
        assert_eq!(words(None, true).len(), SUITES.len());
        assert!(!words(None, false).contains(&"engines") && words(None, false).contains(&"cargo"));
        assert_eq!(words(Some("engines"), false), ["engines"]);
        assert_eq!(words(Some("clients"), true), ["clients"]);
    }

    #[test]
    fn a_run_that_dies_without_a_count_is_a_failure() {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "echo 'test result: ok. 3 passed; 0 failed; 0 ignored'; exit 101",
        ]);
        let tally = count_tests(command, |_| ()).unwrap();
        assert_eq!(tally.to_string(), "3 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn output_that_is_not_utf8_is_read_on() {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            r"printf '\377\n'; echo 'test result: ok. 2 passed; 0 failed; 0 ignored'",
        ]);
        assert_eq!(
            count_tests(command, |_| ()).unwrap().to_string(),
            "2 passed, 0 failed, 0 skipped"
        );
    }
}
