//! Whoever may open the admin socket may send anything over it. It is frames, which read the same when they are written
//! again, or an error; and it does not matter in which pieces it comes.

#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use trousseau_admin::{Frame, PIECE};

/// Gives the bytes out in pieces of this size.
struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let size = self.size.min(buffer.len());
        self.rest.read(&mut buffer[..size])
    }
}

/// The frames up to the end or to what is none, and whether it ended well.
fn frames(mut from: impl Read) -> (Vec<Frame>, bool) {
    let mut frames = Vec::new();
    loop {
        match Frame::read(&mut from) {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, true),
            Err(_) => return (frames, false),
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let whole = frames(bytes);
    for size in [1, 3, PIECE] {
        assert_eq!(frames(Pieces { rest: bytes, size }), whole);
    }
    let mut written = Vec::new();
    for frame in &whole.0 {
        frame.write(&mut written).expect("what was read can be written");
    }
    assert!(bytes.starts_with(&written), "frames have one form");
    assert_eq!(whole.1, written.len() == bytes.len());
});
