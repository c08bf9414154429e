//! The page: its types, its unit tests, whether what is committed is what its sources build, and a browser in front of a
//! real server (`web/browser`).

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::clients::build;
use crate::process::{answer, say, succeeds};
use crate::test::Run;
use crate::tools::system_packages;
use crate::verdict::Tally;

/// What is checked without a browser, each by a script of `web/package.json`.
const SCRIPTS: [&str; 3] = ["check", "test", "fresh"];

/// The names under which systems have the browser.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

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
    in_a_browser(&web, &browser, &mut tally)?;
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

/// Runs the tests in a browser, which start what they need, and counts what they tell.
fn in_a_browser(web: &Path, browser: &str, tally: &mut Tally) -> Result<()> {
    say(&format!("the page in {browser}"));
    let output = Command::new("node")
        .current_dir(web)
        .args([
            "--test",
            "--test-concurrency=1",
            "--test-reporter=tap",
            "browser/",
        ])
        .env("CHROMIUM", browser)
        .stderr(Stdio::inherit())
        .output()?;
    let told = String::from_utf8_lossy(&output.stdout);
    let (mut passed, mut failed) = (0, 0);
    for line in told.lines() {
        if let Some(test) = named(line, "ok ") {
            say(&format!("page: {test} ... ok"));
            tally.pass();
            passed += 1;
        } else if let Some(test) = named(line, "not ok ") {
            tally.fail(format!("page: {test}"));
            failed += 1;
        }
    }
    if failed > 0 {
        say(&told);
    }
    ensure!(passed > 0, "no test in a browser passed: {}", output.status);
    let counted = output.status.success() || failed > 0;
    ensure!(counted, "the tests in a browser ended with {}", output.status);
    Ok(())
}

/// The name in a line of TAP such as `ok 3 - a key is shown once`.
fn named<'a>(line: &'a str, verdict: &str) -> Option<&'a str> {
    let (number, name) = line.strip_prefix(verdict)?.split_once(" - ")?;
    number.parse::<u32>().is_ok().then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_of_tap_names_is_counted_once() {
        assert_eq!(named("ok 3 - a key opens", "ok "), Some("a key opens"));
        assert_eq!(named("not ok 3 - a key opens", "ok "), None);
        assert_eq!(named("not ok 3 - a key opens", "not ok "), Some("a key opens"));
        assert_eq!(named("    ok 1 - inside another", "ok "), None);
        assert_eq!(named("# Subtest: a key opens", "ok "), None);
    }
}
