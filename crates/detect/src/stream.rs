//! Detection in a text that comes piece by piece, in bounded memory.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::finding::Finding;
use crate::fold::{Folded, plain, step};
use crate::own::Compiled;
use crate::scan::{Found, Scan};

/// How far apart the places are from which places in the text are counted.
const MARKS: usize = 1024;
/// How much of a long piece is taken at once.
const PIECE: usize = 16 * 1024;

/// Finds the same in the pieces of a text as in the whole, wherever it is cut.
///
/// It keeps some hundred bytes of the text; up to 33 thousand while a private key may be coming.
#[derive(Debug)]
pub struct Stream {
    scan: Scan,
    /// The text from the first mark on.
    raw: Vec<u8>,
    /// How much has been dropped before it.
    base: usize,
    /// How much of the text has been folded.
    folded: usize,
    /// Places in the text and the folded text that belong together, rising.
    marks: VecDeque<(usize, usize)>,
    finished: bool,
}

impl Stream {
    pub(crate) fn new(own: &Arc<[Compiled]>) -> Self {
        Self {
            scan: Scan::new(own),
            raw: Vec::new(),
            base: 0,
            folded: 0,
            marks: VecDeque::from([(0, 0)]),
            finished: false,
        }
    }

    /// Takes in more of the text. Gives the findings that are certain now, with their places in all of the text, in
    /// order.
    pub fn push(&mut self, piece: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut rest = piece.as_bytes();
        while !rest.is_empty() {
            // Characters are not cut, for the next piece brings the rest of this one.
            let mut length = rest.len().min(PIECE);
            while length < rest.len() && rest[length] & 0xC0 == 0x80 {
                length += 1;
            }
            let (now, later) = rest.split_at(length);
            self.raw.extend_from_slice(now);
            self.advance(false, &mut findings);
            rest = later;
        }
        findings
    }

    /// Says that the text has ended, and gives the rest of the findings.
    pub fn finish(&mut self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if !self.finished {
            self.advance(true, &mut findings);
            self.finished = true;
        }
        findings
    }

    /// How much of the text has nothing more to be found in: no finding to come begins before this place, in bytes.
    pub fn cleared(&self) -> usize {
        if self.finished {
            return self.base + self.raw.len();
        }
        self.locate(self.scan.cleared(false), (0, 0)).0
    }

    fn advance(&mut self, last: bool, findings: &mut Vec<Finding>) {
        self.fold(last);
        let mut found = Vec::new();
        self.scan.run(last, &mut found);
        let mut cursor = (0, 0);
        for Found { detector, place } in found {
            cursor = self.locate(place.start, cursor);
            let start = self.skip_unseen(cursor.0);
            let (end, _) = self.locate_end(place.end, cursor);
            findings.push(Finding {
                detector,
                bytes: start..end,
            });
        }
        self.trim(last);
    }

    fn fold(&mut self, last: bool) {
        loop {
            let rest = &self.raw[self.folded - self.base..];
            let same = plain(&rest[..rest.len().min(MARKS)]);
            self.scan.text.extend_from_slice(&rest[..same]);
            self.folded += same;
            let far = self
                .marks
                .back()
                .is_none_or(|(raw, _)| self.folded - raw >= MARKS);
            if far {
                self.marks.push_back((self.folded, self.scan.end()));
            }
            let rest = &rest[same..];
            if rest.is_empty() {
                return;
            }
            let Some((taken, folded)) = step(rest, last) else {
                return;
            };
            match folded {
                Folded::Nothing => {}
                Folded::One(byte) => self.scan.text.push(byte),
                Folded::Two(one, two) => self.scan.text.extend([one, two]),
                Folded::Same => self.scan.text.extend_from_slice(&rest[..taken]),
                Folded::Symbol(symbol) => {
                    self.scan
                        .text
                        .extend_from_slice(symbol.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
            self.folded += taken;
        }
    }

    /// Where the character stands in the text whose folding begins at `place` or holds it, and where its folding
    /// begins; `cursor` is such a pair before it.
    fn locate(&self, place: usize, cursor: (usize, usize)) -> (usize, usize) {
        self.walk(place, cursor, |folded, length| folded + length > place)
    }

    /// The same for one past the character with the last byte before `place`.
    fn locate_end(&self, place: usize, cursor: (usize, usize)) -> (usize, usize) {
        self.walk(place, cursor, |folded, _| folded >= place)
    }

    fn walk(
        &self,
        place: usize,
        cursor: (usize, usize),
        stop: impl Fn(usize, usize) -> bool,
    ) -> (usize, usize) {
        let mark = self
            .marks
            .partition_point(|(_, folded)| *folded <= place)
            .checked_sub(1);
        let mark = mark
            .and_then(|at| self.marks.get(at).copied())
            .unwrap_or((self.base, 0));
        let (mut raw, mut folded) = mark.max(cursor);
        while raw < self.folded && folded < place {
            let rest = &self.raw[raw - self.base..self.folded - self.base];
            let same = plain(rest).min(place - folded);
            if same > 0 {
                (raw, folded) = (raw + same, folded + same);
                continue;
            }
            let Some((taken, piece)) = step(rest, true) else {
                break;
            };
            let length = match piece {
                Folded::Nothing => 0,
                Folded::One(_) => 1,
                Folded::Two(..) => 2,
                Folded::Same => taken,
                Folded::Symbol(symbol) => symbol.len_utf8(),
            };
            if length > 0 && stop(folded, length) {
                break;
            }
            (raw, folded) = (raw + taken, folded + length);
        }
        (raw, folded)
    }

    /// Characters that are not seen do not belong to what begins behind them.
    fn skip_unseen(&self, mut raw: usize) -> usize {
        while let Some((taken, Folded::Nothing)) = self.raw[raw - self.base..self.folded - self.base]
            .first()
            .and_then(|_| step(&self.raw[raw - self.base..self.folded - self.base], true))
        {
            raw += taken;
        }
        raw
    }

    /// Drops the text before the last mark that something may still be counted from.
    fn trim(&mut self, last: bool) {
        let clear = self.scan.cleared(last);
        while self.marks.get(1).is_some_and(|(_, folded)| *folded <= clear) {
            self.marks.pop_front();
        }
        let keep = self.marks.front().map_or(self.base, |(raw, _)| *raw);
        if keep - self.base > self.raw.len() / 2 {
            self.raw.drain(..keep - self.base);
            self.base = keep;
        }
    }
}
