//! `trousseau completions`: the completion script of a shell.

use crate::cli::{self, Completions};
use crate::failure::Exit;
use crate::printer::Printer;

pub(super) fn run(completions: &Completions, printer: &Printer) -> Exit {
    let mut script = Vec::new();
    let mut command = cli::command(&printer.messages.words());
    clap_complete::generate(completions.shell, &mut command, "trousseau", &mut script);
    printer.write(&String::from_utf8_lossy(&script));
    Exit::SUCCESS
}
