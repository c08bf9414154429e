//! `/v1/models`: the routes the caller may ask through.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use trousseau_plan::Plan;
use trousseau_plan::settings::Route;
use trousseau_policy::decide::Target;
use trousseau_wire::server::{self as wire, Model, Models, Place};

use super::refusal::Refusal;
use super::{Caller, HttpError, Server};

/// `GET /v1/models`.
pub(super) async fn list(State(server): State<Arc<Server>>, caller: Caller) -> Json<Models> {
    let plan = server.gateway.plan();
    let routes = plan.routes_of(&caller.principal);
    let told = routes.map(|route| (route.name.as_str(), places(&plan, route)));
    Json(wire::models(told, server.since))
}

/// `GET /v1/models/{model}`.
pub(super) async fn get(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Model>, Refusal> {
    let plan = server.gateway.plan();
    let mut routes = plan.routes_of(&caller.principal);
    match routes.find(|route| route.name == name) {
        Some(route) => {
            let places = places(&plan, route);
            Ok(Json(wire::model((&route.name, places), server.since)))
        }
        None => Err(HttpError::NoModel { name }.into()),
    }
}

/// The targets of a route, as their cards describe them.
fn places(plan: &Plan, route: &Route) -> Vec<Place> {
    let place = |target: &Target| Place {
        target: target.name.clone(),
        provider: target.card.provider.clone(),
        premises: target.card.premises.to_string(),
        region: target.card.inference_region.to_string(),
        open_weights: target.card.open_weights.known().copied(),
    };
    plan.targets_of(route).map(place).collect()
}
