//! Takes out of a server's words what must not stand in a log: secrets that it repeats, and what it was asked.

use std::collections::HashMap;

/// As many bytes of a secret in a row are taken out.
pub(crate) const OF_A_SECRET: usize = 6;
/// As many bytes of what was sent in a row are taken out.
pub(crate) const OF_WHAT_WAS_SENT: usize = 24;
/// How long a server's words may become, in bytes.
const LONGEST: usize = 400;
/// What stands in place of what was taken out.
const HIDDEN: &str = "[...]";

/// A server's words on one line, cut to a length, being redacted.
pub(crate) struct Redaction {
    text: String,
    hidden: Vec<bool>,
}

impl Redaction {
    /// Begins with what a server said.
    pub(crate) fn of(words: &str) -> Self {
        let mut text = String::with_capacity(words.len().min(LONGEST));
        for word in words.split(|sign: char| sign.is_whitespace() || sign.is_control()) {
            if word.is_empty() {
                continue;
            }
            if text.len() + word.len() >= LONGEST {
                let rest = LONGEST.saturating_sub(text.len());
                text.push_str(&word[..word.floor_char_boundary(rest)]);
                break;
            }
            text.push_str(word);
            text.push(' ');
        }
        text.truncate(text.trim_end().len());
        let hidden = vec![false; text.len()];
        Self { text, hidden }
    }

    /// Takes out every run of `least` bytes that also stands in `source`; a source that is shorter, where it stands
    /// there whole.
    pub(crate) fn hide(&mut self, source: &str, least: usize) {
        let mut hiding = self.against(least);
        hiding.look_in(source);
        hiding.done();
    }

    /// Begins to take out what also stands in several texts.
    pub(crate) fn against(&mut self, least: usize) -> Hiding<'_> {
        let Self { text, hidden } = self;
        let mut hiding = Hiding {
            starts: vec![false; 1 << STARTS],
            windows: HashMap::with_capacity(text.len()),
            text,
            hidden,
            least,
        };
        for window in text.as_bytes().windows(least) {
            hiding.starts[start(window)] = true;
            hiding.windows.insert(window, false);
        }
        hiding
    }

    /// What remains.
    pub(crate) fn text(self) -> String {
        let mut text = String::with_capacity(self.text.len());
        let mut hiding = false;
        for (at, sign) in self.text.char_indices() {
            let hidden = self.hidden[at..at + sign.len_utf8()].contains(&true);
            if !hidden {
                text.push(sign);
            } else if !hiding {
                text.push_str(HIDDEN);
            }
            hiding = hidden;
        }
        text
    }
}

/// What of a text also stands in others, being found.
pub(crate) struct Hiding<'t> {
    /// Which beginnings the text's runs have: most of what is looked at need not be looked up.
    starts: Vec<bool>,
    /// The runs of the text, and whether another text has them.
    windows: HashMap<&'t [u8], bool>,
    text: &'t str,
    hidden: &'t mut [bool],
    least: usize,
}

/// How many bits of a beginning are told apart.
const STARTS: u32 = 14;

/// A number for the first bytes of a run.
fn start(window: &[u8]) -> usize {
    let mut first = [0; 4];
    first.iter_mut().zip(window).for_each(|(to, byte)| *to = *byte);
    (u32::from_le_bytes(first).wrapping_mul(0x9e37_79b1) >> (u32::BITS - STARTS)) as usize
}

impl Hiding<'_> {
    /// Looks in one of the other texts.
    pub(crate) fn look_in(&mut self, source: &str) {
        if source.len() < self.least {
            if !source.is_empty() && self.least == OF_A_SECRET {
                for (start, found) in self.text.match_indices(source) {
                    self.hidden[start..start + found.len()].fill(true);
                }
            }
            return;
        }
        for window in source.as_bytes().windows(self.least) {
            if !self.starts[start(window)] {
                continue;
            }
            if let Some(shared) = self.windows.get_mut(window) {
                *shared = true;
            }
        }
    }

    /// Takes out what was found.
    pub(crate) fn done(self) {
        for (start, window) in self.text.as_bytes().windows(self.least).enumerate() {
            if self.windows.get(window) == Some(&true) {
                self.hidden[start..start + self.least].fill(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redact(words: &str, secret: &str, sent: &str) -> String {
        let mut redaction = Redaction::of(words);
        redaction.hide(secret, OF_A_SECRET);
        redaction.hide(sent, OF_WHAT_WAS_SENT);
        redaction.text()
    }

    #[test]
    fn secrets_and_questions_do_not_come_back() {
        let said = "Incorrect API key provided: sk-abcdef123456 (sk-abc***3456)\nfor 'Madame Dupont a-t-elle droit au RSA ?'";
        insta::assert_snapshot!(
            redact(said, "sk-abcdef123456", "Bonjour. Madame Dupont a-t-elle droit au RSA ?"),
            @"Incorrect API key provided: [...] ([...]***3456) for '[...]'"
        );
        assert_eq!(
            redact("no such model", "sk-abcdef", "What is a model?"),
            "no such model"
        );
        assert_eq!(redact("key abc!", "abc", ""), "key [...]!");
    }

    #[test]
    fn what_is_said_stays_on_one_line_and_short() {
        assert_eq!(redact("a\r\n\u{1b}[31mb\u{0}", "", ""), "a [31mb");
        assert!(redact(&"é".repeat(5000), "", "").len() <= LONGEST);
        assert!(redact(&"mot ".repeat(5000), "", "").len() <= LONGEST);
    }

    proptest! {
        #[test]
        fn no_long_run_of_a_secret_remains(before in "\\PC{0,20}", secret in "[a-zA-Z0-9-]{6,40}", after in "\\PC{0,20}") {
            let said = redact(&format!("{before}{secret}{after}"), &secret, "");
            for window in secret.as_bytes().windows(OF_A_SECRET) {
                let window = std::str::from_utf8(window).unwrap();
                prop_assert!(!said.contains(window) || HIDDEN.contains(window));
            }
        }
    }
}
