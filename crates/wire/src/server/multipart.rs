//! `multipart/form-data` (RFC 7578, RFC 2046 section 5.1), as files are uploaded: read piece by piece, so that no file is
//! ever whole in memory.

use memchr::memmem::find;

use crate::fault::Fault;

/// The longest boundary (RFC 2046 section 5.1.1), in bytes.
const BOUNDARY: usize = 70;
/// The most bytes before the first boundary, and of white space behind one.
const PREAMBLE: usize = 1024;
/// The most bytes of a part's headers.
const HEAD: usize = 8 << 10;
/// The most parts.
const PARTS: usize = 32;

/// The headers of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The file's name, where it is a file.
    pub filename: Option<String>,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A part begins.
    Part(Part),
    /// Bytes of the part that began last.
    Data(Vec<u8>),
    /// The part that began last is whole.
    End,
}

/// The boundary that the header `Content-Type` names.
pub fn boundary(content_type: &str) -> Result<String, Fault> {
    let wrong = |reason: &str| Fault::invalid("content-type", reason);
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return Err(wrong("multipart/form-data is wanted"));
    }
    let found = Parameters(parameters).find(|(name, _)| name == "boundary");
    let (_, boundary) = found.ok_or_else(|| wrong("it names no boundary"))?;
    let is_plain = boundary.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if boundary.is_empty() || boundary.len() > BOUNDARY || !is_plain {
        return Err(wrong("its boundary is not 1 to 70 plain characters"));
    }
    Ok(boundary)
}

/// Reads a body. Holds no more of it than a part's headers, or one piece and a boundary.
#[derive(Debug)]
pub struct Decoder {
    delimiter: Vec<u8>,
    buffer: Vec<u8>,
    state: State,
    parts: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Preamble,
    /// Behind a boundary.
    Behind,
    Head,
    Body,
    Over,
}

impl Decoder {
    /// Reads parts that this boundary separates.
    pub fn new(boundary: &str) -> Self {
        Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            // The first boundary may stand at the very beginning.
            buffer: b"\r\n".to_vec(),
            state: State::Preamble,
            parts: 0,
        }
    }

    /// Takes the next bytes; returns what they bring to its end.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Piece>, Fault> {
        self.buffer.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        while self.step(&mut pieces)? {}
        Ok(pieces)
    }

    /// Whether the last boundary has come; what follows it says nothing.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Goes one state further; `false` when more bytes are needed.
    fn step(&mut self, pieces: &mut Vec<Piece>) -> Result<bool, Fault> {
        match self.state {
            State::Preamble => match find(&self.buffer, &self.delimiter) {
                Some(at) => self.go(at + self.delimiter.len(), State::Behind),
                None => self.wait(PREAMBLE + self.delimiter.len(), "no boundary at the beginning"),
            },
            State::Behind => self.behind(),
            State::Head => self.head(pieces),
            State::Body => Ok(self.body(pieces)),
            State::Over => {
                self.buffer.clear();
                Ok(false)
            }
        }
    }

    fn behind(&mut self) -> Result<bool, Fault> {
        if self.buffer.starts_with(b"--") {
            return self.go(2, State::Over);
        }
        let Some(end) = find(&self.buffer, b"\r\n") else {
            return self.wait(PREAMBLE, "a boundary's line does not end");
        };
        let padding = self.buffer.get(..end).unwrap_or_default();
        if padding.iter().any(|byte| !matches!(byte, b' ' | b'\t')) {
            return Err(damaged("something stands behind a boundary"));
        }
        self.go(end + 2, State::Head)
    }

    fn head(&mut self, pieces: &mut Vec<Piece>) -> Result<bool, Fault> {
        let Some(end) = find(&self.buffer, b"\r\n\r\n") else {
            return self.wait(HEAD, "the headers of a part are too long");
        };
        if end > HEAD {
            return Err(damaged("the headers of a part are too long"));
        }
        let head = self.buffer.get(..end).unwrap_or_default();
        let head = std::str::from_utf8(head).map_err(|_| damaged("the headers of a part are not UTF-8"))?;
        pieces.push(Piece::Part(part(head)?));
        self.parts += 1;
        if self.parts > PARTS {
            let param = "parts".to_owned();
            return Err(Fault::TooMany { param, limit: PARTS });
        }
        self.go(end + 4, State::Body)
    }

    fn body(&mut self, pieces: &mut Vec<Piece>) -> bool {
        let found = find(&self.buffer, &self.delimiter);
        // What may be the beginning of a boundary is kept.
        let safe = found.unwrap_or_else(|| (self.buffer.len() + 1).saturating_sub(self.delimiter.len()));
        if safe > 0 {
            pieces.push(Piece::Data(self.buffer.drain(..safe).collect()));
        }
        if found.is_some() {
            self.buffer.drain(..self.delimiter.len());
            self.state = State::Behind;
            pieces.push(Piece::End);
        }
        found.is_some()
    }

    #[expect(clippy::unnecessary_wraps, reason = "it ends a step, which may fail")]
    fn go(&mut self, bytes: usize, state: State) -> Result<bool, Fault> {
        self.buffer.drain(..bytes);
        self.state = state;
        Ok(true)
    }

    fn wait(&self, limit: usize, otherwise: &str) -> Result<bool, Fault> {
        if self.buffer.len() > limit {
            return Err(damaged(otherwise));
        }
        Ok(false)
    }
}

