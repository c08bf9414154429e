//! Server-sent events (WHATWG HTML, section 9.2): bytes to events, and events to bytes.

use memchr::memchr2;

use crate::fault::Fault;

/// A comment: says nothing, and keeps a connection open on which a model has not begun to answer.
pub const COMMENT: &str = ":\n\n";
/// The data of the last event of a whole answer in OpenAI's format.
pub const DONE: &str = "[DONE]";

/// One event with this data, which may have several lines.
pub fn event(data: &str) -> String {
    let mut text = String::with_capacity(data.len() + 8);
    for line in data.split('\n') {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text
}

/// Takes a stream apart into the data of its events, wherever it is split.
///
/// Lines end in `\n`, `\r\n` or `\r`; invalid UTF-8 becomes U+FFFD; an event that is not ended by an empty line is
/// never given out. The fields `event`, `id` and `retry` are read over. A field `error`, in which older servers of
/// llama.cpp report that an answer failed, is read as data.
#[derive(Clone, Debug)]
pub struct Decoder {
    /// The line so far.
    line: Vec<u8>,
    /// The data of the event so far, a `\n` behind each of its lines.
    data: Vec<u8>,
    /// Whether the last byte was a `\r`, whose `\n` may still come.
    carriage_return: bool,
    /// Whether the first line is behind us: a byte order mark stands only before it.
    begun: bool,
    limit: usize,
}

impl Decoder {
    /// A decoder that fails on an event or a line of more than `limit` bytes.
    pub const fn new(limit: usize) -> Self {
        Self {
            line: Vec::new(),
            data: Vec::new(),
            carriage_return: false,
            begun: false,
            limit,
        }
    }

    /// Takes in the next bytes; returns the data of the events that they complete.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<String>, Fault> {
        let mut events = Vec::new();
        if self.carriage_return && !bytes.is_empty() {
            self.carriage_return = false;
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            let (line, mut rest) = bytes.split_at(end);
            if self.line.is_empty() {
                self.take(line, &mut events)?;
            } else {
                self.line.extend_from_slice(line);
                let whole = std::mem::take(&mut self.line);
                self.take(&whole, &mut events)?;
            }
            if rest == b"\r" {
                self.carriage_return = true;
            }
            rest = rest.strip_prefix(b"\r\n").unwrap_or_else(|| &rest[1..]);
            bytes = rest;
        }
        self.line.extend_from_slice(bytes);
        self.check(self.line.len())?;
        Ok(events)
    }

    /// Takes in a line without its end.
    fn take(&mut self, mut line: &[u8], events: &mut Vec<String>) -> Result<(), Fault> {
        self.check(line.len())?;
        if !self.begun {
            self.begun = true;
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        if line.is_empty() {
            if self.data.pop().is_some() {
                events.push(String::from_utf8_lossy(&self.data).into_owned());
                self.data.clear();
            }
            return Ok(());
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        if matches!(name, b"data" | b"error") {
            let value = value.strip_prefix(b":").unwrap_or(value);
            self.data
                .extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
            self.data.push(b'\n');
        }
        Ok(())
    }

    /// Fails when the event so far and `more` bytes are too long.
    fn check(&self, more: usize) -> Result<(), Fault> {
        if self.data.len() + more > self.limit {
            return Err(Fault::LongEvent { limit: self.limit });
        }
        Ok(())
    }
}
