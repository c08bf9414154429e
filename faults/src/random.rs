//! Random numbers that a seed gives again (splitmix64; Steele, Lea and Flood, 2014).

/// A source of them.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The source that belongs to these words under a seed, whoever asks and when.
    pub(crate) fn of(seed: u64, words: &[&str]) -> Self {
        // FNV-1a, with an end after each word.
        let bytes = words.iter().flat_map(|word| word.bytes().chain([0xff]));
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut mixed = Self(seed ^ hash);
        mixed.next();
        mixed
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`, which is not zero.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or(0)
    }

    pub(crate) const fn percent(&mut self, share: u64) -> bool {
        self.next() % 100 < share
    }

    /// One of these, of which there is at least one.
    pub(crate) fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len())]
    }

    /// Place in a list of weights.
    pub(crate) fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut left = self.next() % weights.iter().sum::<u64>().max(1);
        for (place, weight) in weights.iter().enumerate() {
            if left < *weight {
                return place;
            }
            left -= weight;
        }
        0
    }

    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }

    /// So many small letters, which no detector takes for anything.
    pub(crate) fn letters(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'a' + u8::try_from(self.next() % 16).unwrap_or(0)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_words_give_the_same() {
        let draw = |seed, words: &[&str]| Random::of(seed, words).letters(20);
        assert_eq!(draw(1, &["a", "b"]), draw(1, &["a", "b"]));
        assert_ne!(draw(1, &["a", "b"]), draw(2, &["a", "b"]));
        assert_ne!(draw(1, &["ab"]), draw(1, &["a", "b"]));
    }

    #[test]
    fn weights_are_kept() {
        let mut random = Random(7);
        let mut found = [0; 3];
        for _ in 0..3000 {
            found[random.weighted(&[1, 0, 2])] += 1;
        }
        assert!(found[1] == 0 && (800..1200).contains(&found[0]), "{found:?}");
    }
}
