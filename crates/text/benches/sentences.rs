//! How fast text is cut into sentences and read for quantities.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use trousseau_text::language::Language;
use trousseau_text::quantities::quantities;
use trousseau_text::sentences::sentences;

fn main() {
    divan::main();
}

/// About 60 kB in the manner of a rule book, with abbreviations, numbers and lists.
fn text() -> String {
    let paragraph = "Selon l'art. L. 311-5, M. le maire répond dans un délai de 2 mois. Le montant est de 10 000 € au plus, \
        soit 3,5 % du budget de 2024 ; il est versé le 1er mars. Sont joints :\n- une photo ;\n- un justificatif, etc.\n\
        « Est-ce possible ? » demande Mme Dupont. Oui… Le conseil, réuni à 18 h 30, a voté.\n";
    paragraph.repeat(200)
}

#[divan::bench]
fn cut_into_sentences(bencher: Bencher<'_, '_>) {
    let text = text();
    let bytes = BytesCount::of_str(&text);
    bencher.counter(bytes).bench(|| sentences(black_box(&text)).len());
}

/// One line without an end: what a linear scan must not slow down on.
#[divan::bench]
fn cut_a_run_of_stops(bencher: Bencher<'_, '_>) {
    let text = ". ".repeat(30_000);
    let bytes = BytesCount::of_str(&text);
    bencher.counter(bytes).bench(|| sentences(black_box(&text)).len());
}

#[divan::bench]
fn read_quantities(bencher: Bencher<'_, '_>) {
    let text = text();
    let bytes = BytesCount::of_str(&text);
    bencher
        .counter(bytes)
        .bench(|| quantities(black_box(&text), Language::French).len());
}
