//! Reasoning that a model writes into its answer between tags, told apart from the answer.
//!
//! A tag counts where the answer begins and where a reasoning has just ended; further on it is text, for an answer may
//! well speak of tags. A reasoning that is never closed lasts to the end.

use trousseau_core::chat::ChatEvent;

/// The tags: those of DeepSeek and Qwen, those of Mistral.
const TAGS: [(&str, &str); 2] = [("<think>", "</think>"), ("[THINK]", "[/THINK]")];
/// How much white space is held back while a tag may still follow.
const HELD: usize = 64;

/// Tells reasoning from text, however the two are split.
#[derive(Clone, Debug, Default)]
pub(super) struct Thinking {
    state: State,
    /// What cannot be told yet.
    held: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing but white space has come.
    #[default]
    Start,
    /// Inside a reasoning, which ends with this tag; whether any of it has come.
    Inside(&'static str, bool),
    /// A reasoning has ended, and nothing but white space has come since.
    After,
    /// In the text.
    Text,
}

impl Thinking {
    /// Takes in more of the content.
    pub(super) fn push(&mut self, more: String, events: &mut Vec<ChatEvent>) {
        if self.state == State::Text {
            give(ChatEvent::Text, more, events);
            return;
        }
        self.held.push_str(&more);
        while self.step(events) {}
    }

    /// Gives out what was held back: nothing more comes.
    pub(super) fn end(&mut self, events: &mut Vec<ChatEvent>) {
        let held = std::mem::take(&mut self.held);
        match self.state {
            State::Start | State::Text => give(ChatEvent::Text, held, events),
            State::After => give(ChatEvent::Text, held.trim_start().to_owned(), events),
            State::Inside(..) => give(ChatEvent::Reasoning, held, events),
        }
        self.state = State::Text;
    }

    /// Takes one decision about what is held; whether another may follow.
    fn step(&mut self, events: &mut Vec<ChatEvent>) -> bool {
        match self.state {
            State::Start | State::After => self.open(),
            State::Inside(close, begun) => self.close(close, begun, events),
            State::Text => {
                give(ChatEvent::Text, std::mem::take(&mut self.held), events);
                false
            }
        }
    }

    /// Looks for an opening tag.
    fn open(&mut self) -> bool {
        let shown = self.held.trim_start();
        if self.state == State::Start && self.held.len() - shown.len() >= HELD {
            self.state = State::Text;
            return true;
        }
        for (open, close) in TAGS {
            if let Some(rest) = shown.strip_prefix(open) {
                self.held = rest.to_owned();
                self.state = State::Inside(close, false);
                return true;
            }
        }
        let possible = TAGS.iter().any(|(open, _)| open.starts_with(shown));
        if self.state == State::After {
            self.held = shown.to_owned();
        }
        if !possible {
            self.state = State::Text;
        }
        !possible
    }

