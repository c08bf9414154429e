//! The encoding of LDAP's messages: BER with definite lengths (X.690; RFC 4511, section 5.1).
//!
//! What is read is never descended into by itself: whoever reads takes one element after the other and knows which one it
//! expects, so that no depth of nesting costs anything.

/// Tags of the universal class.
pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTETS: u8 = 0x04;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// Bytes that are no element, or another than was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not LDAP")]
pub(crate) struct Malformed;

/// Appends an element.
pub(crate) fn put(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    match u8::try_from(content.len()) {
        Ok(short @ ..0x80) => out.push(short),
        _ => {
            let length = content.len().to_be_bytes();
            let first = length.iter().position(|byte| *byte != 0).unwrap_or_default();
            out.push(0x80 | (length.len() - first) as u8);
            out.extend(&length[first..]);
        }
    }
    out.extend(content);
}

/// Appends an element whose content `inside` writes.
pub(crate) fn nest(out: &mut Vec<u8>, tag: u8, inside: impl FnOnce(&mut Vec<u8>)) {
    let mut content = Vec::new();
    inside(&mut content);
    put(out, tag, &content);
}

/// Appends an integer that is not negative.
pub(crate) fn put_integer(out: &mut Vec<u8>, tag: u8, value: u32) {
    let bytes = u64::from(value).to_be_bytes();
    // As short as it can be, with a first bit that does not make it negative.
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(7);
    let first = if bytes[first] & 0x80 == 0 {
        first
    } else {
        first - 1
    };
    put(out, tag, &bytes[first..]);
}

/// The length of the element that begins here, its head included; `None` where more bytes are needed to tell.
pub(crate) fn length(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let Some((head, content)) = head(bytes)? else {
        return Ok(None);
    };
    head.checked_add(content).map(Some).ok_or(Malformed)
}

/// The lengths of a head and of the content after it.
fn head(bytes: &[u8]) -> Result<Option<(usize, usize)>, Malformed> {
    let (Some(tag), Some(first)) = (bytes.first(), bytes.get(1)) else {
        return Ok(None);
    };
    // A tag above 30 takes more bytes, and LDAP has none.
    if tag & 0x1f == 0x1f {
        return Err(Malformed);
    }
    if *first < 0x80 {
        return Ok(Some((2, usize::from(*first))));
    }
    let count = usize::from(first & 0x7f);
    if !(1..=8).contains(&count) {
        return Err(Malformed);
    }
    let Some(written) = bytes.get(2..2 + count) else {
        return Ok(None);
    };
    let content = written
        .iter()
        .fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
    let content = usize::try_from(content).map_err(|_| Malformed)?;
    Ok(Some((2 + count, content)))
}

/// Elements one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next element: its tag and its content.
    pub(crate) fn next(&mut self) -> Result<(u8, &'a [u8]), Malformed> {
        let (head, content) = head(self.0)?.ok_or(Malformed)?;
        let end = head.checked_add(content).ok_or(Malformed)?;
        let whole = self.0.get(..end).ok_or(Malformed)?;
        self.0 = &self.0[end..];
        Ok((whole[0], &whole[head..]))
    }

    /// The content of the next element, which has this tag.
    pub(crate) fn take(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        let (found, content) = self.next()?;
        if found == tag { Ok(content) } else { Err(Malformed) }
    }

    /// The elements inside the next one, which has this tag.
    pub(crate) fn within(&mut self, tag: u8) -> Result<Self, Malformed> {
        self.take(tag).map(Self)
    }

    /// The next element as an integer that is not negative.
    pub(crate) fn integer(&mut self, tag: u8) -> Result<u32, Malformed> {
        let content = self.take(tag)?;
        let is_negative = content.first().is_none_or(|first| first & 0x80 != 0);
        if is_negative || content.len() > 5 {
            return Err(Malformed);
        }
        let value = content
            .iter()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        u32::try_from(value).map_err(|_| Malformed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_length_that_is_no_length_is_refused() {
        assert_eq!(length(&[]), Ok(None));
        assert_eq!(length(&[0x30]), Ok(None));
        assert_eq!(length(&[0x30, 0x82, 1]), Ok(None));
        assert_eq!(length(&[0x30, 0x05]), Ok(Some(7)));
        assert_eq!(length(&[0x30, 0x82, 1, 0]), Ok(Some(260)));
        // Of indefinite length, of nine bytes of length, of a tag in two bytes, longer than can be counted.
        assert_eq!(length(&[0x30, 0x80, 0, 0]), Err(Malformed));
        assert_eq!(length(&[0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1]), Err(Malformed));
        assert_eq!(length(&[0x3f, 0x81, 1]), Err(Malformed));
        assert_eq!(
            length(&[0x30, 0x88, 255, 255, 255, 255, 255, 255, 255, 255]),
            Err(Malformed)
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(content in proptest::collection::vec(any::<u8>(), 0..70_000), value: u32) {
            let mut out = Vec::new();
            put(&mut out, OCTETS, &content);
            prop_assert_eq!(length(&out), Ok(Some(out.len())));
            put_integer(&mut out, INTEGER, value);
            let mut elements = Elements::new(&out);
            prop_assert_eq!(elements.take(OCTETS), Ok(content.as_slice()));
            prop_assert_eq!(elements.integer(INTEGER), Ok(value));
            prop_assert!(elements.is_empty());
        }

        #[test]
        fn any_bytes_are_read_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut elements = Elements::new(&bytes);
            let mut taken = 0;
            while let Ok((_, content)) = elements.next() {
                taken += content.len() + 2;
                prop_assert!(taken <= bytes.len() + 8 * 64);
            }
        }
    }
}
