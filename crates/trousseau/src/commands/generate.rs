//! The references that are generated from the program, so that they cannot say anything else than it does.

use std::path::Path;
use std::process::ExitCode;

use clap::Command;

use crate::cli::{self, Generate};
use crate::config;
use crate::failure::{AppError, Failure};
use crate::messages::{Language, Messages};
use crate::printer::Printer;

pub(super) fn run(generate: &Generate, printer: &Printer) -> Result<ExitCode, Failure> {
    let mut stale = Vec::new();
    for (name, text) in files() {
        let path = generate.directory.join(name);
        if generate.check {
            if fs_err::read_to_string(&path).ok().as_deref() != Some(&text) {
                stale.push(path.display().to_string());
            }
        } else {
            write(&path, &text).map_err(AppError::Io)?;
            printer.line(&path.display().to_string());
        }
    }
    if stale.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(AppError::Stale {
        files: stale.join(", "),
    }
    .into())
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs_err::create_dir_all(folder)?;
    }
    fs_err::write(path, text)
}

fn files() -> Vec<(&'static str, String)> {
    vec![
        ("commandes.md", reference(Language::French)),
        ("commands.md", reference(Language::English)),
        ("trousseau.example.fr.toml", config::EXAMPLE_FR.to_owned()),
        ("trousseau.example.toml", config::EXAMPLE_EN.to_owned()),
    ]
}

fn reference(language: Language) -> String {
    let messages = Messages::new(language);
    let mut command = cli::command(&messages).term_width(100);
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
