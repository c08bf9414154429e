//! Where one model's text meets another's: what the second repeats of the first is taken away, as it comes.
//!
//! A model that goes on with another's answer often begins with some of it: the last words again, the word that was cut, the
//! whole answer where it is short. [`Joint`] removes the longest such beginning, up to [`LIMIT`] characters, and passes on
//! everything else byte for byte. It looks at characters and at white space as one blank, never at tokens, so it does not
//! matter how either model cuts its text. It holds text back only as long as a repetition is still possible.
//!
//! A short overlap is left alone, for it may be chance: a word too many can be seen and a lost one cannot. What is enough
//! depends on how the model was asked:
//!
//! - *told* in words: [`TOLD`] letters and digits, or [`WORD`] where they are the beginning of a word that is written again
//!   whole, or the whole of what was delivered, for that is what the prompt asks to begin with where it is short;
//! - made to *write on* behind the text: [`WRITTEN_ON`], or [`TOLD`] where it is the whole of what was delivered;
//! - by a server that gives the beginning back with the rest, as Mistral's does: the whole of it, however short or long.
//!
//! White space at the joint is given once. A model that writes on is not shown white space at the end ([`shown`]) and
//! writes it itself; what of it was delivered is taken away. A model that is told writes into a turn of its own, which never
//! begins with white space: where it repeats, what follows is exact; where it does not, and two words would run together, a
//! blank is put between them if the last word that was delivered is known to be whole. Quotation marks, a fence and dots
//! that such a model puts before a repetition go with it, and their counterparts at the end.

mod around;
mod overlap;

use std::ops::Range;

use self::around::{Ending, Opening, Opens, ends_in_fence, opening, reopened_fence};
use self::overlap::{Reader, Tail};

/// How much of the end of what was delivered may be found again, in characters, white space counted as one: 64 tokens of
/// eight characters, twice what a token of French or English prose has on average.
pub const LIMIT: usize = 512;
/// The fewest letters and digits that a model which was told to go on repeats.
pub const TOLD: usize = 8;
/// The fewest letters of a word that was cut and is written again whole.
pub const WORD: usize = 4;
/// The fewest letters and digits that a model which writes on repeats.
pub const WRITTEN_ON: usize = 16;
/// How much white space in a row is waited behind, in characters.
const BLANKS: usize = 64;

/// How the model was asked to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// In words.
    Told,
    /// Its answer was begun for it.
    WritesOn,
    /// Its answer was begun for it, and the server gives that beginning back.
    Echoes,
}

/// What a model that writes on is shown of what was delivered: all but white space at the end.
pub fn shown(delivered: &str) -> &str {
    delivered.trim_end()
}

/// The place where the rest of an answer meets what was delivered.
#[derive(Debug)]
pub struct Joint {
    manner: Manner,
    /// The white space that what was delivered ends with.
    space: String,
    /// Whether it ends within a fenced block of code.
    fenced: bool,
    last: LastWord,
    stage: Stage,
}

/// The last word that was delivered, where a model was told to go on behind it.
#[derive(Debug, Default)]
struct LastWord {
    text: String,
    /// Whether it was found elsewhere as a word.
    whole: bool,
    /// The signs that go on behind it in longer words that were found.
    longer: Vec<char>,
}

#[derive(Debug)]
enum Stage {
    /// What has come may be a repetition.
    Matching(Box<Matching>),
    /// White space is gathered behind a repetition or where there is none.
    Space(Space),
    /// Everything passes.
    Through(Ending),
}

#[derive(Debug, Default)]
struct Space {
    run: String,
    repeated: bool,
    closing: Option<&'static str>,
}

#[derive(Debug)]
struct Matching {
    /// Everything that has come.
    came: String,
    tail: Tail,
    /// Of what was delivered, where a server may give it back: the text, and how much of it has come.
    echo: Option<(String, usize)>,
    readers: Vec<(Reader, Option<Opening>)>,
    /// Whether what has come may still become an opening.
    opening: bool,
}

