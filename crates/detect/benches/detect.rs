//! How fast texts are read for personal data and secrets: prose without hits, and with one per 200 bytes.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use trousseau_detect::detect;

/// Sentences such as administrations write, with numbers that are nothing.
const PROSE: [&str; 5] = [
    "L’agent qui souhaite télétravailler en fait la demande à son chef de service, au moins deux mois avant. ",
    "La commission s’est réunie le 12 mars 2026 et a rendu un avis favorable à l’unanimité de ses membres. ",
    "Aux termes de l’article L. 311-5 du code, les documents ne sont pas communicables avant 25 ans. ",
    "Le marché n° 2024-449 a été attribué pour un montant de 48 250 euros hors taxes à l’entreprise retenue. ",
    "Les pièces justificatives sont conservées par le service pendant la durée de l’instruction du dossier. ",
];

/// One hit of each kind, by turns.
const HITS: [&str; 4] = [
    "accueil@mairie-exemple.fr ",
    "FR14 2004 1010 0505 0001 3M02 606 ",
    "2 55 08 14 168 025 38 ",
    "AKIAJ3Q7XW2N5ZRT6KLM ",
];

fn main() {
    divan::main();
}

fn prose(hits: bool) -> String {
    let mut text = String::new();
    for turn in 0..4000 {
        text.push_str(PROSE[turn % PROSE.len()]);
        if hits && turn % 2 == 1 {
            text.push_str(HITS[turn / 2 % HITS.len()]);
        }
    }
    text
}

#[divan::bench(args = [false, true])]
fn detect_in_prose(bencher: Bencher<'_, '_>, hits: bool) {
    let text = prose(hits);
    let bytes_per_hit = text.len() / detect(&text).len().max(1);
    assert!(!hits || bytes_per_hit < 250, "{bytes_per_hit}");
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| detect(black_box(&text)));
}
