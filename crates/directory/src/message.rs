//! The messages that are needed of LDAP (RFC 4511): bind, search, the beginning of TLS, and the end.

use crate::ber::{
    BOOLEAN, ENUMERATED, Elements, INTEGER, Malformed, OCTETS, SEQUENCE, SET, nest, put, put_integer,
};

/// The name of the operation that begins TLS (RFC 4511, section 4.14).
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// How many attributes of one entry, and values of one attribute, are read at most.
const ATTRIBUTES: usize = 256;
const VALUES: usize = 20_000;

/// A server's code for how an operation ended (RFC 4511, appendix A).
pub(crate) mod code {
    pub(crate) const SUCCESS: u32 = 0;
    pub(crate) const TIME_LIMIT: u32 = 3;
    pub(crate) const SIZE_LIMIT: u32 = 4;
    pub(crate) const REFERRAL: u32 = 10;
    pub(crate) const NO_SUCH_OBJECT: u32 = 32;
    pub(crate) const INAPPROPRIATE_AUTHENTICATION: u32 = 48;
    pub(crate) const INVALID_CREDENTIALS: u32 = 49;
    pub(crate) const BUSY: u32 = 51;
    pub(crate) const UNAVAILABLE: u32 = 52;
    pub(crate) const UNWILLING: u32 = 53;
}

/// How far below its base a search looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Base,
    Subtree,
}

/// A search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search<'a> {
    pub(crate) base: &'a str,
    pub(crate) scope: Scope,
    /// As it is sent.
    pub(crate) filter: &'a [u8],
    pub(crate) attributes: &'a [&'a str],
    /// How many entries are wanted at most.
    pub(crate) entries: u32,
    /// How long the server may look, in seconds.
    pub(crate) seconds: u32,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Request<'a> {
    /// A name and a password; both empty for nobody.
    Bind(&'a str, &'a str),
    Search(Search<'a>),
    StartTls,
    Unbind,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Response {
    Bound(Outcome),
    Entry(Entry),
    /// Another server is named, which is not asked.
    Reference,
    Found(Outcome),
    Extended(Outcome),
    /// Something in between that is of no interest.
    Other,
}

/// How an operation ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) code: u32,
    /// What the server says about it.
    pub(crate) told: String,
}

/// An entry that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    /// The values of an attribute, whatever the case of its letters and its options.
    pub(crate) fn values(&self, attribute: &str) -> impl Iterator<Item = &[u8]> {
        let same = move |(name, _): &&(String, Vec<Vec<u8>>)| {
            let name = name.split(';').next().unwrap_or_default();
            name.eq_ignore_ascii_case(attribute)
        };
        let found = self.attributes.iter().filter(same);
        found.flat_map(|(_, values)| values.iter().map(Vec::as_slice))
    }

    /// The first value that is a text.
    pub(crate) fn text(&self, attribute: &str) -> Option<&str> {
        let texts = |value| std::str::from_utf8(value).ok();
        self.values(attribute).find_map(texts)
    }
}

impl Request<'_> {
    /// The request as it is sent.
    pub(crate) fn write(&self, id: u32) -> Vec<u8> {
        let mut out = Vec::new();
        nest(&mut out, SEQUENCE, |out| {
            put_integer(out, INTEGER, id);
            match self {
                Self::Bind(name, password) => nest(out, 0x60, |out| {
                    put_integer(out, INTEGER, 3);
                    put(out, OCTETS, name.as_bytes());
                    put(out, 0x80, password.as_bytes());
                }),
                Self::Search(search) => nest(out, 0x63, |out| search.write(out)),
                Self::StartTls => nest(out, 0x77, |out| put(out, 0x80, START_TLS)),
                Self::Unbind => put(out, 0x42, &[]),
            }
        });
        out
    }
}

impl Search<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        put(out, OCTETS, self.base.as_bytes());
        put_integer(out, ENUMERATED, if self.scope == Scope::Base { 0 } else { 2 });
        // Aliases are not followed: they may lead out of the base.
        put_integer(out, ENUMERATED, 0);
        put_integer(out, INTEGER, self.entries);
        put_integer(out, INTEGER, self.seconds);
        put(out, BOOLEAN, &[0]);
        out.extend(self.filter);
        nest(out, SEQUENCE, |out| {
            for attribute in self.attributes {
                put(out, OCTETS, attribute.as_bytes());
            }
        });
    }
}

