//! What happened to one answer, in order: everything in one text, with a mark behind each event, so that a token costs its
//! bytes and eight more. An event's number is its place, counted from 1, and never changes.

use std::mem::size_of;

use serde_json::json;

/// The most that is kept of one answer, in bytes; one that is longer is stopped.
pub(super) const ANSWER_BYTES: usize = 4 << 20;

/// How much of a text is written as one event, in bytes, when more has come already.
const JOINED: usize = 16 << 10;

/// What an event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    State,
    Decided,
    Text,
    Reasoning,
    Citation,
    Seam,
    End,
    Error,
}

impl Kind {
    /// Its name on the wire.
    const fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Decided => "decided",
            Self::Text => "text",
            Self::Reasoning => "reasoning",
            Self::Citation => "citation",
            Self::Seam => "seam",
            Self::End => "end",
            Self::Error => "error",
        }
    }

    /// Whether it is a piece of a text, which may be joined with the next one.
    const fn is_piece(self) -> bool {
        matches!(self, Self::Text | Self::Reasoning)
    }
}

/// That an answer is longer than what is kept of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The events of one answer.
#[derive(Debug, Default)]
pub(super) struct Log {
    text: String,
    marks: Vec<Mark>,
    over: bool,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    kind: Kind,
    /// Where it ends in the text.
    end: u32,
}

impl Log {
    /// How many events there are.
    pub(super) fn len(&self) -> usize {
        self.marks.len()
    }

    /// How many bytes it holds.
    pub(super) fn bytes(&self) -> usize {
        self.text.capacity() + self.marks.capacity() * size_of::<Mark>()
    }

    /// Whether nothing more will come.
    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    /// Takes in an event: a piece of text as it is, others as JSON.
    pub(super) fn push(&mut self, kind: Kind, data: &str) -> Result<(), Full> {
        if self.text.len() + data.len() + (self.marks.len() + 1) * size_of::<Mark>() > ANSWER_BYTES {
            return Err(Full);
        }
        self.append(kind, data);
        Ok(())
    }

    /// Takes in the last event, for which there is always room.
    pub(super) fn finish(&mut self, kind: Kind, data: &str) {
        self.append(kind, data);
        self.over = true;
        self.text.shrink_to_fit();
        self.marks.shrink_to_fit();
    }

    fn append(&mut self, kind: Kind, data: &str) {
        // A piece without text says nothing; an answer's bytes are far below what fits.
        let end = u32::try_from(self.text.len() + data.len());
        if let (Ok(end), false) = (end, kind.is_piece() && data.is_empty()) {
            self.text.push_str(data);
            self.marks.push(Mark { kind, end });
        }
    }

    /// Writes the events behind the one with the number `after` as server-sent events, pieces of a text that stand together
    /// as one event with the number of the last; not many more than [`JOINED`] bytes at a time. Returns the number of
    /// the last event written.
    pub(super) fn write(&self, after: usize, out: &mut String) -> usize {
        let mut at = after.min(self.marks.len());
        while out.len() < JOINED && at < self.marks.len() {
            let (begin, kind) = (self.begin(at), self.marks[at].kind);
            let joins = |mark: &&Mark| mark.kind == kind && mark.end as usize - begin <= JOINED;
            let more = match kind.is_piece() {
                true => self.marks[at + 1..].iter().take_while(joins).count(),
                false => 0,
            };
            at += 1 + more;
            let data = &self.text[begin..self.begin(at)];
            let data = match kind.is_piece() {
                true => json!({ "text": data }).to_string(),
                false => data.to_owned(),
            };
            out.push_str(&format!("id: {at}\nevent: {}\ndata: {data}\n\n", kind.name()));
        }
        at
    }

    /// Where the event behind the first `count` ones begins.
    fn begin(&self, count: usize) -> usize {
        match count.checked_sub(1) {
            Some(last) => self.marks[last].end as usize,
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn written(log: &Log, after: usize) -> (String, usize) {
        let mut out = String::new();
        let last = log.write(after, &mut out);
        (out, last)
    }

    #[test]
    fn pieces_that_came_together_are_one_event_under_the_last_number() {
        let mut log = Log::default();
        for (kind, data) in [
            (Kind::State, "{}"),
            (Kind::Text, "À "),
            (Kind::Text, "neuf\n"),
            (Kind::Text, ""),
            (Kind::Reasoning, "hm"),
            (Kind::Text, "heures"),
        ] {
            log.push(kind, data).unwrap();
        }
        log.finish(Kind::End, "{\"a\":1}");
        insta::assert_snapshot!(written(&log, 0).0, @r#"
        id: 1
        event: state
        data: {}

        id: 3
        event: text
        data: {"text":"À neuf\n"}

        id: 4
        event: reasoning
        data: {"text":"hm"}

        id: 5
        event: text
        data: {"text":"heures"}

        id: 6
        event: end
        data: {"a":1}
        "#);
        assert_eq!(
            written(&log, 2).0.lines().nth(2),
            Some("data: {\"text\":\"neuf\\n\"}")
        );
        assert_eq!(written(&log, 6), (String::new(), 6));
        assert_eq!(written(&log, 99), (String::new(), 6));
    }

    #[test]
    fn an_answer_that_is_too_long_is_refused_and_still_ends() {
        let mut log = Log::default();
        let piece = "a".repeat(1 << 20);
        let taken = (0..10)
            .take_while(|_| log.push(Kind::Text, &piece).is_ok())
            .count();
        assert_eq!(taken, 3);
        log.finish(Kind::Error, "{}");
        assert!(log.bytes() <= ANSWER_BYTES, "{}", log.bytes());
        // Tokens of nothing but their marks are bounded as well.
        let mut marks = Log::default();
        while marks.push(Kind::State, "").is_ok() {}
        assert!(marks.bytes() <= 2 * ANSWER_BYTES, "{}", marks.bytes());
    }

    proptest! {
        /// Whoever comes back after any event that it saw has, in the end, read the same text.
        #[test]
        fn a_listener_that_comes_back_misses_nothing(
            pieces in prop::collection::vec("[aé\n]{0,600}", 0..20),
            left in prop::collection::vec(any::<bool>(), 60),
        ) {
            let mut log = Log::default();
            let mut read = String::new();
            let mut after = 0;
            for (piece, left) in pieces.iter().zip(&left) {
                log.push(Kind::Text, piece).unwrap();
                if *left {
                    let (out, last) = written(&log, after);
                    read.push_str(&texts(&out));
                    after = last;
                }
            }
            while after < log.len() {
                let (out, last) = written(&log, after);
                prop_assert!(last > after && out.len() < 4 * JOINED);
                read.push_str(&texts(&out));
                after = last;
            }
            prop_assert_eq!(read, pieces[..pieces.len().min(left.len())].concat());
        }
    }

    fn texts(out: &str) -> String {
        let data = out.lines().filter_map(|line| line.strip_prefix("data: "));
        let values = data.map(|data| serde_json::from_str::<Value>(data).unwrap());
        values
            .map(|value| value["text"].as_str().unwrap().to_owned())
            .collect()
    }
}