fn damaged(reason: &str) -> Fault {
    Fault::invalid("body", reason)
}

/// Reads the headers of a part, of which only one counts.
fn part(head: &str) -> Result<Part, Fault> {
    let is_disposition = |line: &&str| {
        line.get(.."content-disposition:".len())
            .is_some_and(|name| name.eq_ignore_ascii_case("content-disposition:"))
    };
    let line = head.split("\r\n").find(is_disposition);
    let (_, value) = line
        .and_then(|line| line.split_once(':'))
        .ok_or_else(|| damaged("a part says nothing of itself"))?;
    let (kind, parameters) = value.split_once(';').unwrap_or((value, ""));
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return Err(damaged("a part is no form data"));
    }
    let (mut name, mut filename, mut extended) = (None, None, None);
    for (parameter, value) in Parameters(parameters) {
        match parameter.as_str() {
            "name" => name = Some(value),
            "filename" => filename = Some(value),
            "filename*" => extended = extended_value(&value),
            _ => {}
        }
    }
    Ok(Part {
        name: name.ok_or_else(|| damaged("a part has no name"))?,
        filename: extended.or(filename),
    })
}

/// A value of RFC 8187, where it is in UTF-8: `UTF-8''%C3%A9t%C3%A9.txt`.
fn extended_value(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, text) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |digit: Option<u8>| char::from(digit?).to_digit(16);
        bytes.push(match byte {
            b'%' => u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The parameters of a header's value: `; name=value; name="quoted value"`, names in lower case.
struct Parameters<'a>(&'a str);

impl Iterator for Parameters<'_> {
    type Item = (String, String);

    fn next(&mut self) -> Option<(String, String)> {
        self.0 = self.0.trim_start_matches([';', ' ', '\t']);
        let (name, rest) = self.0.split_once('=')?;
        let name = name.trim().to_ascii_lowercase();
        if let Some(quoted) = rest.strip_prefix('"') {
            let (value, rest) = unquote(quoted);
            self.0 = rest;
            return Some((name, value));
        }
        let end = rest.find(';').unwrap_or(rest.len());
        let (value, rest) = rest.split_at(end);
        self.0 = rest;
        Some((name, value.trim().to_owned()))
    }
}

