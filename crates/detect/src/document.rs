//! The machine-readable lines of travel documents (ICAO Doc 9303, parts 4 to 6) and of the French identity card from before
//! 2021, whose check digits all agree.

use std::ops::Range;

use crate::check::icao;
use crate::number::look_alike;
use crate::view::View;

/// The most bytes between two lines.
const BETWEEN: usize = 12;

/// One line: its symbols without spaces.
struct Line {
    symbols: [u8; 44],
    length: usize,
    end: usize,
}

impl Line {
    fn read(bytes: &[u8], start: usize) -> Self {
        let mut line = Self {
            symbols: [0; 44],
            length: 0,
            end: start,
        };
        for (at, byte) in bytes.iter().enumerate().skip(start) {
            match byte {
                // The end of an element of HTML.
                b'<' if bytes
                    .get(at + 1)
                    .is_some_and(|next| *next == b'/' || next.is_ascii_lowercase()) =>
                {
                    break;
                }
                b'<' | b'A'..=b'Z' | b'0'..=b'9' if line.length < 44 => {
                    line.symbols[line.length] = *byte;
                    line.length += 1;
                    line.end = at + 1;
                }
                // A scanner may put a space between two symbols.
                b' ' if line.length > 0 && at + 1 - line.end < 2 => {}
                _ => break,
            }
        }
        line
    }

    fn text(&self) -> &[u8] {
        &self.symbols[..self.length]
    }

    /// The check digit at `at`, which may have been read as a letter; a filler is 0.
    fn digit(&self, at: usize) -> Option<u32> {
        match self.symbols[at] {
            b'<' => Some(0),
            digit @ b'0'..=b'9' => Some(u32::from(digit - b'0')),
            letter => look_alike(letter).map(|digit| u32::from(digit - b'0')),
        }
    }

    /// Whether the check digit at `at` is that of `field`.
    fn checks(&self, field: Range<usize>, at: usize) -> bool {
        self.digit(at) == Some(icao(self.symbols[field].iter()))
    }
}

/// The place of the lines of which one has its fillers at the view's place.
pub(crate) fn find(view: &View<'_>) -> Option<Range<usize>> {
    let bytes = view.bytes;
    let begins = |at: usize| {
        at.checked_sub(1)
            .is_none_or(|before| !matches!(bytes[before], b'<' | b'A'..=b'Z' | b'0'..=b'9'))
    };
    // The fillers may be in any line: the lines begin before them.
    let starts = (view.floor..=view.at)
        .filter(|at| matches!(bytes.get(*at), Some(b'P' | b'I' | b'A' | b'C' | b'V')) && begins(*at));
    starts.rev().find_map(|start| lines(bytes, start))
}

fn lines(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let first = Line::read(bytes, start);
    let second = Line::read(bytes, next(bytes, first.end)?);
    let sound = match (first.length, second.length) {
        (44, 44) => passport(&second),
        (36, 36) if first.text().starts_with(b"IDFRA") => french(&first, &second),
        (36, 36) => card_of_two(&second),
        (30, 30) => {
            let third = Line::read(bytes, next(bytes, second.end)?);
            return (third.length == 30 && card_of_three(&first, &second)).then_some(start..third.end);
        }
        _ => false,
    };
    sound.then_some(start..second.end)
}

/// Where the next line begins.
fn next(bytes: &[u8], end: usize) -> Option<usize> {
    let gap = bytes[end..]
        .iter()
        .take(BETWEEN)
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    (gap > 0).then_some(end + gap)
}

/// Number, birth and expiry, and all of them together.
fn together(line: &Line, ends: [Range<usize>; 3], at: usize) -> bool {
    let symbols = ends.into_iter().flat_map(|field| line.symbols[field].iter());
    line.digit(at) == Some(icao(symbols))
}

fn passport(line: &Line) -> bool {
    line.checks(0..9, 9)
        && line.checks(13..19, 19)
        && line.checks(21..27, 27)
        && together(line, [0..10, 13..20, 21..43], 43)
}

fn card_of_two(line: &Line) -> bool {
    line.checks(0..9, 9)
        && line.checks(13..19, 19)
        && line.checks(21..27, 27)
        && together(line, [0..10, 13..20, 21..35], 35)
}

fn card_of_three(first: &Line, second: &Line) -> bool {
    let upper = first.symbols[5..30].iter();
    let lower = [0..7, 8..15, 18..29]
        .into_iter()
        .flat_map(|field| second.symbols[field].iter());
    first.checks(5..14, 14)
        && second.checks(0..6, 6)
        && second.checks(8..14, 14)
        && second.digit(29) == Some(icao(upper.chain(lower)))
}

fn french(first: &Line, second: &Line) -> bool {
    let all = first.symbols[..36].iter().chain(&second.symbols[..35]);
    second.checks(0..12, 12) && second.checks(27..33, 33) && second.digit(35) == Some(icao(all))
}
