//! The reference pages that the program writes about itself, so that they cannot say anything else than it does.

use std::io;
use std::path::Path;

use clap::Command;

use crate::cli::{self, Generate, Page};
use crate::failure::{AppError, Exit, Failure};
use crate::messages::{Language, Messages};
use crate::printer::Printer;

/// How wide the help is written, in characters.
const WIDTH: usize = 100;

pub(super) fn run(generate: &Generate, printer: &Printer) -> Result<Exit, Failure> {
    match generate.page {
        Page::CommandsFr => printer.write(&reference(Language::French)),
        Page::CommandsEn => printer.write(&reference(Language::English)),
        Page::ConfigFr => printer.write(trousseau_config::EXAMPLE_FR),
        Page::ConfigEn => printer.write(trousseau_config::EXAMPLE_EN),
        Page::ManFr => manuals(Language::French, generate.into.as_deref()).map_err(AppError::Io)?,
        Page::ManEn => manuals(Language::English, generate.into.as_deref()).map_err(AppError::Io)?,
    }
    Ok(Exit::SUCCESS)
}

/// Writes a man page for each command into a folder, or into the present one.
fn manuals(language: Language, into: Option<&Path>) -> io::Result<()> {
    let command = cli::command(&Messages::new(language).words());
    clap_mangen::generate_to(command, into.unwrap_or_else(|| Path::new(".")))
}

fn reference(language: Language) -> String {
    let messages = Messages::new(language);
    let mut command = cli::command(&messages.words()).term_width(WIDTH);
    command.build();
    let mut text = format!("# {}\n", messages.plain("reference-title"));
    describe(&mut command, &mut text);
    text
}

fn describe(command: &mut Command, text: &mut String) {
    if command.is_hide_set() {
        return;
    }
    let name = command
        .get_bin_name()
        .unwrap_or_else(|| command.get_name())
        .to_owned();
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    text.push_str(&format!(
        "\n## {name}\n\n```text\n{}\n```\n",
        help.join("\n").trim_end()
    ));
    for sub in command.get_subcommands_mut() {
        describe(sub, text);
    }
}
