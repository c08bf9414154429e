//! Where the requests of a class went, from the entries of a ledger and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use trousseau_core::label::{Class, Label};

use crate::entry::{Attempt, State};

/// Codes of attempts that were none: the target had nothing of the request.
const NOT_ASKED: [&str; 3] = ["target-busy", "target-resting", "policy-denied"];

/// As much of an entry as is read here.
#[derive(Deserialize)]
struct Leaf {
    #[serde(rename = "type")]
    kind: String,
    time: Timestamp,
    label: Option<Label>,
    purpose: Option<String>,
    #[serde(default)]
    permitted: Vec<String>,
    continues: Option<u64>,
    masked: Option<BTreeMap<String, u64>>,
    decision: Option<u64>,
    state: Option<State>,
    target: Option<String>,
    #[serde(default)]
    attempts: Vec<Attempt>,
}

/// What became of one decision's request.
#[derive(Default)]
struct Request {
    permitted: Vec<String>,
    /// The targets that were permitted for it with pseudonyms in it, and not as it is.
    masked: BTreeSet<String>,
    state: Option<State>,
    /// The targets that had it.
    had: BTreeSet<String>,
}

/// What one target had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Had {
    /// How many requests.
    pub requests: u64,
    /// How many of them were answered, by it or by another.
    pub answered: u64,
    /// How many of them it had with pseudonyms in the place of what was found in them, and never as they are.
    pub masked: u64,
}

/// Where the requests of a class went.
#[derive(Default)]
pub struct Whereabouts {
    class: Class,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    /// How many entries were read.
    pub entries: u64,
    /// When the first of the requests was decided about.
    pub first: Option<Timestamp>,
    /// When the last was.
    pub last: Option<Timestamp>,
    /// By the entry of their decisions.
    requests: BTreeMap<u64, Request>,
    /// Decisions about the rest of an answer, each with that of the request that it belongs to.
    rests: BTreeMap<u64, u64>,
}

impl Whereabouts {
    /// Those of a class and above that were decided within a time.
    pub fn of(class: Class, since: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        Self {
            class,
            since,
            until,
            ..Self::default()
        }
    }

    /// Takes in the next entry of the ledger. What is none of our entries tells of no request.
    pub fn take(&mut self, index: u64, bytes: &[u8]) {
        self.entries = index + 1;
        let Ok(leaf) = serde_json::from_slice::<Leaf>(bytes) else {
            return;
        };
        let early = self.since.is_some_and(|since| leaf.time < since);
        let late = self.until.is_some_and(|until| leaf.time >= until);
        match leaf.kind.as_str() {
            "decision" if leaf.masked.is_some() => self.masked(leaf),
            "decision" if !early && !late && leaf.is_of(self.class) => self.decided(index, leaf),
            "outcome" => self.ended(leaf),
            _ => {}
        }
    }

    /// How many requests there are.
    pub fn requests(&self) -> usize {
        self.requests.len()
    }

    fn decided(&mut self, index: u64, leaf: Leaf) {
        self.first.get_or_insert(leaf.time);
        self.last = Some(leaf.time);
        if let Some(first) = leaf.continues
            && let Some(request) = self.requests.get_mut(&first)
        {
            request.permitted.extend(leaf.permitted);
            self.rests.insert(index, first);
            return;
        }
        let request = Request {
            permitted: leaf.permitted,
            ..Request::default()
        };
        self.requests.insert(index, request);
    }

    /// What was masked is of the class of what it was made from.
    fn masked(&mut self, leaf: Leaf) {
        let first = leaf.continues.and_then(|first| self.requests.get_mut(&first));
        if let Some(request) = first {
            request.masked.extend(leaf.permitted);
        }
    }

    fn ended(&mut self, leaf: Leaf) {
        let Some(decision) = leaf.decision else {
            return;
        };
        let of = self.rests.get(&decision).copied().unwrap_or(decision);
        let Some(request) = self.requests.get_mut(&of) else {
            return;
        };
        let mut attempts = leaf.attempts;
        attempts.retain(|attempt| !NOT_ASKED.contains(&attempt.error.as_str()));
        request
            .had
            .extend(attempts.into_iter().map(|attempt| attempt.target));
        request.had.extend(leaf.target);
        if of == decision {
            request.state = leaf.state;
        }
    }

    /// What each target had.
    pub fn by_target(&self) -> BTreeMap<&str, Had> {
        let mut targets: BTreeMap<&str, Had> = BTreeMap::new();
        for request in self.requests.values() {
            for target in &request.had {
                let had = targets.entry(target).or_default();
                had.requests += 1;
                had.answered += u64::from(matches!(request.state, Some(State::Answered | State::Abstained)));
                had.masked +=
                    u64::from(request.masked.contains(target) && !request.permitted.contains(target));
            }
        }
        targets
    }

