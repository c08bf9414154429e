//! A look ahead for tags with absurdly many attributes.
//!
//! The tokenizer compares each attribute's name with all before it in the tag, so that one tag of a
//! megabyte would take minutes. No page of this world comes near the limit.

use crate::ExtractError;

/// The most attributes that one tag may have.
const LIMIT: usize = 1024;

/// Elements whose content holds no tags.
const RAW: [&str; 7] = [
    "script", "style", "textarea", "title", "xmp", "iframe", "noframes",
];

/// Fails on the first tag that has more than [`LIMIT`] attributes. Takes time in proportion to the text.
pub(super) fn check(text: &str) -> Result<(), ExtractError> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        at += found + 1;
        let rest = &bytes[at..];
        if rest.starts_with(b"!--") {
            // `<!-->` is a whole comment.
            at = memchr::memmem::find(&rest[1..], b"-->").map_or(bytes.len(), |end| at + 1 + end);
            continue;
        }
        let name = rest.strip_prefix(b"/").unwrap_or(rest);
        if !name.first().is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let length = name
            .iter()
            .position(|&byte| ends_name(byte))
            .unwrap_or(name.len());
        let is_start = name.len() == rest.len();
        let (name, attributes) = name.split_at(length);
        at = bytes.len() - attributes.len() + tag_length(attributes)?;
        if let Some(raw) = RAW
            .iter()
            .find(|raw| is_start && name.eq_ignore_ascii_case(raw.as_bytes()))
        {
            at = raw_end(bytes, at, raw);
        }
    }
    Ok(())
}

const fn ends_name(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>')
}

/// Where `</name` stands, at `at` or after; the end of the text if nowhere.
fn raw_end(bytes: &[u8], mut at: usize, name: &str) -> usize {
    while let Some(found) = memchr::memmem::find(&bytes[at..], b"</") {
        at += found;
        let end = bytes.get(at + 2..at + 2 + name.len());
        if end.is_some_and(|end| end.eq_ignore_ascii_case(name.as_bytes())) {
            return at;
        }
        at += 2;
    }
    bytes.len()
}

/// The states of the HTML standard's tokenizer between a tag's name and its end.
#[derive(Clone, Copy)]
enum Place {
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Quoted(u8),
    Bare,
}

/// The bytes up to and including the `>` that ends the tag.
fn tag_length(attributes: &[u8]) -> Result<usize, ExtractError> {
    let mut place = Place::BeforeName;
    let mut count = 0;
    for (at, &byte) in attributes.iter().enumerate() {
        let space = byte.is_ascii_whitespace();
        place = match (place, byte) {
            (Place::Quoted(quote), _) if byte == quote => Place::BeforeName,
            (Place::Quoted(_), _) => place,
            (_, b'>') => return Ok(at + 1),
            (Place::BeforeName | Place::Name | Place::AfterName, b'/') => Place::BeforeName,
            (Place::Name | Place::AfterName, b'=') => Place::BeforeValue,
            (Place::Name, _) if space => Place::AfterName,
            (Place::Bare, _) if space => Place::BeforeName,
            (Place::Name | Place::Bare, _) => place,
            (_, _) if space => place,
            (Place::BeforeValue, b'"' | b'\'') => Place::Quoted(byte),
            (Place::BeforeValue, _) => Place::Bare,
            (Place::BeforeName | Place::AfterName, _) => {
                count += 1;
                Place::Name
            }
        };
        if count > LIMIT {
            return Err(ExtractError::TooManyAttributes { limit: LIMIT });
        }
    }
    Ok(attributes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(separator: &str) -> String {
        (0..=LIMIT)
            .map(|number| format!("a{number}{separator}"))
            .collect()
    }

    #[test]
    fn a_tag_of_too_many_attributes_is_refused_however_they_are_written() {
        for separator in [" ", "/", "=1 ", "=\"1\"", "='>'", "= x\n", " = \"b c\" "] {
            let tag = format!("<p>un</p><p {}>", many(separator));
            assert!(check(&tag).is_err(), "{separator:?}");
        }
        assert!(check(&format!("<p =' {}>", many(" "))).is_err());
    }

    #[test]
    fn only_tags_count() {
        let words = many(" ");
        for text in [
            format!("<p title=\"{words}\" lang=fr>{words}</p>"),
            format!("<!-- <p {words} -->{words}"),
            format!("<script>if (a<b {words})</script><p {}>", &words[..1000]),
            format!("a < {words}"),
            "<p>".repeat(5000),
        ] {
            assert_eq!(check(&text), Ok(()), "{}", &text[..40]);
        }
    }
}
