//! A follow-up is searched with its subject: "Et pour les stagiaires ?" alone finds nothing.
//!
//! Whether a question stands alone is read off its words: a beginning that joins it to what was said, a pronoun that
//! stands for it, or hardly any word of its own. What it hangs on is the last question before it that does stand alone.

use trousseau_core::chat::{Message, Role};
use trousseau_text::fold::fold;
use trousseau_text::language::detect;
use trousseau_text::words::{analyze, words};

/// How many questions back the subject is looked for.
const REACH: usize = 6;

/// A question with fewer terms hangs on what was said before.
const TERMS: usize = 2;

/// The longest subject that is put before a question, in bytes.
const SUBJECT: usize = 2000;

/// How a question begins that goes on from the one before it.
const BEGINNINGS: &[&str] = &[
    "et",
    "mais",
    "sinon",
    "alors",
    "donc",
    "pareil",
    "idem",
    "dans ce cas",
    "en ce cas",
    "and",
    "but",
    "or",
    "so",
    "then",
    "what about",
    "how about",
    "in that case",
    "same",
];

/// Words that stand for something said before.
const PRONOUNS: &[&str] = &[
    "elle",
    "elles",
    "ils",
    "celui-ci",
    "celle-ci",
    "ceux-ci",
    "celles-ci",
    "celui-la",
    "celle-la",
    "cela",
    "ca",
    "ceci",
    "ces",
    "cet",
    "cette",
    "ce",
    "leur",
    "leurs",
    "eux",
    "lui",
    "it",
    "they",
    "them",
    "this",
    "that",
    "these",
    "those",
    "its",
    "their",
    "there",
    "he",
    "she",
    "his",
    "her",
];

/// Words that take a pronoun's meaning away beside it: "ce que", "is there".
const EMPTY: &[(&str, &str)] = &[
    ("ce", "que"),
    ("ce", "qu'"),
    ("ce", "qui"),
    ("ce", "dont"),
    ("there", "is"),
    ("there", "are"),
    ("is", "there"),
    ("are", "there"),
    ("is", "it"),
];

/// The last question with its subject before it; `None` when it stands alone, or nothing was said before.
pub fn standalone(messages: &[Message]) -> Option<String> {
    let asked = messages.iter().rev();
    let mut asked = asked.filter(|message| message.role == Role::User);
    let question = asked.next().map(|message| message.content.as_str())?;
    if !hangs(question) {
        return None;
    }
    let mut subject = None;
    for earlier in asked.take(REACH) {
        subject = Some(earlier.content.as_str());
        if !hangs(&earlier.content) {
            break;
        }
    }
    let subject = subject?;
    let subject = subject
        .get(..subject.floor_char_boundary(SUBJECT))
        .unwrap_or(subject);
    Some(format!("{subject}\n{question}"))
}

/// Whether a question hangs on what was said before it.
fn hangs(question: &str) -> bool {
    let word = |bytes| question.get(bytes).map(fold).unwrap_or_default();
    let spoken: Vec<String> = words(question).map(|found| word(found.bytes)).collect();
    let sentence = format!("{} ", spoken.join(" "));
    let begins = |beginning: &&str| {
        let rest = sentence.strip_prefix(beginning);
        rest.is_some_and(|rest| rest.starts_with(' '))
    };
    let at = |place: Option<usize>| {
        place
            .and_then(|place| spoken.get(place))
            .map_or("", String::as_str)
    };
    let stands_for_something = |(place, word): (usize, &String)| {
        let (before, after) = (at(place.checked_sub(1)), at(place.checked_add(1)));
        PRONOUNS.contains(&word.as_str())
            && !EMPTY.contains(&(word, after))
            && !EMPTY.contains(&(before, word))
    };
    BEGINNINGS.iter().any(begins)
        || spoken.iter().enumerate().any(stands_for_something)
        || analyze(question, detect(question)).len() < TERMS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(earlier: &[&str], question: &str) -> Option<String> {
        let texts = earlier.iter().chain([&question]);
        let messages: Vec<Message> = texts
            .flat_map(|text| [Message::new(Role::Assistant, "Oui, elle."), Message::user(*text)])
            .collect();
        standalone(&messages)
    }

    #[test]
    fn a_follow_up_takes_its_subject_along() {
        let subject = "Combien de jours de télétravail un agent a-t-il par semaine ?";
        for question in [
            "Et pour les stagiaires ?",
            "Pourquoi ?",
            "Cela vaut-il aussi pour les contractuels à temps partiel ?",
            "Qui signe cette demande de dérogation ?",
            "What about the interns?",
            "Who has to sign it before the deadline?",
        ] {
            let expected = Some(format!("{subject}\n{question}"));
            assert_eq!(after(&[subject], question), expected);
            assert_eq!(after(&[subject, "Et le vendredi ?"], question), expected);
            assert_eq!(after(&[], question), None);
        }
    }

    #[test]
    fn a_question_of_its_own_stands_alone() {
        for question in [
            "Combien coûte un passeport pour un mineur ?",
            "Est-ce que la mairie ouvre le samedi matin ?",
            "Qu'est-ce que la commission de réforme ?",
            "Is there a fee for a parking permit in town?",
            "Où déclarer la naissance d'un enfant ?",
        ] {
            assert_eq!(
                after(&["Combien de jours de télétravail ?"], question),
                None,
                "{question}"
            );
        }
    }
}
