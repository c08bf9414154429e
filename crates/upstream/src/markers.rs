//! Citation markers in a model's text: `[1]`, `[1, 2]`, `[1-3]`, `[1][3]`, `[^1]`, `[Passage 1]`, `【1†source】`.
//!
//! A [`Scanner`] reads the text as it comes, split anywhere, and hands on what is text and what is a marker. A marker is
//! none in code, between or in front of parentheses of a Markdown link (`[1](...)`), behind a backslash, or with a
//! number of more than three digits, which is rather a year.

/// The longest marker, in bytes.
const LONGEST: usize = 64;
/// The most passages that one marker may name.
const NUMBERS: usize = 32;

/// What the text is handed to.
pub(crate) trait Sink {
    /// More text.
    fn text(&mut self, text: &str);

    /// A marker of these passages, behind white space that is not yet written. Whether something was written in its
    /// place; if so, the white space before it as well.
    fn marker(&mut self, numbers: &[u16], space: &str) -> bool;
}

/// Finds the markers.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// Text on its way to the sink.
    text: String,
    /// White space that is held back: when a marker behind it is removed, it may go as well.
    space: String,
    /// Whether a marker was removed right behind `space`.
    removed: bool,
    /// What may become a marker, from its opening bracket.
    bracket: String,
    /// The numbers of `bracket`, when it is closed and only a `(` behind it would make it a link.
    closed: Option<Vec<u16>>,
    /// The last sign that was read.
    last: Option<char>,
    code: Code,
}

/// Where code begins and ends, in Markdown.
#[derive(Debug)]
struct Code {
    /// The kind of code that we are in.
    within: Option<Within>,
    /// The run of backticks or tildes that is being read.
    run: Option<(char, usize)>,
    /// Whether the run began where a line does.
    run_leads: bool,
    /// Whether nothing but white space and `>` has come on this line.
    line_start: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    /// Between runs of so many backticks.
    Span(usize),
    /// Between lines that begin with so many of these signs.
    Fence(char, usize),
}

impl Default for Code {
    fn default() -> Self {
        Self {
            within: None,
            run: None,
            run_leads: false,
            line_start: true,
        }
    }
}

impl Scanner {
    /// One that has read a text, all of which has been handed on already.
    pub(crate) fn behind(text: &str, sink: &mut impl Sink) -> Self {
        let mut scanner = Self::default();
        scanner.push(text, sink);
        Self {
            last: scanner.last,
            code: scanner.code,
            ..Self::default()
        }
    }

    /// Takes in more text.
    pub(crate) fn push(&mut self, text: &str, sink: &mut impl Sink) {
        for sign in text.chars() {
            self.step(sign, sink);
            self.last = Some(sign);
        }
        self.flush(sink);
    }

    /// The end of the text.
    pub(crate) fn finish(&mut self, sink: &mut impl Sink) {
        if let Some(numbers) = self.closed.take() {
            self.accept(&numbers, sink);
        }
        self.give_up();
        if !self.removed {
            let space = std::mem::take(&mut self.space);
            self.text.push_str(&space);
        }
        self.flush(sink);
        *self = Self::default();
    }

    fn step(&mut self, sign: char, sink: &mut impl Sink) {
        self.code.end_run(sign);
        if let Some(numbers) = self.closed.take() {
            if sign == '(' {
                self.give_up();
            } else {
                self.accept(&numbers, sink);
            }
        }
        if !self.bracket.is_empty() && self.extend(sign, sink) {
            return;
        }
        if self.code.within.is_none() && matches!(sign, '[' | '【') && self.last != Some('\\') {
            self.bracket.push(sign);
            return;
        }
        if sign.is_whitespace() {
            self.hold(sign);
        } else {
            self.write(sign);
        }
        self.code.read(sign);
    }

    /// Adds a sign to what may become a marker; `false` when the sign does not belong to it.
    fn extend(&mut self, sign: char, sink: &mut impl Sink) -> bool {
        let wide = self.bracket.starts_with('【');
        let closing = if wide { '】' } else { ']' };
        if sign == closing {
            self.bracket.push(sign);
            match numbers(&self.bracket) {
                Some(numbers) if wide => self.accept(&numbers, sink),
                Some(numbers) => self.closed = Some(numbers),
                None => self.give_up(),
            }
            return true;
        }
        let belongs = (sign.is_alphanumeric()
            || matches!(
                sign,
                ' ' | '\u{a0}' | ',' | ';' | '-' | '–' | '^' | '&' | '.' | '°' | '†' | ':'
            ))
            && self.bracket.len() + sign.len_utf8() < LONGEST;
        if belongs {
            self.bracket.push(sign);
        } else {
            self.give_up();
        }
        belongs
    }

    fn accept(&mut self, numbers: &[u16], sink: &mut impl Sink) {
        self.bracket.clear();
        self.flush(sink);
        if sink.marker(numbers, &self.space) {
            self.space.clear();
            self.removed = false;
            self.code.line_start = false;
        } else {
            self.removed = true;
        }
    }

    /// What looked like a marker is text.
    fn give_up(&mut self) {
        if !self.bracket.is_empty() {
            self.release(false);
            self.text.push_str(&self.bracket);
            self.bracket.clear();
            self.code.line_start = false;
        }
    }

