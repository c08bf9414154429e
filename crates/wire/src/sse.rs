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

/// One event of this name, whose data are JSON.
pub fn named(name: &str, data: &serde_json::Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
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
                let data = String::from_utf8(std::mem::take(&mut self.data));
                events.push(
                    data.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
                );
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 64;

    /// The events of a stream that comes in these pieces.
    fn events(pieces: &[&[u8]]) -> Result<Vec<String>, Fault> {
        let mut decoder = Decoder::new(LIMIT);
        let mut events = Vec::new();
        for piece in pieces {
            events.extend(decoder.push(piece)?);
        }
        Ok(events)
    }

    fn whole(stream: &str) -> Vec<String> {
        events(&[stream.as_bytes()]).unwrap()
    }

    #[test]
    fn every_end_of_a_line_is_read() {
        for stream in [
            "data: a\n\ndata: b\n\n",
            "data: a\r\rdata: b\r\r",
            "data: a\r\n\r\ndata: b\r\n\r\n",
        ] {
            assert_eq!(whole(stream), ["a", "b"], "{stream:?}");
        }
        assert_eq!(whole("data: a\r\n\ndata: b\n\r\n"), ["a", "b"]);
    }

    #[test]
    fn one_byte_at_a_time_is_the_same() {
        let stream =
            "\u{feff}: bonjour\r\nevent: x\r\ndata: é\r\ndata:  ö\r\n\r\nid: 3\rdata\r\rdata: [DONE]\n\n";
        let bytes: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
        assert_eq!(events(&bytes), Ok(whole(stream)));
        assert_eq!(whole(stream), ["é\n ö", "", "[DONE]"]);
    }

    #[test]
    fn comments_other_fields_and_unended_events_say_nothing() {
        assert_eq!(
            whole(": a\n\n:\n\nevent: ping\n\nretry: 3\n\ndatum: x\n\n"),
            [""; 0]
        );
        assert_eq!(whole("data: whole\n\ndata: cut\n"), ["whole"]);
        assert_eq!(whole(COMMENT), [""; 0]);
    }

    #[test]
    fn an_error_of_an_older_llama_server_is_read() {
        assert_eq!(
            whole("error: {\"code\":500,\"message\":\"full\"}\n\n"),
            ["{\"code\":500,\"message\":\"full\"}"]
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        assert_eq!(events(&[b"data: a\xffb\n\n"]).unwrap(), ["a\u{fffd}b"]);
        assert_eq!(events(&[b"data: \xc3", b"\xa9\n\n"]).unwrap(), ["é"]);
    }

    #[test]
    fn what_is_too_long_is_refused_however_it_comes() {
        let limit = Err(Fault::LongEvent { limit: LIMIT });
        let long = format!("data: {}", "x".repeat(LIMIT));
        assert_eq!(events(&[long.as_bytes()]), limit, "a line without end");
        let ended = format!("{long}\n\n");
        assert_eq!(events(&[ended.as_bytes()]), limit, "a long line");
        let many = "data: 0123456789\n".repeat(8);
        assert_eq!(events(&[many.as_bytes()]), limit, "many lines");
        let comment = format!(":{}", "x".repeat(LIMIT));
        assert_eq!(events(&[comment.as_bytes()]), limit, "a comment without end");
        let short = "data: 0123456789\n\n".repeat(100);
        assert_eq!(events(&[short.as_bytes()]).unwrap().len(), 100);
    }

    fn lines() -> impl Strategy<Value = String> {
        let field = prop_oneof![
            Just("data: {\"a\":\"é€😀\"}"),
            Just("data:x"),
            Just("data"),
            Just("data: [DONE]"),
            Just(": comment"),
            Just("event: ping"),
            Just(""),
            Just(""),
        ];
        let end = prop_oneof![Just("\n"), Just("\r\n"), Just("\r")];
        let lines = prop::collection::vec((field, end), 0..20);
        lines.prop_map(|lines| lines.iter().map(|(field, end)| format!("{field}{end}")).collect())
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_events(stream in lines(), cuts in prop::collection::vec(0_usize..400, 0..8)) {
            let bytes = stream.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(events(&pieces), events(&[bytes]));
        }

        #[test]
        fn what_is_written_is_read(data in "[a-zé{}:\" \n]{0,20}") {
            prop_assert_eq!(whole(&event(&data)), [data]);
        }
    }
}
