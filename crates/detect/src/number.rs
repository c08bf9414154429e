//! Numbers as people write them: in groups, with spaces, dots, hyphens and line breaks, and as scanners read them.

/// The most characters between two groups: a line break and some indentation.
const LONGEST_GAP: usize = 8;
/// How many letters of a number may be digits that a scanner has misread.
const MISREAD: usize = 3;

/// A number read without what separates its groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number<const N: usize> {
    symbols: [u8; N],
    length: usize,
    /// One past its last byte.
    pub(crate) end: usize,
    /// Which symbols stand after a gap on the same line: bit `i` for the symbol `i`.
    pub(crate) gaps: u64,
    /// Which symbols stand after a gap with a line break in it.
    pub(crate) breaks: u64,
}

impl<const N: usize> Number<N> {
    /// The symbols that were read: letters in capitals and digits.
    pub(crate) fn symbols(&self) -> &[u8] {
        &self.symbols[..self.length]
    }

    /// Whether every gap is in `at` or one of the exact patterns of `others`; a line may end once anywhere.
    pub(crate) const fn grouped(&self, at: u64, others: &[u64]) -> bool {
        let all = self.gaps | self.breaks;
        let misplaced = all & !at;
        if misplaced & self.gaps == 0 && misplaced.count_ones() <= 1 {
            return true;
        }
        let mut other = 0;
        while other < others.len() {
            if all == others[other] {
                return true;
            }
            other += 1;
        }
        false
    }
}

/// Reads `length` letters and digits (at most `N`) from `start` on, as long as `accepts` takes each, given its
/// index and itself in capitals; with `misread`, letters that look like a digit may stand for it. `None` when there
/// are fewer, or when the number goes on after them.
pub(crate) fn read<const N: usize>(
    bytes: &[u8],
    start: usize,
    length: usize,
    misread: bool,
    accepts: impl Fn(usize, u8) -> bool,
) -> Option<Number<N>> {
    let mut number = Number {
        symbols: [0; N],
        length,
        end: start,
        gaps: 0,
        breaks: 0,
    };
    // A group that is all letters is a word, not misread digits.
    let (mut mended, mut read) = (0, 0);
    for (index, symbol) in number.symbols.iter_mut().take(length).enumerate() {
        if index > 0 && !is_symbol(bytes, number.end) {
            let gap = number.end..skip_gap(bytes, number.end)?;
            if read == 0 {
                return None;
            }
            read = 0;
            number.end = gap.end;
            let broken = bytes[gap].contains(&b'\n');
            let gaps = if broken {
                &mut number.breaks
            } else {
                &mut number.gaps
            };
            *gaps |= 1 << index;
        }
        let byte = *bytes.get(number.end)?;
        let capital = byte.to_ascii_uppercase();
        *symbol = if byte.is_ascii_alphanumeric() && accepts(index, capital) {
            read += 1;
            capital
        } else {
            mended += 1;
            look_alike(byte).filter(|digit| misread && mended <= MISREAD && accepts(index, *digit))?
        };
        number.end += 1;
    }
    (read > 0 && !is_symbol(bytes, number.end)).then_some(number)
}

/// The digit that scanners take this letter for.
pub(crate) const fn look_alike(byte: u8) -> Option<u8> {
    match byte {
        b'O' | b'o' | b'Q' | b'D' => Some(b'0'),
        b'l' | b'I' | b'i' | b'|' => Some(b'1'),
        b'Z' | b'z' => Some(b'2'),
        b'S' | b's' => Some(b'5'),
        b'G' => Some(b'6'),
        b'B' => Some(b'8'),
        _ => None,
    }
}

/// Whether an ASCII letter or digit stands at `at`.
pub(crate) fn is_symbol(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether an ASCII letter or digit stands right before `at`.
pub(crate) fn is_symbol_before(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| is_symbol(bytes, before))
}

/// Whether the digits at `start` stand after a decimal point or comma.
pub(crate) fn is_fraction(bytes: &[u8], start: usize) -> bool {
    matches!(bytes[..start], [.., b'0'..=b'9', b'.' | b','])
}

/// One past the last digit of the group that begins at `at`.
pub(crate) fn end_of_digits(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count()
}

