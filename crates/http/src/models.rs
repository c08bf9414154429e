//! `/v1/models`: the routes the caller may ask through.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use trousseau_wire::server::{self as wire, Model, Models};

use super::refusal::Refusal;
use super::{Caller, HttpError, Server};

/// `GET /v1/models`.
pub(super) async fn list(State(server): State<Arc<Server>>, caller: Caller) -> Json<Models> {
    let routes = server.gateway.routes_of(&caller.principal);
    Json(wire::models(
        routes.map(|route| route.name.as_str()),
        server.since,
    ))
}

/// `GET /v1/models/{model}`.
pub(super) async fn get(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Model>, Refusal> {
    let mut routes = server.gateway.routes_of(&caller.principal);
    match routes.find(|route| route.name == name) {
        Some(route) => Ok(Json(wire::model(&route.name, server.since))),
        None => Err(HttpError::NoModel { name }.into()),
    }
}
