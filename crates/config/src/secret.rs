//! Where a secret stands. The configuration only ever says where, never what it is.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};

use super::faults::Faults;
use super::resolve::beside;

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretPlace {
    /// In a file, which is read again when it changes.
    File(PathBuf),
    /// In a variable of the environment.
    Env(String),
    /// In a credential that systemd passes to the service (`LoadCredential=`, systemd.exec(5)).
    Credential(String),
}

/// A secret as it is written: a table that says where it stands, or, wrongly, the secret itself, which is not kept.
pub(super) enum RawSecret {
    Place(RawPlace),
    Literal,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPlace {
    file: Option<String>,
    env: Option<String>,
    credential: Option<String>,
}

impl std::fmt::Debug for RawSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Place(place) => place.fmt(f),
            Self::Literal => f.write_str("Literal"),
        }
    }
}

impl<'de> Deserialize<'de> for RawSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl<'de> serde::de::Visitor<'de> for Visitor {
    type Value = RawSecret;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a map")
    }

    fn visit_str<E>(self, _secret: &str) -> Result<RawSecret, E> {
        Ok(RawSecret::Literal)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<RawSecret, A::Error> {
        let map = serde::de::value::MapAccessDeserializer::new(map);
        RawPlace::deserialize(map).map(RawSecret::Place)
    }
}

/// Where the secret under `key` stands.
pub(super) fn resolve(
    raw: Option<RawSecret>,
    key: &str,
    file: Option<&Path>,
    faults: &mut Faults,
) -> Option<SecretPlace> {
    let place = match raw? {
        RawSecret::Place(place) => place,
        RawSecret::Literal => {
            faults.add(
                "config-literal-secret",
                key,
                "is written out: say where it stands instead",
            );
            return None;
        }
    };
    let is_name = |name: &str| !name.is_empty() && !name.contains(['/', '=', '\0']);
    let found = match (place.file, place.env, place.credential) {
        (Some(path), None, None) if !path.is_empty() => Some(SecretPlace::File(beside(file, &path))),
        (None, Some(name), None) if is_name(&name) => Some(SecretPlace::Env(name)),
        (None, None, Some(name)) if is_name(&name) && !name.starts_with('.') => {
            Some(SecretPlace::Credential(name))
        }
        _ => None,
    };
    if found.is_none() {
        faults.add(
            "config-secret-place",
            key,
            "needs exactly one of file, env and credential",
        );
    }
    found
}