/// A quoted value and what follows it. A backslash counts before a quote and before another one only: browsers that
/// give a whole path of Windows as a name escape nothing.
fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => {
                let escaped = characters.next_if(|(_, next)| matches!(next, '"' | '\\'));
                value.push(escaped.map_or('\\', |(_, escaped)| escaped));
            }
            character => value.push(character),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What curl sends, and then some.
    const BODY: &str = "--xx\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nassistants\r\n--xx  \r\n\
        content-disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".md\"\r\nContent-Type: text/markdown\r\n\r\n\
        un\r\n--x\r\ndeux\r\n\r\n--xx--\r\nrest";

    /// Name, file name and bytes of a part.
    type Read = (String, Option<String>, Vec<u8>);

    /// The parts of a body that comes in pieces of `size`.
    fn read(body: &[u8], size: usize) -> Result<Vec<Read>, Fault> {
        let mut decoder = Decoder::new("xx");
        let mut parts: Vec<Read> = Vec::new();
        let mut ended = 0;
        for chunk in body.chunks(size) {
            for piece in decoder.push(chunk)? {
                match piece {
                    Piece::Part(part) => parts.push((part.name, part.filename, Vec::new())),
                    Piece::Data(data) => parts.last_mut().unwrap().2.extend(data),
                    Piece::End => ended += 1,
                }
            }
        }
        assert!(!decoder.is_over() || ended == parts.len());
        Ok(parts)
    }

    #[test]
    fn a_form_is_read_however_it_is_cut() {
        for size in 1..BODY.len() {
            let parts = read(BODY.as_bytes(), size).unwrap();
            let file = (
                "file".to_owned(),
                Some("a \"b\".md".to_owned()),
                b"un\r\n--x\r\ndeux\r\n".to_vec(),
            );
            assert_eq!(
                parts,
                [("purpose".to_owned(), None, b"assistants".to_vec()), file]
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_out_as_they_went_in(data in proptest::collection::vec(any::<u8>(), 0..400), size in 1_usize..90) {
            prop_assume!(find(&data, b"\r\n--xx").is_none());
            let mut body = b"--xx\r\nContent-Disposition: form-data; name=a\r\n\r\n".to_vec();
            body.extend(&data);
            body.extend(b"\r\n--xx--");
            let parts = read(&body, size).unwrap();
            prop_assert_eq!(parts, [("a".to_owned(), None, data)]);
        }

        #[test]
        fn no_bytes_are_fatal(data in "(--xx|\r\n|-|x|: |name=|form-data;|[\"a\\\\]|Content-Disposition){0,60}", size in 1_usize..20) {
            let _either = read(data.as_bytes(), size);
        }
    }

    #[test]
    fn what_is_no_form_is_refused() {
        let endless = |text: &str| {
            let mut decoder = Decoder::new("xx");
            decoder.push(b"--xx\r\n").unwrap();
            (0..100_000).find_map(|_| decoder.push(text.as_bytes()).err())
        };
        assert!(endless("a: b\r\n").is_some());
        assert!(endless("a").is_some());
        assert!(read(&[b'a'; 5000], 64).is_err());
        assert!(read(b"--xxy\r\n\r\n\r\n", 64).is_err());
        assert!(read(b"--xx\r\nContent-Disposition: form-data\r\n\r\n", 64).is_err());
        assert!(read(b"--xx\r\nContent-Disposition: attachment; name=a\r\n\r\n", 64).is_err());
        assert!(
            read(
                b"--xx\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n",
                64
            )
            .is_err()
        );
        let part = "--xx\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
        assert!(read(part.repeat(33).as_bytes(), 64).is_err());
    }

    #[test]
    fn names_and_boundaries_are_read_as_they_are_written() {
        let name = |parameters: &str| {
            part(&format!("Content-Disposition: form-data; name=f; {parameters}"))
                .unwrap()
                .filename
        };
        assert_eq!(name("filename=a.txt").as_deref(), Some("a.txt"));
        assert_eq!(name(r#"filename="C:\a\b.txt""#).as_deref(), Some(r"C:\a\b.txt"));
        assert_eq!(
            name("filename=x; filename*=UTF-8''%C3%A9t%C3%A9").as_deref(),
            Some("été")
        );
        assert_eq!(name("filename=x; filename*=UTF-8''%C3").as_deref(), Some("x"));
        assert_eq!(name("filename=\"ouvert").as_deref(), Some("ouvert"));
        assert_eq!(boundary("multipart/form-data; boundary=\"a b\"").unwrap(), "a b");
        assert_eq!(
            boundary("Multipart/Form-Data;charset=utf-8; Boundary=ab").unwrap(),
            "ab"
        );
        for bad in [
            "application/json",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=é",
        ] {
            assert!(boundary(bad).is_err(), "{bad}");
        }
    }
}