impl Joint {
    /// Behind what was delivered.
    pub fn new(delivered: &str, manner: Manner) -> Self {
        let shown = shown(delivered);
        let told = manner == Manner::Told;
        let mut joint = Self {
            manner,
            space: delivered[shown.len()..].to_owned(),
            fenced: ends_in_fence(delivered),
            last: LastWord::default(),
            stage: Stage::Through(Ending::default()),
        };
        if shown.is_empty() {
            return joint;
        }
        if told && joint.space.is_empty() {
            let word = last_word(shown);
            joint.last.text = shown[word.clone()].to_owned();
            joint.learn(&shown[..word.start]);
        }
        let tail = Tail::of(shown);
        let reader = Reader::new(&tail, manner);
        joint.stage = Stage::Matching(Box::new(Matching {
            came: String::new(),
            echo: (!told).then(|| (shown.to_owned(), 0)),
            readers: vec![(reader, None)],
            opening: told,
            tail,
        }));
        joint
    }

    /// Looks in a text that the model was given for the last word that was delivered, and for longer ones that begin with it.
    pub fn learn(&mut self, text: &str) {
        let last = &mut self.last;
        if last.text.is_empty() {
            return;
        }
        for word in text.split(|sign: char| !sign.is_alphanumeric()) {
            match word
                .strip_prefix(last.text.as_str())
                .map(|rest| rest.chars().next())
            {
                Some(None) => last.whole = true,
                Some(Some(next)) if !last.longer.contains(&next) => last.longer.push(next),
                Some(Some(_)) | None => {}
            }
        }
    }

    /// Takes in more of the rest; what may go out is put behind `out`.
    pub fn push(&mut self, more: &str, out: &mut String) {
        for (at, sign) in more.char_indices() {
            match &mut self.stage {
                Stage::Matching(matching) => {
                    matching.read(sign, self.manner);
                    if !matching.waits() {
                        self.settle(false, out);
                    }
                }
                Stage::Space(_) => self.space(sign, out),
                Stage::Through(ending) => {
                    ending.pass(&more[at..], out);
                    return;
                }
            }
        }
    }

    /// Nothing more comes: gives what was held back and is no repetition.
    pub fn finish(&mut self, out: &mut String) {
        if let Stage::Matching(_) = self.stage {
            self.settle(true, out);
        }
        if let Stage::Space(space) = &self.stage {
            let (repeated, run) = (space.repeated, space.run.clone());
            out.push_str(self.between(&run, repeated, None));
        }
        if let Stage::Through(ending) = &mut self.stage {
            ending.finish(out);
        }
        self.stage = Stage::Through(Ending::default());
    }

    /// Decides on what has come: the longest repetition that counts is taken away. Where the next sign could still decide,
    /// nothing is done.
    fn settle(&mut self, over: bool, out: &mut String) {
        let Stage::Matching(matching) = &self.stage else {
            return;
        };
        let Some(found) = matching.found(self.manner, over) else {
            return;
        };
        let mut space = Space::default();
        let mut rest = found.end;
        if let Some(opening) = found.opening.filter(|_| found.repeated) {
            space.closing = opening.closing.filter(|_| !(opening.fence && self.fenced));
        }
        space.repeated = found.repeated;
        if !found.repeated && self.fenced && self.manner == Manner::Told {
            rest = reopened_fence(&matching.came);
        }
        let rest = matching.came[rest..].to_owned();
        self.stage = Stage::Space(space);
        self.push(&rest, out);
    }

