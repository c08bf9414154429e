//! Finds personal data and secrets in text, whole or as it comes.
//!
//! Everything here is a pure function of the text: no file, no network, no clock. [`detect()`] reads a whole text,
//! [`Stream`] one that comes in pieces; both say the same. [`Detectors`] adds the words and patterns of an organisation.
//! [`Watch`] reads an answer as a model makes it, and may hold it back.
//!
//! | detector | what it finds | label |
//! | --- | --- | --- |
//! | `email` | an e-mail address (RFC 5321, in the forms people use) | `personal` |
//! | `iban` | a bank account (ISO 13616), country format and check digits right | `personal` |
//! | `nir` | a French social security number with a right key | `personal+nir` |
//! | `company` | a SIREN or SIRET (Luhn, La Poste's exception) | `internal+company` |
//! | `vat` | a VAT number of the Union, with its country's check digits | `internal+company` |
//! | `card` | a payment card: a network's range, length, Luhn | `personal+payment` |
//! | `national-id` | a number that a European state gives to a person, where its check digits are published | `personal+national-id` |
//! | `document` | the machine-readable lines of a passport or an identity card (ICAO Doc 9303) | `personal+national-id` |
//! | `phone` | a telephone number, French or European behind its country's code | `personal` |
//! | `ip` | a public internet address | `personal` |
//! | `plate` | a French number plate, where a word says so | `personal` |
//! | `address` | a postal address | `personal` |
//! | `health` | a word of illness or treatment near a person | `sensitive+health` |
//! | `name` | the name of that person | `personal` |
//! | `password` | what stands behind a word for a secret and looks chosen or random | `restricted+secret` |
//! | `api-key` | an API key or token of a known format that looks random | `restricted+secret` |
//! | `private-key` | a private key in PEM or OpenPGP armour | `restricted+secret` |
//!
//! An office's contact address is personal data here too: whether a mailbox belongs to a person cannot be
//! told from the address, and a label that is too high only keeps a text closer to home.
//!
//! The NIR is not among the special categories of GDPR, article 9, but article 87 and, in France, article 30 of
//! law 78-17 set it apart: its tag lets an organisation restrict it further. So does that of other national numbers.
//!
//! Keys are `restricted` because whoever sees one can act with it: no contract mends that, and no answer needs
//! it. What a detector overlooks keeps the label it had; detectors raise labels and never lower them.
//!
//! The text is folded first ([`fold`]): one spelling for spaces, hyphens, digits and letters of all kinds. One pass of an
//! automaton over it finds every place where something may be (a digit, an `@`, the beginning of a key, a word), and only
//! there a detector looks, in a stretch of bounded length ([`scan`], [`view`]), so that no text makes it slow. Each kind
//! has a room of its own; their arithmetic is in [`check`], numbers in groups in [`number`].

mod address;
mod card;
mod check;
mod company;
mod detector;
mod document;
mod email;
mod finding;
mod fold;
mod health;
mod iban;
mod ip;
mod name;
mod national;
mod nir;
mod number;
mod own;
mod password;
mod phone;
mod plate;
mod scan;
mod secret;
mod stream;
mod vat;
mod view;
mod watch;

use std::sync::Arc;

pub use detector::Detector;
pub use finding::{Finding, Findings};
pub use own::{Fault, Own, RawOwn};

use own::Compiled;
pub use stream::Stream;
pub use watch::Watch;

/// The detectors of the program and those of an organisation.
#[derive(Clone, Debug, Default)]
pub struct Detectors {
    own: Arc<[Compiled]>,
}

impl Detectors {
    /// Those of the program, and these of the organisation; fails with every fault of theirs.
    pub fn resolve(raw: &[RawOwn]) -> Result<Self, Vec<Fault>> {
        let own = own::resolve(raw)?.into();
        Ok(Self { own })
    }

    /// Finds what is in a whole text.
    pub fn detect(&self, text: &str) -> Findings {
        let mut stream = self.stream();
        let mut findings = stream.push(text);
        findings.extend(stream.finish());
        Findings(findings)
    }

    /// Begins to read a text that comes in pieces.
    pub fn stream(&self) -> Stream {
        Stream::new(&self.own)
    }
}

/// Finds what the program's own detectors find in `text`.
pub fn detect(text: &str) -> Findings {
    Detectors::default().detect(text)
}
