//! How fast an answer is restored, and a request masked.

use std::sync::Arc;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use trousseau_core::chat::{ChatRequest, Message};
use trousseau_masking::{Kinds, Masked, Restorer, mask};
use trousseau_policy::detect::Detectors;

/// A sentence such as an administration writes, with a list in brackets, as answers have them.
const PROSE: &str =
    "La demande est faite au chef de service [1], au moins deux mois avant le début de la période. ";

/// One value of each of some kinds, by turns.
const VALUES: [&str; 3] = [
    "accueil@mairie-exemple.fr",
    "FR14 2004 1010 0505 0001 3M02 606",
    "2 55 08 14 168 025 38",
];

fn main() {
    divan::main();
}

/// A text of which every `every`th sentence has a value behind it.
fn text(every: usize) -> String {
    let mut text = String::new();
    for turn in 0..2000 {
        text.push_str(PROSE);
        if turn % every == 0 {
            text.push_str(VALUES[turn / every % VALUES.len()]);
            text.push_str(". ");
        }
    }
    text
}

fn masked(every: usize) -> Masked {
    let request = ChatRequest {
        messages: vec![Message::user(text(every))],
        ..ChatRequest::default()
    };
    mask(&request, &Detectors::default(), &Kinds::All).expect("there are values in it")
}

/// An answer that says the whole question again, in pieces of some four characters, as a stream has them.
#[divan::bench(args = [2, 20])]
fn restore_a_stream(bencher: Bencher<'_, '_>, every: usize) {
    let masked = masked(every);
    let answer = masked.request.messages[0].content.clone();
    let characters: Vec<char> = answer.chars().collect();
    let pieces: Vec<String> = characters.chunks(4).map(|piece| piece.iter().collect()).collect();
    bencher.counter(BytesCount::of_str(&answer)).bench(|| {
        let mut restorer = Restorer::new(Arc::clone(&masked.table), false);
        let mut length = 0;
        for piece in &pieces {
            length += restorer.push(black_box(piece.clone())).len();
        }
        length + restorer.finish().len()
    });
}

#[divan::bench(args = [2, 20])]
fn restore_whole(bencher: Bencher<'_, '_>, every: usize) {
    let masked = masked(every);
    let answer = &masked.request.messages[0].content;
    bencher
        .counter(BytesCount::of_str(answer))
        .bench(|| masked.table.restore(black_box(answer), false));
}

#[divan::bench(args = [2, 20])]
fn mask_a_request(bencher: Bencher<'_, '_>, every: usize) {
    let request = ChatRequest {
        messages: vec![Message::user(text(every))],
        ..ChatRequest::default()
    };
    let detectors = Detectors::default();
    bencher
        .counter(BytesCount::of_str(&request.messages[0].content))
        .bench(|| mask(black_box(&request), &detectors, &Kinds::All).is_some());
}
