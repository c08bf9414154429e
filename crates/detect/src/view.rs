//! What a detector sees: a stretch of folded text around the place where something may be.
//!
//! The stretch has the same bounds however the text came, so that what a detector says depends on nothing else.

use std::ops::Range;

use crate::number::is_symbol_before;

/// How far a detector looks back, and how far before its trigger a finding may begin, in folded bytes.
pub(crate) const BEHIND: usize = 128;
/// How far a detector looks ahead.
pub(crate) const AHEAD: usize = 256;

/// How far around a number the words that tell what it is may stand.
const WORDS_BEFORE: usize = 64;
const WORDS_AFTER: usize = 32;

/// Words that say of a number behind them that it is nobody's.
const REFERENCES: &[&str] = &[
    "commande",
    "facture",
    "ref",
    "reference",
    "colis",
    "suivi",
    "isbn",
    "issn",
    "ean",
    "gtin",
    "imei",
    "serie",
    "serial",
    "lot",
    "article",
    "devis",
    "ticket",
    "order",
    "invoice",
    "tracking",
    "sku",
    "dossier",
    "code-barres",
    "bestellung",
    "pedido",
    "ordine",
    "numero de serie",
    "n/ref",
    "v/ref",
    "contrat",
    "version",
    "commit",
    "hash",
    "build",
];

/// A stretch of folded text, and the place in it that is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    /// The stretch.
    pub(crate) bytes: &'a [u8],
    /// The place.
    pub(crate) at: usize,
    /// No finding may begin before this.
    pub(crate) floor: usize,
}

impl View<'_> {
    /// Whether one of `words` stands near the bytes of `place`, on its own or beginning a word.
    pub(crate) fn near(&self, place: &Range<usize>, words: &[&str]) -> bool {
        let before = &self.bytes[place.start.saturating_sub(WORDS_BEFORE)..place.start];
        let after = &self.bytes[place.end..self.bytes.len().min(place.end + WORDS_AFTER)];
        words
            .iter()
            .any(|word| has_word(before, word) || has_word(after, word))
    }

    /// Whether what stands right before `start` names a number that is nobody's.
    pub(crate) fn is_reference(&self, start: usize) -> bool {
        let before = &self.bytes[start.saturating_sub(28)..start];
        // What stands before is about something else when a line or a sentence has ended there; "réf." has not.
        let ended = (1..before.len()).rev().find(|at| match &before[at - 1..=*at] {
            [_, b'\n'] => true,
            [b'.', b' '] => ![&b"ref"[..], b"n", b"no", b"art"]
                .iter()
                .any(|short| before[..at - 1].to_ascii_lowercase().ends_with(short)),
            _ => false,
        });
        let before = &before[ended.unwrap_or(0)..];
        REFERENCES.iter().any(|word| has_word(before, word))
    }

    /// The byte before `at`.
    pub(crate) fn before(&self, at: usize) -> Option<u8> {
        at.checked_sub(1)
            .and_then(|before| self.bytes.get(before).copied())
    }

    /// The text from `at` on.
    pub(crate) fn from(&self, at: usize) -> &[u8] {
        self.bytes.get(at..).unwrap_or_default()
    }
}

/// Whether `text` has a word that begins with `word`, in any case; a short one stands alone.
pub(crate) fn has_word(text: &[u8], word: &str) -> bool {
    let word = word.as_bytes();
    let short = word.len() <= 4;
    let mut windows = text.windows(word.len()).enumerate();
    windows.any(|(at, window)| {
        window.eq_ignore_ascii_case(word)
            && !is_symbol_before(text, at)
            && !(short && text.get(at + word.len()).is_some_and(u8::is_ascii_alphabetic))
    })
}

/// How many letters `text` begins with: of ASCII, and whatever is beyond it.
pub(crate) fn letters(text: &[u8]) -> usize {
    text.iter()
        .take_while(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
        .count()
}
