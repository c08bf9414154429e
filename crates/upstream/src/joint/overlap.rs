//! How far the beginning of one text is the end of another, as the one comes.

use super::{BLANKS, LIMIT, Manner, TOLD, WORD, WRITTEN_ON};

/// The end of a text: its last [`LIMIT`] characters, every run of white space as one blank, none at its end.
#[derive(Debug)]
pub(super) struct Tail {
    signs: Vec<char>,
    /// How many letters and digits stand from each place to the end.
    letters: Vec<usize>,
    /// Whether it is the whole text.
    whole: bool,
}

impl Tail {
    /// The end of a text that does not end with white space.
    pub(super) fn of(text: &str) -> Self {
        let mut signs = Vec::with_capacity(LIMIT.min(text.len()));
        let mut whole = true;
        for sign in text.chars().rev() {
            let sign = plain(sign);
            if sign == ' ' && signs.last() == Some(&' ') {
                continue;
            }
            if signs.len() == LIMIT {
                whole = false;
                break;
            }
            signs.push(sign);
        }
        if signs.last() == Some(&' ') {
            signs.pop();
        }
        let mut count = 0;
        let counted = signs.iter().map(|sign| {
            count += usize::from(sign.is_alphanumeric());
            count
        });
        let mut letters: Vec<usize> = counted.collect();
        letters.reverse();
        signs.reverse();
        Self {
            signs,
            letters,
            whole,
        }
    }

    /// Whether a word begins at a place.
    fn begins_word(&self, at: usize) -> bool {
        let letter = |at: usize| self.signs.get(at).is_some_and(|sign| sign.is_alphanumeric());
        letter(at) && (at == 0 || !letter(at - 1))
    }
}

/// How many letters and digits there are.
pub(super) fn letters(signs: impl Iterator<Item = char>) -> usize {
    signs.filter(|sign| sign.is_alphanumeric()).count()
}

/// A character as it is compared: white space is white space.
fn plain(sign: char) -> char {
    if sign.is_whitespace() { ' ' } else { sign }
}

/// Whether two characters differ in case alone: what begins a turn is often written with a capital.
fn alike(one: char, other: char) -> bool {
    one.to_lowercase().eq(other.to_lowercase())
}

/// Reads a text that may begin with the end of another.
#[derive(Debug)]
pub(super) struct Reader {
    manner: Manner,
    /// The places in the tail from where everything read so far stands, and more.
    open: Vec<usize>,
    /// How many characters were read.
    read: usize,
    /// How much white space has come last, where there is a blank already or nothing else has come.
    blanks: usize,
    /// Where in the tail the repetitions begin that have come whole, and where they end in what came; the longest last.
    whole: Vec<(usize, usize)>,
}

/// Whether a repetition is one.
enum Counts {
    Yes,
    /// When a letter follows.
    IfGoneOn,
    No,
}

impl Reader {
    pub(super) fn new(tail: &Tail, manner: Manner) -> Self {
        let mut reader = Self {
            manner,
            open: Vec::new(),
            read: 0,
            blanks: 1,
            whole: Vec::new(),
        };
        let places = 0..tail.signs.len();
        reader.open = places
            .filter(|at| tail.signs[*at] != ' ' && !matches!(reader.counts(*at, tail), Counts::No))
            .collect();
        reader
    }

    /// Takes in the next character, behind which `end` bytes have come.
    pub(super) fn read(&mut self, sign: char, end: usize, tail: &Tail) {
        let sign = plain(sign);
        if sign == ' ' && self.blanks > 0 {
            self.blanks += 1;
            if self.blanks > BLANKS {
                self.open.clear();
            }
            return;
        }
        self.blanks = usize::from(sign == ' ');
        let (at, last) = (self.read, tail.signs.len());
        self.read += 1;
        let mut came = None;
        self.open.retain(|from| {
            let expected = tail.signs.get(from + at);
            let same =
                expected.is_some_and(|expected| *expected == sign || (at == 0 && alike(*expected, sign)));
            if same && from + at + 1 == last {
                came = Some(*from);
            }
            same && from + at + 1 < last
        });
        self.whole.extend(came.map(|from| (from, end)));
    }

    /// Whether a longer repetition is still possible.
    pub(super) fn waits(&self) -> bool {
        !self.open.is_empty()
    }

    /// Where the longest repetition that counts ends in what came, 0 where there is none; nothing where the next character
    /// decides.
    pub(super) fn repeated(&self, came: &str, tail: &Tail, over: bool) -> Option<usize> {
        for (from, end) in self.whole.iter().rev() {
            match (self.counts(*from, tail), came[*end..].chars().next()) {
                (Counts::Yes, _) => return Some(*end),
                (Counts::IfGoneOn, None) if !over => return None,
                (Counts::IfGoneOn, Some(next)) if next.is_alphanumeric() => return Some(*end),
                (Counts::IfGoneOn | Counts::No, _) => {}
            }
        }
        Some(0)
    }

    fn counts(&self, from: usize, tail: &Tail) -> Counts {
        let letters = tail.letters.get(from).copied().unwrap_or(0);
        let all = from == 0 && tail.whole;
        let told = self.manner == Manner::Told;
        let enough = if told { TOLD } else { WRITTEN_ON };
        if letters >= enough || (all && (told || letters >= TOLD)) {
            Counts::Yes
        } else if told && letters >= WORD && tail.begins_word(from) {
            Counts::IfGoneOn
        } else {
            Counts::No
        }
    }
}
