//! Numbers as people write them: in groups, with spaces, no-break spaces, dots, hyphens and line breaks.

/// The most characters between two groups: a line break and some indentation.
const LONGEST_GAP: usize = 8;

/// A number read without what separates its groups.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number<const N: usize> {
    /// Its letters and digits, in capitals.
    pub(super) symbols: [u8; N],
    /// How many of them there are.
    pub(super) length: usize,
    /// One past its last byte.
    pub(super) end: usize,
    /// Which symbols stand after a gap on the same line: bit `i` for the symbol `i`.
    pub(super) gaps: u64,
    /// Which symbols stand after a gap with a line break in it.
    pub(super) breaks: u64,
}

impl<const N: usize> Number<N> {
    /// The symbols that were read.
    pub(super) fn symbols(&self) -> &[u8] {
        &self.symbols[..self.length]
    }
}

/// Reads `length` letters and digits (at most `N`) from `start` on, as long as `accepts` takes each, given its
/// index and itself in capitals. `None` when there are fewer, or when the number goes on after them.
pub(super) fn read<const N: usize>(
    bytes: &[u8],
    start: usize,
    length: usize,
    accepts: impl Fn(usize, u8) -> bool,
) -> Option<Number<N>> {
    let mut number = Number {
        symbols: [0; N],
        length,
        end: start,
        gaps: 0,
        breaks: 0,
    };
    for (index, symbol) in number.symbols.iter_mut().take(length).enumerate() {
        if index > 0 && !is_symbol(bytes, number.end) {
            let gap = number.end..skip_gap(bytes, number.end)?;
            number.end = gap.end;
            let broken = bytes[gap].contains(&b'\n');
            let gaps = if broken {
                &mut number.breaks
            } else {
                &mut number.gaps
            };
            *gaps |= 1 << index;
        }
        let byte = bytes.get(number.end)?.to_ascii_uppercase();
        if !byte.is_ascii_alphanumeric() || !accepts(index, byte) {
            return None;
        }
        *symbol = byte;
        number.end += 1;
    }
    (!is_symbol(bytes, number.end)).then_some(number)
}

/// Whether an ASCII letter or digit stands at `at`.
pub(super) fn is_symbol(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether an ASCII letter or digit stands right before `at`.
pub(super) fn is_symbol_before(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| is_symbol(bytes, before))
}

/// One past the last digit of the group that begins at `at`.
pub(super) fn end_of_digits(bytes: &[u8], at: usize) -> usize {
    let rest = bytes[at..].iter();
    at + rest.take_while(|byte| byte.is_ascii_digit()).count()
}

/// Where the gap that begins at `at` ends; `None` when it is no gap or too long.
fn skip_gap(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    for _ in 0..LONGEST_GAP {
        match separator(&bytes[end..]) {
            0 => break,
            length => end += length,
        }
    }
    (end > at).then_some(end)
}

/// The length in bytes of the separator that `bytes` begins with; 0 when it begins with none.
fn separator(bytes: &[u8]) -> usize {
    match bytes {
        [b' ' | b'.' | b'-' | b'\t' | b'\n' | b'\r', ..] => 1,
        // No-break space, soft hyphen.
        [0xC2, 0xA0 | 0xAD, ..] => 2,
        // U+2000 to U+200B: spaces of all widths; U+2010 and U+2011: hyphens; U+202F: narrow no-break space.
        [0xE2, 0x80, 0x80..=0x8B | 0x90 | 0x91 | 0xAF, ..] => 3,
        _ => 0,
    }
}
