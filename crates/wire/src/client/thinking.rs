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
            State::Start | State::After => self.open(events),
            State::Inside(close, begun) => self.close(close, begun, events),
            State::Text => {
                give(ChatEvent::Text, std::mem::take(&mut self.held), events);
                false
            }
        }
    }

    /// Looks for an opening tag.
    fn open(&mut self, events: &mut Vec<ChatEvent>) -> bool {
        let shown = self.held.trim_start();
        for (open, close) in TAGS {
            if let Some(rest) = shown.strip_prefix(open) {
                self.held = rest.to_owned();
                self.state = State::Inside(close, false);
                return true;
            }
        }
        let possible = TAGS.iter().any(|(open, _)| open.starts_with(shown));
        if possible && self.state == State::After {
            self.held = shown.to_owned();
            return false;
        }
        if possible && self.held.len() < HELD {
            return false;
        }
        if self.state == State::After {
            self.held = shown.to_owned();
        }
        self.state = State::Text;
        give(ChatEvent::Text, std::mem::take(&mut self.held), events);
        false
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
