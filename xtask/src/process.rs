//! Running other programs, and saying what happens.

use std::io::Write as _;
use std::process::Command;

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
