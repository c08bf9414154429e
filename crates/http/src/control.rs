//! What administrators have done to the configuration while the server runs. The composition root does it: it alone
//! knows the file, the secrets and the way out.

use std::collections::BTreeSet;
use std::fmt;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use trousseau_core::error::Explain;
use trousseau_core::principal::Principal;
use trousseau_drill::cut::Cut;
use trousseau_drill::report::Report;
use trousseau_policy::decide::Rejection;

use super::error::HttpError;
use super::refusal::Refusal;

/// The largest key that a server may ask for, in bytes.
const KEY: usize = 8 << 10;

/// What is under way, and how it ends.
pub type Doing<'a, T> = BoxFuture<'a, Result<T, Unchanged>>;

/// Whoever has the configuration.
pub trait Control: Send + Sync {
    /// Reads the file anew and takes it up, in the name of `by`.
    fn reload<'a>(&'a self, by: &'a Principal) -> Doing<'a, Renewed>;

    /// Calls a server that is not in the configuration, once, with a harmless sentence.
    fn try_upstream<'a>(&'a self, by: &'a Principal, new: NewUpstream) -> Doing<'a, Trial>;

    /// Writes a server into the configuration file, and takes it up.
    fn add_upstream<'a>(&'a self, by: &'a Principal, new: NewUpstream) -> Doing<'a, Added>;

    /// Tells what a cut would do to what was asked in the tenant of `by` since a moment. Nothing is called, nothing changes.
    fn drill<'a>(&'a self, by: &'a Principal, cut: Cut, since: Timestamp) -> Doing<'a, Report>;
}

/// A configuration that stays as it is as long as the server runs.
pub struct Fixed;

impl Control for Fixed {
    fn reload<'a>(&'a self, _by: &'a Principal) -> Doing<'a, Renewed> {
        Box::pin(async { Err(HttpError::Fixed.into()) })
    }

    fn try_upstream<'a>(&'a self, _by: &'a Principal, _new: NewUpstream) -> Doing<'a, Trial> {
        Box::pin(async { Err(HttpError::Fixed.into()) })
    }

    fn add_upstream<'a>(&'a self, _by: &'a Principal, _new: NewUpstream) -> Doing<'a, Added> {
        Box::pin(async { Err(HttpError::Fixed.into()) })
    }

    fn drill<'a>(&'a self, _by: &'a Principal, _cut: Cut, _since: Timestamp) -> Doing<'a, Report> {
        Box::pin(async { Err(HttpError::Fixed.into()) })
    }
}

/// Why nothing was changed.
pub struct Unchanged {
    /// The error.
    pub error: Box<dyn Explain + Send + Sync>,
    /// Each fault of a configuration that is refused.
    pub faults: Vec<Box<dyn Explain + Send + Sync>>,
}

impl<E: Explain + Send + Sync + 'static> From<E> for Unchanged {
    fn from(error: E) -> Self {
        Self {
            error: Box::new(error),
            faults: Vec::new(),
        }
    }
}

impl From<Unchanged> for Refusal {
    fn from(unchanged: Unchanged) -> Self {
        Self::of(unchanged.error).with_faults(unchanged.faults)
    }
}

/// What a reload changed.
#[derive(Debug, Serialize)]
pub struct Renewed {
    /// The keys whose new values are in force.
    pub taken_up: BTreeSet<String>,
    /// Those that wait for the next start.
    pub waiting: BTreeSet<String>,
}

/// A server that speaks OpenAI's API, as somebody describes it on the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUpstream {
    /// The name that it is to have here.
    pub name: String,
    /// Its address, such as `https://api.example/v1`.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// The key that it asks for.
    pub key: Option<Key>,
    /// The way of speaking that it wants, where its address does not tell.
    pub dialect: Option<String>,
    /// Whether it sends answers as they are made.
    pub stream: Option<bool>,
    /// Whether it stands on the organisation's own premises.
    #[serde(default)]
    pub own_premises: bool,
    /// Who runs it, where it stands elsewhere.
    pub provider: Option<String>,
    /// The route that it is to answer; the first where none is named.
    pub route: Option<String>,
}

/// A key that somebody typed. It is shown nowhere.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub struct Key(String);

impl Key {
    /// What was typed.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Key {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        if text.is_empty() || text.len() > KEY || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("a key is one word of visible ASCII characters");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// How a server that was tried did.
#[derive(Debug, Serialize)]
pub struct Trial {
    /// In one word.
    pub outcome: TrialOutcome,
    /// The models that it offers, where it tells.
    pub models: Option<Vec<String>>,
    /// Whether its answer came as it was made; where it answered.
    pub streams: Option<bool>,
    /// From the call to the first piece of its answer, in milliseconds.
    pub first_token_ms: Option<u64>,
    /// From the call to the end of its answer, in milliseconds.
    pub total_ms: Option<u64>,
    /// What it answered.
    pub answer: Option<String>,
    /// Why it gave no answer.
    #[serde(skip)]
    pub error: Option<Box<dyn Explain + Send + Sync>>,
    /// Why the policy lets not even a public sentence go there.
    #[serde(skip)]
    pub rejected: Vec<Rejection>,
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrialOutcome {
    /// With an answer.
    Ready,
    /// Nothing was reached at that address, or nobody there answered in time.
    Unreachable,
    /// The server does not accept the key, or wants one.
    KeyRefused,
    /// The server does not know the model.
    UnknownModel,
    /// The rules let nothing go there.
    Denied,
    /// The server was reached, and something else went wrong.
    Failed,
}

/// What became of a server that is to be added.
#[derive(Debug, Serialize)]
pub struct Added {
    /// Whether it is in the file and in force. Otherwise the service may not write the file, and somebody else must.
    pub written: bool,
    /// The configuration file.
    pub file: String,
    /// Where the key belongs, one line, readable by the service alone; where there is a key.
    pub key_file: Option<String>,
    /// The table that was written, or is to be written.
    pub block: String,
    /// The route that it answers, and the targets of it, in their order.
    pub route: String,
    /// See above.
    pub targets: Vec<String>,
    /// What the reload changed, where it was written.
    #[serde(flatten)]
    pub renewed: Option<Renewed>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_is_fixed_says_so() {
        use futures_util::FutureExt as _;
        let by = Principal::operator(trousseau_core::principal::Tenant::default());
        let Err(unchanged) = Fixed.reload(&by).now_or_never().unwrap() else {
            panic!("it was changed");
        };
        assert_eq!(unchanged.error.code(), "http-fixed");
    }

    #[test]
    fn a_key_is_one_word_and_is_shown_nowhere() {
        let read = |text: &str| serde_json::from_value::<Key>(text.into());
        assert_eq!(read(" sk-secret\n").unwrap().reveal(), "sk-secret");
        assert_eq!(format!("{:?}", read("sk-secret").unwrap()), "Key(..)");
        for wrong in ["", " ", "two words", "clé", "a\r\nb", &"k".repeat(KEY + 1)] {
            let told = read(wrong).unwrap_err().to_string();
            assert!(wrong.trim().is_empty() || !told.contains(wrong), "{told}");
        }
    }
}
