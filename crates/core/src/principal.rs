//! Who asks: tenants, users, groups and how far they may read.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::label::{Class, Label};

/// The name of a tenant: 1 to 64 characters of `a-z`, `0-9`, `-`, beginning with a letter or digit.
/// It is safe as a file name and appears in every table, index key and task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tenant(String);

/// A tenant's name with a character that it may not have, or of the wrong length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a tenant name: 1 to 64 characters of a-z, 0-9 and '-', not beginning with '-'")]
pub struct InvalidTenant(pub String);

impl Tenant {
    /// Checks a name.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidTenant> {
        let name = name.into();
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 64 || name.starts_with('-') || !name.chars().all(allowed) {
            return Err(InvalidTenant(name));
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for Tenant {
    type Error = InvalidTenant;

    fn try_from(name: String) -> Result<Self, InvalidTenant> {
        Self::new(name)
    }
}

impl From<Tenant> for String {
    fn from(tenant: Tenant) -> Self {
        tenant.0
    }
}

/// Someone a document may be read by, as it stands in a document's access list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reader {
    /// Everyone in the tenant.
    Everyone,
    /// One user, by name.
    User(String),
    /// The members of a group, by name.
    Group(String),
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("*"),
            Self::User(name) => write!(f, "user:{name}"),
            Self::Group(name) => write!(f, "group:{name}"),
        }
    }
}

/// A reader that is neither `*`, `user:NAME` nor `group:NAME`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a reader: write '*', 'user:NAME' or 'group:NAME'")]
pub struct InvalidReader(pub String);

impl std::str::FromStr for Reader {
    type Err = InvalidReader;

    fn from_str(text: &str) -> Result<Self, InvalidReader> {
        match text.split_once(':') {
            None if text == "*" => Ok(Self::Everyone),
            Some(("user", name)) if !name.is_empty() => Ok(Self::User(name.to_owned())),
            Some(("group", name)) if !name.is_empty() => Ok(Self::Group(name.to_owned())),
            _ => Err(InvalidReader(text.to_owned())),
        }
    }
}

/// How far a principal may read inside its tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everything in the tenant: whoever holds the data directory itself.
    Whole,
    /// Only documents whose access list names this principal, everyone, or one of its groups.
    Granted,
}

/// What a principal may do besides asking questions of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Nothing.
    #[default]
    User,
    /// Configuration, accounts and documents; never the contents of others' records.
    Administrator,
    /// The ledger and the metadata of records; never contents.
    Auditor,
    /// The contents of named records, with a reason that is recorded.
    DataProtectionOfficer,
    /// Hands out users and groups, and does nothing else: a key of an identity provider.
    Provisioner,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::User,
        Self::Administrator,
        Self::Auditor,
        Self::DataProtectionOfficer,
        Self::Provisioner,
    ];

    /// The name used in the configuration, on the wire and in the stores.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Administrator => "administrator",
            Self::Auditor => "auditor",
            Self::DataProtectionOfficer => "data-protection-officer",
            Self::Provisioner => "provisioner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that is no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a role: user, administrator, auditor, data-protection-officer or provisioner")]
pub struct InvalidRole(pub String);

impl std::str::FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        let named = |role: &Self| role.name() == text;
        let found = Self::ALL.into_iter().find(named);
        found.ok_or_else(|| InvalidRole(text.to_owned()))
    }
}

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The tenant that all its reads and writes stay in.
    pub tenant: Tenant,
    /// The user's name.
    pub user: String,
    /// The groups the user belongs to.
    pub groups: BTreeSet<String>,
    /// How far it may read.
    pub reach: Reach,
    /// The highest class of documents it may read.
    pub clearance: Class,
    /// Everything it asks carries at least this label.
    pub label_floor: Label,
    /// What it may do besides asking.
    pub role: Role,
    /// The only routes it may ask through; all when `None`.
    pub routes: Option<BTreeSet<String>>,
}

impl Principal {
    /// Whoever runs the command line on the data directory itself.
    pub fn operator(tenant: Tenant) -> Self {
        Self {
            tenant,
            user: "operator".to_owned(),
            groups: BTreeSet::new(),
            reach: Reach::Whole,
            clearance: Class::Restricted,
            label_floor: Label::default(),
            role: Role::Administrator,
            routes: None,
        }
    }

    /// Whether it may ask through a route.
    pub fn may_ask(&self, route: &str) -> bool {
        self.routes.as_ref().is_none_or(|routes| routes.contains(route))
    }

    /// The readers under whose names this principal reads.
    pub fn readers(&self) -> Vec<Reader> {
        let mut readers = vec![Reader::Everyone, Reader::User(self.user.clone())];
        readers.extend(self.groups.iter().cloned().map(Reader::Group));
        readers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenant_names_are_safe_file_names() {
        for good in ["default", "a", "mairie-2", "0"] {
            assert!(Tenant::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "..", "a/b", "A", "é", &"a".repeat(65)] {
            assert!(Tenant::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn roles_read_back() {
        for role in Role::ALL {
            assert_eq!(role.name().parse::<Role>(), Ok(role));
        }
        assert!("root".parse::<Role>().is_err());
    }

    #[test]
    fn readers_read_back() {
        for text in ["*", "user:alice", "group:rh", "group:a:b"] {
            assert_eq!(text.parse::<Reader>().unwrap().to_string(), text);
        }
        for bad in ["", "alice", "user:", "role:x"] {
            assert!(bad.parse::<Reader>().is_err(), "{bad}");
        }
    }
}
