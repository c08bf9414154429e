//! Search filters as the configuration writes them (RFC 4515), with places for what is looked for.
//!
//! `{login}`, `{dn}` and `{id}` stand for what somebody typed, for an entry's name and for its lasting mark. A filter is read once;
//! values are put into it as bytes when it is sent, so that no character of a value means anything.

use crate::ber::{OCTETS, SEQUENCE, nest, put};

/// How deep a filter may be nested, and how long its text may be.
const DEPTH: usize = 16;
const LONGEST: usize = 4096;

/// A search filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(Node);

/// A text that is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a search filter: {reason}")]
pub struct InvalidFilter {
    /// The text, or its beginning.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    /// `=`, `>=`, `<=`, `~=`, by the tag.
    Compare(u8, String, Value),
    Present(String),
    Substrings(String, Vec<(u8, Value)>),
    Extensible {
        attribute: String,
        rule: String,
        names: bool,
        value: Value,
    },
}

/// A value: bytes and places in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Value(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Bytes(Vec<u8>),
    Place(Place),
}

/// What a place stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Login,
    Name,
    Id,
}

const PLACES: [(&str, Place); 3] = [
    ("{login}", Place::Login),
    ("{dn}", Place::Name),
    ("{id}", Place::Id),
];

/// What is put into the places of a filter.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Values<'a> {
    /// What somebody typed, or the name by which an entry signs in.
    pub(crate) login: Option<&'a str>,
    /// An entry's name.
    pub(crate) name: Option<&'a str>,
    /// An entry's lasting mark.
    pub(crate) id: Option<&'a [u8]>,
}

impl<'a> Values<'a> {
    fn of(&self, place: Place) -> Option<&'a [u8]> {
        match place {
            Place::Login => self.login.map(str::as_bytes),
            Place::Name => self.name.map(str::as_bytes),
            Place::Id => self.id,
        }
    }
}

impl Filter {
    /// Reads a filter.
    pub fn parse(text: &str) -> Result<Self, InvalidFilter> {
        let fault = |reason| InvalidFilter {
            text: text.chars().take(80).collect(),
            reason,
        };
        if text.len() > LONGEST {
            return Err(fault("it is too long"));
        }
        let mut rest = text.trim();
        let node = node(&mut rest, DEPTH).map_err(fault)?;
        if rest.is_empty() {
            Ok(Self(node))
        } else {
            Err(fault("something stands behind it"))
        }
    }

    /// A filter for one value of one attribute.
    pub(crate) fn equals(attribute: &str) -> Self {
        let value = Value(vec![Piece::Place(Place::Id)]);
        Self(Node::Compare(0xa3, attribute.to_owned(), value))
    }

    /// A filter that holds for every entry.
    pub(crate) fn anything() -> Self {
        Self(Node::Present("objectClass".to_owned()))
    }

    /// Both this filter and another.
    pub(crate) fn and(self, other: Self) -> Self {
        Self(Node::And(vec![self.0, other.0]))
    }

    /// Whether it has a place for what somebody typed.
    pub fn asks_for_login(&self) -> bool {
        self.0.holds(Place::Login)
    }

    /// Whether it has a place for an entry's name.
    pub fn asks_for_name(&self) -> bool {
        self.0.holds(Place::Name)
    }

    /// This filter with what compares `{dn}` asking whether it is so over any number of groups in between, which Active
    /// Directory can tell.
    pub(crate) fn in_chain(&self) -> Self {
        Self(self.0.in_chain())
    }

    /// Writes it as it is sent. What compares a value that there is none of holds for nothing; `None` where so much is missing
    /// that nothing is left to ask.
    pub(crate) fn write(&self, values: &Values<'_>) -> Option<Vec<u8>> {
        self.0.write(values)
    }
}

/// Active Directory's LDAP_MATCHING_RULE_IN_CHAIN.
const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";

