//! From bytes to Unicode: which encoding, and no control characters.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::ExtractError;
use crate::error::warning;

/// A file's text, and what was odd about its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) text: String,
    pub(crate) warnings: Vec<&'static str>,
}

/// Decodes a file. In order of trust: a byte order mark; the zero bytes of UTF-16; well-formed UTF-8; the
/// encoding that the file says it is in; windows-1252, the superset of latin-1.
pub(crate) fn decode(bytes: &[u8], declared: Option<&'static Encoding>) -> Result<Decoded, ExtractError> {
    refuse_binary(bytes)?;
    let mut warnings = Vec::new();
    let (encoding, skip) = choose(bytes, declared, &mut warnings);
    let (text, damaged) = encoding.decode_without_bom_handling(&bytes[skip..]);
    if damaged {
        warnings.push(warning::ENCODING_DAMAGED);
    }
    let text = match text {
        Cow::Borrowed(text) if is_clean(text) => text.to_owned(),
        Cow::Owned(text) if is_clean(&text) => text,
        text => clean(&text, &mut warnings),
    };
    Ok(Decoded { text, warnings })
}

/// Fails when `bytes`, the beginning of a file or the whole of it, are no text.
pub(crate) fn refuse_binary(bytes: &[u8]) -> Result<(), ExtractError> {
    if bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff") {
        return Err(ExtractError::BadEncoding {
            encoding: "UTF-32".to_owned(),
        });
    }
    if Encoding::for_bom(bytes).is_some() || utf16_without_mark(bytes).is_some() {
        return Ok(());
    }
    let mut zeros = 0_usize;
    let mut controls = 0_usize;
    for &byte in bytes {
        let control = byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | b'\x0c' | 0x1b);
        zeros += usize::from(byte == 0);
        controls += usize::from(control);
    }
    if zeros * 1000 > bytes.len() || controls * 50 > bytes.len() {
        return Err(ExtractError::Binary {
            found: if zeros > 0 {
                "zero bytes"
            } else {
                "control characters"
            }
            .to_owned(),
        });
    }
    Ok(())
}

/// The first few characters, for a look at how a file begins.
pub(crate) fn preview(bytes: &[u8]) -> Cow<'_, str> {
    let start = &bytes[..bytes.len().min(512)];
    let (encoding, skip) = match Encoding::for_bom(bytes) {
        Some(found) => found,
        None => (utf16_without_mark(bytes).unwrap_or(UTF_8), 0),
    };
    encoding
        .decode_without_bom_handling(&start[skip.min(start.len())..])
        .0
}

fn choose(
    bytes: &[u8],
    declared: Option<&'static Encoding>,
    warnings: &mut Vec<&'static str>,
) -> (&'static Encoding, usize) {
    if let Some(found) = Encoding::for_bom(bytes) {
        return found;
    }
    if let Some(found) = utf16_without_mark(bytes) {
        return (found, 0);
    }
    // UTF-8 does not happen by chance: it outweighs what a file says about itself.
    let declared = declared.filter(|encoding| encoding.is_ascii_compatible());
    if mostly_utf8(bytes) {
        let other = declared.is_some_and(|encoding| encoding != UTF_8);
        if other && !bytes.is_ascii() {
            warnings.push(warning::ENCODING_MISMATCH);
        }
        // An escape-coded encoding such as ISO-2022-JP is all ASCII.
        return match declared {
            Some(encoding) if bytes.is_ascii() => (encoding, 0),
            _ => (UTF_8, 0),
        };
    }
    match declared {
        Some(encoding) if encoding != UTF_8 => (encoding, 0),
        Some(_) => {
            warnings.push(warning::ENCODING_MISMATCH);
            (WINDOWS_1252, 0)
        }
        None => {
            warnings.push(warning::ENCODING_GUESSED);
            (WINDOWS_1252, 0)
        }
    }
}

/// UTF-16 without its mark shows in western text: every other byte is zero.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(4096)];
    let pairs = sample.len() / 2;
    if pairs < 4 || !bytes.len().is_multiple_of(2) && bytes.len() < 4096 {
        return None;
    }
    let zeros = |parity: usize| {
        sample
            .iter()
            .skip(parity)
            .step_by(2)
            .filter(|&&byte| byte == 0)
            .count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    let many = |count: usize| count * 10 >= pairs * 7;
    let few = |count: usize| count * 50 <= pairs;
    if many(odd) && few(even) {
        Some(UTF_16LE)
    } else if many(even) && few(odd) {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Whether the bytes are UTF-8, or UTF-8 with little damage: at least ten sound characters beyond ASCII to
/// one bad place.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut sound, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        if chunk.invalid().is_empty() && bad == 0 {
            return true;
        }
        sound += chunk.valid().bytes().filter(|&byte| byte >= 0xc0).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    sound >= bad * 10
}

