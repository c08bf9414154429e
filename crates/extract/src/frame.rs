//! What goes over the pipes between the pool and a worker.
//!
//! A frame is a header's length (4 bytes, little-endian), a body's length (8 bytes), the header as JSON, and
//! the body. The body is the file on the way out, the stored text on the way back: neither is escaped.

use std::io::{self, Read};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use trousseau_core::document::{Block, BlockKind, Extracted};

use crate::walls::Heights;
use crate::{ExtractError, Format, Limits};

/// Bytes before the header.
pub(crate) const PREFIX: usize = 12;

/// A header past this size is not believed.
const MAX_HEADER: u64 = 256 << 20;

/// The first frame of a worker's life.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) walls: Heights,
    /// Past this resident size, in bytes, the worker asks to be replaced.
    pub(crate) retire_at: u64,
}

/// The answer to [`Hello`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// The walls that could not be put up, in words.
    pub(crate) missing: Vec<String>,
}

/// Asks for one file to be read; the body is the file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request<'n> {
    pub(crate) name: std::borrow::Cow<'n, str>,
    pub(crate) format: Format,
    pub(crate) limits: Limits,
}

/// What became of one file; the body is the stored text.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Reply {
    pub(crate) outcome: Result<Outline, ExtractError>,
    /// Whether the worker asks to be replaced.
    pub(crate) retire: bool,
}

/// An [`Extracted`] without its text; each heading path that several blocks in a row share is sent once.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Outline {
    title: Option<String>,
    warnings: Vec<String>,
    paths: Vec<Vec<String>>,
    blocks: Vec<(BlockKind, usize, usize, usize, Option<u32>)>,
}

impl Outline {
    /// Takes an [`Extracted`] apart into its outline and its text.
    pub(crate) fn split(extracted: Extracted) -> (Self, String) {
        let mut paths: Vec<Vec<String>> = Vec::new();
        let mut blocks = Vec::with_capacity(extracted.blocks.len());
        for block in extracted.blocks {
            if paths.last() != Some(&block.heading) {
                paths.push(block.heading);
            }
            blocks.push((
                block.kind,
                paths.len() - 1,
                block.bytes.start,
                block.bytes.end,
                block.page,
            ));
        }
        let outline = Self {
            title: extracted.title,
            warnings: extracted.warnings,
            paths,
            blocks,
        };
        (outline, extracted.text)
    }

    /// Puts the two together again. A worker that read a hostile file is not trusted: `None` when the text
    /// is not UTF-8 or a block is not in its place.
    pub(crate) fn join(self, text: Vec<u8>) -> Option<Extracted> {
        let text = String::from_utf8(text).ok()?;
        let mut last = 0;
        let mut blocks = Vec::with_capacity(self.blocks.len());
        for (kind, path, start, end, page) in self.blocks {
            if start < last || start >= end || text.get(start..end).is_none() {
                return None;
            }
            last = end;
            blocks.push(Block {
                kind,
                heading: self.paths.get(path)?.clone(),
                bytes: start..end,
                page,
            });
        }
        Some(Extracted {
            title: self.title,
            text,
            blocks,
            warnings: self.warnings,
        })
    }
}

/// A frame with all but its body.
pub(crate) fn head(header: &impl Serialize, body: usize) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; PREFIX];
    serde_json::to_writer(&mut frame, header)?;
    let length = u32::try_from(frame.len() - PREFIX).map_err(io::Error::other)?;
    frame[..4].copy_from_slice(&length.to_le_bytes());
    frame[4..PREFIX].copy_from_slice(&(body as u64).to_le_bytes());
    Ok(frame)
}

/// The lengths of header and body that a prefix announces; fails past the limits.
pub(crate) fn lengths(prefix: [u8; PREFIX], max_body: u64) -> io::Result<(u64, u64)> {
    let [a, b, c, d, body @ ..] = prefix;
    let header = u64::from(u32::from_le_bytes([a, b, c, d]));
    let body = u64::from_le_bytes(body);
    if header > MAX_HEADER || body > max_body {
        return Err(invalid("a frame is too large"));
    }
    Ok((header, body))
}

pub(crate) fn header<H: DeserializeOwned>(bytes: &[u8]) -> io::Result<H> {
    serde_json::from_slice(bytes).map_err(io::Error::from)
}

/// Reads a whole frame; `None` at the end of the stream.
pub(crate) fn receive<H: DeserializeOwned>(mut from: impl Read) -> io::Result<Option<(H, Vec<u8>)>> {
    let mut prefix = [0; PREFIX];
    let mut filled = 0;
    while filled < PREFIX {
        match from.read(&mut prefix[filled..])? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => filled += count,
        }
    }
    let (header_length, body_length) = lengths(prefix, u64::MAX)?;
    let head = receive_exactly(&mut from, header_length)?;
    let body = receive_exactly(&mut from, body_length)?;
    Ok(Some((header(&head)?, body)))
}

fn receive_exactly(from: impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(1 << 20)).unwrap_or(0));
    from.take(length).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

pub(crate) fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Extracted {
        crate::read(
            Format::Markdown,
            "# Congés\n\nUn.\n\n## Durée\n\n- deux\n- trois\n\n# Fin\n".as_bytes(),
            &Limits::default(),
        )
        .unwrap()
    }

    #[test]
    fn what_is_sent_arrives() {
        let (outline, text) = Outline::split(sample());
        let reply = Reply {
            outcome: Ok(outline),
            retire: true,
        };
        let mut frame = head(&reply, text.len()).unwrap();
        frame.extend(text.into_bytes());
        let (reply, text): (Reply, _) = receive(frame.as_slice()).unwrap().unwrap();
        assert!(reply.retire);
        assert_eq!(reply.outcome.unwrap().join(text), Some(sample()));
        assert!(receive::<Reply>(frame.get(..0).unwrap()).unwrap().is_none());
        assert!(receive::<Reply>(&frame[..frame.len() - 1]).is_err());
    }

    #[test]
    fn a_worker_s_reply_is_not_believed() {
        for spoil in [
            |outline: &mut Outline| outline.blocks[1].2 = 0,
            |outline: &mut Outline| outline.blocks[1].3 = usize::MAX,
            |outline: &mut Outline| outline.blocks[1].1 = 99,
            |outline: &mut Outline| outline.blocks.swap(0, 1),
            |outline: &mut Outline| outline.blocks[0].3 = 5,
        ] {
            let (mut outline, text) = Outline::split(sample());
            spoil(&mut outline);
            assert_eq!(outline.join(text.into_bytes()), None);
        }
        assert!(lengths([0xff; PREFIX], 1000).is_err());
    }

    proptest! {
        #[test]
        fn a_spoilt_reply_is_refused_or_still_valid(at in 0_usize..600, byte: u8, cut in 0_usize..600) {
            let (outline, text) = Outline::split(sample());
            let reply = Reply { outcome: Ok(outline), retire: false };
            let mut frame = head(&reply, text.len()).unwrap();
            frame.extend(text.into_bytes());
            let length = frame.len();
            frame[at % length] = byte;
            frame.truncate(length - cut / 100);
            let Ok(Some((reply, text))) = receive::<Reply>(frame.as_slice()) else {
                return Ok(());
            };
            let Some(joined) = reply.outcome.ok().and_then(|outline| outline.join(text)) else {
                return Ok(());
            };
            let mut last = 0;
            for block in &joined.blocks {
                prop_assert!(block.bytes.start >= last && joined.text.get(block.bytes.clone()).is_some());
                last = block.bytes.end;
            }
        }
    }
}
