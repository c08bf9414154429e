//! The rules: five defaults, one per class, and what an organisation adds to them.
//!
//! An organisation can ban upstreams, providers and countries, and add restrictions. Both only ever take
//! targets away: there is no way to write a rule that lets a target see more than the defaults do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use trousseau_core::error::{ErrorKind, Explain};
use trousseau_core::label::{Class, Label};
use trousseau_core::permit::Purpose;
use trousseau_detect::RawOwn;

use crate::condition::Condition;
use crate::jurisdiction::Country;

/// What a class asks of an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The class; its name is the rule's name.
    pub class: Class,
    /// What the upstream must meet.
    pub conditions: &'static [Condition],
    /// What it must meet besides when the label has this tag.
    pub tagged: &'static [(&'static str, Condition)],
}

/// The default rules, in rising order of class.
///
/// Each asks at least as much as the one before it, so that raising a label never widens the set of targets:
/// what may see sensitive data may see personal data too. `restricted` asks for own premises alone, where
/// every other condition but the ban is met of itself.
pub const DEFAULTS: [Rule; 5] = [
    Rule {
        class: Class::Public,
        conditions: &[Condition::NotBanned],
        tagged: &[],
    },
    Rule {
        class: Class::Internal,
        conditions: &[
            Condition::NotBanned,
            Condition::InferenceInEea,
            Condition::ProcessingContract,
            Condition::NoTraining,
        ],
        tagged: &[],
    },
    Rule {
        class: Class::Personal,
        conditions: &[
            Condition::NotBanned,
            Condition::InferenceInEea,
            Condition::ProcessingContract,
            Condition::NoTraining,
            Condition::OperatorEstablished,
            Condition::NotUnderUsLaw,
            Condition::NotUnderChineseLaw,
        ],
        tagged: &[],
    },
    Rule {
        class: Class::Sensitive,
        conditions: &[
            Condition::NotBanned,
            Condition::InferenceInEea,
            Condition::ProcessingContract,
            Condition::NoTraining,
            Condition::OperatorEstablished,
            Condition::NotUnderUsLaw,
            Condition::NotUnderChineseLaw,
            Condition::Secnumcloud,
        ],
        tagged: &[("health", Condition::Hds)],
    },
    Rule {
        class: Class::Restricted,
        conditions: &[Condition::NotBanned, Condition::OwnPremises],
        tagged: &[],
    },
];

/// The default rule of a class.
pub const fn default_rule(class: Class) -> &'static Rule {
    match class {
        Class::Public => &DEFAULTS[0],
        Class::Internal => &DEFAULTS[1],
        Class::Personal => &DEFAULTS[2],
        Class::Sensitive => &DEFAULTS[3],
        Class::Restricted => &DEFAULTS[4],
    }
}

/// Names that restrictions may not take, because reasons use them for rules of this crate.
const RESERVED: [&str; 3] = ["banned", "clearance", "sensitive-health"];

/// The rules as the table `[policy]` of the configuration writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawRules {
    /// Names of upstreams that are ruled out.
    pub banned: Vec<String>,
    /// Providers that are ruled out, by the name on their cards.
    pub banned_providers: Vec<String>,
    /// Countries that are ruled out, by their ISO 3166-1 codes.
    pub banned_countries: Vec<String>,
    /// Further restrictions.
    pub restriction: Vec<RawRestriction>,
    /// Words and patterns of the organisation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub detector: Vec<RawOwn>,
    /// An answer in which something of this class or above is found is held back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_back: Option<String>,
}

/// One `[[policy.restriction]]`: for whom, where, and what.
///
/// ```toml
/// [[policy.restriction]]
/// name = "personnel-files-stay-here"
/// tags = ["hr"]
/// require = ["own-premises"]
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawRestriction {
    /// Its name, which reasons give.
    pub name: String,
    /// It applies to this class and those above it; to all when left out.
    pub class: Option<String>,
    /// It applies to labels with one of these tags; to all when left out.
    pub tags: Vec<String>,
    /// It applies to calls for one of these purposes; to all when left out.
    pub purposes: Vec<String>,
    /// It applies to these upstreams; to all when neither these nor providers are given.
    pub upstreams: Vec<String>,
    /// It applies to the upstreams of these providers.
    pub providers: Vec<String>,
    /// The upstreams it applies to are refused.
    pub deny: bool,
    /// The upstreams it applies to must meet these conditions.
    pub require: Vec<String>,
}

