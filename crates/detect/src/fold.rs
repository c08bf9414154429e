//! One spelling for what is written in many: the text that detectors read.
//!
//! Spaces of all widths become a space, hyphens and dashes a hyphen, full-width and other decimal digits the ten of
//! ASCII, letters lose their accents, characters that are not seen vanish, and what JSON escapes (also JSON within
//! JSON) is unescaped. What has no ASCII likeness stays as it is, in UTF-8. A finding's place is told in the text
//! as it came: [`step`] says how much of it each folded piece stands for.

/// The most backslashes before an escape: JSON within JSON within JSON has seven.
const BACKSLASHES: usize = 8;

/// What a piece of text becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folded {
    /// Nothing.
    Nothing,
    /// One byte.
    One(u8),
    /// Two.
    Two(u8, u8),
    /// What it is.
    Same,
    /// A character that was escaped.
    Symbol(char),
}

/// How many bytes `text` begins with that stand for themselves.
pub(crate) fn plain(text: &[u8]) -> usize {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut at = 0;
    // Eight at a time: none with its high bit set, none a backslash.
    while let Some(chunk) = text[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let slashes = word ^ (ONES * u64::from(b'\\'));
        if (word | (slashes.wrapping_sub(ONES) & !slashes)) & HIGH != 0 {
            break;
        }
        at += 8;
    }
    at + text[at..]
        .iter()
        .take_while(|byte| byte.is_ascii() && **byte != b'\\')
        .count()
}

/// Takes one character or escape from the beginning of `text`, which is not empty: how many bytes it is and what it
/// becomes. `None` when more of the text must come first; with `last` nothing more comes.
pub(crate) fn step(text: &[u8], last: bool) -> Option<(usize, Folded)> {
    let first = text[0];
    if first == b'\\' {
        return escape(text, last);
    }
    if first.is_ascii() {
        return Some((1, Folded::Same));
    }
    let length = match first {
        0xF0.. => 4,
        0xE0.. => 3,
        _ => 2,
    };
    let bytes = &text[..length.min(text.len())];
    let symbol = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.chars().next());
    Some((bytes.len(), symbol.map_or(Folded::Same, fold)))
}

fn escape(text: &[u8], last: bool) -> Option<(usize, Folded)> {
    let slashes = text
        .iter()
        .take(BACKSLASHES)
        .take_while(|byte| **byte == b'\\')
        .count();
    let Some(kind) = text.get(slashes) else {
        return last.then_some((1, Folded::Same));
    };
    let end = slashes + 1;
    let folded = match kind {
        b'n' | b'r' => Folded::One(b'\n'),
        b't' => Folded::One(b'\t'),
        b'"' | b'/' => Folded::One(*kind),
        b'u' => {
            let Some(digits) = text.get(end..end + 4) else {
                return last.then_some((1, Folded::Same));
            };
            let value = std::str::from_utf8(digits)
                .ok()
                .and_then(|hex| u32::from_str_radix(hex, 16).ok());
            let Some(value) = value else {
                return Some((1, Folded::Same));
            };
            // One half of a pair of surrogates has no likeness here.
            let folded = match char::from_u32(value) {
                Some(symbol) if symbol.is_ascii() => Folded::One(value as u8),
                Some(symbol) => match fold(symbol) {
                    Folded::Same => Folded::Symbol(symbol),
                    folded => folded,
                },
                None => Folded::One(b'?'),
            };
            return Some((end + 4, folded));
        }
        _ => return Some((1, Folded::Same)),
    };
    Some((end, folded))
}

/// What a character beyond ASCII becomes.
fn fold(symbol: char) -> Folded {
    match symbol {
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Folded::One(b' '),
        '\u{85}' | '\u{2028}' | '\u{2029}' => Folded::One(b'\n'),
        // Soft hyphen, combining marks, zero width, directions, joiners, variation selectors, byte order mark.
        '\u{ad}'
        | '\u{300}'..='\u{36f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' => Folded::Nothing,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' => Folded::One(b'-'),
        '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2bc}' => Folded::One(b'\''),
        '\u{201c}'..='\u{201f}' | '«' | '»' => Folded::One(b'"'),
        '\u{2024}' => Folded::One(b'.'),
        // Full width: ASCII from the exclamation mark on.
        '\u{ff01}'..='\u{ff5e}' => Folded::One((u32::from(symbol) - 0xFEE0) as u8),
        _ => digit(symbol).unwrap_or_else(|| letter(symbol)),
    }
}

