//! Scores chunks for a question: postings in, ranked chunks out. Pure, so that it can be tested alone.
//!
//! BM25 looks three times at each chunk: at its own words, at the *part* of the document around it (up to
//! [`PART`] chunks; a short document is one part), and at the chunk that opens the document, which says what it
//! is about. Stems are counted, then again the words as they were written, then pairs of words that follow
//! one another as in the question; a word of the title or of a heading counts once more. Rarity is counted
//! over what the reader may read and nothing else, so that no score tells of documents behind the filter.
//!
//! The constants were chosen on French questions of three kinds, see `bench/retrieval`.

/// So many chunks at most make a part.
pub const PART: u32 = 8;

/// One chunk that holds a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The chunk's number in the collection.
    pub chunk: u32,
    /// How often the term stands in it, at least 1.
    pub frequency: u32,
}

/// One thing of the question to look for, a stem, a word as written or a pair of words, and where it was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sought {
    /// How much it counts; an ordinary stem counts 1.
    pub weight: f32,
    /// The readable chunks whose text holds it, in rising order.
    pub text: Vec<Posting>,
    /// The readable chunks that stand under a heading that holds it, in rising order.
    pub heading: Vec<Posting>,
    /// The readable chunks whose document's title holds it, in rising order.
    pub title: Vec<Posting>,
}

/// What ranking knows of the chunks and parts, readable or not.
#[derive(Clone, Copy, Debug)]
pub struct Collection<'a> {
    /// The number of terms of each chunk.
    pub lengths: &'a [u32],
    /// The part each chunk belongs to. The chunks of a part are neighbours.
    pub parts: &'a [u32],
    /// The number of terms of each part.
    pub part_lengths: &'a [u32],
    /// For each part, the chunk that opens its document.
    pub openings: &'a [u32],
}

/// How much the reader may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Chunks.
    pub chunks: u32,
    /// Parts.
    pub parts: u32,
    /// Terms of all these chunks.
    pub terms: u64,
}

/// What counts how much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// How slowly a term's repetition loses worth (Robertson and Zaragoza 2009, section 3.2).
    pub k1: f32,
    /// How much length is held against a text, from 0 to 1 (the same).
    pub b: f32,
    /// A word found as it was written, beside its stem.
    pub form: f32,
    /// Two words that follow one another as in the question.
    pub pair: f32,
    /// A word in the title.
    pub title: f32,
    /// A word in a heading.
    pub heading: f32,
    /// The part around the chunk; the chunk itself counts 1.
    pub part: f32,
    /// The chunk that opens the document.
    pub opening: f32,
    /// A word of the question that says little.
    pub vague: f32,
    /// A word that was not found, taken for another one.
    pub respelt: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            k1: 1.2,
            b: 0.75,
            form: 0.5,
            pair: 0.3,
            title: 5.0,
            heading: 2.0,
            part: 1.0,
            opening: 0.7,
            vague: 0.3,
            respelt: 0.6,
        }
    }
}

/// A chunk and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// The chunk's number in the collection.
    pub chunk: u32,
    /// Its score, above 0, higher is better.
    pub score: f32,
}

/// The best `limit` chunks, best first; ties in the order of the collection.
///
/// The second best chunk of a part counts half, the third a third, and so on: a long document that answers well does
/// not push all others out of the list.
pub fn rank(
    collection: &Collection<'_>,
    extent: Extent,
    sought: &[Sought],
    weights: &Weights,
    limit: usize,
) -> Vec<Ranked> {
    let mut scores = Scores::new(collection, extent, weights);
    for sought in sought {
        scores.add(sought);
    }
    scores.best(limit)
}

/// How often a word of the one list of positions is followed by one of the other within `gap` words.
pub fn follows(first: &[u32], second: &[u32], gap: u32) -> u32 {
    let mut count = 0;
    let mut from = 0;
    for position in first {
        while second.get(from).is_some_and(|next| next <= position) {
            from += 1;
        }
        count += u32::from(second.get(from).is_some_and(|next| next - position <= gap));
    }
    count
}

struct Scores<'a> {
    collection: &'a Collection<'a>,
    extent: Extent,
    weights: &'a Weights,
    mean_chunk: f32,
    mean_part: f32,
    chunks: Vec<f32>,
    parts: Vec<f32>,
    /// For each part, the last thing sought that was counted there.
    counted: Vec<u32>,
    count: u32,
}

