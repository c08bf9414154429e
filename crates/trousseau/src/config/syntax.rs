//! Puts a parser's error into the words and places of a person.

use super::ConfigError;

/// The error with its place, and the known key that an unknown one is most like.
pub(super) fn explain(file: &str, text: &str, error: &toml::de::Error) -> ConfigError {
    let at = error.span().map_or(0, |span| span.start);
    let (line, column) = place(text, at);
    ConfigError::Syntax {
        file: file.to_owned(),
        line,
        column,
        reason: error.message().to_owned(),
        meant: meant(error.message()),
    }
}

fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    let column = before.get(line_start..).map_or(0, |line| line.chars().count()) + 1;
    (line, column)
}

/// Reads serde's "unknown field `a`, expected one of `b`, `c`".
fn meant(message: &str) -> Option<String> {
    let mut quoted = message
        .strip_prefix("unknown field ")?
        .split('`')
        .skip(1)
        .step_by(2);
    let unknown = quoted.next()?;
    quoted
        .map(|known| (strsim::damerau_levenshtein(unknown, known), known))
        .filter(|(distance, known)| *distance <= 1 + known.chars().count() / 3)
        .min()
        .map(|(_, known)| known.to_owned())
}