    /// Takes in a sign behind a repetition, or the first where there is none.
    fn space(&mut self, sign: char, out: &mut String) {
        let Stage::Space(space) = &mut self.stage else {
            return;
        };
        if sign.is_whitespace() {
            space.run.push(sign);
            return;
        }
        let closing = space.closing;
        if closing.is_some_and(|closing| closing.chars().eq([sign])) {
            // Only the words that were asked for again stand in quotation marks.
            *space = Space {
                repeated: true,
                ..Space::default()
            };
            return;
        }
        let (repeated, run) = (space.repeated, std::mem::take(&mut space.run));
        out.push_str(self.between(&run, repeated, Some(sign)));
        let mut ending = Ending::new(closing);
        ending.pass(sign.encode_utf8(&mut [0; 4]), out);
        self.stage = Stage::Through(ending);
    }

    /// What stands between what was delivered and what comes, where the model wrote `run` before `next`.
    fn between<'a>(&self, run: &'a str, repeated: bool, next: Option<char>) -> &'a str {
        let given = self.space.as_str();
        if repeated || self.manner != Manner::Told {
            return beyond(given, run);
        }
        if run.is_empty() {
            let meets = next.is_some_and(|next| next.is_alphanumeric() && !self.last.longer.contains(&next));
            return if self.last.whole && meets { " " } else { "" };
        }
        if given == " " && run == " " { "" } else { run }
    }
}

/// What of white space that a model wrote goes beyond the white space that was delivered.
fn beyond<'a>(given: &str, run: &'a str) -> &'a str {
    let lines = |text: &str| text.matches('\n').count();
    match run.strip_prefix(given) {
        Some(rest) => rest,
        None if lines(run) > lines(given) => run,
        None => "",
    }
}

/// Where the last word of a text stands; at its end where it ends otherwise, or with a number, which tells nothing.
fn last_word(text: &str) -> Range<usize> {
    let from = text.trim_end_matches(char::is_alphanumeric).len();
    match text[from..].chars().all(char::is_alphabetic) {
        true => from..text.len(),
        false => text.len()..text.len(),
    }
}

/// What a decision is based on.
struct Found {
    /// Where the repetition ends in what came; 0 where there is none.
    end: usize,
    repeated: bool,
    opening: Option<Opening>,
}

impl Matching {
    fn read(&mut self, sign: char, manner: Manner) {
        self.came.push(sign);
        let end = self.came.len();
        if let Some((text, at)) = &mut self.echo {
            match text[*at..].chars().next() {
                Some(expected) if expected == sign => *at += sign.len_utf8(),
                // It has come whole, or it is none.
                _ => {
                    if *at < text.len() {
                        self.echo = None;
                    }
                }
            }
        }
        for (reader, _) in &mut self.readers {
            reader.read(sign, end, &self.tail);
        }
        if self.opening {
            match opening(self.came.trim_start()) {
                Opens::Perhaps => self.opening = self.came.len() <= BLANKS,
                Opens::Not => self.opening = false,
                Opens::With(opening) => {
                    self.opening = false;
                    let reader = Reader::new(&self.tail, manner);
                    self.readers.push((reader, Some(opening)));
                }
            }
        }
    }

    /// Whether more of it may be a repetition.
    fn waits(&self) -> bool {
        let echo = self.echo.as_ref().is_some_and(|(text, at)| *at < text.len());
        echo || self.opening || self.readers.iter().any(|(reader, _)| reader.waits())
    }

    /// The longest repetition that counts; nothing where the next sign decides.
    fn found(&self, manner: Manner, over: bool) -> Option<Found> {
        let mut best = Found {
            end: 0,
            repeated: false,
            opening: None,
        };
        if let Some((text, at)) = &self.echo {
            let counts = manner == Manner::Echoes || overlap::letters(text.chars()) >= TOLD;
            if *at == text.len() && counts {
                best.end = *at;
                best.repeated = true;
            }
        }
        for (reader, opening) in &self.readers {
            let end = reader.repeated(&self.came, &self.tail, over)?;
            if end > best.end {
                best = Found {
                    end,
                    repeated: true,
                    opening: *opening,
                };
            }
        }
        Some(best)
    }
}

#[cfg(test)]
mod tests;
