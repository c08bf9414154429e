//! `POST /api/drills`: what becomes of routes and people when something is cut off, as `trousseau drill cut` tells it. For
//! administrators. Nothing is called and nothing changes.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use trousseau_drill::cut::Cut;

use super::auth::read;
use super::query::invalid;
use super::refusal::Refusal;
use super::withdrawals::{Kind, what};
use super::{Caller, Server};

/// How far back requests are taken where nobody says, in hours.
const HOURS: i64 = 30 * 24;

/// The most that is cut at once.
const CUTS: usize = 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Held {
    cut: Vec<Cutting>,
    since: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cutting {
    what: Kind,
    name: String,
}

/// `POST /api/drills`.
pub(super) async fn hold(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let (_, held) = read::<Held>(&server, request).await?;
    if held.cut.is_empty() || held.cut.len() > CUTS {
        return Err(invalid("cut", "1 to 32 things that are cut off").into());
    }
    let cut = held.cut.iter().map(|cut| what(cut.what, cut.name.trim()));
    let cut = Cut(cut.collect::<Result<_, _>>()?);
    let back = SignedDuration::from_hours(HOURS);
    let usual = (server.gateway.now)().checked_sub(back).unwrap_or(Timestamp::MIN);
    let since = held.since.unwrap_or(usual);
    let report = server.control.drill(&caller.principal, cut, since).await?;
    let mut told = json!(report);
    told["since"] = json!(since);
    Ok(Json(told))
}
