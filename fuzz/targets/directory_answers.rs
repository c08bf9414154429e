//! Messages of a directory, names of its entries and filters. Whatever comes is read to an end, and what somebody types stays one
//! value of a filter.

#![no_main]
#![expect(dead_code, reason = "the rooms are taken in whole")]

#[path = "../../crates/directory/src/ber.rs"]
mod ber;
#[path = "../../crates/directory/src/filter.rs"]
mod filter;
#[path = "../../crates/directory/src/message.rs"]
mod message;
#[path = "../../crates/directory/src/name.rs"]
mod name;

use ber::{Elements, OCTETS};
use filter::{Filter, Values};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(Some(length)) = ber::length(bytes) {
        assert!(length >= 2);
    }
    if let Ok((_, message::Response::Entry(entry))) = message::Response::read(bytes) {
        let read: usize = entry
            .attributes
            .iter()
            .map(|(name, values)| name.len() + values.concat().len())
            .sum();
        assert!(read <= bytes.len());
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = name::leading_value(text);
    assert!(name::is_below(text, text));
    let values = Values {
        login: Some(text),
        name: Some(text),
        id: Some(bytes),
    };
    if let Ok(filter) = Filter::parse(text) {
        let _ = filter.in_chain().write(&values);
        let _ = filter.write(&Values::default());
    }
    let plain = Filter::parse("(uid={login})").expect("the filter is one");
    let written = plain.write(&values).expect("nothing is missing");
    let mut inside = Elements::new(&written).within(0xa3).expect("a comparison");
    assert_eq!(inside.take(OCTETS), Ok(&b"uid"[..]));
    assert_eq!(inside.take(OCTETS), Ok(bytes));
    assert!(inside.is_empty());
});
