//! What goes over the admin socket: one byte that names the frame, four of its length (big end first), its content.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::console::Screen;
use crate::messages::Language;

/// The version of this protocol. The fields `protocol` and `version` of [`Hello`] and [`Refused`] never change, so
/// that two programs always understand that they do not understand each other.
pub(crate) const PROTOCOL: u32 = 1;

/// The largest content of a frame, in bytes.
pub(crate) const LARGEST: usize = 1 << 20;

/// How much of an output is put into one frame, in bytes.
pub(crate) const PIECE: usize = 64 << 10;

/// What is said. The client says `Hello` and `Input`, the server everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Who calls, and what was typed: [`Hello`] as JSON. Comes first.
    Hello(Vec<u8>),
    /// Why the call is not answered: [`Refused`] as JSON. Comes last.
    Refused(Vec<u8>),
    /// For standard output.
    Out(Vec<u8>),
    /// For standard error.
    Err(Vec<u8>),
    /// Standard input is wanted, at most this many bytes of it.
    Wanted(u64),
    /// A piece of standard input; an empty one is its end.
    Input(Vec<u8>),
    /// A file is begun, at this path.
    File(Vec<u8>),
    /// The next piece of that file; an empty one: what came is to be on its way to the disk.
    Piece(Vec<u8>),
    /// The command ended with this exit code. Comes last.
    Exit(u8),
}

/// Who calls, and what was typed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    /// The protocol the client speaks.
    pub protocol: u32,
    /// The client's version.
    pub version: String,
    /// What was typed, the program's name included.
    pub arguments: Vec<Typed>,
    /// The folder it was typed in.
    pub folder: Typed,
    /// The configuration file that was named, if any.
    pub config: Option<Typed>,
    /// The language to answer in.
    pub language: Language,
    /// What the client's terminal can show.
    pub screen: Screen,
}

/// What every version of [`Hello`] and [`Refused`] has.
#[derive(Debug, Deserialize)]
pub(crate) struct Greeting {
    /// The protocol that is spoken.
    pub protocol: u32,
    /// The version of the program.
    pub version: String,
}

/// Why a call is not answered.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Refused {
    /// The protocol the server speaks.
    pub protocol: u32,
    /// The server's version.
    pub version: String,
    /// Why.
    pub reason: Reason,
}

/// Why a call is not answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", content = "detail", rename_all = "kebab-case")]
pub(crate) enum Reason {
    /// The client speaks another version of the protocol.
    Protocol,
    /// The client is neither the server's user nor root.
    Stranger,
    /// The client names another configuration than the server's, which is this one.
    Config(Option<String>),
    /// As many commands as may be are running.
    Busy,
    /// What was sent is not what the protocol says.
    Garbled,
    /// A reason of a later version.
    #[serde(other)]
    Unknown,
}

/// A word of the command line: any bytes, as JSON can say them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Typed {
    /// One that is UTF-8.
    Text(String),
    /// One that is not.
    Bytes(Vec<u8>),
}

impl From<&OsStr> for Typed {
    fn from(word: &OsStr) -> Self {
        match word.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(word.as_bytes().to_vec()),
        }
    }
}

impl From<Typed> for OsString {
    fn from(typed: Typed) -> Self {
        match typed {
            Typed::Text(text) => text.into(),
            Typed::Bytes(bytes) => Self::from_vec(bytes),
        }
    }
}

impl From<Typed> for PathBuf {
    fn from(typed: Typed) -> Self {
        OsString::from(typed).into()
    }
}

impl Frame {
    fn parts(&self) -> (u8, &[u8]) {
        match self {
            Self::Hello(content) => (b'H', content),
            Self::Refused(content) => (b'R', content),
            Self::Out(content) => (b'O', content),
            Self::Err(content) => (b'E', content),
            Self::Wanted(_) => (b'W', &[]),
            Self::Input(content) => (b'I', content),
            Self::File(content) => (b'F', content),
            Self::Piece(content) => (b'P', content),
            Self::Exit(code) => (b'X', std::slice::from_ref(code)),
        }
    }

