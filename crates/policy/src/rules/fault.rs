//! What is wrong with the rules of a configuration. None of them is ever dropped silently.

use trousseau_core::error::{ErrorKind, Explain};

/// One fault of the table `[policy]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A rule without a name.
    #[error("[[policy.rule]] number {number} has no name")]
    Nameless {
        /// Its place in the file, counted from 1.
        number: usize,
    },
    /// A name that another rule or a rule of the program has.
    #[error("the rule name {name:?} is already taken")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A word that the key does not know.
    #[error("{key} has the unknown value {value:?}; it knows {known}")]
    UnknownValue {
        /// The key, with the rule it stands in.
        key: String,
        /// What is written.
        value: String,
        /// What may be written.
        known: String,
    },
    /// An upstream that the configuration does not have.
    #[error("{key} names {upstream:?}, but there is no such upstream")]
    UnknownUpstream {
        /// The key, with the rule it stands in.
        key: String,
        /// The name.
        upstream: String,
    },
    /// A rule that says none or several of `deny`, `allow` and `require`.
    #[error(
        "the rule {name:?} must have one of deny = true, allow = true, require = [..] or require_card = {{..}}"
    )]
    Effect {
        /// Its name.
        name: String,
    },
    /// A rule that allows from a class or a tag upwards: a label that rises would let more in.
    #[error("the rule {name:?} allows, and so may not have {key}")]
    AllowRises {
        /// Its name.
        name: String,
        /// The key that it may not have.
        key: &'static str,
    },
    /// A rule that denies or requires up to a class: a label that rises would let more in.
    #[error("the rule {name:?} takes away, and so may not have up_to")]
    UpTo {
        /// Its name.
        name: String,
    },
    /// A rule that speaks of hours where nobody said in which time zone.
    #[error("the rule {name:?} speaks of hours or days, but policy.time_zone is missing")]
    TimeZone {
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
            Self::Nameless { .. } => "policy-rule-nameless",
            Self::NameTaken { .. } => "policy-rule-name-taken",
            Self::UnknownValue { .. } => "policy-unknown-value",
            Self::UnknownUpstream { .. } => "policy-unknown-upstream",
            Self::Effect { .. } => "policy-rule-effect",
            Self::AllowRises { .. } => "policy-rule-allow-rises",
            Self::UpTo { .. } => "policy-rule-up-to",
            Self::TimeZone { .. } => "policy-rule-time-zone",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Nameless { number } => vec![("number", number.to_string())],
            Self::NameTaken { name }
            | Self::Effect { name }
            | Self::UpTo { name }
            | Self::TimeZone { name } => vec![("name", name.clone())],
            Self::AllowRises { name, key } => vec![("name", name.clone()), ("key", (*key).to_owned())],
            Self::UnknownValue { key, value, known } => vec![
                ("key", key.clone()),
                ("value", value.clone()),
                ("known", known.clone()),
            ],
            Self::UnknownUpstream { key, upstream } => {
                vec![("key", key.clone()), ("upstream", upstream.clone())]
            }
        }
    }
}
