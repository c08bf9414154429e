//! `POST /v1/embeddings` and `POST /v1/rerank`: texts turned into vectors, and texts weighed against a question.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use http::request::Parts;
use serde_json::Value;
use trousseau_gateway::vectors::{Measure, Measuring};
use trousseau_wire::server::embeddings::{EmbeddingsCall, embedded, embeddings};
use trousseau_wire::server::rerank::{RerankCall, rerank as read_rerank, reranked};

use super::chat::{read_as, stated_label};
use super::refusal::Refusal;
use super::report::report;
use super::{Caller, HttpError, Server};

/// `POST /v1/embeddings`.
pub(super) async fn embed(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let (parts, call) = read_as(&server, request, embeddings).await?;
    let EmbeddingsCall {
        request,
        model,
        encoding,
        label,
        forget,
    } = call;
    let asked = Measuring {
        request: Arc::new(request),
        route: model.clone(),
        label,
        forget,
    };
    let (vectors, _, trousseau) = measure(&server, caller, &parts, asked).await?;
    Ok(Json(embedded(&model, &vectors, encoding, &trousseau)))
}

/// `POST /v1/rerank`.
pub(super) async fn rerank(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let (parts, call): (Parts, RerankCall) = read_as(&server, request, read_rerank).await?;
    let asked = Measuring {
        request: Arc::new(call.request.clone()),
        route: call.model.clone(),
        label: call.label.clone(),
        forget: call.forget,
    };
    let (scores, entry, trousseau) = measure(&server, caller, &parts, asked).await?;
    Ok(Json(reranked(&call, &scores, &entry, &trousseau)))
}

/// Has it measured in a task of its own, so that its outcome is recorded whoever hangs up: what was found, the entry that
/// names it, and the `trousseau` object.
async fn measure<M: Measure>(
    server: &Arc<Server>,
    caller: Caller,
    parts: &Parts,
    mut asked: Measuring<M>,
) -> Result<(M::Found, String, Value), Refusal> {
    if let Some(label) = stated_label(&parts.headers)? {
        asked.label.get_or_insert_default().raise(&label);
    }
    let Caller { principal, ended, .. } = caller;
    let plan = server.gateway.plan();
    let route = plan.route_for(&principal, Some(&asked.route))?.name.clone();
    let gateway = Arc::clone(&server.gateway);
    let measuring = server
        .answers
        .spawn(async move { gateway.measure(&plan, &principal, asked).await });
    let measured = tokio::select! {
        measured = measuring => measured.map_err(|_| HttpError::Failed)?,
        () = ended.cancelled() => return Err(HttpError::Ended.into()),
    };
    let (ended, found) = match measured {
        Ok((answered, found)) => (Ok(answered), Some(found)),
        Err(error) => (Err(error), None),
    };
    server.note_ended(&route, &ended, None);
    let (answered, found) = (ended?, found.ok_or(HttpError::Failed)?);
    let trousseau = report(&route, &answered);
    Ok((found, answered.entry.to_string(), trousseau))
}
