//! Words and patterns of the organisation: names of projects, numbers of files.
//!
//! They are read in folded text (see [`crate::fold`]), so that accents, widths of spaces and JSON escapes do not matter,
//! in any case of letters, a line at a time. A pattern's cost does not depend on the text: the crate `regex` reads in
//! linear time, and its compiled size is limited.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use trousseau_core::error::{ErrorKind, Explain};
use trousseau_core::label::Label;

use crate::detector::Detector;
use crate::fold::folded;

/// The most detectors, words of one, bytes of a word or pattern, and bytes of a compiled pattern.
const MOST: usize = 64;
const MOST_WORDS: usize = 10_000;
const LONGEST: usize = 1024;
const COMPILED: usize = 4 << 20;

/// One `[[policy.detector]]`.
///
/// ```toml
/// [[policy.detector]]
/// name = "projects"
/// words = ["Orme", "Grand Cèdre"]
/// pattern = '\bPRJ-\d{4}\b'
/// label = "restricted+project"
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawOwn {
    /// Its name, which explanations give.
    pub name: String,
    /// Words and groups of words, each found where it stands alone.
    pub words: Vec<String>,
    /// A regular expression in the syntax of the crate `regex`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The label of what it finds.
    pub label: String,
}

/// A detector of the organisation: its name, and the label of what it finds.
#[derive(Clone, Debug)]
pub struct Own {
    name: String,
    label: Label,
}

/// What it looks for.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) own: Arc<Own>,
    regex: Regex,
}

/// What is wrong with a detector of the organisation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It has no name, or one of other signs than a-z, 0-9 and hyphens.
    #[error("[[policy.detector]] number {number} needs a name of a-z, 0-9 and hyphens, not {name:?}")]
    Name {
        /// Its place in the file, counted from 1.
        number: usize,
        /// What is written.
        name: String,
    },
    /// A name that another detector has.
    #[error("the detector name {name:?} is already taken")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// Neither words nor a pattern, or an empty word.
    #[error("the detector {name:?} has no words and no pattern, or an empty word")]
    Empty {
        /// Its name.
        name: String,
    },
    /// A pattern that does not read well or is too large.
    #[error("the pattern of the detector {name:?}: {reason}")]
    Pattern {
        /// Its name.
        name: String,
        /// Why not, in the words of the crate `regex`.
        reason: String,
    },
    /// A label that is none, or one that would change nothing.
    #[error(
        "the label of the detector {name:?} is {label:?}; write a class above public or a tag, as in personal+project"
    )]
    Label {
        /// Its name.
        name: String,
        /// What is written.
        label: String,
    },
    /// More than may be.
    #[error("the detector {name:?} is too large: at most {limit} detectors, words of one or bytes of a word")]
    TooLarge {
        /// Its name.
        name: String,
        /// What may be at most.
        limit: usize,
    },
}

impl Explain for Fault {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Name { .. } => "policy-detector-name",
            Self::NameTaken { .. } => "policy-detector-name-taken",
            Self::Empty { .. } => "policy-detector-empty",
            Self::Pattern { .. } => "policy-detector-pattern",
            Self::Label { .. } => "policy-detector-label",
            Self::TooLarge { .. } => "policy-detector-too-large",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Name { number, name } => vec![("number", number.to_string()), ("name", name.clone())],
            Self::NameTaken { name } | Self::Empty { name } => vec![("name", name.clone())],
            Self::Pattern { name, reason } => vec![("name", name.clone()), ("reason", reason.clone())],
            Self::Label { name, label } => vec![("name", name.clone()), ("label", label.clone())],
            Self::TooLarge { name, limit } => vec![("name", name.clone()), ("limit", limit.to_string())],
        }
    }
}

impl Own {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The label of what it finds.
    pub const fn label(&self) -> &Label {
        &self.label
    }
}

impl Compiled {
    /// Every place in a line, in order.
    pub(crate) fn places<'a>(&'a self, line: &'a [u8]) -> impl Iterator<Item = Range<usize>> {
        self.regex
            .find_iter(line)
            .map(|found| found.range())
            .filter(|place| !place.is_empty())
    }

    fn resolve(raw: &RawOwn) -> Result<Self, Fault> {
        let name = raw.name.clone();
        let label = raw
            .label
            .parse::<Label>()
            .ok()
            .filter(|label| *label != Label::default());
        let label = label.ok_or_else(|| Fault::Label {
            name: name.clone(),
            label: raw.label.clone(),
        })?;
        let empty = raw.words.iter().any(|word| folded(word).trim().is_empty());
        if empty || raw.words.is_empty() && raw.pattern.as_deref().is_none_or(str::is_empty) {
            return Err(Fault::Empty { name });
        }
        if raw.words.len() > MOST_WORDS {
            return Err(Fault::TooLarge {
                name,
                limit: MOST_WORDS,
            });
        }
        let mut sources = raw.words.iter().chain(&raw.pattern);
        if sources.any(|source| source.len() > LONGEST) {
            return Err(Fault::TooLarge { name, limit: LONGEST });
        }
        let pattern = |reason: String| Fault::Pattern {
            name: name.clone(),
            reason,
        };
        let regex = RegexBuilder::new(&expression(raw))
            .case_insensitive(true)
            .size_limit(COMPILED)
            .dfa_size_limit(COMPILED)
            .build()
            .map_err(|error| pattern(error.to_string()))?;
        if regex.is_match(b"") {
            return Err(pattern("it matches an empty text".to_owned()));
        }
        let own = Arc::new(Own { name, label });
        Ok(Self { own, regex })
    }
}

/// One expression for words and pattern.
fn expression(raw: &RawOwn) -> String {
    let mut source = String::new();
    for word in &raw.words {
        let word = folded(word);
        let parts: Vec<String> = word.split_whitespace().map(regex::escape).collect();
        let word = parts.join(r"\s+");
        // Where a word ends in a sign, no boundary of words stands behind it.
        let _always = write!(source, r"(?:^|\b){word}(?:\b|$)|");
    }
    match &raw.pattern {
        Some(pattern) => source.push_str(&folded(pattern)),
        None => {
            source.pop();
        }
    }
    source
}

/// Resolves all of them, or tells every fault.
pub(crate) fn resolve(raw: &[RawOwn]) -> Result<Vec<Compiled>, Vec<Fault>> {
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    if raw.len() > MOST {
        let name = raw[MOST].name.clone();
        return Err(vec![Fault::TooLarge { name, limit: MOST }]);
    }
    for (at, one) in raw.iter().enumerate() {
        let name = one.name.clone();
        let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(sound) {
            faults.push(Fault::Name { number: at + 1, name });
            continue;
        }
        let taken = Detector::ALL.iter().any(|known| known.name() == name)
            || raw[..at].iter().any(|other| other.name == name);
        if taken {
            faults.push(Fault::NameTaken { name });
        }
        match Compiled::resolve(one) {
            Ok(own) => all.push(own),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(all) } else { Err(faults) }
}

/// Names are unique among the detectors of an organisation.
impl PartialEq for Own {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Own {}

impl PartialOrd for Own {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Own {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name)
    }
}
