//! A form comes from a client, split by the network. Its parts are the same however it is split.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trousseau_wire::Fault;
use trousseau_wire::server::multipart::{Decoder, Part, Piece};

/// The parts, and how many of them are whole.
fn parts<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Result<(Vec<(Part, Vec<u8>)>, usize), Fault> {
    let mut decoder = Decoder::new("xx");
    let (mut parts, mut ended): (Vec<(Part, Vec<u8>)>, _) = (Vec::new(), 0);
    for piece in pieces {
        for piece in decoder.push(piece)? {
            match piece {
                Piece::Part(part) => parts.push((part, Vec::new())),
                Piece::Data(data) => parts.last_mut().expect("data stand in a part").1.extend(data),
                Piece::End => ended += 1,
            }
        }
    }
    assert!(ended == parts.len() || (!decoder.is_over() && ended + 1 == parts.len()));
    Ok((parts, ended))
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, body) = input;
    let whole = parts([body].into_iter());
    let split = parts(body.chunks(usize::from(size).max(1)));
    // What is too long is found sooner or later as the pieces are.
    if let (Ok(whole), Ok(split)) = (whole, split) {
        let limit = whole.0.len().min(split.0.len());
        assert_eq!(
            whole.0[..limit.saturating_sub(1)],
            split.0[..limit.saturating_sub(1)]
        );
        assert_eq!(whole.1, split.1);
    }
});