    fn hold(&mut self, sign: char) {
        if self.removed {
            let kept = self.space.contains('\n') || (self.space.is_empty() && self.code.line_start);
            if sign != '\n' && kept {
                return;
            }
            self.space.clear();
            self.removed = false;
        }
        self.space.push(sign);
    }

    fn write(&mut self, sign: char) {
        self.release(matches!(
            sign,
            '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']' | '…' | '»' | '”'
        ));
        self.text.push(sign);
    }

    /// Writes the white space that was held back, unless a marker behind it was removed before `punctuation`.
    fn release(&mut self, punctuation: bool) {
        let dropped = self.removed && punctuation && !self.space.contains('\n');
        if !dropped {
            self.text.push_str(&self.space);
        }
        self.space.clear();
        self.removed = false;
    }

    fn flush(&mut self, sink: &mut impl Sink) {
        if !self.text.is_empty() {
            sink.text(&self.text);
            self.text.clear();
        }
    }
}

impl Code {
    /// Ends a run of backticks or tildes that `sign` does not continue.
    fn end_run(&mut self, sign: char) {
        let Some((of, length)) = self.run.filter(|(of, _)| *of != sign) else {
            return;
        };
        self.run = None;
        let fence = self.run_leads && length >= 3;
        self.within = match self.within {
            None if fence => Some(Within::Fence(of, length)),
            None if of == '`' => Some(Within::Span(length)),
            Some(Within::Span(opened)) if of == '`' && opened == length => None,
            Some(Within::Fence(opener, opened)) if fence && opener == of && length >= opened => None,
            within => within,
        };
    }

    /// Reads a sign that is no part of a marker.
    fn read(&mut self, sign: char) {
        if matches!(sign, '`' | '~') {
            match &mut self.run {
                Some((_, length)) => *length += 1,
                None => {
                    self.run = Some((sign, 1));
                    self.run_leads = self.line_start;
                }
            }
        }
        if sign == '\n' {
            self.line_start = true;
            // A span of code is rarely left open on purpose, and never across paragraphs.
            if matches!(self.within, Some(Within::Span(_))) {
                self.within = None;
            }
        } else if !sign.is_whitespace() && sign != '>' {
            self.line_start = false;
        }
    }
}

/// The numbers in a bracketed text, when it is a marker.
fn numbers(bracketed: &str) -> Option<Vec<u16>> {
    let inner = bracketed
        .trim_start_matches(['[', '【'])
        .trim_end_matches([']', '】']);
    let inner = if bracketed.starts_with('【') {
        inner.split('†').next()?
    } else {
        inner
    };
    let mut numbers = Vec::new();
    for item in inner.split([',', ';', '&']) {
        for item in item.split(" et ").flat_map(|item| item.split(" and ")) {
            let item = without_word(item.trim().trim_start_matches('^'));
            let (first, last) = item.split_once(['-', '–']).unwrap_or((item, item));
            let (first, last) = (number(first)?, number(last)?);
            if last < first || numbers.len() + usize::from(last - first) >= NUMBERS {
                return None;
            }
            numbers.extend(first..=last);
        }
    }
    Some(numbers)
}

fn number(text: &str) -> Option<u16> {
    let text = text.trim();
    let digits = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// The number behind a word that models put before it.
fn without_word(item: &str) -> &str {
    const WORDS: [&str; 10] = [
        "passages",
        "passage",
        "sources",
        "source",
        "documents",
        "document",
        "extrait",
        "doc",
        "n°",
        "ref",
    ];
    let word = WORDS.iter().find(|word| {
        let start = item.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    });
    word.map_or(item, |word| {
        item[word.len()..].trim_start_matches(['.', ':', ' ', '\u{a0}'])
    })
}

/// A text without its markers.
pub(crate) fn stripped(text: &str) -> String {
    struct Stripped(String);
    impl Sink for Stripped {
        fn text(&mut self, text: &str) {
            self.0.push_str(text);
        }

        fn marker(&mut self, _numbers: &[u16], _space: &str) -> bool {
            false
        }
    }
    let mut stripped = Stripped(String::with_capacity(text.len()));
    let mut scanner = Scanner::default();
    scanner.push(text, &mut stripped);
    scanner.finish(&mut stripped);
    stripped.0
}

/// Turns what would be taken for a marker into the same in round brackets.
pub(crate) fn in_round_brackets(text: &mut String) {
    let mut from = 0;
    while let Some(start) = text[from..].find(['[', '【']).map(|at| from + at) {
        let opening = if text[start..].starts_with('[') {
            '['
        } else {
            '【'
        };
        let closing = if opening == '[' { ']' } else { '】' };
        from = start + opening.len_utf8();
        let within = &text[from..text.len().min(text.ceil_char_boundary(start + LONGEST))];
        let Some(end) = within.find(closing).map(|at| from + at) else {
            continue;
        };
        if numbers(&text[start..end + closing.len_utf8()]).is_some() {
            text.replace_range(end..end + closing.len_utf8(), ")");
            text.replace_range(start..start + opening.len_utf8(), "(");
            from = start + 1;
        }
    }
}

#[cfg(test)]
mod tests;
