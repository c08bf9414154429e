//! Relevance from servers that speak the common rerank protocol: `POST /v1/rerank`.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use trousseau_core::model::ModelError;
use trousseau_core::permit::Permit;
use trousseau_core::reranking::{Reranker, RerankingRequest};
use trousseau_wire::client::{rerank, rerank_body};

use crate::call::Endpoint;
use crate::egress::{Clients, EgressError};
use crate::failure::Sent;
use crate::server::Server;

/// A model that says how well texts answer a question, behind a server.
pub struct HttpReranker {
    endpoint: Endpoint,
}

impl HttpReranker {
    /// A model on `server`, reached through `clients`.
    pub fn new(server: Server, clients: impl Into<Clients>) -> Result<Self, EgressError> {
        let endpoint = Endpoint::new(server, clients.into(), "rerank")?;
        Ok(Self { endpoint })
    }

    async fn scores(&self, permit: &Permit, request: &RerankingRequest) -> Result<Vec<f32>, ModelError> {
        let server = &self.endpoint.server;
        request.check_permit(permit, &server.target)?;
        if request.texts.is_empty() {
            return Ok(Vec::new());
        }
        let body = rerank_body(&server.model, &request.question, &request.texts);
        let (bytes, secrets) = self.endpoint.exchange(&body, request).await?;
        let ranked = rerank(&bytes, request.texts.len())
            .map_err(|fault| self.endpoint.blame(&secrets, request).fault(fault))?;
        let mut scores = vec![0.0; request.texts.len()];
        for found in ranked {
            if let Some(score) = scores.get_mut(found.index) {
                *score = found.score;
            }
        }
        Ok(scores)
    }
}

impl Reranker for HttpReranker {
    fn name(&self) -> &str {
        &self.endpoint.server.model
    }

    fn rerank<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<RerankingRequest>,
    ) -> BoxFuture<'a, Result<Vec<f32>, ModelError>> {
        async move { self.scores(permit, &request).await }.boxed()
    }
}

impl Sent for RerankingRequest {
    fn visit(&self, visit: &mut dyn FnMut(&str)) {
        visit(&self.question);
        self.texts.iter().for_each(|text| visit(text));
    }
}
