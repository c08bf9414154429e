//! A stream of events comes from a server, split by the network. Its events are the same however it is split.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trousseau_wire::Fault;
use trousseau_wire::sse::Decoder;

const LIMIT: usize = 1024;

/// The events up to the first fault. What is too long is found sooner or later as the pieces are, so a fault ends
/// the comparison.
fn events<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Result<Vec<String>, Fault> {
    let mut decoder = Decoder::new(LIMIT);
    let mut events = Vec::new();
    for piece in pieces {
        events.extend(decoder.push(piece)?);
    }
    Ok(events)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, stream) = input;
    let whole = events([stream].into_iter());
    let split = events(stream.chunks(usize::from(size).max(1)));
    assert_eq!(whole, split);
    for event in whole.into_iter().flatten() {
        assert!(event.chars().count() <= LIMIT);
    }
});
