//! A model goes on with what another delivered. However the rest is split, the same goes out; it is a part of what came, and
//! what was delivered and its rest make the text where a long end of it comes again.

#![no_main]

use libfuzzer_sys::fuzz_target;

// The module itself, without the crate around it: its HTTP client would be most of what is built here.
#[path = "../../crates/upstream/src/joint/mod.rs"]
#[rustfmt::skip]
mod joint;

use joint::{Joint, LIMIT, Manner, TOLD, WORD, WRITTEN_ON, shown};

const _: () = assert!(WORD < TOLD && TOLD < WRITTEN_ON && WRITTEN_ON < LIMIT);

fn joined<'a>(mut joint: Joint, pieces: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for piece in pieces {
        joint.push(piece, &mut out);
    }
    joint.finish(&mut out);
    out
}

/// Pieces of so many characters each, in turn.
fn split<'a>(text: &'a str, sizes: &[u8]) -> Vec<&'a str> {
    let mut sizes = sizes.iter().map(|size| usize::from(*size).max(1)).cycle();
    let mut rest = text;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let size = sizes.next().unwrap_or(1);
        let end = rest.char_indices().nth(size).map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fuzz_target!(|input: (u8, [u8; 4], &str, &str)| {
    let (manner, sizes, delivered, rest) = input;
    let manner = [Manner::Told, Manner::WritesOn, Manner::Echoes][usize::from(manner % 3)];
    let made = || {
        let mut joint = Joint::new(delivered, manner);
        joint.learn(rest);
        joint
    };
    let whole = joined(made(), [rest].into_iter());
    assert_eq!(whole, joined(made(), split(rest, &sizes).into_iter()));
    assert_eq!(whole, joined(made(), split(rest, &[1]).into_iter()));
    let put_in = |text: &str| text.strip_prefix(' ').is_some_and(|text| rest.contains(text));
    assert!(rest.contains(&whole) || put_in(&whole));

    // The whole of it comes again and nothing more: nothing goes out.
    let letters = delivered.chars().filter(|sign| sign.is_alphanumeric()).count();
    let mut blanks = delivered.split(|sign: char| !sign.is_whitespace());
    let few = blanks.all(|blanks| blanks.chars().count() < 64);
    if letters >= WRITTEN_ON && delivered.chars().count() <= LIMIT && few {
        assert_eq!(joined(made(), split(shown(delivered), &sizes).into_iter()), "");
    }
});
