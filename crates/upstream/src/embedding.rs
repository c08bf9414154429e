//! Vectors from OpenAI-compatible servers: `POST /v1/embeddings`.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use trousseau_core::embedding::{Embedder, EmbeddingRequest, Side, Vectors};
use trousseau_core::model::ModelError;
use trousseau_core::permit::Permit;
use trousseau_wire::client::{embeddings, embeddings_body};

use crate::call::Endpoint;
use crate::egress::{Clients, EgressError};
use crate::failure::Sent;
use crate::server::Server;

/// How many texts are sent in one call: what most servers take.
pub const BATCH: usize = 32;

/// A model that turns texts into vectors, behind an OpenAI-compatible server.
pub struct OpenAiEmbedder {
    endpoint: Endpoint,
    options: EmbedderOptions,
}

/// How texts are put to an embedding model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedderOptions {
    /// How many texts are sent in one call.
    pub batch: usize,
    /// How many numbers a vector is to have, where the model offers a choice.
    pub dimensions: Option<u32>,
    /// What stands before a text that is searched for: `query: ` for the models of the E5 family.
    pub before_question: String,
    /// What stands before a text that is found.
    pub before_passage: String,
}

impl Default for EmbedderOptions {
    fn default() -> Self {
        Self {
            batch: BATCH,
            dimensions: None,
            before_question: String::new(),
            before_passage: String::new(),
        }
    }
}

impl OpenAiEmbedder {
    /// A model on `server`, reached through `clients`.
    pub fn new(
        server: Server,
        clients: impl Into<Clients>,
        options: EmbedderOptions,
    ) -> Result<Self, EgressError> {
        let endpoint = Endpoint::new(server, clients.into(), "embeddings")?;
        Ok(Self { endpoint, options })
    }

    async fn vectors(&self, permit: &Permit, request: &EmbeddingRequest) -> Result<Vectors, ModelError> {
        let server = &self.endpoint.server;
        request.check_permit(permit, &server.target)?;
        let mut vectors = Vectors::default();
        for texts in request.texts.chunks(self.options.batch.max(1)) {
            let prefix = match request.side {
                Side::Question => &self.options.before_question,
                Side::Passage => &self.options.before_passage,
            };
            let prefixed: Vec<String>;
            let texts = if prefix.is_empty() {
                texts
            } else {
                prefixed = texts.iter().map(|text| format!("{prefix}{text}")).collect();
                &prefixed
            };
            self.add(texts, request, &mut vectors).await?;
        }
        Ok(vectors)
    }

    /// Makes one call and adds what it brings.
    async fn add(
        &self,
        texts: &[String],
        sent: &EmbeddingRequest,
        vectors: &mut Vectors,
    ) -> Result<(), ModelError> {
        let dimensions = sent.dimensions.or(self.options.dimensions);
        let body = embeddings_body(&self.endpoint.server.model, texts, dimensions);
        let (bytes, secrets) = self.endpoint.exchange(&body, sent).await?;
        let blame = self.endpoint.blame(&secrets, sent);
        let found = embeddings(&bytes, texts.len()).map_err(|fault| blame.fault(fault))?;
        for vector in &found.vectors {
            vectors
                .push(vector)
                .map_err(|error| blame.malformed(&error.to_string()))?;
        }
        vectors.usage.input += found.usage.input;
        vectors.usage.output += found.usage.output;
        Ok(())
    }
}

impl Embedder for OpenAiEmbedder {
    fn name(&self) -> &str {
        &self.endpoint.server.model
    }

    fn embed<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<EmbeddingRequest>,
    ) -> BoxFuture<'a, Result<Vectors, ModelError>> {
        async move { self.vectors(permit, &request).await }.boxed()
    }
}

impl Sent for EmbeddingRequest {
    fn visit(&self, visit: &mut dyn FnMut(&str)) {
        self.texts.iter().for_each(|text| visit(text));
    }
}