/// Decimal digits of other scripts, and mathematical ones.
fn digit(symbol: char) -> Option<Folded> {
    let code = u32::from(symbol);
    let value = match code {
        0x660..=0x669 => code - 0x660,
        0x6F0..=0x6F9 => code - 0x6F0,
        0x966..=0x96F => code - 0x966,
        0x1D7CE..=0x1D7FF => (code - 0x1D7CE) % 10,
        _ => return None,
    };
    Some(Folded::One(b'0' + value as u8))
}

/// The letters of U+00C0 to U+017F without their marks; `*` where there is none of one letter.
const LETTERS: &[u8; 192] = b"AAAAAA*CEEEEIIIIDNOOOOO*OUUUUY**aaaaaa*ceeeeiiiidnooooo*ouuuuy*y\
AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi**JjKkkLlLlLlL\
lLlNnNnNnnNnOoOoOo**RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";

fn letter(symbol: char) -> Folded {
    match symbol {
        'œ' => Folded::Two(b'o', b'e'),
        'Œ' => Folded::Two(b'O', b'E'),
        'æ' => Folded::Two(b'a', b'e'),
        'Æ' => Folded::Two(b'A', b'E'),
        'ß' => Folded::Two(b's', b's'),
        'ẞ' => Folded::Two(b'S', b'S'),
        'Ș' => Folded::One(b'S'),
        'ș' => Folded::One(b's'),
        'Ț' => Folded::One(b'T'),
        'ț' => Folded::One(b't'),
        '\u{c0}'..='\u{17f}' => match LETTERS[(u32::from(symbol) - 0xC0) as usize] {
            b'*' => Folded::Same,
            letter => Folded::One(letter),
        },
        _ => Folded::Same,
    }
}

/// Folds a short text whole.
pub(crate) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for symbol in text.chars() {
        match fold(symbol) {
            _ if symbol.is_ascii() => out.push(symbol),
            Folded::Symbol(symbol) => out.push(symbol),
            Folded::Nothing => {}
            Folded::One(byte) => out.push(char::from(byte)),
            Folded::Two(one, two) => out.extend([char::from(one), char::from(two)]),
            Folded::Same => out.push(symbol),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> String {
        let (mut rest, mut out) = (text.as_bytes(), Vec::new());
        while !rest.is_empty() {
            let (taken, folded) = step(rest, true).unwrap();
            match folded {
                Folded::Nothing => {}
                Folded::One(byte) => out.push(byte),
                Folded::Two(one, two) => out.extend([one, two]),
                Folded::Same => out.extend(&rest[..taken]),
                Folded::Symbol(symbol) => out.extend(symbol.to_string().bytes()),
            }
            rest = &rest[taken..];
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn many_spellings_become_one() {
        for (written, folded) in [
            ("été à l’Œuvre, Noël n\u{303}", "ete a l'OEuvre, Noel n"),
            ("1\u{a0}2\u{202f}3\u{2009}4", "1 2 3 4"),
            ("ＦＲ７６ ١٢ 𝟙", "FR76 12 1"),
            ("so\u{ad}ft\u{200b}", "soft"),
            (r"a\u00a0b\nc\\u00e9\\\\n\/", "a b\nce\n/"),
            (r"C:\dossier\x \u12 \", r"C:\dossier\x \u12 \"),
            ("ЕГН 北京 😀", "ЕГН 北京 😀"),
            ("Łódź, Şişli, Žižka, Groß", "Lodz, Sisli, Zizka, Gross"),
        ] {
            assert_eq!(all(written), folded, "{written}");
        }
        assert_eq!(folded("Là-bas"), "La-bas");
    }

    #[test]
    fn an_escape_waits_for_its_end() {
        for cut in [r"\", r"\\\", r"\u", r"\u00a"] {
            assert_eq!(step(cut.as_bytes(), false), None, "{cut}");
            assert!(step(cut.as_bytes(), true).is_some());
        }
    }

    #[test]
    fn plain_ends_where_folding_begins() {
        for (text, length) in [
            ("", 0),
            ("abc", 3),
            ("abcdefghijk\\n", 11),
            ("0123456789é", 10),
            ("\u{7f}12345678", 9),
        ] {
            assert_eq!(plain(text.as_bytes()), length, "{text}");
        }
    }
}
