//! Data classes and labels: how much a text must be protected.
//!
//! A label is a class and a set of tags. Labels form a join-semilattice: [`Label::join`] takes the
//! higher class and the union of the tags, so combining two texts never lowers either's protection.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The five data classes, from the least to the most protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Published, or meant to be.
    #[default]
    Public,
    /// Business information of the organisation.
    Internal,
    /// Personal data (GDPR, article 4(1)).
    Personal,
    /// Special categories (GDPR, article 9) and secrets protected by law.
    Sensitive,
    /// Never leaves the premises.
    Restricted,
}

impl Class {
    /// Every class, in rising order.
    pub const ALL: [Self; 5] = [
        Self::Public,
        Self::Internal,
        Self::Personal,
        Self::Sensitive,
        Self::Restricted,
    ];

    /// The name used in configuration files, on the wire and in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Personal => "personal",
            Self::Sensitive => "sensitive",
            Self::Restricted => "restricted",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that is not one of the five class names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown data class {0:?}; the classes are public, internal, personal, sensitive, restricted")]
pub struct UnknownClass(pub String);

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(word: &str) -> Result<Self, UnknownClass> {
        Self::ALL
            .into_iter()
            .find(|class| class.name() == word)
            .ok_or_else(|| UnknownClass(word.to_owned()))
    }
}

/// A class and tags such as `health`, `legal-secret` or `minor`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// The data class.
    pub class: Class,
    /// Tags, each a lowercase word with hyphens.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
}

impl Label {
    /// A label of this class without tags.
    pub const fn of(class: Class) -> Self {
        Self {
            class,
            tags: BTreeSet::new(),
        }
    }

    /// This label with one more tag.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.tags.insert(tag.to_owned());
        self
    }

    /// The lowest label that protects as much as both: highest class, union of tags.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        Self {
            class: self.class.max(other.class),
            tags: self.tags.union(&other.tags).cloned().collect(),
        }
    }

    /// Raises this label in place to its join with `other`.
    pub fn raise(&mut self, other: &Self) {
        self.class = self.class.max(other.class);
        self.tags.extend(other.tags.iter().cloned());
    }

    /// Whether this label protects at least as much as `other`.
    pub fn covers(&self, other: &Self) -> bool {
        self.class >= other.class && self.tags.is_superset(&other.tags)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.class.name())?;
        for tag in &self.tags {
            write!(f, "+{tag}")?;
        }
        Ok(())
    }
}

/// Reads what [`Label`]'s `Display` writes: `personal+health`.
impl FromStr for Label {
    type Err = UnknownClass;

    fn from_str(text: &str) -> Result<Self, UnknownClass> {
        let mut words = text.split('+').map(str::trim);
        let class = words.next().unwrap_or_default().parse()?;
        Ok(Self {
            class,
            tags: words.filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn label() -> impl Strategy<Value = Label> {
        let tags = prop::collection::btree_set("[a-c]", 0..3);
        (0_usize..5, tags).prop_map(|(class, tags)| Label {
            class: Class::ALL[class],
            tags,
        })
    }

    proptest! {
        #[test]
        fn join_is_a_least_upper_bound(a in label(), b in label(), c in label()) {
            let joined = a.join(&b);
            prop_assert!(joined.covers(&a) && joined.covers(&b));
            if c.covers(&a) && c.covers(&b) {
                prop_assert!(c.covers(&joined));
            }
            prop_assert_eq!(&joined, &b.join(&a));
            prop_assert_eq!(a.join(&b.join(&c)), joined.join(&c));
            prop_assert_eq!(a.join(&a), a);
        }

        #[test]
        fn display_reads_back(a in label()) {
            prop_assert_eq!(a.to_string().parse::<Label>(), Ok(a));
        }
    }

    #[test]
    fn an_unknown_class_is_named() {
        assert_eq!("secret".parse::<Label>(), Err(UnknownClass("secret".to_owned())));
    }
}
