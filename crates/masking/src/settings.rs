//! What a route says of masking.

use std::collections::BTreeSet;

use trousseau_core::label::Label;
use trousseau_policy::detect::Detector;

/// What may be masked, for whom, and what remains of the label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    /// What is replaced.
    pub kinds: Kinds,
    /// The targets that may be asked with what was masked; all of the route when `None`.
    pub upstreams: Option<BTreeSet<String>>,
    /// Whatever was masked has at least this label: pseudonyms do not make public what was not.
    pub label_floor: Label,
}

/// Kinds of data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kinds {
    /// Everything that a detector finds.
    All,
    /// What the detectors of these names find.
    These(BTreeSet<String>),
}

impl Mask {
    /// Whether a target may be asked with what was masked.
    pub fn is_for(&self, target: &str) -> bool {
        self.upstreams
            .as_ref()
            .is_none_or(|upstreams| upstreams.contains(target))
    }
}

impl Kinds {
    /// Whether what this detector finds is replaced.
    pub fn contain(&self, detector: &Detector) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(detector.name()),
        }
    }
}
