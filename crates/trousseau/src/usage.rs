//! What is wrong with a command line, in the user's language: clap knows what, the catalogue says it.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use trousseau_core::label::UnknownClass;
use trousseau_core::principal::{InvalidReader, InvalidRole, InvalidTenant};

use crate::cli::moment::{InvalidExpiry, InvalidLasting};
use crate::failure::Exit;
use crate::printer::Printer;

/// Tells what clap has to say: help on standard output, a fault of usage on standard error.
pub(crate) fn tell(printer: &Printer, error: &clap::Error) -> Exit {
    match code(error) {
        Some(code) => {
            printer.failure(code, &fields(error), &error.to_string(), &[]);
            Exit::USAGE
        }
        None if error.use_stderr() => {
            printer.note(error.to_string().trim_end());
            Exit::USAGE
        }
        None => {
            printer.write(&error.to_string());
            Exit::SUCCESS
        }
    }
}

/// The message for this error; none for help, the version, and what clap may come up with later.
fn code(error: &clap::Error) -> Option<&'static str> {
    let is_about = |kind| error.get(kind).is_some();
    Some(match error.kind() {
        ErrorKind::InvalidSubcommand if is_about(ContextKind::SuggestedSubcommand) => {
            "usage-mistyped-command"
        }
        ErrorKind::InvalidSubcommand => "usage-unknown-command",
        ErrorKind::UnknownArgument if is_about(ContextKind::SuggestedArg) => "usage-mistyped-argument",
        ErrorKind::UnknownArgument => "usage-unknown-argument",
        ErrorKind::MissingRequiredArgument => "usage-missing",
        ErrorKind::ArgumentConflict => "usage-conflict",
        ErrorKind::InvalidValue if text(error, ContextKind::InvalidValue).is_empty() => "usage-no-value",
        ErrorKind::InvalidValue => "usage-choice",
        ErrorKind::ValueValidation => refused(error),
        _ => return None,
    })
}

/// The message for a value that one of our own types refuses.
fn refused(error: &clap::Error) -> &'static str {
    let Some(source) = error.source() else {
        return "usage-value";
    };
    if source.is::<UnknownClass>() {
        "usage-label"
    } else if source.is::<InvalidTenant>() {
        "usage-tenant"
    } else if source.is::<InvalidReader>() {
        "usage-reader"
    } else if source.is::<InvalidRole>() {
        "usage-role"
    } else if source.is::<InvalidExpiry>() {
        "usage-expiry"
    } else if source.is::<InvalidLasting>() {
        "usage-lasting"
    } else {
        "usage-value"
    }
}

fn fields(error: &clap::Error) -> Vec<(&'static str, String)> {
    let usage = text(error, ContextKind::Usage);
    let usage = usage.split_once(": ").map_or("", |(_, usage)| usage).trim();
    let first = |kinds: &[ContextKind]| {
        let mut texts = kinds.iter().map(|kind| text(error, *kind));
        texts.find(|text| !text.is_empty()).unwrap_or_default()
    };
    vec![
        (
            "argument",
            first(&[ContextKind::InvalidArg, ContextKind::InvalidSubcommand]),
        ),
        (
            "found",
            first(&[ContextKind::InvalidValue, ContextKind::InvalidSubcommand]),
        ),
        (
            "meant",
            first(&[ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand]),
        ),
        ("accepted", first(&[ContextKind::ValidValue])),
        ("other", first(&[ContextKind::PriorArg])),
        ("usage", usage.to_owned()),
    ]
}

fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::StyledStrs(texts)) => texts
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use crate::cli::{self, Cli};
    use crate::messages::{Language, Messages};

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        for language in [Language::French, Language::English] {
            cli::command(&Messages::new(language).words()).debug_assert();
        }
    }

    fn keys(command: &Command, key: &str, found: &mut Vec<String>) {
        found.push(key.to_owned());
        for argument in command.get_arguments() {
            let prefix = if argument.is_global_set() { "help" } else { key };
            found.push(format!("{prefix}--{}", argument.get_id()));
            found.extend(cli::value(argument));
        }
        for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
            keys(sub, &format!("{key}-{}", sub.get_name()), found);
        }
    }

    #[test]
    fn every_command_and_argument_has_its_help_in_both_languages() {
        let mut wanted = Vec::new();
        keys(&Cli::command(), "help", &mut wanted);
        for language in [Language::French, Language::English] {
            let messages = Messages::new(language);
            let missing: Vec<_> = wanted.iter().filter(|key| !messages.has(key)).collect();
            assert!(missing.is_empty(), "{language:?}: {missing:?}");
        }
    }
}
