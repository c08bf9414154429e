//! The faults of a configuration, collected until all are known.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use trousseau_core::label::{Class, Label};

use super::Fault;

/// What labels are made of.
pub(super) const CLASSES: &str = "public, internal, personal, sensitive, restricted";

/// The faults found so far.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn none(self) -> Result<(), Vec<Fault>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }

    pub(super) fn value(&mut self, key: &str, found: &str, expected: &str) {
        self.0.push(Fault {
            code: "config-value",
            fields: vec![
                ("key", key.to_owned()),
                ("found", found.to_owned()),
                ("expected", expected.to_owned()),
            ],
            english: format!("{key}: {found:?} is not one of {expected}"),
        });
    }

    pub(super) fn twice(&mut self, key: &str, name: &str) {
        self.0.push(Fault {
            code: "config-twice",
            fields: vec![("key", key.to_owned()), ("name", name.to_owned())],
            english: format!("{key}: the name {name:?} is taken twice"),
        });
    }

    pub(super) fn unknown(&mut self, key: &str, name: &str, known: &[&str]) {
        self.0.push(Fault {
            code: "config-unknown-name",
            fields: vec![
                ("key", key.to_owned()),
                ("name", name.to_owned()),
                ("known", known.join(", ")),
            ],
            english: format!("{key}: there is no {name:?}; there are {}", known.join(", ")),
        });
    }

    pub(super) fn missing(&mut self, key: &str) {
        self.0.push(Fault {
            code: "config-missing",
            fields: vec![("key", key.to_owned())],
            english: format!("{key} is missing"),
        });
    }

    /// A fault that says itself what it is.
    pub(super) fn add(&mut self, code: &'static str, key: &str, english: impl Into<String>) {
        self.0.push(Fault {
            code,
            fields: vec![("key", key.to_owned())],
            english: format!("{key} {}", english.into()),
        });
    }

    /// Faults that were found elsewhere.
    pub(super) fn extend(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.0.extend(faults);
    }

    /// A number of seconds where one is written, 1 to a day; the default where none is.
    pub(super) fn seconds(&mut self, key: &str, written: Option<u64>, default: Duration) -> Duration {
        match written {
            None => default,
            Some(seconds @ 1..=86_400) => Duration::from_secs(seconds),
            Some(other) => {
                self.value(key, &other.to_string(), "1..86400");
                default
            }
        }
    }

    /// A number where one is written, within bounds; the default where none is.
    pub(super) fn number(
        &mut self,
        key: &str,
        written: Option<usize>,
        bounds: RangeInclusive<usize>,
        default: usize,
    ) -> usize {
        match written {
            None => default,
            Some(number) if bounds.contains(&number) => number,
            Some(other) => {
                let accepted = format!("{}..{}", bounds.start(), bounds.end());
                self.value(key, &other.to_string(), &accepted);
                default
            }
        }
    }

    /// A label where one is written, the default where none is.
    pub(super) fn label(&mut self, key: &str, written: Option<String>, default: Label) -> Label {
        let Some(written) = written else {
            return default;
        };
        written.parse().unwrap_or_else(|_| {
            self.value(key, &written, CLASSES);
            default
        })
    }

    /// A class that is written, if any.
    pub(super) fn class(&mut self, key: &str, written: Option<&str>) -> Option<Class> {
        let written = written?;
        let class = written.parse().ok();
        if class.is_none() {
            self.value(key, written, CLASSES);
        }
        class
    }

    pub(super) fn names<'a>(&mut self, key: &str, names: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            if name.trim().is_empty() {
                self.missing(&format!("{key}.name"));
            }
            if !seen.insert(name) {
                self.twice(key, name);
            }
        }
    }
}