    /// Looks for the closing tag.
    fn close(&mut self, close: &'static str, begun: bool, events: &mut Vec<ChatEvent>) -> bool {
        if !begun {
            self.held = self.held.trim_start().to_owned();
        }
        if let Some((inside, rest)) = self.held.split_once(close) {
            let (inside, rest) = (inside.to_owned(), rest.to_owned());
            give(ChatEvent::Reasoning, inside, events);
            self.held = rest;
            self.state = State::After;
            return true;
        }
        let partial = (1..close.len())
            .rev()
            .find(|length| self.held.ends_with(&close[..*length]));
        let rest = self.held.split_off(self.held.len() - partial.unwrap_or(0));
        let inside = std::mem::replace(&mut self.held, rest);
        self.state = State::Inside(close, begun || !inside.is_empty());
        give(ChatEvent::Reasoning, inside, events);
        false
    }
}

fn give(event: fn(String) -> ChatEvent, text: String, events: &mut Vec<ChatEvent>) {
    if !text.is_empty() {
        events.push(event(text));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reasoning and text of a content that comes in these pieces.
    fn told(pieces: &[&str]) -> (String, String) {
        let (mut thinking, mut events) = (Thinking::default(), Vec::new());
        for piece in pieces {
            thinking.push((*piece).to_owned(), &mut events);
        }
        thinking.end(&mut events);
        let (mut reasoning, mut text) = (String::new(), String::new());
        for event in events {
            match event {
                ChatEvent::Reasoning(more) => reasoning.push_str(&more),
                ChatEvent::Text(more) => text.push_str(&more),
                other => panic!("{other:?}"),
            }
        }
        (reasoning, text)
    }

    fn check(content: &str, reasoning: &str, text: &str) {
        let expected = (reasoning.to_owned(), text.to_owned());
        assert_eq!(told(&[content]), expected, "{content:?}");
        let letters: Vec<String> = content.chars().map(String::from).collect();
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        assert_eq!(told(&letters), expected, "{content:?}, letter by letter");
    }

    #[test]
    fn reasoning_is_told_from_text() {
        check("Oui.", "", "Oui.");
        check("<think>Hm.</think>Oui.", "Hm.", "Oui.");
        check("\n<think>\nHm.\n</think>\n\nOui.\n", "Hm.\n", "Oui.\n");
        check("[THINK]Hm.[/THINK]Oui.", "Hm.", "Oui.");
        check("<think>\n\n</think>\n\nOui.", "", "Oui.");
        check("<think>a</think> <think>b</think>c", "ab", "c");
    }

    #[test]
    fn tags_elsewhere_are_text() {
        check("Write <think> before.", "", "Write <think> before.");
        check("<thin air", "", "<thin air");
        check("  < b", "", "  < b");
        check("<think>a [/THINK] b</think>c", "a [/THINK] b", "c");
        check("<think>a</think>b</think><think>c", "a", "b</think><think>c");
        check("<think>a</thi</think>b", "a</thi", "b");
    }

    #[test]
    fn an_end_in_the_middle_loses_nothing() {
        check("<think>Hm", "Hm", "");
        check("<think>Hm</thi", "Hm</thi", "");
        check("<thi", "", "<thi");
        let blanks = " ".repeat(HELD);
        check(&format!("{blanks}<think>a"), "", &format!("{blanks}<think>a"));
        check("<think>a</think>\n[THI", "a", "[THI");
        check("", "", "");
        check(" \n", "", " \n");
    }

    #[test]
    fn an_answer_is_not_held_back_for_long() {
        let (mut thinking, mut events) = (Thinking::default(), Vec::new());
        thinking.push("Oui".to_owned(), &mut events);
        assert_eq!(events, [ChatEvent::Text("Oui".to_owned())]);
        let (mut thinking, mut events) = (Thinking::default(), Vec::new());
        thinking.push(" ".repeat(HELD), &mut events);
        assert_eq!(events.len(), 1, "white space without end is not kept for ever");
        let (mut thinking, mut events) = (Thinking::default(), Vec::new());
        thinking.push("<think>Hm. <b".to_owned(), &mut events);
        assert_eq!(events, [ChatEvent::Reasoning("Hm. <b".to_owned())]);
    }

    proptest! {
        #[test]
        fn any_split_tells_the_same(
            words in prop::collection::vec(
                prop_oneof![
                    Just("<think>"), Just("</think>"), Just("[THINK]"), Just("[/THINK]"), Just("<thi"), Just("</"),
                    Just("é"), Just(" "), Just("\n"), Just("nk>"), Just("a"),
                ],
                0..12,
            ),
            cuts in prop::collection::vec(0_usize..60, 0..6),
        ) {
            let content = words.concat();
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| content.is_char_boundary(*cut)).collect();
            cuts.extend([0, content.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&str> = cuts.windows(2).map(|pair| &content[pair[0]..pair[1]]).collect();
            prop_assert_eq!(told(&pieces), told(&[&content]));
        }
    }
}
