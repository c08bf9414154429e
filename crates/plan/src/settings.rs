//! What the configuration decides of the two paths, resolved and checked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use trousseau_core::label::{Class, Label};
use trousseau_core::principal::Reader;
use trousseau_ledger::Durability;
use trousseau_limits::Spending;
pub use trousseau_masking::{Kinds, Mask};
use trousseau_policy::detect::Detectors;
use trousseau_policy::rules::{LocalTime, Weekday};
pub use trousseau_routing::cache::Bounds;
pub use trousseau_routing::{Breaker, Hedge, Retries, TargetLimits, Way};

/// What a collection gives its documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// The label every document of it has at least.
    pub label: Label,
    /// Who may read its documents.
    pub readers: Vec<Reader>,
}

impl Default for Collection {
    /// What a collection has that the configuration does not name: internal, readable in the tenant.
    fn default() -> Self {
        Self {
            label: Label::of(Class::Internal),
            readers: vec![Reader::Everyone],
        }
    }
}

/// A way to be answered: which targets, in which order, and from which documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name.
    pub name: String,
    /// The names of its targets, group after group.
    pub targets: Vec<String>,
    /// How it comes to them.
    pub way: Way,
    /// An answer through it in which something of this class or above is found is held back, beside what is held back everywhere.
    pub hold_back: Option<Class>,
    /// What is masked for targets that may not see a request as it is; nothing where `None`.
    pub mask: Option<Mask>,
    /// Whether an answer that breaks off is continued by the next target; else it ends in an error.
    pub continues: bool,
    /// Whether answers stand on the passages found, and on nothing else.
    pub grounded: bool,
    /// The collections it searches; all when `None`.
    pub collections: Option<Vec<String>>,
    /// Everything asked through it has at least this label.
    pub label_floor: Label,
    /// How many passages an answer may stand on.
    pub passages: usize,
    /// When its ledger entries are on disk.
    pub durability: Durability,
    /// How much of its answers is kept to be given again; nothing where `None`.
    pub cache: Option<Bounds>,
}

/// What is asked in the name of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name; the user's name of what is asked with it.
    pub name: String,
    /// The groups it belongs to.
    pub groups: BTreeSet<String>,
    /// The highest class of documents it may read.
    pub clearance: Class,
    /// Everything asked with it has at least this label.
    pub label_floor: Label,
}

/// Limits on what is taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest file that is read, in bytes.
    pub file_bytes: u64,
    /// The longest question, in bytes.
    pub question_bytes: usize,
    /// How long extracting one file may take.
    pub extraction: Duration,
    /// How long a question waits for a model that is being loaded, where no other place answers.
    pub loading: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 64 << 20,
            question_bytes: 64 << 10,
            extraction: Duration::from_secs(60),
            loading: Duration::from_secs(120),
        }
    }
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of this replica: the folder of its ledger.
    pub replica: String,
    /// The first part of the ledger's origin, a name that is the organisation's own.
    pub origin: String,
    /// The collections that are configured, by name.
    pub collections: BTreeMap<String, Collection>,
    /// The routes; the first is the one that is taken when none is named.
    pub routes: Vec<Route>,
    /// The keys.
    pub keys: Vec<Key>,
    /// The limits.
    pub limits: Limits,
    /// What each target is given at most, by its name.
    pub target_limits: BTreeMap<String, TargetLimits>,
    /// The time zone that the hours of rules are meant in.
    pub time_zone: TimeZone,
    /// Who may spend what.
    pub spending: Spending,
    /// What is looked for in everything that is asked, answered and taken in.
    pub detectors: Detectors,
    /// An answer in which something of this class or above is found is held back.
    pub hold_back: Option<Class>,
    /// Whether nothing of questions and answers is kept: the ledger alone tells that there were some.
    pub forgets: bool,
    /// Whether who asks may have a question and its answer not kept.
    pub incognito: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            replica: String::new(),
            origin: String::new(),
            collections: BTreeMap::new(),
            routes: Vec::new(),
            keys: Vec::new(),
            limits: Limits::default(),
            target_limits: BTreeMap::new(),
            time_zone: TimeZone::UTC,
            spending: Spending::default(),
            detectors: Detectors::default(),
            hold_back: None,
            forgets: false,
            incognito: false,
        }
    }
}

impl Settings {
    /// What a collection gives its documents.
    pub fn collection(&self, name: &str) -> Collection {
        self.collections.get(name).cloned().unwrap_or_default()
    }

    /// What a target is given at most.
    pub fn limits_of(&self, target: &str) -> TargetLimits {
        self.target_limits.get(target).cloned().unwrap_or_default()
    }

    /// The time of the week where the organisation is, for the rules that ask for it.
    pub fn local_time(&self, moment: Timestamp) -> LocalTime {
        let local = moment.to_zoned(self.time_zone.clone());
        let since_monday = usize::from(local.weekday().to_monday_zero_offset().unsigned_abs());
        LocalTime {
            day: Weekday::ALL[since_monday % 7],
            minute: u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs()),
        }
    }

    /// The route of this name, or the first when none is named.
    pub fn route(&self, name: Option<&str>) -> Option<&Route> {
        match name {
            Some(name) => self.routes.iter().find(|route| route.name == name),
            None => self.routes.first(),
        }
    }

    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}