impl Node {
    fn holds(&self, place: Place) -> bool {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().any(|node| node.holds(place)),
            Self::Not(inner) => inner.holds(place),
            Self::Compare(_, _, value) | Self::Extensible { value, .. } => value.holds(place),
            Self::Present(_) => false,
            Self::Substrings(_, pieces) => pieces.iter().any(|(_, value)| value.holds(place)),
        }
    }

    fn in_chain(&self) -> Self {
        match self {
            Self::And(all) => Self::And(all.iter().map(Self::in_chain).collect()),
            Self::Or(all) => Self::Or(all.iter().map(Self::in_chain).collect()),
            Self::Not(inner) => Self::Not(Box::new(inner.in_chain())),
            Self::Compare(0xa3, attribute, value) if value.holds(Place::Name) => Self::Extensible {
                attribute: attribute.clone(),
                rule: IN_CHAIN.to_owned(),
                names: false,
                value: value.clone(),
            },
            other => other.clone(),
        }
    }

    fn write(&self, values: &Values<'_>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        match self {
            Self::And(all) => {
                let all: Option<Vec<_>> = all.iter().map(|node| node.write(values)).collect();
                put(&mut out, 0xa0, &all?.concat());
            }
            Self::Or(all) => {
                let some: Vec<_> = all.iter().filter_map(|node| node.write(values)).collect();
                if some.is_empty() {
                    return None;
                }
                put(&mut out, 0xa1, &some.concat());
            }
            Self::Not(inner) => put(&mut out, 0xa2, &inner.write(values)?),
            Self::Compare(tag, attribute, value) => {
                let value = value.bytes(values)?;
                nest(&mut out, *tag, |out| {
                    put(out, OCTETS, attribute.as_bytes());
                    put(out, OCTETS, &value);
                });
            }
            Self::Present(attribute) => put(&mut out, 0x87, attribute.as_bytes()),
            Self::Substrings(attribute, pieces) => {
                let pieces = pieces
                    .iter()
                    .map(|(tag, value)| Some((*tag, value.bytes(values)?)));
                let pieces: Option<Vec<_>> = pieces.collect();
                let pieces = pieces?;
                nest(&mut out, 0xa4, |out| {
                    put(out, OCTETS, attribute.as_bytes());
                    nest(out, SEQUENCE, |out| {
                        pieces.iter().for_each(|(tag, value)| put(out, *tag, value));
                    });
                });
            }
            Self::Extensible {
                attribute,
                rule,
                names,
                value,
            } => {
                let value = value.bytes(values)?;
                nest(&mut out, 0xa9, |out| {
                    let named = [(0x81, rule), (0x82, attribute)].into_iter();
                    for (tag, text) in named.filter(|(_, text)| !text.is_empty()) {
                        put(out, tag, text.as_bytes());
                    }
                    put(out, 0x83, &value);
                    if *names {
                        put(out, 0x84, &[0xff]);
                    }
                });
            }
        }
        Some(out)
    }
}

impl Value {
    fn holds(&self, place: Place) -> bool {
        self.0.contains(&Piece::Place(place))
    }

    fn bytes(&self, values: &Values<'_>) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Bytes(plain) => bytes.extend(plain),
                Piece::Place(place) => bytes.extend(values.of(*place)?),
            }
        }
        Some(bytes)
    }
}

fn node(rest: &mut &str, depth: usize) -> Result<Node, &'static str> {
    let depth = depth.checked_sub(1).ok_or("it is nested too deep")?;
    let inside = rest.strip_prefix('(').ok_or("'(' is missing")?;
    *rest = inside;
    let kind = inside.chars().next();
    let node = match kind {
        Some('&' | '|' | '!') => {
            *rest = &inside[1..];
            let mut all = Vec::new();
            while rest.starts_with('(') {
                all.push(node(rest, depth)?);
            }
            match (kind, all.len()) {
                (Some('!'), 1) => Node::Not(Box::new(all.remove(0))),
                (Some('!'), _) => return Err("'!' takes one filter"),
                (_, 0) => return Err("'&' and '|' take one filter or more"),
                (Some('&'), _) => Node::And(all),
                _ => Node::Or(all),
            }
        }
        _ => item(rest)?,
    };
    *rest = rest.strip_prefix(')').ok_or("')' is missing")?;
    Ok(node)
}

