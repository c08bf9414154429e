//! Attributes of resources: their names, which are the same in any case of letters (RFC 7643, section 2.1), and what kind each is.

use serde_json::Value;

use crate::Object;

/// The extension of employees and organisations (RFC 7643, section 4.3).
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Boolean,
    /// An object with these attributes, all of them texts.
    Complex(&'static [&'static str]),
    /// A list of objects.
    Many,
    /// What this service writes itself, and what it takes no notice of.
    Own,
}

/// The attributes of a user, as they are written.
pub(crate) const USER: &[(&str, Kind)] = &[
    ("schemas", Kind::Own),
    ("id", Kind::Own),
    ("meta", Kind::Own),
    ("groups", Kind::Own),
    ("password", Kind::Own),
    ("externalId", Kind::Text),
    ("userName", Kind::Text),
    (
        "name",
        Kind::Complex(&[
            "formatted",
            "familyName",
            "givenName",
            "middleName",
            "honorificPrefix",
            "honorificSuffix",
        ]),
    ),
    ("displayName", Kind::Text),
    ("nickName", Kind::Text),
    ("profileUrl", Kind::Text),
    ("title", Kind::Text),
    ("userType", Kind::Text),
    ("preferredLanguage", Kind::Text),
    ("locale", Kind::Text),
    ("timezone", Kind::Text),
    ("active", Kind::Boolean),
    ("emails", Kind::Many),
    ("phoneNumbers", Kind::Many),
    ("addresses", Kind::Many),
    (
        ENTERPRISE,
        Kind::Complex(&[
            "employeeNumber",
            "costCenter",
            "organization",
            "division",
            "department",
        ]),
    ),
];

/// The attributes of a group.
pub(crate) const GROUP: &[(&str, Kind)] = &[
    ("schemas", Kind::Own),
    ("id", Kind::Own),
    ("meta", Kind::Own),
    ("externalId", Kind::Text),
    ("displayName", Kind::Text),
    ("members", Kind::Many),
];

/// The attribute of this name, as it is written, and its kind.
pub(crate) fn known(name: &str, table: &'static [(&str, Kind)]) -> Option<(&'static str, Kind)> {
    let mut all = table.iter();
    all.find(|(known, _)| known.eq_ignore_ascii_case(name)).copied()
}

/// A value of an object, whatever the case of its name.
pub(crate) fn get<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| {
        let mut all = object.iter();
        all.find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// The name under which an object has a value, or would.
pub(crate) fn key(object: &Object, name: &str) -> String {
    let mut all = object.keys();
    let found = all.find(|known| known.eq_ignore_ascii_case(name));
    found.map_or_else(|| name.to_owned(), Clone::clone)
}

/// A boolean, also as the texts that some providers write.
pub(crate) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Whether two names of people or groups are the same here: whatever the case of their letters.
pub fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