/// Whether there is no control character in it but `\n` and `\t`.
fn is_clean(text: &str) -> bool {
    let bytes = text.as_bytes();
    let low = bytes
        .iter()
        .any(|&byte| byte < 0x20 && byte != b'\n' && byte != b'\t' || byte == 0x7f);
    // U+0080 to U+009F are C2 80 to C2 9F.
    let high =
        || memchr::memchr_iter(0xc2, bytes).any(|at| bytes.get(at + 1).is_some_and(|&next| next < 0xa0));
    !low && !high()
}

/// `\r\n` and `\r` become `\n`, other control characters a space.
fn clean(text: &str, warnings: &mut Vec<&'static str>) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut replaced = false;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        cleaned.push(match c {
            '\r' => {
                characters.next_if_eq(&'\n');
                '\n'
            }
            '\n' | '\t' => c,
            '\x0c' => ' ',
            c if c.is_control() => {
                replaced = true;
                ' '
            }
            c => c,
        });
    }
    if replaced {
        warnings.push(warning::CONTROL_CHARACTERS);
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENTENCE: &str = "L’été, 12 € « déjà » à Nîmes : où ?\r\nOui.\rNon.";
    const CLEAN: &str = "L’été, 12 € « déjà » à Nîmes : où ?\nOui.\nNon.";

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn the_same_text_comes_out_of_every_encoding() {
        let marked = |mark: &[u8], body: Vec<u8>| [mark, &body].concat();
        let latin = WINDOWS_1252.encode(SENTENCE).0.into_owned();
        for (name, bytes, warnings) in [
            ("UTF-8", SENTENCE.as_bytes().to_vec(), vec![]),
            (
                "UTF-8 with mark",
                marked(b"\xef\xbb\xbf", SENTENCE.into()),
                vec![],
            ),
            (
                "UTF-16 LE with mark",
                marked(b"\xff\xfe", utf16(SENTENCE, u16::to_le_bytes)),
                vec![],
            ),
            (
                "UTF-16 BE with mark",
                marked(b"\xfe\xff", utf16(SENTENCE, u16::to_be_bytes)),
                vec![],
            ),
            ("UTF-16 LE", utf16(SENTENCE, u16::to_le_bytes), vec![]),
            ("UTF-16 BE", utf16(SENTENCE, u16::to_be_bytes), vec![]),
            ("windows-1252", latin, vec![warning::ENCODING_GUESSED]),
        ] {
            let text = CLEAN.to_owned();
            assert_eq!(decode(&bytes, None), Ok(Decoded { text, warnings }), "{name}");
        }
    }

    #[test]
    fn utf_8_outweighs_a_wrong_declaration() {
        let decoded = decode("déjà".as_bytes(), Some(WINDOWS_1252)).unwrap();
        assert_eq!(decoded.text, "déjà");
        assert_eq!(decoded.warnings, [warning::ENCODING_MISMATCH]);
        let decoded = decode(b"d\xe9j\xe0", Some(UTF_8)).unwrap();
        assert_eq!(decoded.text, "déjà");
        assert_eq!(decoded.warnings, [warning::ENCODING_MISMATCH]);
    }

    #[test]
    fn a_declared_encoding_is_used() {
        let greek = Encoding::for_label(b"iso-8859-7").unwrap();
        let decoded = decode(b"\xe1\xe2\xe3", Some(greek)).unwrap();
        assert_eq!(decoded.text, "αβγ");
        assert!(decoded.warnings.is_empty());
    }

    #[test]
    fn one_bad_byte_does_not_turn_utf_8_into_latin() {
        let mut bytes = "à é è ù ô î ç ê â û ".as_bytes().to_vec();
        bytes.push(0xe9);
        bytes.extend(" fin".bytes());
        let decoded = decode(&bytes, None).unwrap();
        assert!(decoded.text.ends_with("û \u{fffd} fin"), "{}", decoded.text);
        assert_eq!(decoded.warnings, [warning::ENCODING_DAMAGED]);
    }

    #[test]
    fn control_characters_become_spaces() {
        let text = format!("{}a\x07b\x0cc\u{85}d", "x".repeat(100));
        let decoded = decode(text.as_bytes(), None).unwrap();
        assert!(decoded.text.ends_with("a b c d"));
        assert_eq!(decoded.warnings, [warning::CONTROL_CHARACTERS]);
    }

    #[test]
    fn utf_32_and_zero_bytes_are_refused() {
        assert!(matches!(
            decode(b"\xff\xfe\0\0a\0\0\0", None),
            Err(ExtractError::BadEncoding { .. })
        ));
        assert!(matches!(
            decode(b"abc\0def", None),
            Err(ExtractError::Binary { .. })
        ));
    }
}
