//! Keycloak as the identity provider: a realm with three people, their groups, and this service as its client.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::engine::{Engine, folder, free_port};
use super::{script, try_cases};
use crate::process::{answer, say, succeeds};
use crate::repository::Repository;
use crate::server::{Server, Setup};
use crate::test::Run;
use crate::tools::system_packages;
use crate::verdict::Tally;

pub(super) const NAME: &str = "engine-keycloak";

const VERSION: &str = "26.7.3";
/// SHA-256 of the distribution.
const DIGEST: &str = "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f";
const GET: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy";

/// The client's secret, with characters that a form and a header each write differently.
const SECRET: &str = "a secret: 100% of 2+2=4";
/// The administrator of Keycloak itself.
const ADMINISTRATOR: (&str, &str) = ("admin", "admin-password-1");

const CONFIG: &str = r#"
[oidc]
issuer = "{keycloak}/realms/town"
client_id = "trousseau"
client_secret = { file = "client.secret" }
base_url = "{base_url}"
groups_claim = "groups"
clearance = "public"

[oidc.roles]
administrator = ["it"]

[oidc.clearances]
personal = ["agents"]

[oidc.required]
groups = ["agents"]
"#;

/// Tries the sign-in of people whom Keycloak knows.
pub(super) fn run(run: &Run<'_>, tally: &mut Tally) -> Result<()> {
    let repository = run.repository;
    let home = get(run)?;
    let port = free_port()?;
    let listen = format!("127.0.0.1:{}", free_port()?);
    let base_url = format!("http://{listen}");
    let keycloak = start(repository, &home, port, &base_url)?;
    let config = CONFIG.replace("{keycloak}", &keycloak.url);
    let setup = Setup {
        files: vec![("client.secret", SECRET.to_owned())],
        listen,
        ..Setup::new(NAME, config.replace("{base_url}", &base_url))
    };
    let server = Server::start(repository, &setup)?;
    let mut cases = script(repository, "python3", "keycloak_cases.py");
    cases
        .env("UPSTREAM_URL", &keycloak.url)
        .env("KEYCLOAK_USER", ADMINISTRATOR.0)
        .env("KEYCLOAK_PASSWORD", ADMINISTRATOR.1);
    try_cases(NAME, cases, &server, tally)
}

/// The folder with Keycloak, fetched where it is not there.
fn get(run: &Run<'_>) -> Result<PathBuf> {
    let tools = run.repository.tools();
    let home = tools.join(format!("keycloak-{VERSION}"));
    let ready = answer(Command::new("mvn").arg("--version")).is_some()
        || system_packages(&["default-jre-headless", "maven"], run.options)?;
    ensure!(ready, "Java and Maven are missing");
    if home.join("bin/kc.sh").is_file() {
        return Ok(home);
    }
    say(&format!("fetching Keycloak {VERSION} into {}", home.display()));
    let archive = tools.join(format!("keycloak-quarkus-dist-{VERSION}.zip"));
    let mut fetch = Command::new("mvn");
    fetch
        .args(["--quiet", "--batch-mode", GET])
        .arg(format!("-Dmaven.repo.local={}", tools.join("maven").display()))
        .arg(format!(
            "-Dartifact=org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
        ))
        .arg(format!("-DoutputDirectory={}", tools.display()))
        .current_dir(folder(run.repository)?);
    ensure!(succeeds(&mut fetch)?, "Keycloak could not be fetched");
    let digest = answer(Command::new("sha256sum").arg(&archive)).context("cannot run sha256sum")?;
    ensure!(
        digest.starts_with(DIGEST),
        "{} is not what is pinned",
        archive.display()
    );
    let mut unpack = Command::new("python3");
    unpack.args(["-m", "zipfile", "--extract"]);
    ensure!(
        succeeds(unpack.arg(&archive).arg(&tools))?,
        "Keycloak does not unpack"
    );
    fs_err::remove_file(archive)?;
    fs_err::remove_dir_all(tools.join("maven"))?;
    Ok(home)
}

/// Starts it with a realm made anew.
fn start(repository: &Repository, home: &std::path::Path, port: u16, base_url: &str) -> Result<Engine> {
    let data = home.join("data");
    for of_the_last_run in ["h2", "import"] {
        let folder = data.join(of_the_last_run);
        if folder.exists() {
            fs_err::remove_dir_all(folder)?;
        }
    }
    fs_err::create_dir_all(data.join("import"))?;
    let realm = fs_err::read_to_string(repository.path("xtask/engines/realm.json"))?;
    let realm = realm.replace("{base_url}", base_url).replace("{secret}", SECRET);
    fs_err::write(data.join("import/realm.json"), realm)?;
    let mut command = Command::new("sh");
    command
        .arg(home.join("bin/kc.sh"))
        .args(["start-dev", "--import-realm", "--http-host=127.0.0.1"])
        .arg(format!("--http-port={port}"))
        .env("KC_BOOTSTRAP_ADMIN_USERNAME", ADMINISTRATOR.0)
        .env("KC_BOOTSTRAP_ADMIN_PASSWORD", ADMINISTRATOR.1);
    Engine::start(
        repository,
        "keycloak",
        &mut command,
        port,
        "/realms/town/.well-known/openid-configuration",
    )
}
