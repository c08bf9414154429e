//! What a client takes, by the weights it gives (RFC 9110, section 12.4.2).

use http::{HeaderMap, HeaderName, header};

/// The forms in which the files of the page lie ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
    Plain,
}

/// The smallest form that a client takes.
pub(super) fn best(headers: &HeaderMap) -> Encoding {
    if names(headers, &header::ACCEPT_ENCODING, "br") {
        Encoding::Brotli
    } else if names(headers, &header::ACCEPT_ENCODING, "gzip") {
        Encoding::Gzip
    } else {
        Encoding::Plain
    }
}

/// Whether a list names something itself, with a weight above nothing; `*` names nothing.
pub(super) fn names(headers: &HeaderMap, list: &HeaderName, name: &str) -> bool {
    let lines = headers.get_all(list).into_iter();
    let mut items = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    items.any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|found| found.eq_ignore_ascii_case(name));
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        named && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn of(list: &str) -> Encoding {
        let mut headers = HeaderMap::new();
        if let Ok(list) = HeaderValue::from_str(list) {
            headers.insert(header::ACCEPT_ENCODING, list);
        }
        best(&headers)
    }

    #[test]
    fn only_what_is_named_is_sent() {
        for (list, expected) in [
            ("gzip, deflate, br, zstd", Encoding::Brotli),
            ("GZIP;q=1.0", Encoding::Gzip),
            ("br; q=0, gzip", Encoding::Gzip),
            ("br;q=x", Encoding::Plain),
            ("*", Encoding::Plain),
            ("brotli", Encoding::Plain),
            ("", Encoding::Plain),
        ] {
            assert_eq!(of(list), expected, "{list:?}");
        }
    }

    proptest! {
        #[test]
        fn any_list_is_read(list in "\\PC{0,60}") {
            of(&list);
        }
    }
}
