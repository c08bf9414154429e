//! A server of others, as a process: started, waited for, ended with everything that it started itself.

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::process::status;
use crate::repository::Repository;

/// How long a server may take to start; the first start of some is an installation.
const PATIENCE: Duration = Duration::from_secs(600);
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(250);
/// How much of its log is told when it does not start, in lines.
const TOLD: usize = 15;

/// A running server; it ends with the test.
pub(super) struct Engine {
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub(super) url: String,
}

impl Engine {
    /// Starts `command`, which listens on `port`, and waits until it answers `GET path`.
    pub(super) fn start(
        repository: &Repository,
        name: &str,
        command: &mut Command,
        port: u16,
        path: &str,
    ) -> Result<Self> {
        let log = folder(repository)?.join(format!("{name}.log"));
        let output = fs_err::File::create(&log)?.into_parts().0;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            // A group of its own: a shell script that starts a server is not the server.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let mut engine = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        };
        engine
            .wait_for(&format!("127.0.0.1:{port}"), path)
            .with_context(|| format!("{name} does not start:\n{}", end_of(&log)))?;
        Ok(engine)
    }

    fn wait_for(&mut self, address: &str, path: &str) -> Result<()> {
        let began = Instant::now();
        while !status(address, path, "").is_ok_and(|status| status < 500) {
            let ended = self.child.try_wait()?;
            ensure!(ended.is_none(), "it ended with {ended:?}");
            ensure!(began.elapsed() < PATIENCE, "no answer within {PATIENCE:?}");
            sleep(BETWEEN_QUESTIONS);
        }
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ended = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _reaped = self.child.wait();
    }
}

/// Where engines write, `target/engines`.
pub(super) fn folder(repository: &Repository) -> Result<PathBuf> {
    let folder = repository.path("target/engines");
    fs_err::create_dir_all(&folder)?;
    Ok(folder)
}

/// A port that nobody listens on now.
pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn end_of(log: &Path) -> String {
    let text = fs_err::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines
        .get(lines.len().saturating_sub(TOLD)..)
        .unwrap_or_default()
        .join("\n")
}
