//! The page: its types, its unit tests, whether what is committed is what its sources build, and a browser in front of a
//! real server (`web/e2e`).

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::clients::{Upstream, build, count_cases, setup};
use crate::process::{answer, say, succeeds};
use crate::repository::Repository;
use crate::server::Server;
use crate::test::Run;
use crate::tools::system_packages;
use crate::verdict::Tally;

const NAME: &str = "page";

/// What is checked without a browser, each by a script of `web/package.json`.
const SCRIPTS: [&str; 3] = ["check", "test", "fresh"];

/// The names under which systems have the browser.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The folders of the sample town, with their collections' names and labels.
const SAMPLES: [(&str, &str); 2] = [("interne", "internal"), ("public", "public")];

/// Who uses the page, and as what.
const PEOPLE: [(&str, &str); 5] = [
    ("alice", "user"),
    ("claire", "user"),
    ("admin", "administrator"),
    ("audit", "auditor"),
    ("dpo", "data-protection-officer"),
];

/// Runs everything there is about the page.
pub(crate) fn run(run: &Run<'_>) -> Result<Tally> {
    let mut tally = Tally::default();
    let has_node = answer(Command::new("npm").arg("--version")).is_some()
        || system_packages(&["nodejs", "npm"], run.options)?;
    ensure!(has_node, "Node.js is missing");
    let browser = find_browser().map_or_else(
        || system_packages(&["chromium"], run.options).map(|_| find_browser()),
        |found| Ok(Some(found)),
    )?;
    let browser = browser.context("Chromium is missing")?;
    let web = run.repository.path("web");
    let fetched = succeeds(npm(&web).args(["ci", "--silent", "--no-audit", "--no-fund"]))?;
    ensure!(
        fetched,
        "the packages of web/package-lock.json could not be fetched"
    );
    for script in SCRIPTS {
        match succeeds(npm(&web).args(["run", "--silent", script]))? {
            true => tally.pass(),
            false => tally.fail(format!("page: npm run {script} failed in web/")),
        }
    }
    build(run.repository)?;
    in_a_browser(run.repository, &browser, &mut tally)?;
    Ok(tally)
}

fn npm(web: &Path) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(web);
    npm
}

fn find_browser() -> Option<String> {
    let mut names = BROWSERS.iter();
    let found = names.find(|name| answer(Command::new(name).arg("--version")).is_some())?;
    let path = answer(Command::new("sh").args(["-c", &format!("command -v {found}")]))?;
    Some(path.trim().to_owned())
}

/// Serves the sample town to its people, and lets them use the page.
fn in_a_browser(repository: &Repository, browser: &str, tally: &mut Tally) -> Result<()> {
    let upstream = Upstream::start(repository)?;
    let server = Server::start(repository, &setup(NAME, &upstream.url))?;
    let data = repository.path("target/clients").join(NAME).join("data");
    for (folder, label) in SAMPLES {
        let files = repository.path("samples/fr").join(folder);
        let mut ingest = trousseau(repository, &data);
        ingest
            .arg("ingest")
            .arg(files)
            .args(["--collection", folder, "--label", label]);
        ensure!(succeeds(&mut ingest)?, "the sample documents were not taken in");
    }
    let mut cases = Command::new("node");
    cases
        .current_dir(repository.path("web"))
        .arg("e2e/cases.mjs")
        .env("TROUSSEAU_URL", &server.url)
        .env("TROUSSEAU_KEY", &server.key)
        .env("UPSTREAM_URL", &upstream.url)
        .env("CHROMIUM", browser)
        .env("LINKS", links(repository, &data)?);
    say(&format!("the page in {browser}"));
    count_cases(NAME, &mut cases, tally)
}

/// The one-time link of each person, as JSON.
fn links(repository: &Repository, data: &Path) -> Result<String> {
    let mut links = serde_json::Map::new();
    for (name, role) in PEOPLE {
        let mut create = trousseau(repository, data);
        create.args([
            "users",
            "create",
            name,
            "--role",
            role,
            "--clearance",
            "internal",
            "--json",
        ]);
        let made = answer(&mut create).context("a user could not be made")?;
        let made: serde_json::Value = serde_json::from_str(&made)?;
        let link = made.get("link").context("a user was made without a link")?;
        links.insert(name.to_owned(), link.clone());
    }
    Ok(serde_json::Value::from(links).to_string())
}

/// A command that runs in the server.
fn trousseau(repository: &Repository, data: &Path) -> Command {
    let program: PathBuf = repository.path("target/debug/trousseau");
    let mut command = Command::new(program);
    command.arg("--data").arg(data);
    command
}
