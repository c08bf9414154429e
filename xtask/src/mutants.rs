//! The mutation run: the decision is broken in each of the ways of `faults/mutants.toml`, and the fault-injection harness has to find
//! each of them out. Beside it is told whether the tests of the policy do.
//!
//! All ways are put into one copy of the tree, each behind a question for a variable of the environment, so that one build serves for
//! all of them. The copy lies in `target/mutants`; the product has no such switch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::faults::{FEW, HARNESS, build, can_be_alone, skipped};
use crate::process::{answer, say, succeeds};
use crate::repository::Repository;
use crate::test::Run;
use crate::verdict::Tally;

const LIST: &str = "faults/mutants.toml";
const POLICY: &str = "crates/policy/src";
/// Where the copy of the tree lies, and what is built of it.
const TREE: &str = "target/mutants/tree";
const BUILT: &str = "target/mutants/built";

/// Which of the ways is taken.
const CHOICE: &str = "TROUSSEAU_MUTANT";

/// What the copy of the policy asks.
const SWITCH: &str = r#"
pub(crate) fn mutant(number: usize) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<usize>> = std::sync::OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| std::env::var("TROUSSEAU_MUTANT").ok()?.parse().ok());
    *chosen == Some(number)
}
"#;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

/// One way to break the decision.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutant {
    name: String,
    r#in: String,
    find: String,
    with: String,
}

pub(crate) fn run(run: &Run<'_>) -> Result<Tally> {
    let mut tally = Tally::default();
    if !can_be_alone() {
        tally.skip(skipped("mutants"));
        return Ok(tally);
    }
    let repository = run.repository;
    build(repository)?;
    let mutants = read(repository)?;
    copy(repository)?;
    plant(&mutants, &repository.path(TREE).join(POLICY))?;
    let tests = build_copy(repository)?;
    ensure!(
        harness(repository, None)?.0,
        "the harness finds something wrong where nothing is"
    );
    for (number, mutant) in mutants.iter().enumerate() {
        let (sound, told) = harness(repository, Some(number))?;
        let by_tests = !tests_pass(&tests, number)?;
        let also = if by_tests {
            "its own tests find it too"
        } else {
            "its own tests do not find it"
        };
        if sound {
            tally.fail(format!("mutant {number}, {}: not found; {also}", mutant.name));
        } else {
            tally.pass();
        }
        let found = if sound { "SURVIVES" } else { "found" };
        say(&format!(
            "{found:<9}{number:>3} {}; {also}\n             {told}",
            mutant.name
        ));
    }
    Ok(tally)
}

fn read(repository: &Repository) -> Result<Vec<Mutant>> {
    let list: List = toml::from_str(&fs_err::read_to_string(repository.path(LIST))?).context(LIST)?;
    Ok(list.mutant)
}

/// Brings the copy of the tree up to date. What has not changed is not written: cargo builds by the time of files.
fn copy(repository: &Repository) -> Result<()> {
    let names = answer(repository.command("git").args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]));
    let names = names.context("git names no files")?;
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let (from, to) = (repository.path(name), repository.path(TREE).join(name));
        if from.is_file() && !name.starts_with(POLICY) {
            replace(&to, &fs_err::read(from)?)?;
        }
    }
    // What both stand on is built once.
    let (debug, built) = (
        repository.path("target/debug"),
        repository.path(BUILT).join("debug"),
    );
    if !built.exists() {
        for part in ["deps", "build", ".fingerprint"] {
            link(&debug.join(part), &built.join(part))?;
        }
    }
    Ok(())
}

/// Writes a file where it says something else.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    if path.is_file() && fs_err::read(path)? == bytes {
        return Ok(());
    }
    fs_err::create_dir_all(path.parent().context("a file without a folder")?)?;
    Ok(fs_err::write(path, bytes)?)
}

/// How the files of our own packages begin in a folder of cargo's. Cargo tells packages apart by where they lie in their workspace, so that
/// those of the copy have the same names, and it writes some of them in place.
const OURS: [&str; 6] = ["trousseau", "libtrousseau", "xtask", "faults", "it-", "bench"];

/// The same files under another folder, but for those of our own packages.
fn link(from: &Path, to: &Path) -> Result<()> {
    fs_err::create_dir_all(to)?;
    for entry in fs_err::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().context("a file without a name")?;
        let place = to.join(name);
        if OURS.iter().any(|ours| name.to_string_lossy().starts_with(ours)) {
            continue;
        }
        if path.is_dir() {
            link(&path, &place)?;
        } else {
            fs_err::hard_link(&path, &place)?;
        }
    }
    Ok(())
}

