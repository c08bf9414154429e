//! One withdrawal.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use trousseau_policy::jurisdiction::Country;
use trousseau_policy::withdrawn::Withdrawn;

/// What is out, since when and how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// Names it.
    pub id: String,
    /// What is out.
    #[serde(flatten)]
    pub what: What,
    /// Since when.
    pub since: Timestamp,
    /// Until when; until it is lifted where there is no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What becomes of answers that are being made there.
    pub running: Running,
    /// Who withdrew it.
    pub by: String,
}

/// What can be withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", content = "name", rename_all = "lowercase")]
pub enum What {
    /// Everything of the provider of this name on the cards.
    Provider(String),
    /// Everything that a card ties to this country, or does not tie to any.
    Country(Country),
    /// The upstream of this name.
    Upstream(String),
}

/// What becomes of answers that are being made when their place is withdrawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Running {
    /// They stop there, and go on where they may.
    #[default]
    Stop,
    /// They come to their end.
    Finish,
}

impl Running {
    /// The word in the file and in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Finish => "finish",
        }
    }
}

impl Withdrawal {
    /// Whether it has not ended.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Adds it to what is out.
    pub fn add_to(&self, withdrawn: &mut Withdrawn) {
        self.what.add_to(withdrawn);
    }
}

impl What {
    /// Adds it to what is out.
    pub fn add_to(&self, withdrawn: &mut Withdrawn) {
        match self {
            Self::Provider(name) => withdrawn.providers.insert(name.trim().to_lowercase()),
            Self::Country(country) => withdrawn.countries.insert(*country),
            Self::Upstream(name) => withdrawn.upstreams.insert(name.clone()),
        };
    }

    /// Its kind, as it is written in the file, in the ledger and on the command line.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Provider(_) => "provider",
            Self::Country(_) => "country",
            Self::Upstream(_) => "upstream",
        }
    }

    /// Its name: of a country, its code.
    pub fn name(&self) -> String {
        match self {
            Self::Provider(name) | Self::Upstream(name) => name.clone(),
            Self::Country(country) => country.to_string(),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.name())
    }
}
