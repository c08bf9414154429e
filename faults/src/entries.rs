//! What the ledger says of requests: decisions and outcomes, by the names that the entries' documentation gives them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

/// A decision's entry.
#[derive(Debug, Deserialize)]
pub(crate) struct Decision {
    /// Of the rest of an answer: the decision that it began with.
    pub(crate) continues: Option<u64>,
    pub(crate) route: String,
    pub(crate) label: Label,
    pub(crate) permitted: BTreeSet<String>,
    rejected: Vec<Rejected>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Label {
    pub(crate) class: String,
    #[serde(default)]
    pub(crate) tags: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
struct Rejected {
    target: String,
    reasons: Vec<String>,
}

/// An outcome's entry.
#[derive(Debug, Deserialize)]
pub(crate) struct Outcome {
    decision: u64,
    pub(crate) state: String,
    pub(crate) target: Option<String>,
    #[serde(default)]
    pub(crate) attempts: Vec<Attempt>,
    #[serde(default)]
    pub(crate) seams: Vec<Seam>,
    pub(crate) repeats: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) target: String,
    pub(crate) error: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Seam {
    pub(crate) from: String,
    pub(crate) to: String,
    /// Behind so many characters.
    pub(crate) at: usize,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    pub(crate) decisions: BTreeMap<u64, Decision>,
    pub(crate) outcomes: BTreeMap<u64, Outcome>,
    /// The first decision on each request, by the tags of requests that its label has.
    pub(crate) by_tags: BTreeMap<BTreeSet<String>, u64>,
}

impl Entries {
    /// Sorts the entries of a ledger. A decision with two outcomes, or an outcome without a decision, is an error.
    pub(crate) fn sort(entries: Vec<Value>) -> Result<Self> {
        let mut sorted = Self::default();
        for (index, entry) in (0_u64..).zip(entries) {
            match entry["type"].as_str() {
                Some("decision") => {
                    let decision: Decision = serde_json::from_value(entry)?;
                    let tags = of_requests(&decision.label.tags);
                    if decision.continues.is_none() && !tags.is_empty() {
                        let told = format!("two decisions are about {tags:?}");
                        ensure!(sorted.by_tags.insert(tags, index).is_none(), told);
                    }
                    sorted.decisions.insert(index, decision);
                }
                Some("outcome") => {
                    let outcome: Outcome = serde_json::from_value(entry)?;
                    let decision = outcome.decision;
                    let about = sorted
                        .decisions
                        .get(&decision)
                        .context("an outcome of no decision")?;
                    ensure!(
                        about.continues.is_none(),
                        "an outcome of a continuation's decision {decision}"
                    );
                    let twice = sorted.outcomes.insert(decision, outcome);
                    ensure!(twice.is_none(), "decision {decision} has two outcomes");
                }
                _ => {}
            }
        }
        Ok(sorted)
    }

    /// The decisions about the rest of the answer that began with this one.
    pub(crate) fn continuations(&self, of: u64) -> impl Iterator<Item = &Decision> {
        self.decisions
            .values()
            .filter(move |decision| decision.continues == Some(of))
    }
}

/// The tags that name requests: its own, and those of answers that it comes back to.
pub(crate) fn of_requests(tags: &BTreeSet<String>) -> BTreeSet<String> {
    tags.iter().filter(|tag| tag.starts_with("q-")).cloned().collect()
}

impl Decision {
    /// The targets that it refuses, all of which it gives a reason for.
    pub(crate) fn refused(&self) -> Option<BTreeSet<String>> {
        let reasoned = self.rejected.iter().all(|rejected| !rejected.reasons.is_empty());
        reasoned.then(|| {
            self.rejected
                .iter()
                .map(|rejected| rejected.target.clone())
                .collect()
        })
    }
}

impl Outcome {
    /// Every target that it names.
    pub(crate) fn named(&self) -> BTreeSet<&str> {
        let tried = self.attempts.iter().map(|attempt| attempt.target.as_str());
        let joined = self
            .seams
            .iter()
            .flat_map(|seam| [seam.from.as_str(), seam.to.as_str()]);
        tried.chain(joined).chain(self.target.as_deref()).collect()
    }
}
