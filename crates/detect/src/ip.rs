//! Internet addresses that may be a person's (Court of Justice, C-582/14, Breyer): public ones.
//!
//! Addresses of private networks, of documentation (RFC 5737, RFC 3849), of loops and of groups name nobody outside the
//! network that wrote them, and stand in every manual; they are left alone. Four small numbers are a version or an
//! article rather than an address, unless a word says otherwise.

use core::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use crate::view::View;

const WORDS: &[&str] = &[
    "ip",
    "ipv4",
    "adresse",
    "address",
    "host",
    "hote",
    "serveur",
    "server",
    "from",
    "connexion",
    "client",
];
const VERSIONS: &[&str] = &[
    "version",
    "v",
    "release",
    "article",
    "chapitre",
    "section",
    "firmware",
    "annexe",
    "paragraphe",
];

/// The longest address in text: eight groups of four.
const LONGEST: usize = 39;

/// The place of the address that begins at the view's place.
pub(crate) fn find(view: &View<'_>) -> Option<Range<usize>> {
    let before = view.before(view.at);
    if before
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || b".:-_".contains(&byte) && !stands_before(view))
    {
        return None;
    }
    v4(view).or_else(|| v6(view))
}

/// Whether the sign before the address is not part of it: `IP:78.…`.
fn stands_before(view: &View<'_>) -> bool {
    view.before(view.at) == Some(b':')
        && !view
            .before(view.at - 1)
            .is_some_and(|byte| byte.is_ascii_hexdigit() || byte == b':')
        || view.bytes[..view.at].to_ascii_lowercase().ends_with(b"ip:")
}

fn v4(view: &View<'_>) -> Option<Range<usize>> {
    let text = view.from(view.at);
    let length = text
        .iter()
        .take(16)
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'.')
        .count();
    let text = text[..length].trim_ascii_end();
    let text = text.strip_suffix(b".").unwrap_or(text);
    let address: Ipv4Addr = std::str::from_utf8(text).ok()?.parse().ok()?;
    let place = view.at..view.at + text.len();
    let next = view.bytes.get(place.end);
    if next.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') || !is_public_v4(address) {
        return None;
    }
    let before = &view.bytes[view.at.saturating_sub(16)..view.at];
    if VERSIONS.iter().any(|word| crate::view::has_word(before, word)) {
        return None;
    }
    let small = address.octets().iter().all(|octet| *octet < 100);
    (!small || view.near(&place, WORDS)).then_some(place)
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    // Carriers' own networks (RFC 6598), protocol assignments and measurements are not the public's either.
    let special = a == 0 || a >= 240 || a == 100 && b >= 64 && b < 128 || a == 198 && (b == 18 || b == 19);
    !(special
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast())
}

fn v6(view: &View<'_>) -> Option<Range<usize>> {
    let text = view.from(view.at);
    // The public's addresses begin with 2 or 3 (2000::/3).
    if !matches!(text.first(), Some(b'2' | b'3')) {
        return None;
    }
    let inside = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b':';
    let length = text
        .iter()
        .take(LONGEST + 1)
        .take_while(|byte| inside(byte))
        .count();
    let text = &text[..length];
    let text = if text.ends_with(b"::") {
        text
    } else {
        text.strip_suffix(b":").unwrap_or(text)
    };
    if text.iter().filter(|byte| **byte == b':').count() < 3 {
        return None;
    }
    let address: Ipv6Addr = std::str::from_utf8(text).ok()?.parse().ok()?;
    let [first, second, ..] = address.segments();
    let documentation = first == 0x2001 && second == 0xdb8 || first == 0x3fff;
    let place = view.at..view.at + text.len();
    let ends = !view.bytes.get(place.end).is_some_and(u8::is_ascii_alphanumeric);
    (ends && !documentation && first & 0xE000 == 0x2000).then_some(place)
}
