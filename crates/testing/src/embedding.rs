//! An embedder without a model: texts that share runs of letters have vectors that point the same way.
//!
//! Good enough to test what is built on vectors, with the same result on every machine; it knows nothing of meaning.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use trousseau_core::chat::Usage;
use trousseau_core::embedding::{Embedder, EmbeddingRequest, Vectors};
use trousseau_core::model::ModelError;
use trousseau_core::permit::Permit;

/// How many letters in a row are hashed.
const LETTERS: usize = 3;

/// Hashes runs of three letters into so many dimensions.
pub struct NgramEmbedder {
    target: String,
    dimensions: usize,
}

impl NgramEmbedder {
    /// An embedder behind `target`.
    pub fn new(target: impl Into<String>, dimensions: usize) -> Self {
        Self {
            target: target.into(),
            dimensions: dimensions.max(1),
        }
    }

    /// The vector of a text, of length 1; of a text without letters, the first axis.
    fn vector(&self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.0_f32; self.dimensions];
        for word in text.to_lowercase().split(|sign: char| !sign.is_alphanumeric()) {
            if word.is_empty() {
                continue;
            }
            let signs: Vec<char> = format!(" {word} ").chars().collect();
            for run in signs.windows(LETTERS) {
                let hash = hash(run);
                let place = usize::try_from(hash % self.dimensions as u64).unwrap_or(0);
                vector[place] += if hash >> 63 == 0 { 1.0 } else { -1.0 };
            }
        }
        let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
        if length > 0.0 {
            vector.iter_mut().for_each(|number| *number /= length);
        } else {
            vector[0] = 1.0;
        }
        vector
    }
}

/// FNV-1a over the letters, mixed once more so that the highest bit is as good as any.
fn hash(run: &[char]) -> u64 {
    let hash = run.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, sign| {
        (hash ^ u64::from(*sign)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

impl Embedder for NgramEmbedder {
    fn name(&self) -> &str {
        "ngram/1"
    }

    fn embed<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<EmbeddingRequest>,
    ) -> BoxFuture<'a, Result<Vectors, ModelError>> {
        async move {
            request.check_permit(permit, &self.target)?;
            let values = request.texts.iter().flat_map(|text| self.vector(text)).collect();
            Ok(Vectors {
                dimensions: if request.texts.is_empty() {
                    0
                } else {
                    self.dimensions
                },
                values,
                usage: Usage::default(),
            })
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(one: &str, other: &str) -> f32 {
        let embedder = NgramEmbedder::new("test", 256);
        let (one, other) = (embedder.vector(one), embedder.vector(other));
        one.iter().zip(&other).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn texts_that_share_letters_are_alike() {
        let near = likeness("La cantine coûte 3 euros", "le coût de la cantine");
        let far = likeness("La cantine coûte 3 euros", "Horaires du musée");
        assert!(near > 0.4 && far < 0.2, "{near} {far}");
        assert!((likeness("même", "MÊME !") - 1.0).abs() < 1e-6);
        assert!((likeness("", "?") - 1.0).abs() < 1e-6);
    }
}
