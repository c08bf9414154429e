//! Personal data and secrets made up from the published formats, in sentences and in the spellings that people and
//! programs give them, and what only looks like them. What is measured with them is whether they are told apart.
//!
//! Nothing here knows how detectors work: check digits are worked out from the formats' own publications, forwards,
//! where a detector verifies them. The same seed makes the same specimens.

mod banking;
mod eastern;
mod european;
mod free;
mod french;
mod negative;
mod spelling;
mod vat;

use std::ops::Range;

pub use negative::negative;

/// Random numbers that are the same everywhere: SplitMix64 (Steele, Lea, Flood, 2014).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The numbers of this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` to `to`, both among them.
    pub fn range(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from + 1)
    }

    /// Whether something comes to pass that does once in `n` times.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.range(1, n) == 1
    }

    /// One of these.
    pub fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.range(0, of.len() as u64 - 1) as usize]
    }

    /// `count` decimal digits.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.range(0, 9) as u8))
            .collect()
    }

    /// `count` characters of `alphabet`, which is ASCII.
    pub fn word(&mut self, alphabet: &str, count: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..count)
            .map(|_| char::from(alphabet[self.range(0, alphabet.len() as u64 - 1) as usize]))
            .collect()
    }
}

/// Something that is to be found, where it stands in its text.
#[derive(Clone, Debug)]
pub struct Specimen {
    /// The detector that is to find it, by name.
    pub detector: &'static str,
    /// What it is more closely, as `vat-DE`.
    pub kind: String,
    /// How it is spelled.
    pub spelling: &'static str,
    /// A sentence or a few with it.
    pub text: String,
    /// Its place in the text, in bytes.
    pub place: Range<usize>,
}

/// What is made: the thing in its groups, and how it may be written.
struct Made {
    kind: String,
    /// Its groups, as its issuer writes them.
    groups: Vec<String>,
    /// What stands between the groups, beside nothing.
    gaps: &'static [&'static str],
    /// Whether it is written without gaps too.
    compact: bool,
    /// Whether a check of 97 or more holds it together, so that misread letters can be told.
    strong: bool,
    /// What stands before it in a sentence.
    before: &'static [&'static str],
}

impl Made {
    fn whole(kind: &str, text: String, before: &'static [&'static str]) -> Self {
        Self {
            kind: kind.to_owned(),
            groups: vec![text],
            gaps: &[],
            compact: true,
            strong: false,
            before,
        }
    }
}

/// The detectors whose specimens have check digits.
pub const CHECKED: [&str; 7] = ["nir", "company", "iban", "vat", "card", "national-id", "document"];

/// The detectors of free forms.
pub const FREE: [&str; 9] = [
    "email",
    "phone",
    "ip",
    "plate",
    "address",
    "health",
    "password",
    "api-key",
    "private-key",
];

/// A specimen for this detector.
///
/// # Panics
///
/// When there is no such detector.
pub fn specimen(detector: &'static str, dice: &mut Dice) -> Specimen {
    match detector {
        "address" | "health" | "password" | "plate" | "private-key" => return free::sentence(detector, dice),
        _ => {}
    }
    let made = match detector {
        "nir" => french::nir(dice),
        "company" => french::company(dice),
        "iban" => banking::iban(dice),
        "card" => banking::card(dice),
        "vat" => vat::vat(dice),
        "national-id" => european::national_id(dice),
        "document" => french::document(dice),
        "email" => free::email(dice),
        "phone" => free::phone(dice),
        "ip" => free::ip(dice),
        _ => free::api_key(dice),
    };
    spelling::spell(detector, made, dice)
}

/// The digits of a text.
fn digits_of(text: &str) -> Vec<u32> {
    text.chars().filter_map(|symbol| symbol.to_digit(10)).collect()
}

/// The sum of digits times weights.
fn weighted(text: &str, weights: &[u32]) -> u32 {
    let digits = digits_of(text);
    digits
        .iter()
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum()
}

/// The digit that makes a number pass Luhn's test (ISO/IEC 7812-1, annex B).
fn luhn_digit(body: &str) -> u32 {
    let sum: u32 = digits_of(body)
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            if at % 2 == 0 {
                digit * 2 / 10 + digit * 2 % 10
            } else {
                *digit
            }
        })
        .sum();
    (10 - sum % 10) % 10
}

/// The check digit of ISO 7064, MOD 11,10.
fn mod_11_10(body: &str) -> u32 {
    let product = digits_of(body).iter().fold(10, |product, digit| {
        let sum = (product + digit) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10
}

/// A text cut into groups of these lengths; what is left over is the last.
fn cut(text: &str, lengths: &[usize]) -> Vec<String> {
    let mut rest = text;
    let mut groups = Vec::new();
    for length in lengths {
        if rest.is_empty() {
            break;
        }
        let (group, more) = rest.split_at((*length).min(rest.len()));
        groups.push(group.to_owned());
        rest = more;
    }
    if !rest.is_empty() {
        groups.push(rest.to_owned());
    }
    groups
}

/// A date of birth as (year, month, day).
fn birth(dice: &mut Dice) -> (u64, u64, u64) {
    (dice.range(1930, 2015), dice.range(1, 12), dice.range(1, 28))
}
