//! Secrets without a format: what stands behind a word such as "password" and looks chosen or random.

use std::ops::Range;

use crate::number::is_symbol_before;
use crate::secret::{self, FORMATS, entropy};
use crate::view::View;

/// The words, longer ones before those they begin with.
pub(crate) const WORDS: &[&str] = &[
    "mot de passe",
    "mots de passe",
    "mdp",
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "kennwort",
    "contrasena",
    "senha",
    "wachtwoord",
    "haslo",
    "pwd",
    "secret",
    "token",
    "jeton",
    "api_key",
    "api-key",
    "api key",
    "apikey",
    "access_key",
    "access key",
    "accesskey",
    "accountkey",
    "cle d'api",
    "cle api",
    "clef d'api",
    "code secret",
    "code d'acces",
    "bearer",
];

/// The most bytes between the word and the secret, and the lengths of a secret.
const BETWEEN: usize = 24;
const SHORTEST: usize = 6;
const LONGEST: usize = 160;

/// What stands for a secret where none is told.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "exemple",
    "changeme",
    "your",
    "votre",
    "placeholder",
    "redacted",
    "masque",
    "xxxx",
    "****",
    "....",
    "n/a",
    "null",
    "none",
    "todo",
];

/// The place of the secret behind the word that ends at `end`; the word begins at the view's place.
pub(crate) fn find(view: &View<'_>, end: usize) -> Option<Range<usize>> {
    let part = view
        .at
        .checked_sub(1)
        .is_some_and(|before| view.bytes[before].is_ascii_alphabetic());
    if part && is_symbol_before(view.bytes, view.at) {
        return None;
    }
    let start = value(view, end)?;
    // A key of a known format is found as what it is.
    if FORMATS
        .iter()
        .any(|format| secret::api_key(view.bytes, start, format).is_some())
    {
        return None;
    }
    let rest = view.from(start);
    let quote = view.before(start).filter(|byte| b"\"'`".contains(byte));
    let inside = |byte: &u8| match quote {
        Some(quote) => *byte != quote && *byte != b'\n',
        None => !byte.is_ascii_whitespace() && !b"\"'`<>,;|)]}".contains(byte),
    };
    let length = rest
        .iter()
        .take(LONGEST + 1)
        .take_while(|byte| inside(byte))
        .count();
    let text = &rest[..length];
    // A full stop or a question ends the sentence, unless the secret is quoted.
    let text = if quote.is_none() {
        text.strip_suffix(b".").unwrap_or(text)
    } else {
        text
    };
    let fits = (SHORTEST..=LONGEST).contains(&text.len());
    (fits && is_secret(text)).then(|| start..start + text.len())
}

/// Where the value begins: behind `:`, `=`, `est`, `is` or quotes, near the word.
fn value(view: &View<'_>, end: usize) -> Option<usize> {
    let rest = view.from(end);
    let rest = &rest[..rest.len().min(BETWEEN)];
    // The rest of a name in capitals or small letters: PASSWORD_HASH, passwordConfirmation, "mots de passe".
    let named = rest
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count();
    let mut at = named.min(16);
    let mut told = false;
    while let Some(byte) = rest.get(at) {
        let words: &[&[u8]] = &[b"est ", b"is ", b"ist ", b"es ", b"etait ", b"sera ", b"was "];
        if let Some(word) = words
            .iter()
            .find(|word| rest[at..].to_ascii_lowercase().starts_with(word))
        {
            told = true;
            at += word.len();
        } else if matches!(byte, b':' | b'=' | b'>') {
            told = true;
            at += 1;
        } else if matches!(byte, b' ' | b'"' | b'\'' | b'`' | b'\t' | b'\n') {
            at += 1;
        } else {
            break;
        }
    }
    // "Authorization: Bearer VALUE" needs no sign.
    let bearer = view.bytes[view.at..end].eq_ignore_ascii_case(b"bearer") && at > 0;
    (told || bearer)
        .then_some(end + at)
        .filter(|start| !view.from(*start).is_empty())
}

/// Whether a text looks chosen or random: characters of several kinds, no word alone and no placeholder.
fn is_secret(text: &[u8]) -> bool {
    let kinds = [
        text.iter().any(u8::is_ascii_lowercase),
        text.iter().any(u8::is_ascii_uppercase),
        text.iter().any(u8::is_ascii_digit),
        text.iter().any(u8::is_ascii_punctuation),
    ];
    let kinds = kinds.iter().filter(|kind| **kind).count();
    let lower = text.to_ascii_lowercase();
    let placeholder = PLACEHOLDERS
        .iter()
        .any(|word| lower.windows(word.len()).any(|window| window == word.as_bytes()));
    // Variables of programs, addresses and functions are none.
    let code = text.starts_with(b"$")
        || text.starts_with(b"{")
        || text.starts_with(b"<")
        || text.starts_with(b"%(")
        || text.contains(&b'(')
        || text.starts_with(b"http");
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = text.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let mixed = digits > 0 && letters > 0 || kinds >= 3;
    let random = entropy(text) >= 2.2;
    mixed && random && !placeholder && !code
}