/// Writes the policy's sources with every way in them.
fn plant(mutants: &[Mutant], policy: &Path) -> Result<()> {
    let original = policy_sources(policy)?;
    for (name, text) in planted(mutants, original)? {
        replace(&policy.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// The sources of the policy as they are, not as the copy has them.
fn policy_sources(copy: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let repository = Repository::of_this_build()?;
    let files = repository.tracked_files()?;
    ensure!(!files.is_empty(), "no file is tracked beside {}", copy.display());
    let sources = files.into_iter().filter_map(|file| {
        let name = file.path.strip_prefix(POLICY)?.strip_prefix('/')?.to_owned();
        Some((PathBuf::from(name), file.text))
    });
    Ok(sources.collect())
}

/// Puts every way into the sources: of each expression, itself and what stands in its place, and a question which of them it is.
fn planted(mutants: &[Mutant], mut sources: BTreeMap<PathBuf, String>) -> Result<BTreeMap<PathBuf, String>> {
    let mut places: BTreeMap<(&str, &str), String> = BTreeMap::new();
    for (number, mutant) in mutants.iter().enumerate() {
        let with = &mutant.with;
        places
            .entry((&mutant.r#in, &mutant.find))
            .or_default()
            .push_str(&format!("if crate::mutant({number}) {{ {with} }} else "));
    }
    for ((file, find), choices) in places {
        let text = sources
            .get_mut(Path::new(file))
            .with_context(|| format!("the policy has no {file}"))?;
        let (before, rest) = find
            .split_once('⟦')
            .with_context(|| format!("{find}: nothing is marked"))?;
        let (expression, after) = rest
            .split_once('⟧')
            .with_context(|| format!("{find}: nothing is marked"))?;
        let found = format!("{before}{expression}{after}");
        let times = text.matches(&found).count();
        ensure!(times == 1, "{file}: {found:?} stands there {times} times");
        *text = text.replace(&found, &format!("{before}({choices}{{ {expression} }}){after}"));
    }
    let root = sources
        .get_mut(Path::new("lib.rs"))
        .context("the policy has no lib.rs")?;
    root.push_str(SWITCH);
    Ok(sources)
}

/// Builds the copy's program, and the tests of its policy; gives their programs.
fn build_copy(repository: &Repository) -> Result<Vec<PathBuf>> {
    let cargo = |arguments: &[&str]| {
        let mut cargo = repository.cargo();
        cargo.current_dir(repository.path(TREE)).args(arguments);
        cargo.arg("--target-dir").arg(repository.path(BUILT));
        cargo
    };
    let mut program = cargo(&["build", "--workspace", "--bin", "trousseau"]);
    ensure!(
        succeeds(&mut program)?,
        "the copy with the mutants does not build"
    );
    let mut tests = cargo(&[
        "test",
        "--package",
        "trousseau-policy",
        "--no-run",
        "--message-format",
        "json",
    ]);
    let built = answer(&mut tests).context("the copy's tests do not build")?;
    let programs = built.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let of_policy = message["package_id"].as_str()?.contains("/crates/policy#");
        message["executable"]
            .as_str()
            .filter(|_| of_policy)
            .map(PathBuf::from)
    });
    let programs: Vec<PathBuf> = programs.collect();
    ensure!(!programs.is_empty(), "the policy has no tests");
    Ok(programs)
}

/// Runs the harness against the copy's program; whether it finds nothing wrong, and the first thing that it does.
fn harness(repository: &Repository, mutant: Option<usize>) -> Result<(bool, String)> {
    let program = repository.path(BUILT).join("debug/trousseau");
    let mut command = repository.command(HARNESS);
    command
        .arg("run")
        .arg("--program")
        .arg(program)
        .args(FEW)
        .args(["--seed", "1", "--brief"]);
    if let Some(number) = mutant {
        command.env(CHOICE, number.to_string());
    }
    let Output { status, stdout, .. } = command.output().context("cannot run the harness")?;
    let said = String::from_utf8_lossy(&stdout);
    let wrong = said.lines().find_map(|line| line.strip_prefix("wrong: "));
    ensure!(
        status.success() == wrong.is_none(),
        "the harness ended with {status} and found {wrong:?}"
    );
    Ok((status.success(), wrong.unwrap_or_default().to_owned()))
}

fn tests_pass(programs: &[PathBuf], number: usize) -> Result<bool> {
    for program in programs {
        let mut command = Command::new(program);
        command
            .env(CHOICE, number.to_string())
            .env("INSTA_UPDATE", "no")
            .env("PROPTEST_RNG_SEED", "1");
        let output = command
            .output()
            .with_context(|| format!("cannot run {}", program.display()))?;
        if !output.status.success() {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_still_applies() {
        let mutants = read(&Repository::of_this_build().unwrap()).unwrap();
        assert!(mutants.len() >= 20);
        let sources = policy_sources(Path::new("")).unwrap();
        let planted = planted(&mutants, sources).unwrap();
        let all: String = planted.into_values().collect();
        for number in 0..mutants.len() {
            assert_eq!(
                all.matches(&format!("crate::mutant({number})")).count(),
                1,
                "{number}"
            );
        }
    }

    #[test]
    fn a_pattern_that_is_not_there_once_is_an_error() {
        let of = |find: &str, text: &str| {
            let mutant = Mutant {
                name: "x".to_owned(),
                r#in: "a.rs".to_owned(),
                find: find.to_owned(),
                with: "2".to_owned(),
            };
            let sources = [("a.rs", text), ("lib.rs", "")];
            let sources = sources.map(|(name, text)| (PathBuf::from(name), text.to_owned()));
            planted(&[mutant], sources.into()).map(|sources| sources[Path::new("a.rs")].clone())
        };
        let planted = of("let a = ⟦1⟧;", "let a = 1;").unwrap();
        assert_eq!(planted, "let a = (if crate::mutant(0) { 2 } else { 1 });");
        assert!(of("let a = ⟦1⟧;", "let b = 1;").is_err());
        assert!(of("⟦1⟧", "let a = 1; let b = 1;").is_err());
        assert!(of("1", "let a = 1;").is_err());
    }
}
