//! Scores chunks for a question: postings in, ranked chunks out. Pure, so that it can be tested alone.

/// One chunk that holds a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The chunk's number in the collection.
    pub chunk: u32,
    /// How often the term stands in it.
    pub frequency: u32,
}

/// One term of the question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueryTerm {
    /// How much it counts, 1 for an ordinary word.
    pub weight: f32,
    /// The chunks that hold it and that the reader may read, in rising order.
    pub postings: Vec<Posting>,
}

/// What ranking knows of the chunks that the reader may read.
#[derive(Clone, Copy, Debug)]
pub struct Collection<'a> {
    /// The document of each chunk, counted from 0.
    pub documents: &'a [u32],
    /// The number of terms of each chunk.
    pub lengths: &'a [u32],
    /// How many chunks the reader may read.
    pub readable_chunks: u32,
    /// How many terms these hold in all.
    pub readable_terms: u64,
}

/// A chunk and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// The chunk's number in the collection.
    pub chunk: u32,
    /// Its score, above 0, higher is better.
    pub score: f32,
}

const K1: f32 = 1.2;
const B: f32 = 0.75;

/// The best `limit` chunks, best first; ties in the order of the collection.
pub fn rank(collection: &Collection<'_>, terms: &[QueryTerm], limit: usize) -> Vec<Ranked> {
    let chunks = collection.readable_chunks.max(1) as f32;
    let mean_length = (collection.readable_terms as f32 / chunks).max(1.0);
    let mut scores = vec![0.0_f32; collection.lengths.len()];
    for term in terms {
        let holders = term.postings.len() as f32;
        let rarity = (1.0 + (chunks - holders + 0.5) / (holders + 0.5)).ln();
        for posting in &term.postings {
            let place = posting.chunk as usize;
            let (Some(score), Some(length)) = (scores.get_mut(place), collection.lengths.get(place)) else {
                continue;
            };
            let frequency = posting.frequency as f32;
            let norm = K1 * (1.0 - B + B * *length as f32 / mean_length);
            *score += term.weight * rarity * frequency * (K1 + 1.0) / (frequency + norm);
        }
    }
    let mut ranked: Vec<Ranked> = (0..)
        .zip(scores)
        .filter(|(_, score)| *score > 0.0)
        .map(|(chunk, score)| Ranked { chunk, score })
        .collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.chunk.cmp(&b.chunk)));
    ranked.truncate(limit);
    ranked
}