/// A comparison, up to the parenthesis that closes it.
fn item(rest: &mut &str) -> Result<Node, &'static str> {
    let end = rest.find(')').ok_or("')' is missing")?;
    let (text, after) = rest.split_at(end);
    *rest = after;
    let (left, value) = text.split_once('=').ok_or("'=' is missing")?;
    let (left, tag) = match left.as_bytes().last() {
        Some(b'>') => (&left[..left.len() - 1], 0xa5),
        Some(b'<') => (&left[..left.len() - 1], 0xa6),
        Some(b'~') => (&left[..left.len() - 1], 0xa8),
        Some(b':') => return extensible(&left[..left.len() - 1], value),
        _ => (left, 0xa3),
    };
    let attribute = attribute(left)?;
    if tag != 0xa3 || !value.contains('*') {
        return Ok(Node::Compare(tag, attribute, self::value(value)?));
    }
    if value == "*" {
        return Ok(Node::Present(attribute));
    }
    let pieces: Vec<&str> = value.split('*').collect();
    let last = pieces.len() - 1;
    let mut written = Vec::new();
    for (at, piece) in pieces
        .into_iter()
        .enumerate()
        .filter(|(_, piece)| !piece.is_empty())
    {
        let tag = match at {
            0 => 0x80,
            _ if at == last => 0x82,
            _ => 0x81,
        };
        written.push((tag, self::value(piece)?));
    }
    if written.is_empty() {
        return Err("nothing stands between '*' and '*'");
    }
    Ok(Node::Substrings(attribute, written))
}

/// `attribute:dn:rule:=value`.
fn extensible(left: &str, value: &str) -> Result<Node, &'static str> {
    let mut pieces = left.split(':');
    let attribute = pieces.next().unwrap_or_default();
    let mut pieces = pieces.peekable();
    let names = pieces.next_if(|piece| piece.eq_ignore_ascii_case("dn")).is_some();
    let rule = pieces.next().unwrap_or_default();
    if pieces.next().is_some() || (attribute.is_empty() && rule.is_empty()) {
        return Err("what stands before ':=' is no rule");
    }
    for text in [attribute, rule].into_iter().filter(|text| !text.is_empty()) {
        self::attribute(text)?;
    }
    if value.contains('*') {
        return Err("'*' stands where it is not possible");
    }
    Ok(Node::Extensible {
        attribute: attribute.to_owned(),
        rule: rule.to_owned(),
        names,
        value: self::value(value)?,
    })
}

fn attribute(text: &str) -> Result<String, &'static str> {
    let sound = |c: char| c.is_ascii_alphanumeric() || "-.;".contains(c);
    if text.is_empty() || !text.chars().all(sound) {
        return Err("what stands before '=' is no attribute");
    }
    Ok(text.to_owned())
}

