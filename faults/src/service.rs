//! The real program: started, killed, stopped, told things by its own commands.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::client::{Call, Reply, call};

/// A server with its folder and configuration.
pub(crate) struct Service {
    program: PathBuf,
    folder: PathBuf,
    pub(crate) address: SocketAddr,
    child: Option<Child>,
}

impl Service {
    /// One that does not run yet. Its configuration is to be `trousseau.toml` in the folder.
    pub(crate) fn new(program: &Path, folder: &Path, address: SocketAddr) -> Self {
        Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
            address,
            child: None,
        }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.join("trousseau.toml")
    }

    /// The program, which goes when this one does, however that comes about.
    fn command(&self) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(&self.program);
        command
            .arg("--data")
            .arg(self.data())
            .arg("--config")
            .arg(self.config());
        command
    }

    /// Starts it, and waits until it listens.
    pub(crate) fn start(&mut self) -> Result<()> {
        let log = fs_err::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.join("service.log"))?;
        let mut child = self
            .command()
            .args(["serve", "--listen", &self.address.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.into_parts().0)
            .spawn()
            .context("cannot start the program")?;
        let output = child.stdout.take().context("it has no output")?;
        self.child = Some(child);
        let mut lines = BufReader::new(output).lines();
        let listens = lines
            .by_ref()
            .map_while(Result::ok)
            .any(|line| line.contains("http://"));
        // It goes on to write; nobody wants to read it, and nothing must wait for that.
        std::thread::spawn(move || lines.for_each(drop));
        if !listens {
            bail!("the service does not start: {}", self.log());
        }
        Ok(())
    }

    /// The end of what it said.
    pub(crate) fn log(&self) -> String {
        let text = fs_err::read_to_string(self.folder.join("service.log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    /// Kills it as a loss of memory would.
    pub(crate) fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        let asked = Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()?;
        ensure!(asked.success(), "cannot end the service");
        let status = child.wait()?;
        ensure!(
            status.success(),
            "the service ended with {status}: {}",
            self.log()
        );
        Ok(())
    }

    /// Runs one of its commands; what it answers in JSON.
    pub(crate) fn tell(&self, arguments: &[&str]) -> Result<Value> {
        let output = self.command().args(arguments).arg("--json").output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{arguments:?}: {said}");
        Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    }

    /// Waits until it says of itself that it is ready.
    pub(crate) fn wait_until_ready(&self) -> Result<()> {
        let ready = Call {
            method: "GET",
            path: "/readyz",
            headers: "",
            body: b"",
            hangs_up: None,
        };
        for _ in 0..600 {
            if matches!(
                call(self.address, ready)?,
                Some(Reply {
                    status: Some(200),
                    ..
                })
            ) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("the service is not ready again: {}", self.log())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _killed = self.kill();
    }
}
