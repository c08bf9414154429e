//! Finds personal data and secrets in a text.
//!
//! | detector | what it finds | label |
//! | --- | --- | --- |
//! | `email` | an e-mail address (RFC 5321, in the forms people use) | `personal` |
//! | `iban` | a bank account (ISO 13616), country format and check digits right | `personal` |
//! | `nir` | a French social security number with a right key | `personal+nir` |
//! | `api-key` | an API key or token of a known format that looks random | `restricted+secret` |
//! | `private-key` | a private key in PEM or OpenPGP armour | `restricted+secret` |
//!
//! An office's contact address is personal data here too: whether a mailbox belongs to a person cannot be
//! told from the address, and a label that is too high only keeps a text closer to home.
//!
//! The NIR is not among the special categories of GDPR, article 9, but article 87 and, in France, article 30 of
//! law 78-17 set it apart: its tag lets an organisation restrict it further.
//!
//! Keys are `restricted` because whoever sees one can act with it: no contract mends that, and no answer needs
//! it. What a detector overlooks keeps the label it had; detectors raise labels and never lower them.
//!
//! One pass of an automaton over the bytes finds every place where something may be (a digit, an `@`, the
//! beginning of a key), and only there does a detector look closer. Numbers are read across spaces, no-break
//! spaces, dots, hyphens and line breaks. Work per place is bounded, so that no text makes a scan slow.

mod email;
mod iban;
mod nir;
mod number;
mod secret;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use serde::{Serialize, Serializer};
use trousseau_core::label::{Class, Label};

/// What finds one kind of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detector {
    /// E-mail addresses.
    Email,
    /// International bank account numbers.
    Iban,
    /// French social security numbers.
    Nir,
    /// API keys and tokens.
    ApiKey,
    /// Private keys.
    PrivateKey,
}

impl Detector {
    /// Every detector.
    pub const ALL: [Self; 5] = [Self::Email, Self::Iban, Self::Nir, Self::ApiKey, Self::PrivateKey];

    /// Its name in JSON and in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Iban => "iban",
            Self::Nir => "nir",
            Self::ApiKey => "api-key",
            Self::PrivateKey => "private-key",
        }
    }

    /// Its key in the message catalogue.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Email => "detector-email",
            Self::Iban => "detector-iban",
            Self::Nir => "detector-nir",
            Self::ApiKey => "detector-api-key",
            Self::PrivateKey => "detector-private-key",
        }
    }

    /// The class of what it finds.
    pub const fn class(self) -> Class {
        match self {
            Self::Email | Self::Iban | Self::Nir => Class::Personal,
            Self::ApiKey | Self::PrivateKey => Class::Restricted,
        }
    }

    /// The tags of what it finds.
    pub const fn tags(self) -> &'static [&'static str] {
        match self {
            Self::Email | Self::Iban => &[],
            Self::Nir => &["nir"],
            Self::ApiKey | Self::PrivateKey => &["secret"],
        }
    }

    /// The label of what it finds.
    pub fn label(self) -> Label {
        let tags: BTreeSet<String> = self.tags().iter().map(|&tag| tag.to_owned()).collect();
        Label {
            class: self.class(),
            tags,
        }
    }
}

impl fmt::Display for Detector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Detector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One thing found in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What found it.
    pub detector: Detector,
    /// Its place in the text, in bytes.
    pub bytes: Range<usize>,
}

impl Finding {
    /// The class it asks for.
    pub const fn class(&self) -> Class {
        self.detector.class()
    }

    /// The tags it asks for.
    pub const fn tags(&self) -> &'static [&'static str] {
        self.detector.tags()
    }
}

/// Everything found in a text, in order of place, not overlapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// The join of all labels; `public` when nothing was found.
    pub fn label(&self) -> Label {
        let detectors: BTreeSet<Detector> = self.0.iter().map(|finding| finding.detector).collect();
        let labels = detectors.into_iter().map(Detector::label);
        labels.fold(Label::default(), |joined, label| joined.join(&label))
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

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = std::slice::Iter<'a, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Finds personal data and secrets in `text`.
pub fn detect(text: &str) -> Findings {
    let bytes = text.as_bytes();
    let mut findings = Vec::new();
    let mut at = 0;
    while let Some(hit) = TRIGGERS.find(Input::new(bytes).range(at..)) {
        // Nothing may begin before the end of what was found last.
        let floor = findings.last().map_or(0, |finding: &Finding| finding.bytes.end);
        let place = hit.start();
        let (found, next) = match hit.pattern().as_usize() {
            AT => (named(Detector::Email, email::find(text, place, floor)), place + 1),
            PEM => (
                named(Detector::PrivateKey, secret::private_key(bytes, place)),
                hit.end(),
            ),
            pattern if pattern < FIRST_KEY => (
                number_at(bytes, place, floor),
                number::end_of_digits(bytes, place),
            ),
            pattern => {
                let format = &secret::FORMATS[pattern - FIRST_KEY];
                (
                    named(Detector::ApiKey, secret::api_key(bytes, place, format)),
                    hit.end(),
                )
            }
        };
        at = found.as_ref().map_or(next, |finding| finding.bytes.end);
        findings.extend(found);
    }
    Findings(findings)
}

/// What a group of digits that begins at `place` belongs to.
fn number_at(bytes: &[u8], place: usize, floor: usize) -> Option<Finding> {
    let iban = || named(Detector::Iban, iban::find(bytes, place, floor));
    let nir = || named(Detector::Nir, nir::find(bytes, place));
    iban().or_else(nir)
}

fn named(detector: Detector, bytes: Option<Range<usize>>) -> Option<Finding> {
    bytes.map(|bytes| Finding { detector, bytes })
}

/// The automaton's patterns in order: the sign of an e-mail address, the beginning of an armour, the ten
/// digits, then the beginnings of keys.
const AT: usize = 0;
const PEM: usize = 1;
const FIRST_KEY: usize = 12;

static TRIGGERS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let signs = [
        "@",
        "-----BEGIN ",
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "9",
    ];
    let keys = secret::FORMATS.iter().map(|format| format.prefix);
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .kind(Some(AhoCorasickKind::DFA))
        .build(signs.into_iter().chain(keys))
        .expect("a few short constant patterns fit in an automaton")
});
