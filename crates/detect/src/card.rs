//! Payment cards: the networks' published ranges (ISO/IEC 7812-1), their lengths, and Luhn's test.

use std::ops::Range;

use crate::check::{luhn, number};
use crate::number::Run;
use crate::view::View;

const WORDS: &[&str] = &[
    "carte",
    "cb",
    "visa",
    "mastercard",
    "amex",
    "card",
    "pan",
    "paiement",
    "payment",
    "credit",
    "cvv",
    "cvc",
    "expir",
    "exp",
    "kreditkarte",
    "tarjeta",
    "carta",
    "maestro",
    "kaart",
    "cartao",
];

/// The fewest digits of a card.
const SHORTEST: usize = 13;

/// The place of the card number that begins the run at the view's place.
pub(crate) fn find(view: &View<'_>, run: &Run) -> Option<Range<usize>> {
    if run.len() < SHORTEST {
        return None;
    }
    [16, 15, 14, 19, 18, 17, SHORTEST].into_iter().find_map(|length| {
        let (digits, end) = run.first(length)?;
        let network = network(digits)?;
        if !luhn(digits) || digits.iter().all(|digit| *digit == digits[0]) {
            return None;
        }
        let place = view.at..end;
        let groups: &[usize] = match length {
            15 => &[4, 10],
            14 => &[4, 10],
            _ => &[4, 8, 12, 16],
        };
        let groups = &groups[..groups.partition_point(|at| *at < length)];
        let grouped = run.spelled(length, groups, b" -.\t", false);
        let compact = run.spelled(length, groups, b"", true);
        let told = || view.near(&place, WORDS);
        let alone = network == Network::Common && !view.is_reference(view.at);
        (grouped && (network == Network::Common || told()) || compact && (alone || told())).then_some(place)
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    /// Numbers that are known by their beginning and length.
    Common,
    /// Those that much else looks like: a word must say so.
    Doubtful,
}

fn network(digits: &[u8]) -> Option<Network> {
    let head = number(&digits[..6]);
    let network = match (head / 100, digits.len()) {
        // Visa; Mastercard, both ranges; American Express; Discover; JCB.
        (4000..=4999, 16) | (5100..=5599 | 2221..=2720, 16) | (3400..=3499 | 3700..=3799, 15) => {
            Network::Common
        }
        (6011 | 6440..=6599 | 3528..=3589, 16) => Network::Common,
        // Visa's other lengths; Diners Club; UnionPay; Maestro.
        (4000..=4999, 13 | 19) | (3000..=3059 | 3095 | 3600..=3699 | 3800..=3999, 14) => Network::Doubtful,
        (6200..=6299, 16..=19) | (5000..=5099 | 5600..=5899 | 6300..=6399 | 6700..=6799, 13..=19) => {
            Network::Doubtful
        }
        _ => return None,
    };
    Some(network)
}
