//! What goes over the admin socket: one byte that names the frame, four of its length (big end first), its content.

use std::io::{self, Read, Write};

/// The largest content of a frame, in bytes.
pub const LARGEST: usize = 1 << 20;

/// How much of an output is put into one frame, in bytes.
pub const PIECE: usize = 64 << 10;

/// What is said. The client says `Hello` and `Input`, the server everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Who calls, and what was typed: a greeting as JSON. Comes first.
    Hello(Vec<u8>),
    /// Why the call is not answered: as JSON. Comes last.
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
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
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
    pub fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
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
pub fn garbled(what: &'static str) -> io::Error {
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
}
