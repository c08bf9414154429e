//! Paired bootstrap over documents.

use std::collections::HashMap;

const ROUNDS: usize = 5_000;

/// The 2.5 % and 97.5 % quantiles of the mean difference in points, when documents, with all their
/// questions, are drawn anew. `differences`: the document of each question, and ours less theirs.
pub(crate) fn interval(differences: &[(&str, f32)]) -> (f32, f32) {
    let mut documents: HashMap<&str, (f32, f32)> = HashMap::new();
    for (document, difference) in differences {
        let known = documents.entry(document).or_default();
        *known = (known.0 + difference, known.1 + 1.0);
    }
    let mut clusters: Vec<(&str, (f32, f32))> = documents.into_iter().collect();
    clusters.sort_by(|a, b| a.0.cmp(b.0));
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut means: Vec<f32> = (0..ROUNDS)
        .map(|_| {
            let drawn = (0..clusters.len()).map(|_| clusters[random.below(clusters.len())].1);
            let (sum, count) = drawn.fold((0.0, 0.0), |(sum, count), (more, questions)| {
                (sum + more, count + questions)
            });
            100.0 * sum / f32::max(count, 1.0)
        })
        .collect();
    means.sort_by(f32::total_cmp);
    (means[ROUNDS / 40], means[ROUNDS - ROUNDS / 40])
}

/// Marsaglia's xorshift: the same figures at every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
