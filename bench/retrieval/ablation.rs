//! What each step of the analysis and each part of the score is worth: nDCG@10 without it.

use trousseau_retrieval::lexical::Options;
use trousseau_retrieval::rank::Weights;
use trousseau_text::terms::Steps;

use crate::sets::{Set, mean};

/// Changes one thing.
type Variant = (&'static str, fn(&mut Steps, &mut Weights));

const VARIANTS: [Variant; 23] = [
    ("as it is", |_, _| {}),
    ("without elisions split off", |steps, _| steps.elisions = false),
    ("without accents folded", |steps, _| steps.folding = false),
    ("without stopwords left out", |steps, _| steps.stopwords = false),
    ("without stems", |steps, _| steps.stems = false),
    ("without word families", |steps, _| steps.families = false),
    ("without hyphenated wholes and parts", |steps, _| {
        steps.compounds = false;
    }),
    ("without numbers in one spelling", |steps, _| {
        steps.numbers = false;
    }),
    ("vague words count fully", |_, weights| weights.vague = 1.0),
    ("without typing errors forgiven", |_, weights| {
        weights.respelt = 0.0;
    }),
    ("without words as written", |_, weights| weights.form = 0.0),
    ("without pairs", |_, weights| weights.pair = 0.0),
    ("without titles", |_, weights| weights.title = 0.0),
    ("without headings", |_, weights| weights.heading = 0.0),
    ("without parts", |_, weights| weights.part = 0.0),
    ("without openings", |_, weights| weights.opening = 0.0),
    ("analysis alone, plain BM25 of chunks", |_, weights| {
        *weights = plain();
    }),
    ("k1 0.9, b 0.4", |_, weights| (weights.k1, weights.b) = (0.9, 0.4)),
    ("k1 0.9, b 0.75", |_, weights| weights.k1 = 0.9),
    ("k1 1.5, b 0.75", |_, weights| weights.k1 = 1.5),
    ("k1 2.0, b 0.75", |_, weights| weights.k1 = 2.0),
    ("k1 1.2, b 0.5", |_, weights| weights.b = 0.5),
    ("k1 1.2, b 0.9", |_, weights| weights.b = 0.9),
];

fn plain() -> Weights {
    Weights {
        form: 0.0,
        pair: 0.0,
        part: 0.0,
        opening: 0.0,
        vague: 1.0,
        respelt: 0.0,
        ..Weights::default()
    }
}

/// Prints one row for each variant.
pub(crate) fn print(sets: &[Set]) -> anyhow::Result<()> {
    print!("\n{:<38}", "nDCG@10");
    sets.iter().for_each(|set| print!(" {:>18}", set.name));
    println!();
    for (name, change) in VARIANTS {
        let mut options = Options::default();
        change(&mut options.steps, &mut options.weights);
        print!("{name:<38}");
        for set in sets {
            print!(" {:>18.4}", mean(&set.measure(options)?));
        }
        println!();
    }
    Ok(())
}
