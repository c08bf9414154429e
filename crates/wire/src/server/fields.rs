//! Objects of a request whose form depends on their `type`: read field by field, each with its place for faults.
//!
//! In a form that is converted, a field that is not known has no place to be passed on in: it is refused by name.

use serde_json::{Map, Value};

use crate::fault::Fault;

/// The most items or parts of one list.
const ITEMS: usize = 4096;

/// An object and where it stands.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    place: String,
}

impl<'a> Fields<'a> {
    /// The fields of the object at `place`.
    pub(super) fn of(value: &'a Value, place: String) -> Result<Self, Fault> {
        match value {
            Value::Object(object) => Ok(Self { object, place }),
            _ => Err(Fault::invalid(place, "an object is expected")),
        }
    }

    /// Where a field stands.
    pub(super) fn at(&self, name: &str) -> String {
        format!("{}.{name}", self.place)
    }

    /// A field; a null is none.
    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// A field that is a text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, Fault> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Fault::invalid(self.at(name), "a string is expected")),
        }
    }

    /// A field that is a text and must be there.
    pub(super) fn needed(&self, name: &str) -> Result<&'a str, Fault> {
        self.text(name)?.ok_or_else(|| Fault::missing(self.at(name)))
    }

    /// A field that is a list, or the empty one.
    pub(super) fn list(&self, name: &str) -> Result<&'a [Value], Fault> {
        match self.value(name) {
            None => Ok(&[]),
            Some(Value::Array(items)) => {
                super::request::limit(&self.at(name), items.len(), ITEMS)?;
                Ok(items)
            }
            Some(_) => Err(Fault::invalid(self.at(name), "an array is expected")),
        }
    }

    /// A field that is an object of its own.
    pub(super) fn fields(&self, name: &str) -> Result<Option<Self>, Fault> {
        let value = self.value(name);
        value.map(|value| Self::of(value, self.at(name))).transpose()
    }

    /// Refuses every field that is not among the `known` ones.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Fault> {
        let other = |(name, value): &(&String, &Value)| !value.is_null() && !known.contains(&name.as_str());
        match self.object.iter().find(other) {
            Some((name, _)) => Err(Fault::unsupported(self.at(name))),
            None => Ok(()),
        }
    }
}

/// Refuses what is left of a request of which every field is known: nothing of it would be sent.
pub(super) fn known_only(rest: &Map<String, Value>) -> Result<(), Fault> {
    match rest.iter().find(|(_, value)| !value.is_null()) {
        Some((name, _)) => Err(Fault::unsupported(name)),
        None => Ok(()),
    }
}
