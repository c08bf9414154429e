//! The server held against `docs/openapi.yaml` by requests that nobody thought of: schemathesis makes them, valid and not,
//! and checks what comes back.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::clients::{build, setup};
use crate::process::{status, succeeds};
use crate::server::Server;
use crate::test::Run;
use crate::tools;
use crate::verdict::Tally;

const NAME: &str = "schemathesis";
const PACKAGE: &str = "schemathesis==4.32.5";

/// What must hold of every answer.
const CHECKS: &str =
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// An operation that would take away the key that everything is asked with.
const LEFT_OUT: &str = "revokeKey";

/// How long requests are made, in seconds.
const SECONDS: &str = "60";
/// The same in a long run.
const LONG: &str = "900";

/// Runs schemathesis against a server with an empty data folder.
pub(crate) fn run(run: &Run<'_>) -> Result<Tally> {
    let mut tally = Tally::default();
    build(run.repository)?;
    let programs = tools::python(run.repository, NAME, &[PACKAGE])?;
    // No model is behind the other routes; they fail like one that is down.
    let server = Server::start(run.repository, &setup(NAME, "http://127.0.0.1:9"))?;
    let key = format!("Authorization: Bearer {}", server.key);
    let mut command = Command::new(programs.join("schemathesis"));
    command
        .current_dir(run.repository.path("target/clients"))
        .arg("run")
        .arg(run.repository.path("docs/openapi.yaml"))
        .args(["--url", &server.url, "--header", &key, "--checks", CHECKS])
        .args(["--exclude-operation-id", LEFT_OUT, "--continue-on-failure"])
        .args(["--max-time", if run.options.long { LONG } else { SECONDS }])
        .args(["--generation-database", "none", "--no-color", "--warnings", "off"])
        .env(
            "SCHEMATHESIS_HOOKS",
            run.repository.path("xtask/clients/contract.py"),
        )
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("TROUSSEAU_URL", &server.url)
        .env("TROUSSEAU_KEY", &server.key);
    if !run.options.long {
        // A run that decides whether a change lands asks the same twice.
        command.args(["--seed", "1"]);
    }
    match succeeds(&mut command)? {
        true => tally.pass(),
        false => tally.fail("contract: the server does not answer as docs/openapi.yaml says".to_owned()),
    }
    let address = server.url.trim_start_matches("http://");
    ensure!(
        status(address, "/v1/models", &format!("{key}\r\n"))? == 200,
        "the key no longer opens the server: most requests were asked in vain"
    );
    Ok(tally)
}