    /// How many requests went nowhere, and of how many the ledger does not tell how they ended.
    pub fn nowhere_and_open(&self) -> (usize, usize) {
        let requests = self.requests.values();
        let open = requests
            .clone()
            .filter(|request| request.state.is_none() || request.state == Some(State::Interrupted));
        // Until it is closed, a request may have gone to any target that was permitted.
        let somewhere = |request: &&Request| !request.permitted.is_empty() || !request.masked.is_empty();
        let open = open.filter(somewhere).count();
        let nowhere = requests.filter(|request| request.had.is_empty()).count();
        (nowhere.saturating_sub(open), open)
    }
}

impl Leaf {
    /// Whether it decides about a text of this class or above.
    fn is_of(&self, class: Class) -> bool {
        self.purpose.is_some() && self.label.as_ref().is_some_and(|label| label.class >= class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whereabouts of these entries, of `personal` and above.
    fn of(entries: &[&str]) -> Whereabouts {
        let mut found = Whereabouts::of(
            Class::Personal,
            Some("2026-12-01T00:00:00Z".parse().unwrap()),
            None,
        );
        for (index, entry) in entries.iter().enumerate() {
            found.take(index as u64, entry.as_bytes());
        }
        found
    }

    fn decision(class: &str, time: &str, more: &str) -> String {
        format!(
            r#"{{"v":1,"time":"{time}","type":"decision","purpose":"chat","label":{{"class":"{class}","tags":[]}},"permitted":["a","b"]{more}}}"#
        )
    }

    fn outcome(decision: u64, more: &str) -> String {
        format!(
            r#"{{"v":1,"time":"2026-12-01T10:00:01Z","type":"outcome","decision":{decision},"state":"answered"{more}}}"#
        )
    }

    const NOW: &str = "2026-12-01T10:00:00Z";

    #[test]
    fn a_target_had_what_it_was_sent_whether_it_answered_or_not() {
        let tried = outcome(
            0,
            r#","target":"b","attempts":[{"target":"a","error":"model-cut"},{"target":"c","error":"target-busy"}]"#,
        );
        let rest = decision("sensitive", NOW, r#","continues":0"#);
        let found = of(&[&decision("personal", NOW, ""), &rest, &tried]);
        let had = |requests, answered| Had {
            requests,
            answered,
            masked: 0,
        };
        assert_eq!(
            found.by_target(),
            BTreeMap::from([("a", had(1, 1)), ("b", had(1, 1))])
        );
        assert_eq!((found.requests(), found.nowhere_and_open()), (1, (0, 0)));
    }

    #[test]
    fn what_was_masked_is_told_apart_and_is_of_the_class_of_what_it_was_made_from() {
        let refused = decision("personal", NOW, "").replace(r#"["a","b"]"#, r#"["a"]"#);
        let masked = decision("internal", NOW, r#","continues":0,"masked":{"iban":1}"#);
        let ended = outcome(
            0,
            r#","target":"b","attempts":[{"target":"a","error":"model-cut"}]"#,
        );
        let found = of(&[&refused, &masked, &ended]);
        let had = |masked| Had {
            requests: 1,
            answered: 1,
            masked,
        };
        assert_eq!(found.by_target(), BTreeMap::from([("a", had(0)), ("b", had(1))]));
        assert_eq!(found.requests(), 1);
        // Until it is closed, it may have gone where it may go masked.
        let nowhere = decision("personal", NOW, "").replace(r#"["a","b"]"#, "[]");
        assert_eq!(of(&[&nowhere, &masked]).nowhere_and_open(), (0, 1));
    }

    #[test]
    fn what_did_not_end_may_have_gone_anywhere_and_what_is_below_or_before_is_not_told() {
        let refused = decision("personal", NOW, "").replace(r#"["a","b"]"#, "[]");
        let ended =
            r#"{"v":1,"time":"2026-12-01T10:00:01Z","type":"outcome","decision":1,"state":"refused"}"#;
        let found = of(&[
            &decision("personal", NOW, ""),
            &refused,
            ended,
            &decision("internal", NOW, ""),
            &decision("restricted", "2026-11-30T23:59:59Z", ""),
            "no entry of ours",
        ]);
        assert_eq!((found.requests(), found.nowhere_and_open()), (2, (1, 1)));
        assert_eq!((found.entries, found.by_target().len()), (6, 0));
    }
}
