//! How fast text is cut into words and analysed into terms.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use trousseau_text::language::{Language, detect};
use trousseau_text::terms::{Steps, analyze, visit};
use trousseau_text::words::words;

fn main() {
    divan::main();
}

/// About 60 kB in the manner of an administrative guide.
fn text() -> String {
    let paragraph = "L’agent qui souhaite télétravailler présente une demande écrite à son chef de service, qui dispose \
        d'un délai de 2 mois pour répondre. Selon l'article L. 311-5 du code et la loi n° 2024-449, l’indemnité s’élève à \
        10 000 € au plus ; elle est versée aujourd'hui même si l'intéressé a pris rendez-vous. Qu'est-ce qu'une \
        réévaluation ? Celle-ci tient compte de l’ancienneté, des responsabilités exercées et des sujétions.\n";
    paragraph.repeat(140)
}

#[divan::bench]
fn cut_into_words(bencher: Bencher<'_, '_>) {
    let text = text();
    let bytes = BytesCount::of_str(&text);
    bencher.counter(bytes).bench(|| words(black_box(&text)).count());
}

#[divan::bench]
fn visit_terms(bencher: Bencher<'_, '_>) {
    let text = text();
    let bytes = BytesCount::of_str(&text);
    bencher.counter(bytes).bench(|| {
        let mut letters = 0;
        visit(black_box(&text), Language::French, Steps::default(), |term| {
            letters += term.text.len();
        });
        letters
    });
}

#[divan::bench]
fn analyze_text(bencher: Bencher<'_, '_>) {
    let text = text();
    let bytes = BytesCount::of_str(&text);
    bencher
        .counter(bytes)
        .bench(|| analyze(black_box(&text), Language::French));
}

#[divan::bench]
fn detect_language(bencher: Bencher<'_, '_>) {
    let text = text();
    bencher.bench(|| detect(black_box(&text)));
}