/// Where the gap that begins at `at` ends; `None` when it is no gap or too long.
fn skip_gap(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes[at..].iter().take(LONGEST_GAP);
    let length = rest
        .take_while(|byte| matches!(byte, b' ' | b'.' | b'-' | b'\t' | b'\n' | b'\r'))
        .count();
    (length > 0).then_some(at + length)
}

/// The most digits of a [`Run`].
const RUN: usize = 20;

/// Digits in groups: as many as there are, for formats of several lengths.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    digits: [u8; RUN],
    count: usize,
    /// One past each digit.
    ends: [usize; RUN],
    /// What stands before each digit: 0 for nothing, or the separator.
    gaps: [u8; RUN],
    /// Whether a letter or digit follows the last.
    goes_on: bool,
    /// Whether the next group begins with a letter that may be a misread digit.
    misread: bool,
}

impl Run {
    /// Reads the digits from `start` on, which is one.
    pub(crate) fn read(bytes: &[u8], start: usize) -> Self {
        let mut run = Self {
            digits: [0; RUN],
            count: 0,
            ends: [0; RUN],
            gaps: [0; RUN],
            goes_on: false,
            misread: false,
        };
        let (mut at, mut gap) = (start, 0);
        while run.count < RUN && bytes.get(at).is_some_and(u8::is_ascii_digit) {
            run.digits[run.count] = bytes[at];
            run.gaps[run.count] = gap;
            at += 1;
            run.ends[run.count] = at;
            run.count += 1;
            gap = match bytes.get(at) {
                Some(separator @ (b' ' | b'.' | b'-' | b'/' | b'\t')) => *separator,
                Some(b'\n' | b'\r') => b'\n',
                _ => 0,
            };
            if gap == b'\n' {
                at = skip_gap(bytes, at).unwrap_or(at);
            } else if gap != 0 {
                // A line may end after a separator, or a separator stand alone.
                let end = skip_gap(bytes, at).unwrap_or(at + 1);
                let broken = bytes[at..end].contains(&b'\n');
                if !broken && end > at + 1 {
                    break;
                }
                gap = if broken { b'\n' } else { gap };
                at = end;
            }
        }
        let end = run.count.checked_sub(1).map_or(start, |last| run.ends[last]);
        run.goes_on = is_symbol(bytes, end);
        run.misread = matches!(bytes.get(end..), Some([b' ' | b'.' | b'-', letter, next, ..])
            if look_alike(*letter).is_some() && (next.is_ascii_digit() || look_alike(*next).is_some()));
        run
    }

    /// How many digits there are.
    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    /// Whether a letter follows the last digit, or may be one of the next group's digits.
    pub(crate) const fn goes_on(&self) -> bool {
        self.goes_on || self.misread
    }

    /// The first `length` digits and where they end, when a group ends there.
    pub(crate) fn first(&self, length: usize) -> Option<(&[u8], usize)> {
        let whole = match length.cmp(&self.count) {
            std::cmp::Ordering::Less => self.gaps[length] != 0,
            std::cmp::Ordering::Equal => !self.goes_on,
            std::cmp::Ordering::Greater => false,
        };
        (whole && length > 0).then(|| (&self.digits[..length], self.ends[length - 1]))
    }

    /// Whether the gaps among the first `length` digits stand before just these, each written with one of
    /// `separators`; there may be none at all with `compact`. One of them may be a line break.
    pub(crate) fn spelled(&self, length: usize, before: &[usize], separators: &[u8], compact: bool) -> bool {
        let gaps = &self.gaps[..length];
        if gaps.iter().all(|gap| *gap == 0) {
            return compact;
        }
        let broken = gaps.iter().filter(|gap| **gap == b'\n').count();
        let known = gaps
            .iter()
            .all(|gap| matches!(gap, 0 | b'\n') || separators.contains(gap));
        let placed = gaps
            .iter()
            .enumerate()
            .all(|(at, gap)| (*gap != 0) == before.contains(&at));
        let once = broken == 1 && compact && gaps.iter().filter(|gap| **gap != 0).count() == 1;
        // A number may stand in a column, a group in each line.
        let lines = broken <= 1 || gaps.iter().all(|gap| matches!(gap, 0 | b'\n'));
        lines && known && (placed || once)
    }
}
