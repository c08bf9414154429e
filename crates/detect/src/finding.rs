//! What was found, and where.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Serialize;
use trousseau_core::label::{Class, Label};

use crate::detector::Detector;

/// One thing found in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What found it.
    pub detector: Detector,
    /// Its place in the text, in bytes.
    pub bytes: Range<usize>,
}

/// Everything found in a text, in order of place. What the program's own detectors find does not overlap; what the
/// organisation's find may.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Findings(pub(crate) Vec<Finding>);

impl Findings {
    /// The join of all labels; `public` when nothing was found.
    pub fn label(&self) -> Label {
        let detectors: BTreeSet<&Detector> = self.0.iter().map(|finding| &finding.detector).collect();
        let labels = detectors.into_iter().map(Detector::label);
        labels.fold(Label::default(), |joined, label| joined.join(&label))
    }

    /// The label of what was found in a document whose owner states the label `stated`. What is stated to be public has
    /// been published, with the addresses and telephone numbers of offices and the numbers of companies: these do not
    /// raise it. What tells of a person does.
    pub fn label_within(&self, stated: &Label) -> Label {
        let published = stated.class == Class::Public;
        let findings = self
            .0
            .iter()
            .filter(|finding| !(published && finding.detector.is_contact()));
        Self(findings.cloned().collect()).label()
    }

    /// The findings, in order of place.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.0.iter()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was found.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Finding> for Findings {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Self {
        Self(findings.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = std::slice::Iter<'a, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
