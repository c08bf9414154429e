//! Distinguished names as text (RFC 4514): the value in front, and a form in which two can be compared.

/// The value of the first part of a name: `Compta` of `cn=Compta,ou=groups,dc=example`. `None` of what is no name, or where the
/// value is written as bytes (`cn=#04...`).
pub(crate) fn leading_value(name: &str) -> Option<String> {
    let (_, value) = parts(name)?.into_iter().next()?;
    (!value.is_empty()).then_some(value)
}

/// A name as it is compared: attribute types and letters of values in lower case, no space around them. What is no name is
/// compared as it stands.
pub fn folded(name: &str) -> String {
    let Some(parts) = parts(name) else {
        return name.trim().to_lowercase();
    };
    let parts = parts.iter().map(|(kind, value)| {
        let value = value.to_lowercase();
        // What separates is escaped again, so that two names stay two.
        let value = value
            .replace('\\', "\\\\")
            .replace(',', "\\,")
            .replace('+', "\\+");
        format!("{}={value}", kind.to_lowercase())
    });
    parts.collect::<Vec<_>>().join(",")
}

/// Whether a name is that of `base` or of something below it.
pub(crate) fn is_below(name: &str, base: &str) -> bool {
    let (Some(name), Some(base)) = (parts(name), parts(base)) else {
        return folded(name) == folded(base);
    };
    let same = |(a, b): (&(String, String), &(String, String))| {
        a.0.eq_ignore_ascii_case(&b.0) && a.1.to_lowercase() == b.1.to_lowercase()
    };
    name.len() >= base.len() && name.iter().rev().zip(base.iter().rev()).all(same)
}

/// The attribute types and values, from the entry's own to the root's. Parts of one level count one after the other.
fn parts(name: &str) -> Option<Vec<(String, String)>> {
    let mut parts = Vec::new();
    let mut rest = name.trim();
    while !rest.is_empty() {
        let (kind, after) = rest.split_once('=')?;
        let kind = kind.trim();
        let sound = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        if kind.is_empty() || !kind.chars().all(sound) {
            return None;
        }
        let (value, after) = value(after.trim_start())?;
        parts.push((kind.to_owned(), value));
        rest = after;
    }
    Some(parts)
}

/// A value with its escapes resolved, and what comes after the separator behind it.
fn value(text: &str) -> Option<(String, &str)> {
    if text.starts_with('#') {
        return None;
    }
    let mut bytes = Vec::new();
    // How much of it stays when spaces at the end go, which are not meant unless they are escaped.
    let mut kept = 0;
    let mut at = 0;
    let all = text.as_bytes();
    while let Some(&byte) = all.get(at) {
        match byte {
            b',' | b'+' | b';' => break,
            b'\\' => {
                let next = *all.get(at + 1)?;
                let pair = all.get(at + 1..at + 3).and_then(hexadecimal);
                match pair {
                    Some(byte) => {
                        bytes.push(byte);
                        at += 3;
                    }
                    None => {
                        bytes.push(next);
                        at += 2;
                    }
                }
                kept = bytes.len();
                continue;
            }
            b'"' | b'<' | b'>' | 0 => return None,
            plain => bytes.push(plain),
        }
        if byte != b' ' {
            kept = bytes.len();
        }
        at += 1;
    }
    bytes.truncate(kept);
    let after = text.get((at + 1).min(text.len())..).unwrap_or_default();
    // A separator with nothing behind it separates nothing.
    if at < text.len() && after.trim().is_empty() {
        return None;
    }
    Some((String::from_utf8(bytes).ok()?, after))
}

/// The byte of two hexadecimal digits.
fn hexadecimal(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let [high, low] = pair else { return None };
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_value_in_front_is_read_with_its_escapes() {
        for (name, value) in [
            ("cn=Compta,ou=groups,dc=example", Some("Compta")),
            ("CN=Domain Users , DC=example", Some("Domain Users")),
            (r"cn=Martin\, Alice,dc=example", Some("Martin, Alice")),
            (r"cn=\C3\A9tat civil,dc=x", Some("état civil")),
            (r"cn=a\20,dc=x", Some("a ")),
            (r"cn=a\\b", Some(r"a\b")),
            ("cn=a+sn=b,dc=x", Some("a")),
            ("cn=#0403414243,dc=x", None),
            ("cn=", None),
            ("cn=a,", None),
            ("no name", None),
            ("", None),
            (r"cn=\", None),
            (r"cn=\FF,dc=x", None),
        ] {
            assert_eq!(leading_value(name).as_deref(), value, "{name}");
        }
    }

    #[test]
    fn names_are_compared_without_case_and_space() {
        assert_eq!(folded("CN=Compta, OU=Groups"), folded("cn=compta,ou=groups"));
        // A comma in a value is none between values.
        assert_ne!(folded(r"cn=a\,ou=b"), folded("cn=a,ou=b"));
        assert!(is_below("CN=a,OU=Groups,DC=x", "ou=groups, dc=x"));
        assert!(is_below("ou=groups,dc=x", "ou=groups,dc=x"));
        assert!(!is_below("cn=a,ou=othergroups,dc=x", "groups,dc=x"));
        assert!(!is_below("cn=a,xou=groups,dc=x", "ou=groups,dc=x"));
        assert!(!is_below(r"cn=a\,ou=groups,dc=x", "ou=groups,dc=x"));
        assert!(is_below("cn=a", ""));
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_an_end(text in ".{0,40}") {
            let _ = leading_value(&text);
            prop_assert!(is_below(&text, &text));
        }

        #[test]
        fn folding_twice_is_folding_once(value in "[a-zA-Z0-9éÀ ,+\\\\]{0,12}") {
            let escaped = value.replace('\\', "\\\\").replace(',', "\\,").replace('+', "\\+");
            let name = format!("cn=x{escaped}y,dc=z");
            prop_assert_eq!(leading_value(&name), Some(format!("x{value}y")));
            prop_assert_eq!(folded(&folded(&name)), folded(&name));
        }
    }
}
