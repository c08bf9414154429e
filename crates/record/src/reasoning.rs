//! What a model writes before its answer, and how long that takes it.
//!
//! It is the model's text and no part of the answer: nothing checks it, no citation stands in it, and the ledger does not
//! commit to it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use trousseau_core::chat::ChatEvent;

/// The reasoning of one answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reasoning {
    /// What the model wrote.
    pub text: String,
    /// How it came.
    #[serde(flatten)]
    pub thought: Thought,
}

/// How a model reasoned, as it was seen from here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thought {
    /// For how long, in milliseconds; none where it came all at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<u64>,
    /// Whether nothing of an answer came after it: it was cut, or the model never came out of it.
    pub cut: bool,
}

/// Measures how long a model reasons, from the events of its answer and their times.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch {
    /// How long it reasoned before the last time that it began.
    before: Duration,
    /// When it began last, where nothing of the answer has come since.
    since: Option<Duration>,
    any: bool,
}

impl Watch {
    /// Takes in an event that came `at` this time after the call was made.
    pub fn note(&mut self, event: &ChatEvent, at: Duration) {
        match event {
            ChatEvent::Reasoning(_) => {
                self.any = true;
                self.since.get_or_insert(at);
            }
            // Servers send empty pieces beside the reasoning.
            ChatEvent::Text(text) if text.is_empty() => {}
            ChatEvent::Text(_) | ChatEvent::ToolCall(_) => {
                self.before = self.reasoned(at);
                self.since = None;
            }
            ChatEvent::Citation(_) | ChatEvent::Extra(_) | ChatEvent::Seam(_) | ChatEvent::End(_) => {}
        }
    }

    /// What is to be said of it when the answer ended `at` this time; nothing where there was no reasoning.
    pub fn thought(&self, at: Duration) -> Option<Thought> {
        let milliseconds = u64::try_from(self.reasoned(at).as_millis()).unwrap_or(u64::MAX);
        self.any.then_some(Thought {
            milliseconds: Some(milliseconds).filter(|milliseconds| *milliseconds > 0),
            cut: self.since.is_some(),
        })
    }

    fn reasoned(&self, at: Duration) -> Duration {
        let last = self
            .since
            .map_or(Duration::ZERO, |since| at.saturating_sub(since));
        self.before + last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thought(events: &[(&str, u64)], end: u64) -> Option<Thought> {
        let mut watch = Watch::default();
        for (event, at) in events {
            let event = match event.strip_prefix("hm") {
                Some(text) => ChatEvent::Reasoning(text.to_owned()),
                None => ChatEvent::Text((*event).to_owned()),
            };
            watch.note(&event, Duration::from_millis(*at));
        }
        watch.thought(Duration::from_millis(end))
    }

    fn check(events: &[(&str, u64)], end: u64, milliseconds: Option<u64>, cut: bool) {
        assert_eq!(
            thought(events, end),
            Some(Thought { milliseconds, cut }),
            "{events:?}"
        );
    }

    #[test]
    fn what_is_reasoned_is_measured_and_what_nothing_follows_is_cut() {
        assert_eq!(thought(&[("Oui.", 10)], 20), None);
        check(&[("hm", 10), ("hm", 30), ("Oui.", 50)], 90, Some(40), false);
        check(&[("hm", 10), ("", 20), ("Oui.", 50)], 90, Some(40), false);
        check(
            &[("hm", 10), ("Oui.", 20), ("hm", 50), ("Non.", 80)],
            90,
            Some(40),
            false,
        );
        check(&[("hm", 10), ("Oui.", 20), ("hm", 50)], 90, Some(50), true);
        check(&[("hm", 10)], 10, None, true);
        check(&[("hm", 10), ("Oui.", 10)], 10, None, false);
    }
}
