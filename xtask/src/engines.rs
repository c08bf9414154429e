//! Real servers of others behind a real `trousseau serve`: a model server, a proxy of models, an identity provider.
//!
//! They are fetched in pinned versions, and one is compiled, which takes minutes: the suite runs with `--long` or by its
//! name. Each has a room of its own that sets it up; what is then tried is in `xtask/engines`.

mod engine;
mod keycloak;
mod litellm;
mod llama;

use std::process::Command;

use anyhow::{Result, ensure};

use crate::clients::count_cases;
use crate::process::succeeds;
use crate::repository::Repository;
use crate::server::Server;
use crate::test::Run;
use crate::verdict::Tally;

type Try = fn(&Run<'_>, &mut Tally) -> Result<()>;

const ENGINES: [(&str, Try); 3] = [
    (llama::NAME, llama::run),
    (litellm::NAME, litellm::run),
    (keycloak::NAME, keycloak::run),
];

/// Runs the cases of every engine.
pub(crate) fn run(run: &Run<'_>) -> Result<Tally> {
    let mut tally = Tally::default();
    build(run.repository)?;
    for (name, engine) in ENGINES {
        if let Err(error) = engine(run, &mut tally) {
            tally.fail(format!("{name}: {error:#}"));
        }
    }
    Ok(tally)
}

/// Builds the program and the example that is tried beside it: in one go, so that what both stand on is built once.
fn build(repository: &Repository) -> Result<()> {
    let mut build = repository.cargo();
    build.args(["build", "--workspace", "--bin", "trousseau", "--example", "embed"]);
    ensure!(succeeds(&mut build)?, "the program does not build");
    Ok(())
}

/// A script of `xtask/engines`, for the Python at `python`; what it is to try stands in its environment.
fn script(repository: &Repository, python: impl AsRef<std::ffi::OsStr>, name: &str) -> Command {
    let mut command = Command::new(python);
    command
        .arg(repository.path("xtask/engines").join(name))
        .env("PYTHONPATH", repository.path("xtask/clients"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Runs the cases of `script` against `server`.
fn try_cases(name: &str, mut script: Command, server: &Server, tally: &mut Tally) -> Result<()> {
    script
        .env("TROUSSEAU_URL", &server.url)
        .env("TROUSSEAU_KEY", &server.key);
    count_cases(name, &mut script, tally)
}
