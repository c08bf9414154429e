//! What a target says to a request, and what goes wrong there: the same for whoever computes it, the target that says it and
//! the verdict on what came of it.

use crate::random::Random;

/// What goes wrong at a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    Nothing,
    /// Its process dies.
    Crash,
    /// 429.
    TooMany,
    /// 5xx.
    ServerError,
    /// Nothing comes any more.
    Stall,
    /// The connection ends before the answer does.
    Cut,
    /// Something comes that is no answer.
    Garbage,
    /// The whole answer comes, in small pieces, slowly.
    Trickle,
}

const WEIGHTS: [(Fault, u64); 8] = [
    (Fault::Nothing, 22),
    (Fault::Crash, 10),
    (Fault::TooMany, 11),
    (Fault::ServerError, 11),
    (Fault::Stall, 11),
    (Fault::Cut, 12),
    (Fault::Garbage, 12),
    (Fault::Trickle, 11),
];

const WORDS: [&str; 24] = [
    "la", "mairie", "ouvre", "demain", "matin", "le", "guichet", "reste", "libre", "pour", "chacun", "sans",
    "attente", "nous", "lirons", "votre", "lettre", "avec", "soin", "puis", "une", "voisine", "plante",
    "cerisier",
];

/// An account number that is valid and that only answers have.
pub(crate) const OF_ANSWERS: &str = "DE89 3704 0044 0532 0130 00";

/// What happens to one request at one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) fault: Fault,
    /// Whether it goes wrong once part of the answer is out, rather than at the beginning.
    pub(crate) late: bool,
    /// Which of the ways in which it goes wrong.
    pub(crate) way: usize,
    /// Everything that it would say.
    pub(crate) text: String,
    /// Whether it stops for want of tokens, and says so.
    pub(crate) short: bool,
    /// Whether the connection is kept for another request.
    pub(crate) keeps: bool,
}

impl Script {
    /// What `target` does when it sees the request `nonce` for the time `nth`, from 0.
    pub(crate) fn of(seed: u64, target: &str, nonce: &str, nth: usize) -> Self {
        let random = &mut Random::of(seed, &[target, nonce, &nth.to_string()]);
        let weights = WEIGHTS.map(|(_, weight)| weight);
        let fault = WEIGHTS[random.weighted(&weights)].0;
        let late = random.percent(60);
        let way = random.below(60);
        let code = random.letters(8);
        let mut words: Vec<&str> = (0..8 + random.below(30)).map(|_| *random.pick(&WORDS)).collect();
        let personal = random.percent(12);
        if personal {
            words.insert(3, OF_ANSWERS);
        }
        let short = random.percent(6);
        let keeps = random.percent(30);
        let begin = format!("{target} dit que {}", words.join(" "));
        let text = if short {
            begin
        } else {
            format!("{begin} fin-{code}")
        };
        Self {
            fault,
            late,
            way,
            text,
            short,
            keeps,
        }
    }

    /// The text in pieces of one or two words, each with the blank before it.
    pub(crate) fn pieces(&self) -> Vec<&str> {
        let mut pieces = Vec::new();
        let (mut from, mut blanks) = (0, 0);
        for (at, _) in self.text.match_indices(' ') {
            blanks += 1;
            if blanks % 2 == 0 {
                pieces.push(&self.text[from..at]);
                from = at;
            }
        }
        pieces.push(&self.text[from..]);
        pieces
    }

    /// Whether the whole answer leaves the target.
    pub(crate) const fn is_whole(&self) -> bool {
        matches!(self.fault, Fault::Nothing | Fault::Trickle)
    }
}

/// The requests that stand in a text: `[[q-...]]`, each once.
pub(crate) fn nonces(text: &str) -> Vec<String> {
    let found = text
        .split("[[q-")
        .skip(1)
        .filter_map(|rest| rest.split_once("]]"));
    let mut names: Vec<String> = found.map(|(name, _)| name.to_owned()).collect();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_text() {
        for nth in 0..50 {
            let script = Script::of(3, "t1", "abc", nth);
            assert_eq!(script.pieces().concat(), script.text);
            assert_eq!(script, Script::of(3, "t1", "abc", nth));
            assert_eq!(script.short, !script.text.contains(" fin-"));
        }
    }

    #[test]
    fn every_fault_is_drawn() {
        let drawn = |fault| {
            (0..400)
                .filter(move |nth| Script::of(3, "t1", "abc", *nth).fault == fault)
                .count()
        };
        for (fault, weight) in WEIGHTS {
            assert!(drawn(fault) as u64 > weight * 2, "{fault:?}: {}", drawn(fault));
        }
    }

    #[test]
    fn requests_are_found_in_a_text() {
        assert_eq!(nonces("x [[q-b]] y [[q-a]][[q-b]] [[q-c"), ["a", "b"]);
    }
}
