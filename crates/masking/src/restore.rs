//! The values back in the place of their tokens, in one text as it comes.

use std::sync::Arc;

use memchr::memchr2;

use crate::table::Table;
use crate::token::{BACKSLASHES, Reading, read};

/// Restores one text, wherever it is cut.
///
/// It holds back what may become a token, which is less than [`LONGEST`](crate::LONGEST) bytes, and nothing else.
pub struct Restorer {
    table: Arc<Table>,
    in_json: bool,
    held: String,
}

impl Restorer {
    /// Restores a text; with `in_json` it is JSON, and values are escaped as its strings ask for.
    pub const fn new(table: Arc<Table>, in_json: bool) -> Self {
        Self {
            table,
            in_json,
            held: String::new(),
        }
    }

    /// Takes in more of the text, and gives what can be told of it now.
    pub fn push(&mut self, more: String) -> String {
        if self.held.is_empty() && memchr2(b'[', b'\\', more.as_bytes()).is_none() {
            return more;
        }
        let text = std::mem::take(&mut self.held) + &more;
        let (out, rest) = self.table.scan(&text, self.in_json, false);
        rest.clone_into(&mut self.held);
        out
    }

    /// Says that the text has ended, and gives the rest of it.
    pub fn finish(&mut self) -> String {
        let text = std::mem::take(&mut self.held);
        self.table.scan(&text, self.in_json, true).0
    }

    /// How many bytes are held back.
    pub const fn held(&self) -> usize {
        self.held.len()
    }
}

impl Table {
    /// A whole text with the values in the place of their tokens.
    pub fn restore(&self, text: &str, in_json: bool) -> String {
        self.scan(text, in_json, true).0
    }

    /// The text as far as it can be told, and what may become a token when more comes.
    fn scan<'a>(&self, text: &'a str, in_json: bool, last: bool) -> (String, &'a str) {
        let mut out = String::with_capacity(text.len());
        let (mut from, mut at) = (0, 0);
        while let Some(found) = memchr2(b'[', b'\\', &text.as_bytes()[at..]) {
            let slashes = text.as_bytes()[at + found..]
                .iter()
                .take_while(|byte| **byte == b'\\')
                .count();
            let start = at + found + slashes.saturating_sub(BACKSLASHES);
            let reading = read(text, start, last);
            let entry = match &reading {
                Reading::Token { token, .. } => self.get(*token),
                Reading::More(_) | Reading::No => None,
            };
            match (reading, entry) {
                (
                    Reading::Token {
                        end,
                        opening,
                        closing,
                        ..
                    },
                    Some(entry),
                ) => {
                    // Markdown's backslashes go with the brackets that they belong to; one that stands before a token
                    // whose other end has none is the text's own.
                    let kept = if opening == closing { 0 } else { opening };
                    out.push_str(&text[from..start + kept]);
                    out.push_str(entry.value(in_json));
                    (from, at) = (end, end);
                }
                (Reading::More(begun), _) if self.may_begin(&begun) => {
                    out.push_str(&text[from..start]);
                    return (out, &text[start..]);
                }
                _ => at += found + slashes.max(1),
            }
        }
        out.push_str(&text[from..]);
        (out, "")
    }
}