impl<'a> Scores<'a> {
    fn new(collection: &'a Collection<'a>, extent: Extent, weights: &'a Weights) -> Self {
        let mean = |count: u32| (extent.terms as f32 / count.max(1) as f32).max(1.0);
        Self {
            collection,
            extent,
            weights,
            mean_chunk: mean(extent.chunks),
            mean_part: mean(extent.parts),
            chunks: vec![0.0; collection.lengths.len()],
            parts: vec![0.0; collection.part_lengths.len()],
            counted: vec![0; collection.part_lengths.len()],
            count: 0,
        }
    }

    fn add(&mut self, sought: &Sought) {
        let worth = sought.weight * rarity(self.extent.parts as f32, self.holders(sought) as f32);
        let collection = self.collection;
        let part_of = |posting: &Posting| collection.parts[posting.chunk as usize];
        let same_part = |a: &Posting, b: &Posting| part_of(a) == part_of(b);
        for run in sought.text.chunk_by(same_part) {
            let part = part_of(&run[0]) as usize;
            let frequency = run.iter().map(|posting| posting.frequency).sum();
            let length = collection.part_lengths[part];
            self.parts[part] += self.weights.part * worth * self.saturated(frequency, length, self.mean_part);
            for posting in run {
                let chunk = posting.chunk as usize;
                let length = collection.lengths[chunk];
                self.chunks[chunk] += worth * self.saturated(posting.frequency, length, self.mean_chunk);
            }
        }
        for posting in &sought.heading {
            self.chunks[posting.chunk as usize] += self.weights.heading * worth;
        }
        for run in sought.title.chunk_by(same_part) {
            self.parts[part_of(&run[0]) as usize] += self.weights.title * worth;
        }
    }

    /// In how many parts it was found, in the text or above it.
    fn holders(&mut self, sought: &Sought) -> u32 {
        self.count += 1;
        let mut holders = 0;
        for posting in [&sought.text, &sought.heading, &sought.title]
            .into_iter()
            .flatten()
        {
            let counted = &mut self.counted[self.collection.parts[posting.chunk as usize] as usize];
            holders += u32::from(*counted != self.count);
            *counted = self.count;
        }
        holders
    }

    /// BM25's term frequency: saturated, and relative to the length of the text.
    fn saturated(&self, frequency: u32, length: u32, mean: f32) -> f32 {
        let Weights { k1, b, .. } = *self.weights;
        let frequency = frequency as f32;
        frequency * (k1 + 1.0) / (frequency + k1 * (1.0 - b + b * length as f32 / mean))
    }

    /// The best chunks of all parts, those of one part counting less and less.
    fn best(&self, limit: usize) -> Vec<Ranked> {
        let mut ranked = Vec::new();
        for (chunk, score) in (0_u32..).zip(&self.chunks) {
            let part = self.collection.parts[chunk as usize] as usize;
            let opening = self.collection.openings[part];
            // A document found by its title alone is shown by its opening.
            if *score > 0.0 || (opening == chunk && self.parts[part] > 0.0) {
                let opened = self.weights.opening * self.chunks[opening as usize];
                ranked.push(Ranked {
                    chunk,
                    score: score + self.parts[part] + opened,
                });
            }
        }
        let same_part = |a: &Ranked, b: &Ranked| {
            self.collection.parts[a.chunk as usize] == self.collection.parts[b.chunk as usize]
        };
        for run in ranked.chunk_by_mut(same_part) {
            run.sort_by(best_first);
            for (place, chunk) in run.iter_mut().enumerate() {
                chunk.score /= (place + 1) as f32;
            }
        }
        if limit < ranked.len() {
            ranked.select_nth_unstable_by(limit, best_first);
            ranked.truncate(limit);
        }
        ranked.sort_by(best_first);
        ranked
    }
}

fn best_first(a: &Ranked, b: &Ranked) -> std::cmp::Ordering {
    b.score.total_cmp(&a.score).then(a.chunk.cmp(&b.chunk))
}

