//! Puts a parser's error into the words and places of a person.

use std::ops::Range;

use super::{ConfigError, SyntaxFault};

/// How many characters of a value are quoted.
const QUOTED: usize = 40;

/// The error with its place and, where serde's words tell it, the kind of fault.
pub(super) fn explain(file: &str, text: &str, error: &toml::de::Error) -> ConfigError {
    let span = error.span().unwrap_or_default();
    let (line, column) = place(text, span.start);
    ConfigError::Syntax {
        file: file.to_owned(),
        line,
        column,
        reason: error.message().to_owned(),
        fault: Box::new(fault(error.message(), text, span)),
    }
}

fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    let column = before.get(line_start..).map_or(0, |line| line.chars().count()) + 1;
    (line, column)
}

/// Reads what serde says of unknown and missing fields and of wrong types.
fn fault(message: &str, text: &str, span: Range<usize>) -> SyntaxFault {
    let mut quoted = message.split('`').skip(1).step_by(2).map(str::to_owned);
    if message.starts_with("unknown field ") {
        let key = quoted.next().unwrap_or_default();
        let known: Vec<String> = quoted.collect();
        return SyntaxFault::UnknownKey {
            meant: meant(&key, &known),
            known: known.join(", "),
            key,
        };
    }
    if message.starts_with("missing field ") {
        let key = quoted.next().unwrap_or_default();
        return SyntaxFault::MissingKey { key };
    }
    match message
        .strip_prefix("invalid type: ")
        .and_then(|told| told.split_once(", expected "))
    {
        Some((_, expected)) => SyntaxFault::WrongType {
            found: text.get(span).unwrap_or_default().chars().take(QUOTED).collect(),
            expected: kind(expected).to_owned(),
        },
        None => SyntaxFault::Other,
    }
}

/// The known key that `key` is most like, if it is like one.
fn meant(key: &str, known: &[String]) -> Option<String> {
    known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(key, known), known))
        .filter(|(distance, known)| *distance <= 1 + known.chars().count() / 3)
        .min()
        .map(|(_, known)| known.clone())
}

/// A word of the catalogue for the type that serde expects.
fn kind(expected: &str) -> &str {
    match expected {
        "usize" | "u64" | "u32" | "u16" | "u8" | "i64" => "integer",
        "a string" => "string",
        "a boolean" => "boolean",
        "a sequence" => "list",
        struct_or_map if struct_or_map.starts_with("struct ") || struct_or_map == "a map" => "table",
        other => other,
    }
}
