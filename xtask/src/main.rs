//! The repository's own commands: `cargo xtask COMMAND`.
//!
//! - `test` runs every test there is and ends with `N passed, N failed, N skipped` (`test`). What a test may be
//!   skipped for is in `ci/skips.toml`, read by `verdict`; what the tests need beside Rust is fetched by
//!   `tools`.
//!   Existing clients of OpenAI's API are run against a server in `clients`, and made-up
//!   requests in `contract`; real model servers and a real identity provider stand behind one in `engines`. Faults are thrown at one
//!   in `faults`, and at one whose decision is broken in `mutants`.
//! - `package` builds what is installed elsewhere: a static program, a Debian package, an image (`package`); their tests
//!   are in `packaged`.
//! - `check` holds the code to the repository's rules: formatting, the rules of `tidy`, clippy, licences and
//!   origins of dependencies, generated references (`check`, `tidy`, `generate`).
//!
//! Nothing here is linked into the product.

mod check;
mod clients;
mod contract;
mod engines;
mod faults;
mod fuzz;
mod generate;
mod mutants;
mod package;
mod packaged;
mod page;
mod process;
mod repository;
mod server;
mod services;
mod test;
mod tidy;
mod tools;
mod verdict;

use std::process::ExitCode;

use anyhow::{Result, bail, ensure};

use crate::repository::{Options, Repository};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [--long] [--install-system]   run every test; ends with `N passed, N failed, N skipped`
       [--only SUITE]                one suite: cargo, fuzz, clients, contract, page, packages, faults,
                                     mutants, engines
  check [--install-system]           formatting, tidy, clippy, dependencies, generated references
  package                            a static program, a Debian package and an image, in target/package
  tidy                               the repository's rules alone (no build)
  generate [--check]                 write the generated references, or find the stale ones

  --long             also run the randomised harnesses at full size, and real engines behind a server
  --install-system   install missing system packages and toolchain components
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            process::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs one command; false when it found something wrong and said so.
fn run(arguments: &[String]) -> Result<bool> {
    let Some((command, flags)) = arguments.split_first() else {
        bail!("no command given\n\n{USAGE}")
    };
    let known: &[&str] = match command.as_str() {
        "test" => &["--long", "--install-system"],
        "check" => &["--install-system"],
        "generate" => &["--check"],
        "tidy" | "package" => &[],
        "help" | "--help" | "-h" => {
            process::say(USAGE);
            return Ok(true);
        }
        other => bail!("unknown command `{other}`\n\n{USAGE}"),
    };
    let (only, flags) = match command.as_str() {
        "test" => take_only(flags)?,
        _ => (None, flags.to_vec()),
    };
    if let Some(flag) = flags.iter().find(|flag| !known.contains(&flag.as_str())) {
        bail!("`{command}` does not know `{flag}`\n\n{USAGE}");
    }
    let has = |name: &str| flags.iter().any(|flag| flag == name);
    let repository = Repository::of_this_build()?;
    let options = Options {
        long: has("--long"),
        install_system: has("--install-system"),
    };
    match command.as_str() {
        "test" => test::run(&repository, options, only.as_deref()),
        "check" => Ok(check::run(&repository, options)),
        "generate" => generate::run(&repository, has("--check")),
        "package" => package::run(&repository),
        _ => tidy::run(&repository),
    }
}

/// Takes `--only SUITE` out of the flags.
fn take_only(flags: &[String]) -> Result<(Option<String>, Vec<String>)> {
    let mut rest = flags.to_vec();
    let Some(at) = rest.iter().position(|flag| flag == "--only") else {
        return Ok((None, rest));
    };
    ensure!(at + 1 < rest.len(), "`--only` wants the name of a suite");
    let suite = rest.remove(at + 1);
    rest.remove(at);
    Ok((Some(suite), rest))
}