/// BM25's inverse document frequency, never negative.
pub(crate) fn rarity(all: f32, holders: f32) -> f32 {
    (1.0 + ((all - holders).max(0.0) + 0.5) / (holders + 0.5)).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Documents of one part each, given by the lengths of their chunks.
    struct Parts {
        lengths: Vec<u32>,
        parts: Vec<u32>,
        part_lengths: Vec<u32>,
        openings: Vec<u32>,
    }

    impl Parts {
        fn of(documents: &[Vec<u32>]) -> Self {
            let mut all = Self {
                lengths: Vec::new(),
                parts: Vec::new(),
                part_lengths: Vec::new(),
                openings: Vec::new(),
            };
            for (part, lengths) in (0..).zip(documents) {
                all.openings.push(all.lengths.len() as u32);
                all.part_lengths.push(lengths.iter().sum());
                all.parts.extend(lengths.iter().map(|_| part));
                all.lengths.extend(lengths);
            }
            all
        }

        fn rank(&self, sought: &[Sought], limit: usize) -> Vec<Ranked> {
            let collection = Collection {
                lengths: &self.lengths,
                parts: &self.parts,
                part_lengths: &self.part_lengths,
                openings: &self.openings,
            };
            let extent = Extent {
                chunks: self.lengths.len() as u32,
                parts: self.part_lengths.len() as u32,
                terms: self.lengths.iter().map(|length| u64::from(*length)).sum(),
            };
            rank(&collection, extent, sought, &Weights::default(), limit)
        }
    }

    fn postings(chunks: &[(u32, u32)]) -> Vec<Posting> {
        let posting = |(chunk, frequency): &(u32, u32)| Posting {
            chunk: *chunk,
            frequency: *frequency,
        };
        chunks.iter().map(posting).collect()
    }

    fn in_text(chunks: &[(u32, u32)]) -> Sought {
        Sought {
            weight: 1.0,
            text: postings(chunks),
            ..Sought::default()
        }
    }

    fn order(ranked: &[Ranked]) -> Vec<u32> {
        ranked.iter().map(|ranked| ranked.chunk).collect()
    }

    #[test]
    fn a_missing_word_keeps_nothing_out() {
        let parts = Parts::of(&[vec![10], vec![10], vec![10]]);
        let features = [in_text(&[(0, 1), (1, 1)]), in_text(&[(1, 1)])];
        assert_eq!(order(&parts.rank(&features, 9)), [1, 0]);
    }

    #[test]
    fn a_title_alone_shows_the_opening() {
        let parts = Parts::of(&[vec![10, 10], vec![10, 10]]);
        let sought = Sought {
            weight: 1.0,
            title: postings(&[(2, 1), (3, 1)]),
            ..Sought::default()
        };
        assert_eq!(order(&parts.rank(&[sought], 9)), [2]);
    }

    #[test]
    fn a_heading_lifts_the_chunks_under_it() {
        let parts = Parts::of(&[vec![10, 10, 10]]);
        let sought = Sought {
            heading: postings(&[(2, 1)]),
            ..in_text(&[(0, 1), (1, 1), (2, 1)])
        };
        assert_eq!(order(&parts.rank(&[sought], 1)), [2]);
    }

    #[test]
    fn one_document_does_not_fill_the_list() {
        let parts = Parts::of(&[vec![10; 8], vec![10]]);
        let everywhere: Vec<(u32, u32)> = (0..8).map(|chunk| (chunk, 5)).chain([(8, 1)]).collect();
        assert_eq!(order(&parts.rank(&[in_text(&everywhere)], 3))[..2], [0, 8]);
    }

    #[test]
    fn words_follow_within_the_gap() {
        assert_eq!(follows(&[1, 5, 9], &[2, 8, 10], 1), 2);
        assert_eq!(follows(&[1, 5, 9], &[2, 8, 10], 3), 3);
        assert_eq!(follows(&[4], &[4, 3], 2), 0);
    }

    proptest! {
        #[test]
        fn ranking_is_ordered_limited_and_of_holders(
            documents in prop::collection::vec(prop::collection::vec(1_u32..50, 1..5), 1..6),
            frequencies in prop::collection::vec(prop::collection::vec(0_u32..4, 20), 1..4),
            limit in 0_usize..12,
        ) {
            let parts = Parts::of(&documents);
            let features: Vec<Sought> = frequencies
                .iter()
                .map(|frequencies| {
                    let chunks = (0..parts.lengths.len() as u32).zip(frequencies);
                    in_text(&chunks.map(|(c, f)| (c, *f)).filter(|(_, f)| *f > 0).collect::<Vec<_>>())
                })
                .collect();
            let all = parts.rank(&features, usize::MAX);
            let ranked = parts.rank(&features, limit);
            prop_assert!(all.windows(2).all(|pair| pair[0].score >= pair[1].score));
            prop_assert!(all.iter().all(|ranked| ranked.score > 0.0 && ranked.score.is_finite()));
            prop_assert_eq!(&ranked[..], &all[..limit.min(all.len())]);
            for feature in &features {
                for posting in &feature.text {
                    prop_assert!(order(&all).contains(&posting.chunk));
                }
            }
        }

        #[test]
        fn one_more_occurrence_never_lowers_a_chunk(
            lengths in prop::collection::vec(1_u32..50, 2..9),
            frequency in 1_u32..9,
        ) {
            let parts = Parts::of(&lengths.iter().map(|length| vec![*length]).collect::<Vec<_>>());
            let score = |frequency| parts.rank(&[in_text(&[(0, frequency)])], 1)[0].score;
            prop_assert!(score(frequency + 1) >= score(frequency));
        }
    }
}
