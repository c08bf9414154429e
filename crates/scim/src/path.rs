//! A place inside a resource: `name.givenName`, `members[value eq "..."]`, `emails[type eq "work"].value`, each with or without the
//! schema in front (RFC 7644, figures 1 and 7).

use crate::attributes::ENTERPRISE;
use crate::error::ScimError;
use crate::filter::{Filter, Reader};

/// The schemas whose attributes stand at the top of a resource.
const CORE: [&str; 2] = [
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "urn:ietf:params:scim:schemas:core:2.0:Group",
];

/// An attribute, and one inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) attribute: String,
    pub(crate) inside: Option<String>,
}

/// A place that a patch names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    pub(crate) attribute: String,
    /// Which of several values are meant.
    pub(crate) which: Option<Filter>,
    pub(crate) inside: Option<String>,
}

impl Place {
    /// Reads a name with its schema and an attribute inside.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_urn = text
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("urn:"));
        if !is_urn {
            return Self::plain(text);
        }
        if text.eq_ignore_ascii_case(ENTERPRISE) {
            return Some(Self {
                attribute: ENTERPRISE.to_owned(),
                inside: None,
            });
        }
        // A schema has dots of its own: what is named follows the last colon.
        let (schema, name) = text.rsplit_once(':')?;
        if CORE.iter().any(|core| core.eq_ignore_ascii_case(schema)) {
            return Self::plain(name);
        }
        if !schema.eq_ignore_ascii_case(ENTERPRISE) {
            return None;
        }
        let Self { attribute, .. } = Self::plain(name)?;
        Some(Self {
            attribute: ENTERPRISE.to_owned(),
            inside: Some(attribute),
        })
    }

    fn plain(text: &str) -> Option<Self> {
        let (attribute, inside) = match text.split_once('.') {
            Some((attribute, inside)) => (attribute, Some(inside)),
            None => (text, None),
        };
        let sound = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$')
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_$".contains(c))
        };
        (sound(attribute) && inside.is_none_or(sound)).then(|| Self {
            attribute: attribute.to_owned(),
            inside: inside.map(str::to_owned),
        })
    }
}

impl Path {
    /// Reads the path of a patch.
    pub(crate) fn parse(text: &str) -> Result<Self, ScimError> {
        let fault = || ScimError::Path {
            text: text.chars().take(80).collect(),
        };
        let trimmed = text.trim();
        let Some((front, rest)) = trimmed.split_once('[') else {
            let Place { attribute, inside } = Place::parse(trimmed).ok_or_else(fault)?;
            return Ok(Self {
                attribute,
                which: None,
                inside,
            });
        };
        let Place { attribute, inside } = Place::parse(front).ok_or_else(fault)?;
        if inside.is_some() {
            return Err(fault());
        }
        let mut reader = Reader::new(rest)?;
        let which = reader.whole().map_err(|_| fault())?;
        let after = reader.rest().trim_start().strip_prefix(']').ok_or_else(fault)?;
        let inside = match after.strip_prefix('.') {
            None if after.is_empty() => None,
            None => return Err(fault()),
            Some(name) => match Place::plain(name).ok_or_else(fault)? {
                Place {
                    attribute,
                    inside: None,
                } => Some(attribute),
                Place { .. } => return Err(fault()),
            },
        };
        Ok(Self {
            attribute,
            which: Some(which),
            inside,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_with_and_without_their_schema() {
        let of = |text: &str| {
            let path = Path::parse(text).unwrap();
            (path.attribute, path.which.is_some(), path.inside)
        };
        let word = str::to_owned;
        let inside = |name: &str| Some(word(name));
        assert_eq!(of("active"), (word("active"), false, None));
        assert_eq!(of("name.givenName"), (word("name"), false, inside("givenName")));
        assert_eq!(
            of("urn:ietf:params:scim:schemas:core:2.0:User:name.familyName"),
            (word("name"), false, inside("familyName"))
        );
        assert_eq!(
            of("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"),
            (word(ENTERPRISE), false, inside("department"))
        );
        assert_eq!(of(r#"members[value eq "a]b"]"#), (word("members"), true, None));
        assert_eq!(
            of(r#"emails[type eq "work" and primary eq true].value"#),
            (word("emails"), true, inside("value"))
        );
        for bad in [
            "",
            " ",
            ".",
            "a.",
            "a.b.c",
            "a[",
            "a[]",
            "a[b]",
            r#"a[b eq "c""#,
            r#"a[b eq "c"]d"#,
            r#"a[b eq "c"].d.e"#,
            "urn:other:schema:name",
            "1a",
            "a b",
            r#"a.b[c eq "d"]"#,
        ] {
            assert!(Path::parse(bad).is_err(), "{bad}");
        }
    }
}
