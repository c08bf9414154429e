//! Facts that may be unknown. Unknown is not "no": whatever needs the fact is refused without it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The word that stands for an unknown fact in configuration files and in JSON.
const UNKNOWN: &str = "unknown";

/// A fact on an upstream, or that nobody has established it.
///
/// A key that is left out is unknown; so is one with the value `"unknown"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fact<T> {
    /// Established.
    Known(T),
    /// Not established.
    #[default]
    Unknown,
}

impl<T> Fact<T> {
    /// The value, when it is known.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown => None,
        }
    }
}

impl<T> From<T> for Fact<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T: fmt::Display> fmt::Display for Fact<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(f),
            Self::Unknown => f.pad(UNKNOWN),
        }
    }
}

impl<T: Serialize> Serialize for Fact<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(value) => value.serialize(serializer),
            Self::Unknown => serializer.serialize_str(UNKNOWN),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Fact<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

/// Hands everything but the word `unknown` to `T`, so that faults are told in `T`'s own terms.
struct Reader<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
    type Value = Fact<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or \"unknown\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Fact<T>, E> {
        if text == UNKNOWN {
            return Ok(Fact::Unknown);
        }
        T::deserialize(text.into_deserializer()).map(Fact::Known)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Fact<T>, E> {
        T::deserialize(value.into_deserializer()).map(Fact::Known)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Fact<T>, E> {
        T::deserialize(value.into_deserializer()).map(Fact::Known)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Fact<T>, E> {
        T::deserialize(value.into_deserializer()).map(Fact::Known)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Fact<T>, E> {
        T::deserialize(value.into_deserializer()).map(Fact::Known)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sequence: A) -> Result<Fact<T>, A::Error> {
        T::deserialize(SeqAccessDeserializer::new(sequence)).map(Fact::Known)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Fact<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Fact::Known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Date;

    #[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
    #[serde(default, deny_unknown_fields)]
    struct Facts {
        flag: Fact<bool>,
        days: Fact<u32>,
        name: Fact<String>,
        names: Fact<Vec<String>>,
        until: Fact<Date>,
    }

    #[test]
    fn what_is_left_out_or_called_unknown_is_unknown() {
        assert_eq!(toml::from_str::<Facts>("").unwrap(), Facts::default());
        let said = "flag = \"unknown\"\ndays = \"unknown\"\nname = \"unknown\"\nnames = \"unknown\"";
        assert_eq!(toml::from_str::<Facts>(said).unwrap(), Facts::default());
    }

    #[test]
    fn known_values_read_back_from_toml_and_json() {
        let text = "flag = false\ndays = 30\nname = \"OVH\"\nnames = []\nuntil = 2027-01-31";
        let facts: Facts = toml::from_str(text).unwrap();
        assert_eq!(facts.flag, Fact::Known(false));
        assert_eq!(facts.names, Fact::Known(vec![]));
        assert_eq!(facts.until, Fact::Known(Date::new(2027, 1, 31).unwrap()));
        let json = serde_json::to_string(&facts).unwrap();
        assert_eq!(serde_json::from_str::<Facts>(&json).unwrap(), facts);
    }

    #[test]
    fn a_wrong_type_is_told_in_the_terms_of_the_fact() {
        let fault = toml::from_str::<Facts>("flag = \"no\"").unwrap_err();
        assert!(fault.message().contains("expected a boolean"), "{fault}");
        let fault = toml::from_str::<Facts>("days = true").unwrap_err();
        assert!(fault.message().contains("expected u32"), "{fault}");
    }
}
