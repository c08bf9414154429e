//! `trousseau completions`: the completion script of a shell.

use std::process::ExitCode;

use crate::cli::{self, Completions};
use crate::printer::Printer;

pub(super) fn run(completions: &Completions, printer: &Printer) -> ExitCode {
    let mut script = Vec::new();
    let mut command = cli::command(&printer.messages);
    clap_complete::generate(completions.shell, &mut command, "trousseau", &mut script);
    printer.write(&String::from_utf8_lossy(&script));
    ExitCode::SUCCESS
}