    /// Writes the frame whole.
    pub(crate) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let (kind, content) = self.parts();
        let number;
        let content = match self {
            Self::Wanted(limit) => {
                number = limit.to_be_bytes();
                &number[..]
            }
            _ => content,
        };
        let length = u32::try_from(content.len())
            .ok()
            .filter(|_| content.len() <= LARGEST);
        let length = length.ok_or_else(|| garbled("a frame is too large"))?;
        let mut bytes = Vec::with_capacity(5 + content.len());
        bytes.push(kind);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(content);
        to.write_all(&bytes)
    }

    /// Reads one frame; `None` at an end between two frames. A frame that is too large, of an unknown kind or cut is
    /// an error, and nothing of its content is kept.
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let mut kind = Vec::new();
        from.take(1).read_to_end(&mut kind)?;
        let Some(kind) = kind.pop() else {
            return Ok(None);
        };
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > LARGEST {
            return Err(garbled("a frame is too large"));
        }
        // What is announced and does not come takes no memory.
        let mut content = Vec::new();
        from.take(length as u64).read_to_end(&mut content)?;
        if content.len() < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Self::of(kind, content).map(Some)
    }

    fn of(kind: u8, content: Vec<u8>) -> io::Result<Self> {
        Ok(match kind {
            b'H' => Self::Hello(content),
            b'R' => Self::Refused(content),
            b'O' => Self::Out(content),
            b'E' => Self::Err(content),
            b'I' => Self::Input(content),
            b'F' => Self::File(content),
            b'P' => Self::Piece(content),
            b'W' => {
                let number = content.try_into().map_err(|_| garbled("a number is cut"))?;
                Self::Wanted(u64::from_be_bytes(number))
            }
            b'X' => match content[..] {
                [code] => Self::Exit(code),
                _ => return Err(garbled("an exit code is cut")),
            },
            _ => return Err(garbled("a frame of an unknown kind")),
        })
    }
}

/// What does not follow the protocol.
pub(crate) fn garbled(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames() -> impl Strategy<Value = Frame> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..200);
        prop_oneof![
            bytes().prop_map(Frame::Hello),
            bytes().prop_map(Frame::Refused),
            bytes().prop_map(Frame::Out),
            bytes().prop_map(Frame::Err),
            bytes().prop_map(Frame::Input),
            bytes().prop_map(Frame::File),
            bytes().prop_map(Frame::Piece),
            any::<u64>().prop_map(Frame::Wanted),
            any::<u8>().prop_map(Frame::Exit),
        ]
    }

    proptest! {
        #[test]
        fn frames_read_back(frames in proptest::collection::vec(frames(), 0..8)) {
            let mut bytes = Vec::new();
            for frame in &frames {
                frame.write(&mut bytes).unwrap();
            }
            let mut from = &bytes[..];
            let mut read = Vec::new();
            while let Some(frame) = Frame::read(&mut from).unwrap() {
                read.push(frame);
            }
            prop_assert_eq!(read, frames);
        }

        #[test]
        fn any_bytes_are_frames_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut from = &bytes[..];
            while let Ok(Some(frame)) = Frame::read(&mut from) {
                prop_assert!(frame.parts().1.len() <= bytes.len());
            }
        }
    }

    #[test]
    fn what_is_too_large_or_cut_is_refused() {
        assert!(Frame::Out(vec![0; LARGEST + 1]).write(&mut Vec::new()).is_err());
        let announced = [&b"O"[..], &u32::MAX.to_be_bytes()].concat();
        assert!(Frame::read(&mut &announced[..]).is_err());
        for cut in [
            &b"O"[..],
            b"O\0\0",
            b"O\0\0\0\x05abc",
            b"X\0\0\0\0",
            b"W\0\0\0\x01a",
            b"?\0\0\0\0",
        ] {
            assert!(Frame::read(&mut &cut[..]).is_err(), "{cut:?}");
        }
    }

    #[test]
    fn words_that_are_no_text_come_through() {
        let word = OsStr::from_bytes(b"caf\xe9.txt");
        let sent = serde_json::to_string(&Typed::from(word)).unwrap();
        let received: Typed = serde_json::from_str(&sent).unwrap();
        assert_eq!(OsString::from(received), word);
    }
}
