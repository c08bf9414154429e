//! The rest of an answer that another model began: what is sent for it, and where what comes back meets the beginning.
//!
//! The model is shown the whole of what was delivered, as the assistant's last message. Where it cannot be made to write on
//! behind it, a message of the user's asks for the rest in words. The passages and rules of a grounded request stand
//! before, as they do for a whole answer; markers in the beginning are shown as the model itself would have written them,
//! with the numbers of the passages.

use trousseau_core::chat::{ChatRequest, Message, Role};
use trousseau_wire::client::Continues;

use crate::citing;
use crate::joint::{Joint, Manner, TOLD, shown};
use crate::prompt::{self, Fences};

/// How much of the end a model is asked to copy at most, in bytes.
const LAST_WORDS: usize = 200;

/// The rest of one answer.
pub(crate) struct Rest {
    /// What is sent.
    pub messages: Vec<Message>,
    /// How the server is asked; not at all where there is nothing to show.
    pub way: Continues,
    /// What becomes of the text that comes.
    pub joint: Joint,
}

impl Rest {
    /// The rest of `request`'s answer, asked for with `messages` before its beginning; nothing where `way` is none.
    pub(crate) fn of(
        request: &ChatRequest,
        messages: &[Message],
        way: Continues,
        fences: &Fences,
    ) -> Option<Self> {
        let begun = citing::as_written(request);
        let manner = match way {
            Continues::No => return None,
            Continues::Prompt => Manner::Told,
            Continues::VllmPrefix | Continues::AssistantPrefix => Manner::WritesOn,
            Continues::MistralPrefix => Manner::Echoes,
        };
        let mut joint = Joint::new(&begun, manner);
        let mut messages = messages.to_vec();
        if shown(&begun).is_empty() {
            let way = Continues::No;
            return Some(Self { messages, way, joint });
        }
        if manner == Manner::Told {
            for message in &messages {
                message.visit_texts(&mut |text| joint.learn(text));
            }
            let asked = prompt::rest(request, fences, last_words(&begun));
            messages.push(Message::new(Role::Assistant, begun));
            messages.push(Message::user(asked));
        } else {
            let mut beginning = Message::new(Role::Assistant, shown(&begun));
            let marks = way.mark().into_iter();
            beginning.extra = marks.map(|name| (name.to_owned(), true.into())).collect();
            messages.push(beginning);
        }
        Some(Self { messages, way, joint })
    }
}

/// The last words of a text: as many as count as a repetition.
fn last_words(text: &str) -> &str {
    let text = shown(text);
    let (mut from, mut letters) = (text.len(), 0);
    for (at, sign) in text.char_indices().rev() {
        if text.len() - at > LAST_WORDS || (sign.is_whitespace() && letters >= TOLD) {
            break;
        }
        letters += usize::from(sign.is_alphanumeric());
        from = at;
    }
    text[from..].trim_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_enough_to_be_found_again() {
        for (text, words) in [
            ("Le repas coûte 3,20 € par enf", "3,20 € par enf"),
            ("Le télétrav \n", "télétrav"),
            ("Oui", "Oui"),
            ("- a\n- b", "- a\n- b"),
            ("", ""),
        ] {
            assert_eq!(last_words(text), words);
        }
        let long = "é".repeat(1000);
        assert_eq!(last_words(&long).len(), LAST_WORDS);
    }
}