fn value(text: &str) -> Result<Value, &'static str> {
    let mut pieces = Vec::new();
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((word, place)) = PLACES.into_iter().find(|(word, _)| rest.starts_with(word)) {
            if !bytes.is_empty() {
                pieces.push(Piece::Bytes(std::mem::take(&mut bytes)));
            }
            pieces.push(Piece::Place(place));
            rest = &rest[word.len()..];
            continue;
        }
        match first {
            '\\' => {
                let pair = rest.get(1..3).ok_or("'\\' needs two hexadecimal digits")?;
                let byte = u8::from_str_radix(pair, 16);
                bytes.push(byte.map_err(|_| "'\\' needs two hexadecimal digits")?);
                rest = &rest[3..];
            }
            '(' | '*' | '\0' => return Err("a character must be written as '\\' and two digits"),
            '{' | '}' => return Err("the places are {login}, {dn} and {id}"),
            plain => {
                bytes.extend(plain.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[plain.len_utf8()..];
            }
        }
    }
    if !bytes.is_empty() {
        pieces.push(Piece::Bytes(bytes));
    }
    Ok(Value(pieces))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ber::Elements;

    fn written(filter: &str, login: &str) -> Vec<u8> {
        let values = Values {
            login: Some(login),
            ..Values::default()
        };
        Filter::parse(filter).unwrap().write(&values).unwrap()
    }

    #[test]
    fn what_somebody_types_means_nothing() {
        for typed in ["*", ")(uid=*", "alice\0", r"\2a", "élodie", "a)(|(uid=*", "{dn}"] {
            let bytes = written("(uid={login})", typed);
            let mut inside = Elements::new(&bytes).within(0xa3).unwrap();
            assert_eq!(inside.take(OCTETS).unwrap(), b"uid");
            assert_eq!(inside.take(OCTETS).unwrap(), typed.as_bytes(), "{typed:?}");
            assert!(inside.is_empty());
        }
    }

    #[test]
    fn filters_are_written_as_rfc_4511_wants_them() {
        let (and, or, not) = ("(&(a=b)(c=*))", "(|(a>=b)(a<=b)(a~=b))", "(!(a=x*y*z))");
        let plain = |tag: u8| [tag, 6, 4, 1, b'a', 4, 1, b'b'];
        assert_eq!(
            written(and, ""),
            [&[0xa0, 11][..], &plain(0xa3), &[0x87, 1, b'c']].concat()
        );
        assert_eq!(
            written(or, ""),
            [&[0xa1, 24][..], &plain(0xa5), &plain(0xa6), &plain(0xa8)].concat()
        );
        let substrings = [
            0xa2, 16, 0xa4, 14, 4, 1, b'a', 0x30, 9, 0x80, 1, b'x', 0x81, 1, b'y', 0x82, 1, b'z',
        ];
        assert_eq!(written(not, ""), substrings);
        let chain = written("(memberOf:1.2:=b)", "");
        assert_eq!(chain[..7], [0xa9, 18, 0x81, 3, b'1', b'.', b'2']);
        let dn = written("(ou:dn:=b)", "");
        assert_eq!(dn, [0xa9, 10, 0x82, 2, b'o', b'u', 0x83, 1, b'b', 0x84, 1, 0xff]);
        assert_eq!(written(r"(a=\28\00)", "")[5..], [4, 2, b'(', 0]);
    }

    #[test]
    fn what_is_missing_holds_for_nothing() {
        let groups = Filter::parse("(|(member={dn})(memberUid={login}))").unwrap();
        let named = Values {
            name: Some("cn=a"),
            ..Values::default()
        };
        let bytes = groups.write(&named).unwrap();
        let mut inside = Elements::new(&bytes).within(0xa1).unwrap();
        assert!(inside.within(0xa3).is_ok() && inside.is_empty());
        assert_eq!(groups.write(&Values::default()), None);
        // What is not so of nobody is so of everybody: nothing is asked at all.
        let not = Filter::parse("(!(memberUid={login}))").unwrap();
        assert_eq!(not.write(&named), None);
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let deep = format!("{}(a=b){}", "(!".repeat(20), ")".repeat(20));
        for text in [
            "",
            "a=b",
            "(a=b",
            "(a=b))",
            "()",
            "(&)",
            "(!(a=b)(c=d))",
            "(=b)",
            "(a b=c)",
            r"(a=\2)",
            r"(a=\zz)",
            "(a={other})",
            "(a=**)",
            "(:=a)",
            "(a:=b*)",
            "(a=b)x",
            &deep,
        ] {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_an_end(text in ".{0,60}") {
            let _ = Filter::parse(&text);
        }

        #[test]
        fn any_login_stays_one_value(login in ".{0,60}") {
            let bytes = written("(&(objectClass=person)(|(uid={login})(mail={login})))", &login);
            let mut both = Elements::new(&bytes).within(0xa0).unwrap();
            both.within(0xa3).unwrap();
            let mut either = both.within(0xa1).unwrap();
            for _ in 0..2 {
                let mut compared = either.within(0xa3).unwrap();
                compared.next().unwrap();
                prop_assert_eq!(compared.take(OCTETS).unwrap(), login.as_bytes());
                prop_assert!(compared.is_empty());
            }
            prop_assert!(either.is_empty() && both.is_empty());
        }
    }
}
