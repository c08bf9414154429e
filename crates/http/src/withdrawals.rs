//! `/api/withdrawals`: what may see nothing from now on, as `trousseau withdraw` does it. For administrators; the ledger tells of
//! every change.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, Uri};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use trousseau_gateway::service::Gateway;
use trousseau_withdrawals::{Running, What, Withdrawal};

use super::auth::read;
use super::query::{Pairs, invalid};
use super::refusal::Refusal;
use super::segment::Segments;
use super::{Caller, Server};

/// The longest name, in bytes.
const NAME: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    what: Kind,
    name: String,
    until: Option<Timestamp>,
    #[serde(default)]
    running: Running,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Provider,
    Country,
    Upstream,
}

/// `GET /api/withdrawals`: those that hold, with the upstreams that each concerns.
pub(super) async fn list(
    State(server): State<Arc<Server>>,
    _caller: Caller,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    Pairs::of(&uri)?.end()?;
    let gateway = &server.gateway;
    let there = gateway.withdrawals.list((gateway.now)());
    let told = there.iter().map(|one| told(gateway, one));
    Ok(Json(json!({ "withdrawals": told.collect::<Value>() })))
}

/// `POST /api/withdrawals`: in force when it is answered.
pub(super) async fn withdraw(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let (_, wanted) = read::<Wanted>(&server, request).await?;
    let what = what(wanted.what, wanted.name.trim())?;
    if wanted.until.is_some_and(|until| until <= (server.gateway.now)()) {
        return Err(invalid("until", "a moment that is still to come").into());
    }
    let (gateway, how) = (Arc::clone(&server.gateway), (wanted.until, wanted.running));
    let withdrawing = async move { gateway.withdraw(&caller.principal, what, how).await };
    let made = server.see_through(withdrawing).await?;
    Ok((StatusCode::CREATED, Json(told(&server.gateway, &made))).into_response())
}

/// `DELETE /api/withdrawals/{withdrawal}`: what the configuration permits is permitted again.
pub(super) async fn lift(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Json<Value>, Refusal> {
    let gateway = Arc::clone(&server.gateway);
    let lifting = async move { gateway.lift(&caller.principal, &id).await };
    let lifted = server.see_through(lifting).await?;
    Ok(Json(told(&server.gateway, &lifted)))
}

pub(super) fn what(kind: Kind, name: &str) -> Result<What, Refusal> {
    if name.is_empty() || name.len() > NAME || name.contains(char::is_control) {
        return Err(invalid("name", "1 to 200 bytes on one line").into());
    }
    Ok(match kind {
        Kind::Provider => What::Provider(name.to_owned()),
        Kind::Upstream => What::Upstream(name.to_owned()),
        Kind::Country => {
            let country = name.to_uppercase().parse();
            What::Country(country.map_err(|_| invalid("name", "the two letters of a country, such as US"))?)
        }
    })
}

fn told(gateway: &Gateway, withdrawal: &Withdrawal) -> Value {
    let mut told = serde_json::to_value(withdrawal).unwrap_or_default();
    told["upstreams"] = gateway.concerned(withdrawal).into();
    told
}
