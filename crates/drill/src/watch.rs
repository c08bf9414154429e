//! When routes answer from elsewhere while a cut is made in earnest, read from the ledger's entries as they come.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The first answer of each route from a target that is not cut off.
#[derive(Debug)]
pub struct Watch {
    since: Timestamp,
    cut: BTreeSet<String>,
    /// The routes of decisions, by their index.
    routes: BTreeMap<u64, String>,
    measured: BTreeMap<String, Measured>,
}

/// The first answer of a route from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// The target that gave it.
    pub target: String,
    /// From the cut to its end, in milliseconds.
    pub after_ms: u64,
}

/// As much of an entry as is looked at.
#[derive(Deserialize)]
struct Leaf {
    #[serde(rename = "type")]
    kind: String,
    time: Timestamp,
    route: Option<String>,
    decision: Option<u64>,
    state: Option<String>,
    target: Option<String>,
    repeats: Option<String>,
}

impl Watch {
    /// Watches from the moment of the cut on, which takes these upstreams along.
    pub const fn new(since: Timestamp, cut: BTreeSet<String>) -> Self {
        Self {
            since,
            cut,
            routes: BTreeMap::new(),
            measured: BTreeMap::new(),
        }
    }

    /// Takes in an entry. The index of a decision that it is about and that was not taken in comes back: it was before the cut.
    pub fn take(&mut self, index: u64, entry: &[u8]) -> Option<u64> {
        let leaf: Leaf = serde_json::from_slice(entry).ok()?;
        if leaf.kind == "decision" {
            self.routes.insert(index, leaf.route?);
            return None;
        }
        let answered = matches!(leaf.state.as_deref(), Some("answered" | "abstained"));
        // An answer that is given again called nothing.
        if leaf.kind != "outcome" || !answered || leaf.repeats.is_some() {
            return None;
        }
        let (decision, target) = (leaf.decision?, leaf.target?);
        if self.cut.contains(&target) || leaf.time < self.since {
            return None;
        }
        let Some(route) = self.routes.get(&decision) else {
            return Some(decision);
        };
        let after = leaf.time.duration_since(self.since).as_millis();
        let after_ms = u64::try_from(after).unwrap_or_default();
        self.measured
            .entry(route.clone())
            .or_insert(Measured { target, after_ms });
        None
    }

    /// What was measured, by route.
    pub fn into_measured(self) -> BTreeMap<String, Measured> {
        self.measured
    }
}
