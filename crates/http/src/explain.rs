//! `POST /api/explain`: where a text might go, and why not elsewhere, without sending it anywhere or keeping it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use serde::Deserialize;
use serde_json::{Value, json};
use trousseau_core::chat::{ChatRequest, Message};
use trousseau_core::document::Span;
use trousseau_core::label::Label;
use trousseau_core::permit::Permit;
use trousseau_gateway::answer::Asked;
use trousseau_gateway::error::GatewayError;
use trousseau_policy::detect::Detectors;

use super::auth::read;
use super::envelope::Asking;
use super::query::invalid;
use super::refusal::{self, Refusal};
use super::{Caller, Server};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Questioned {
    text: String,
    route: Option<String>,
    label: Option<String>,
}

/// `POST /api/explain`: through one route, or through each that the caller may use.
pub(super) async fn explain(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let (parts, questioned) = read::<Questioned>(&server, request).await?;
    let asking = parts.extensions.get::<Asking>().cloned().unwrap_or_default();
    let (gateway, caller) = (&server.gateway, &caller.principal);
    let plan = gateway.plan();
    let (found, limit) = (questioned.text.len(), plan.settings.limits.question_bytes);
    if found > limit {
        return Err(GatewayError::LongQuestion { found, limit }.into());
    }
    let label = questioned.label.map(|label| label.parse::<Label>()).transpose();
    let label = label.map_err(|error| invalid("label", &error.to_string()))?;
    let names: Vec<String> = match questioned.route {
        Some(name) => vec![plan.route_for(caller, Some(&name))?.name.clone()],
        None => plan.routes_of(caller).map(|route| route.name.clone()).collect(),
    };
    let mut routes = Vec::with_capacity(names.len());
    for name in names {
        let asked = Asked {
            request: ChatRequest {
                messages: vec![Message::user(questioned.text.clone())],
                ..ChatRequest::default()
            },
            route: Some(name.clone()),
            label: label.clone(),
            ..Asked::default()
        };
        let explained = gateway.explain(caller, &asked, &[]).await?;
        let decision = &explained.decision;
        let rejected = decision.rejected.iter();
        let rejected = rejected.map(|one| refusal::told(one, server.texts.as_ref(), asking.language));
        let masked = explained.masked.as_deref().map(|masked| {
            json!({
                "values": masked.values,
                "label": masked.labelling.label(),
                "permitted": masked.decision.permitted.iter().map(Permit::target).collect::<Vec<_>>(),
            })
        });
        routes.push(json!({
            "route": name,
            "masked": masked,
            "label": explained.labelling.label(),
            "origins": explained.labelling.raises(),
            "permitted": decision.permitted.iter().map(Permit::target).collect::<Vec<_>>(),
            "rejected": rejected.collect::<Value>(),
            "rules": decision.rules,
        }));
    }
    Ok(Json(
        json!({ "findings": findings(&plan.settings.detectors, &questioned.text), "routes": routes }),
    ))
}

/// What the detectors find, in the order of the text.
fn findings(detectors: &Detectors, text: &str) -> Value {
    let found = detectors.detect(text);
    let mut places: Vec<_> = found
        .iter()
        .filter_map(|finding| Some((Span::locate(text, 0, finding.bytes.clone())?, &finding.detector)))
        .collect();
    places.sort_by_key(|(place, _)| *place);
    let told = places.into_iter().map(|(place, detector)| {
        json!({
            "detector": detector.name(),
            "class": detector.label().class,
            "label": detector.label(),
            "start": place.start,
            "end": place.end,
        })
    });
    told.collect()
}
