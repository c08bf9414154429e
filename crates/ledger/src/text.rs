//! The text formats: keys and signed notes (C2SP signed-note), checkpoints (C2SP tlog-checkpoint) and proofs
//! (C2SP tlog-proof). They read `&str`, touch no file, and say in which line a text is wrong.

pub(crate) mod checkpoint;
pub(crate) mod key;
pub(crate) mod note;
pub(crate) mod proof;

/// Where a text is not written as its specification says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the {what}: {reason}")]
pub struct TextFault {
    /// Which kind of text: `key`, `signed note`, `checkpoint`, `proof`.
    pub what: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

/// Reads a decimal without leading zeroes or a sign.
fn parse_decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}
