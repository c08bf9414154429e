//! French companies (SIREN, nine digits) and their places (SIRET, fourteen): Luhn's test (INSEE). The places of La Poste,
//! whose SIREN is 356 000 000, have digits whose sum five divides instead.
//!
//! A sole trader's SIREN is personal data, a company's is not, and the number does not tell them apart: what is found is
//! internal, and has a tag by which an organisation may ask for more.

use std::ops::Range;

use crate::check::{luhn, value};
use crate::number::Run;
use crate::view::View;

const WORDS: &[&str] = &[
    "siren",
    "siret",
    "rcs",
    "immatriculee",
    "immatricule",
    "insee",
    "etablissement",
    "entreprise",
    "societe",
    "repertoire des metiers",
    "sirene",
    "registre du commerce",
];
const POSTE: &[u8] = b"356000000";

/// The place of the number that begins the run at the view's place.
pub(crate) fn find(view: &View<'_>, run: &Run) -> Option<Range<usize>> {
    siret(view, run).or_else(|| siren(view, run))
}

fn siret(view: &View<'_>, run: &Run) -> Option<Range<usize>> {
    let (digits, end) = run.first(14)?;
    let poste = digits.starts_with(POSTE)
        && digits
            .iter()
            .map(|digit| value(*digit))
            .sum::<u32>()
            .is_multiple_of(5);
    let sound = poste || luhn(digits) && digits[0] != b'0';
    if !sound {
        return None;
    }
    let place = view.at..end;
    let (grouped, compact) = (
        run.spelled(14, &[3, 6, 9], b" .-\t", false) || run.spelled(14, &[9], b" .-\t", false),
        run.spelled(14, &[9], b"", true),
    );
    // Most places have a small number among those of their company.
    let usual = digits[9] == b'0' && digits[10] < b'2';
    let told = || view.near(&place, WORDS);
    let sound = grouped || compact && (told() || usual && !view.is_reference(view.at));
    sound.then_some(place)
}

fn siren(view: &View<'_>, run: &Run) -> Option<Range<usize>> {
    let (digits, end) = run.first(9)?;
    let place = view.at..end;
    let sound = luhn(digits)
        && digits[0] != b'0'
        && run.spelled(9, &[3, 6], b" .-\t", true)
        && view.near(&place, WORDS);
    sound.then_some(place)
}
