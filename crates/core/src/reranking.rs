//! Passages weighed against a question by a model, behind one trait.

use std::sync::Arc;

use futures_core::future::BoxFuture;

use crate::digest::Digest;
use crate::model::ModelError;
use crate::permit::{Permit, Purpose};

/// Texts to be weighed against a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RerankingRequest {
    /// The question.
    pub question: String,
    /// The texts.
    pub texts: Vec<String>,
}

impl RerankingRequest {
    /// The digest of everything that would be sent. A [`Permit`] is bound to it.
    pub fn digest(&self) -> Digest {
        let head = ["reranking", self.question.as_str()];
        let texts = self.texts.iter().map(String::as_str);
        Digest::of_fields(head.into_iter().chain(texts).map(str::as_bytes))
    }

    /// Fails unless `permit` covers sending question and texts to `target`.
    pub fn check_permit(&self, permit: &Permit, target: &str) -> Result<(), ModelError> {
        ModelError::unless_permitted(permit.covers(target, Purpose::Reranking, self.digest()), target)
    }
}

/// A model that says how well texts answer a question.
pub trait Reranker: Send + Sync {
    /// What the model is, for people and for the ledger.
    fn name(&self) -> &str;

    /// The relevance of each text, in the order of the request: higher is better, on a scale of the model's own.
    /// Implementations check with [`RerankingRequest::check_permit`] before the first byte leaves.
    fn rerank<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<RerankingRequest>,
    ) -> BoxFuture<'a, Result<Vec<f32>, ModelError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_tells_question_and_texts_apart() {
        let request = |question: &str, texts: &[&str]| {
            let texts = texts.iter().map(|text| (*text).to_owned()).collect();
            let question = question.to_owned();
            RerankingRequest { question, texts }.digest()
        };
        assert_ne!(request("a", &["b", "c"]), request("a", &["bc"]));
        assert_ne!(request("a", &["b"]), request("b", &["a"]));
    }
}