/// What is wrong with the rules of a configuration. None of them is ever dropped silently.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A restriction without a name.
    #[error("[[policy.restriction]] number {number} has no name")]
    Nameless {
        /// Its place in the file, counted from 1.
        number: usize,
    },
    /// A name that another restriction or a rule of the program has.
    #[error("the restriction name {name:?} is already taken")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A word that the key does not know.
    #[error("{key} has the unknown value {value:?}; it knows {known}")]
    UnknownValue {
        /// The key, with the restriction it stands in.
        key: String,
        /// What is written.
        value: String,
        /// What may be written.
        known: String,
    },
    /// An upstream that the configuration does not have.
    #[error("{key} names {upstream:?}, but there is no such upstream")]
    UnknownUpstream {
        /// The key, with the restriction it stands in.
        key: String,
        /// The name.
        upstream: String,
    },
    /// A restriction that says neither or both of `deny = true` and `require`.
    #[error("the restriction {name:?} must have either deny = true or require = [..]")]
    Effect {
        /// Its name.
        name: String,
    },
}

impl Explain for Fault {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Nameless { .. } => "policy-restriction-nameless",
            Self::NameTaken { .. } => "policy-restriction-name-taken",
            Self::UnknownValue { .. } => "policy-unknown-value",
            Self::UnknownUpstream { .. } => "policy-unknown-upstream",
            Self::Effect { .. } => "policy-restriction-effect",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Nameless { number } => vec![("number", number.to_string())],
            Self::NameTaken { name } | Self::Effect { name } => vec![("name", name.clone())],
            Self::UnknownValue { key, value, known } => {
                vec![
                    ("key", key.clone()),
                    ("value", value.clone()),
                    ("known", known.clone()),
                ]
            }
            Self::UnknownUpstream { key, upstream } => {
                vec![("key", key.clone()), ("upstream", upstream.clone())]
            }
        }
    }
}

/// The rules in force: the defaults, and what the organisation adds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rules {
    pub(crate) banned: BTreeSet<String>,
    pub(crate) banned_providers: BTreeSet<String>,
    pub(crate) banned_countries: BTreeSet<Country>,
    pub(crate) restrictions: Vec<Restriction>,
    /// What the detectors of the organisation are, for the digest of the policy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    detectors: Vec<RawOwn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hold_back: Option<String>,
}

/// A restriction of the organisation, checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Restriction {
    pub(crate) name: String,
    class: Class,
    tags: BTreeSet<String>,
    purposes: Vec<Purpose>,
    upstreams: BTreeSet<String>,
    providers: BTreeSet<String>,
    pub(crate) effect: Effect,
}

/// What a restriction does to the upstreams it applies to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Effect {
    Deny,
    Require(Vec<Condition>),
}

impl Rules {
    /// Checks the rules of a configuration that has the upstreams `upstreams`, and lists all faults.
    pub fn resolve<'a>(
        raw: &RawRules,
        upstreams: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Vec<Fault>> {
        let mut resolver = Resolver {
            upstreams: upstreams.into_iter().collect(),
            names: RESERVED
                .into_iter()
                .chain(Class::ALL.map(Class::name))
                .map(str::to_owned)
                .collect(),
            faults: Vec::new(),
        };
        let countries = raw.banned_countries.iter();
        let banned_countries = countries.filter_map(|code| resolver.country(code)).collect();
        let restrictions = raw.restriction.iter().enumerate();
        let rules = Self {
            banned: resolver.upstreams("policy.banned", &raw.banned),
            banned_providers: folded(&raw.banned_providers),
            banned_countries,
            restrictions: restrictions
                .filter_map(|(index, restriction)| resolver.restriction(index + 1, restriction))
                .collect(),
            detectors: raw.detector.clone(),
            hold_back: raw.hold_back.clone(),
        };
        if resolver.faults.is_empty() {
            Ok(rules)
        } else {
            Err(resolver.faults)
        }
    }
}

