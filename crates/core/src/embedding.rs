//! Text turned into vectors, behind one trait.

use std::sync::Arc;

use futures_core::future::BoxFuture;

use crate::chat::Usage;
use crate::digest::Digest;
use crate::model::ModelError;
use crate::permit::{Permit, Purpose};

/// On which side of a search a text stands. Many models want to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// It is searched for.
    Question,
    /// It is found.
    Passage,
}

impl Side {
    /// The name used in digests and in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Passage => "passage",
        }
    }
}

/// Texts to be turned into vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddingRequest {
    /// On which side they stand.
    pub side: Side,
    /// The texts.
    pub texts: Vec<String>,
    /// How many numbers each vector is to have, where the model offers a choice.
    pub dimensions: Option<u32>,
}

impl EmbeddingRequest {
    /// The digest of everything that would be sent. A [`Permit`] is bound to it.
    pub fn digest(&self) -> Digest {
        let dimensions = self.dimensions.unwrap_or(0).to_string();
        let head = ["embedding", self.side.name(), &dimensions];
        let texts = self.texts.iter().map(String::as_str);
        Digest::of_fields(head.into_iter().chain(texts).map(str::as_bytes))
    }

    /// Fails unless `permit` covers sending the texts to `target`.
    pub fn check_permit(&self, permit: &Permit, target: &str) -> Result<(), ModelError> {
        ModelError::unless_permitted(permit.covers(target, Purpose::Embedding, self.digest()), target)
    }
}

/// A vector for each text of a request, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vectors {
    /// How many numbers each vector has; 0 when there is none.
    pub dimensions: usize,
    /// The numbers, vector after vector.
    pub values: Vec<f32>,
    /// What they cost.
    pub usage: Usage,
}

impl Vectors {
    /// The vectors, one after another.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.dimensions.max(1))
    }

    /// Takes in one more vector; gives it back when it has not as many numbers as those before it.
    pub fn push(&mut self, vector: &[f32]) -> Result<(), WrongDimensions> {
        if self.values.is_empty() {
            self.dimensions = vector.len();
        }
        let (expected, found) = (self.dimensions, vector.len());
        if found == 0 || found != expected {
            return Err(WrongDimensions { expected, found });
        }
        self.values.extend_from_slice(vector);
        Ok(())
    }
}

/// A vector that does not fit to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a vector has {found} numbers instead of {expected}")]
pub struct WrongDimensions {
    /// The numbers that it should have.
    pub expected: usize,
    /// Those that it has.
    pub found: usize,
}

/// A model that turns texts into vectors.
pub trait Embedder: Send + Sync {
    /// What the model is. Vectors are kept under this name: those of two models cannot be compared.
    fn name(&self) -> &str;

    /// Turns texts into vectors; checks with [`EmbeddingRequest::check_permit`] before the first byte leaves.
    fn embed<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<EmbeddingRequest>,
    ) -> BoxFuture<'a, Result<Vectors, ModelError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_tells_sides_and_texts_apart() {
        let request = |side, texts: &[&str], dimensions| EmbeddingRequest {
            side,
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            dimensions,
        };
        let one = request(Side::Question, &["a", "b"], None).digest();
        assert_ne!(one, request(Side::Passage, &["a", "b"], None).digest());
        assert_ne!(one, request(Side::Question, &["ab"], None).digest());
        assert_ne!(one, request(Side::Question, &["a", "b"], Some(2)).digest());
    }

    #[test]
    fn vectors_have_the_same_length() {
        let mut vectors = Vectors::default();
        vectors.push(&[1.0, 2.0]).unwrap();
        vectors.push(&[3.0, 4.0]).unwrap();
        assert!(vectors.push(&[5.0]).is_err());
        assert!(Vectors::default().push(&[]).is_err());
        assert_eq!(vectors.iter().collect::<Vec<_>>(), [[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!(Vectors::default().iter().len(), 0);
    }
}
