//! How a text came by its label: every origin, what it asked for, and whether it raised anything.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;
use trousseau_core::document::Span;
use trousseau_core::label::Label;
use trousseau_core::permit::Permit;

use crate::decide::Decision;
use crate::detect::{Detector, Findings};

/// Where a label comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "origin", rename_all = "kebab-case")]
pub enum Origin {
    /// The floor of the key that was used.
    Key {
        /// The key's or the user's name.
        name: String,
    },
    /// The request itself.
    Header,
    /// The floor of the route.
    Route {
        /// The route's name.
        name: String,
    },
    /// The collection that a document lies in.
    Collection {
        /// The collection's name.
        name: String,
    },
    /// A detector.
    Detector {
        /// Which.
        detector: Detector,
        /// What it found, as places in the text in characters.
        spans: Vec<Span>,
    },
    /// An earlier answer in the conversation.
    History {
        /// The id of its entry in the ledger.
        entry: String,
    },
    /// A passage that was retrieved.
    Passage {
        /// The document's id.
        document: String,
        /// The document's title.
        title: String,
    },
}

impl Origin {
    /// Its key in the message catalogue, whose message has the field `name`.
    pub const fn message(&self) -> &'static str {
        match self {
            Self::Key { .. } => "origin-key",
            Self::Header => "origin-header",
            Self::Route { .. } => "origin-route",
            Self::Collection { .. } => "origin-collection",
            Self::Detector { .. } => "origin-detector",
            Self::History { .. } => "origin-history",
            Self::Passage { .. } => "origin-passage",
        }
    }

    /// What its message names: a key, a route, a collection, a detector, an entry or a document's title.
    pub fn name(&self) -> &str {
        match self {
            Self::Key { name } | Self::Route { name } | Self::Collection { name } => name,
            Self::Header => "",
            Self::Detector { detector, .. } => detector.name(),
            Self::History { entry } => entry,
            Self::Passage { title, .. } => title,
        }
    }
}

/// One origin and the label it asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Raise {
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
    /// What it asks for.
    pub label: Label,
    /// Whether the origins before it left anything for it to raise.
    pub raised: bool,
}

/// The label of a text, with how it came by it. It begins at `public` and only rises.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Labelling {
    label: Label,
    raises: Vec<Raise>,
}

impl Labelling {
    /// A text of which nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Joins in what `origin` asks for.
    pub fn raise(&mut self, origin: Origin, label: &Label) {
        let raised = !self.label.covers(label);
        self.label.raise(label);
        self.raises.push(Raise {
            origin,
            label: label.clone(),
            raised,
        });
    }

    /// Joins in what the detectors found in `text`, one origin per detector.
    pub fn raise_findings(&mut self, text: &str, findings: &Findings) {
        let mut places = BTreeMap::<&Detector, Vec<Range<usize>>>::new();
        for finding in findings {
            places
                .entry(&finding.detector)
                .or_default()
                .push(finding.bytes.clone());
        }
        for (detector, ranges) in places {
            let (spans, label) = (character_spans(text, &ranges), detector.label());
            let detector = detector.clone();
            self.raise(Origin::Detector { detector, spans }, &label);
        }
    }

    /// The join of everything so far.
    pub const fn label(&self) -> &Label {
        &self.label
    }

    /// Every origin, in the order it was heard.
    pub fn raises(&self) -> &[Raise] {
        &self.raises
    }
}

/// A decision with the label it was made under: what `trousseau policy explain` shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// How the text came by its label.
    pub labelling: Labelling,
    /// What was decided under it.
    pub decision: Decision,
    /// What was decided about the same with pseudonyms in it, where a route has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked: Option<Box<Masked>>,
}

/// What was decided about a request with pseudonyms in the place of what was found in it. It is another content, with a label
/// of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Masked {
    /// How many values of each detector were replaced.
    pub values: BTreeMap<String, u64>,
    /// How what was masked came by its label.
    pub labelling: Labelling,
    /// What was decided about it: of the targets that may not see the request as it is.
    pub decision: Decision,
}

impl Explanation {
    /// What was decided about a text as it is.
    pub const fn new(labelling: Labelling, decision: Decision) -> Self {
        Self {
            labelling,
            decision,
            masked: None,
        }
    }

    /// The permits: for the text as it is, and with it masked.
    pub fn permits(&self) -> impl Iterator<Item = &Permit> {
        let masked = self.masked.as_deref().map(|masked| &masked.decision.permitted);
        self.decision.permitted.iter().chain(masked.into_iter().flatten())
    }
}

/// Turns rising, disjoint byte ranges of `text` into characters, in one pass over it.
fn character_spans(text: &str, ranges: &[Range<usize>]) -> Vec<Span> {
    let (mut byte, mut character) = (0, 0);
    let mut advance = |to: usize| {
        character += text.get(byte..to).map_or(0, |passed| passed.chars().count());
        byte = to;
        character
    };
    let spans = ranges.iter().map(|range| Span {
        start: advance(range.start),
        end: advance(range.end),
    });
    spans.collect()
}