impl Restriction {
    /// Whether it speaks of requests with this label and purpose.
    pub(crate) fn applies(&self, label: &Label, purpose: Purpose) -> bool {
        label.class >= self.class
            && (self.tags.is_empty() || self.tags.iter().any(|tag| has_tag(label, tag)))
            && (self.purposes.is_empty() || self.purposes.contains(&purpose))
    }

    /// Whether it speaks of this upstream.
    pub(crate) fn concerns(&self, upstream: &str, provider: &str) -> bool {
        (self.upstreams.is_empty() && self.providers.is_empty())
            || self.upstreams.contains(upstream)
            || self.providers.contains(&provider.to_lowercase())
    }
}

/// Whether a label has a tag, however its capitals are written.
pub(crate) fn has_tag(label: &Label, tag: &str) -> bool {
    label.tags.iter().any(|own| own.eq_ignore_ascii_case(tag))
}

/// Checks raw rules piece by piece, and keeps every fault.
struct Resolver<'a> {
    upstreams: BTreeSet<&'a str>,
    names: BTreeSet<String>,
    faults: Vec<Fault>,
}

impl Resolver<'_> {
    fn restriction(&mut self, number: usize, raw: &RawRestriction) -> Option<Restriction> {
        let name = raw.name.trim();
        if name.is_empty() {
            self.faults.push(Fault::Nameless { number });
        } else if !self.names.insert(name.to_owned()) {
            self.faults.push(Fault::NameTaken {
                name: name.to_owned(),
            });
        }
        let key = |key: &str| match name {
            "" => format!("policy.restriction[{number}].{key}"),
            name => format!("policy.restriction.{name}.{key}"),
        };
        let class = match &raw.class {
            None => Some(Class::Public),
            Some(word) => self.word(key("class"), word, &Class::ALL, Class::name),
        };
        let purposes = self.words(&key("purposes"), &raw.purposes, &PURPOSES, Purpose::name);
        let upstreams = self.upstreams(&key("upstreams"), &raw.upstreams);
        let require = self.words(&key("require"), &raw.require, &Condition::ALL, Condition::name);
        if raw.deny != raw.require.is_empty() {
            self.faults.push(Fault::Effect {
                name: name.to_owned(),
            });
        }
        Some(Restriction {
            name: name.to_owned(),
            class: class?,
            tags: folded(&raw.tags),
            purposes,
            upstreams,
            providers: folded(&raw.providers),
            effect: if raw.deny {
                Effect::Deny
            } else {
                Effect::Require(require)
            },
        })
    }

    fn country(&mut self, code: &str) -> Option<Country> {
        let country = code.parse();
        if country.is_err() {
            self.faults.push(Fault::UnknownValue {
                key: "policy.banned_countries".to_owned(),
                value: code.to_owned(),
                known: "ISO 3166-1 (FR, DE, GB, ...)".to_owned(),
            });
        }
        country.ok()
    }

    fn upstreams(&mut self, key: &str, names: &[String]) -> BTreeSet<String> {
        for name in names
            .iter()
            .filter(|name| !self.upstreams.contains(name.as_str()))
        {
            self.faults.push(Fault::UnknownUpstream {
                key: key.to_owned(),
                upstream: name.clone(),
            });
        }
        names.iter().cloned().collect()
    }

    fn words<T: Copy>(
        &mut self,
        key: &str,
        words: &[String],
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Vec<T> {
        let words = words.iter();
        words
            .filter_map(|word| self.word(key.to_owned(), word, all, name))
            .collect()
    }

    fn word<T: Copy>(
        &mut self,
        key: String,
        word: &str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Option<T> {
        let found = all.iter().copied().find(|value| name(*value) == word);
        if found.is_none() {
            let known: Vec<&str> = all.iter().map(|value| name(*value)).collect();
            self.faults.push(Fault::UnknownValue {
                key,
                value: word.to_owned(),
                known: known.join(", "),
            });
        }
        found
    }
}

const PURPOSES: [Purpose; 6] = [
    Purpose::Chat,
    Purpose::Embedding,
    Purpose::Reranking,
    Purpose::Rewriting,
    Purpose::Ocr,
    Purpose::Judging,
];

fn folded(names: &[String]) -> BTreeSet<String> {
    names.iter().map(|name| name.trim().to_lowercase()).collect()
}