impl Response {
    /// Reads a whole message: the number of the request that it answers, and the answer.
    pub(crate) fn read(message: &[u8]) -> Result<(u32, Self), Malformed> {
        let mut inside = Elements::new(message).within(SEQUENCE)?;
        let id = inside.integer(INTEGER)?;
        let (tag, content) = inside.next()?;
        let mut content = Elements::new(content);
        let response = match tag {
            0x61 => Self::Bound(outcome(&mut content)?),
            0x64 => Self::Entry(entry(&mut content)?),
            0x65 => Self::Found(outcome(&mut content)?),
            0x73 => Self::Reference,
            0x78 => Self::Extended(outcome(&mut content)?),
            _ => Self::Other,
        };
        Ok((id, response))
    }
}

fn outcome(content: &mut Elements<'_>) -> Result<Outcome, Malformed> {
    let code = content.integer(ENUMERATED)?;
    let _matched = content.take(OCTETS)?;
    let told = content.take(OCTETS)?;
    Ok(Outcome {
        code,
        told: String::from_utf8_lossy(told).into_owned(),
    })
}

fn entry(content: &mut Elements<'_>) -> Result<Entry, Malformed> {
    let mut entry = Entry {
        name: text(content.take(OCTETS)?)?,
        attributes: Vec::new(),
    };
    let mut attributes = content.within(SEQUENCE)?;
    while !attributes.is_empty() {
        let mut attribute = attributes.within(SEQUENCE)?;
        let name = text(attribute.take(OCTETS)?)?;
        let mut set = attribute.within(SET)?;
        let mut values = Vec::new();
        while !set.is_empty() {
            values.push(set.take(OCTETS)?.to_vec());
            if values.len() > VALUES {
                return Err(Malformed);
            }
        }
        entry.attributes.push((name, values));
        if entry.attributes.len() > ATTRIBUTES {
            return Err(Malformed);
        }
    }
    Ok(entry)
}

fn text(bytes: &[u8]) -> Result<String, Malformed> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_bind_is_written_as_rfc_4511_wants_it() {
        let bytes = Request::Bind("cn=a", "pw").write(1);
        let expected = [
            0x30, 0x12, 2, 1, 1, 0x60, 0x0d, 2, 1, 3, 4, 4, b'c', b'n', b'=', b'a', 0x80, 2, b'p', b'w',
        ];
        assert_eq!(bytes, expected);
        assert_eq!(Request::Unbind.write(3), [0x30, 5, 2, 1, 3, 0x42, 0]);
    }

    #[test]
    fn an_entry_is_read() {
        let nested = |tag, inside: &[u8]| {
            let mut out = Vec::new();
            put(&mut out, tag, inside);
            out
        };
        let values = nested(SET, &nested(OCTETS, "Élodie".as_bytes()));
        let attribute = nested(SEQUENCE, &[nested(OCTETS, b"Cn;lang-fr"), values].concat());
        let entry = [nested(OCTETS, b"uid=a,dc=x"), nested(SEQUENCE, &attribute)].concat();
        let bytes = nested(SEQUENCE, &[vec![2, 1, 7], nested(0x64, &entry)].concat());
        let (id, response) = Response::read(&bytes).unwrap();
        let Response::Entry(entry) = response else {
            panic!("{response:?}");
        };
        assert_eq!(
            (id, entry.name.as_str(), entry.text("CN")),
            (7, "uid=a,dc=x", Some("Élodie"))
        );
        assert_eq!(entry.text("sn"), None);
        // Cut anywhere it is none.
        for end in 0..bytes.len() {
            assert!(Response::read(&bytes[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn depth_costs_nothing() {
        let mut deep = Vec::new();
        for _ in 0..20_000 {
            let inside = std::mem::take(&mut deep);
            put(&mut deep, SEQUENCE, &inside);
        }
        assert_eq!(Response::read(&deep), Err(Malformed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Response::read(&bytes);
        }
    }
}
