//! Running other programs, and saying what happens.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context, Result};

/// Prints a line. Whoever closed the pipe does not want to read it.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", line.trim_end_matches('\n')).and_then(|()| out.flush());
}

/// Runs a command whose output goes straight to the terminal; true when it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot run {name}"))?;
    Ok(status.success())
}

/// The standard output of a command, when it runs and succeeds.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

/// The lines that a child prints, as they come.
pub(crate) fn lines(child: &mut Child) -> Result<impl Iterator<Item = std::io::Result<String>> + use<>> {
    let output = child.stdout.take().context("it has no output")?;
    Ok(BufReader::new(output).lines())
}

/// The HTTP status of `GET path` at an address such as `127.0.0.1:8642`; `headers` are whole lines.
pub(crate) fn status(address: &str, path: &str, headers: &str) -> Result<u16> {
    let mut socket = TcpStream::connect(address).context("nothing listens")?;
    socket.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(
        socket,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n"
    )?;
    let mut reply = Vec::new();
    socket.read_to_end(&mut reply)?;
    let reply = String::from_utf8_lossy(&reply);
    let status = reply.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    let status = status.and_then(|status| status.parse().ok());
    status.with_context(|| {
        format!(
            "{path}: no answer of HTTP: {}",
            reply.lines().next().unwrap_or_default()
        )
    })
}
