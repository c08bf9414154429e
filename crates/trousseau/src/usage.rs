//! What is wrong with a command line, in the user's language: clap knows what, the catalogue says it.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use trousseau_core::label::UnknownClass;
use trousseau_core::principal::{InvalidReader, InvalidRole, InvalidTenant};

use crate::failure::Exit;
use crate::printer::Printer;
use trousseau_config::moment::InvalidExpiry;

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
