//! `GET /api/usage`: how many questions were asked and what they cost, for administrators; everybody sees the own. No
//! contents.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::records::counts::{By, Counting};
use trousseau_wire::Fault;

use super::query::{Pairs, invalid};
use super::refusal::Refusal;
use super::{Caller, Server};

/// How far back is counted where nobody says, in days.
const DAYS: i64 = 30;

/// A day, in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// `GET /api/usage`: from the day `since` to the day `until`, both counted, by day, route, target or user.
pub(super) async fn count(
    State(server): State<Arc<Server>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    let mut pairs = Pairs::of(&uri)?;
    let (since, until) = (day(&mut pairs, "since")?, day(&mut pairs, "until")?);
    let by = match pairs.take("by") {
        None => By::Day,
        Some(word) => {
            let found = By::ALL.into_iter().find(|by| by.name() == word);
            let known = By::ALL.map(By::name).join(", ");
            found.ok_or_else(|| invalid("by", &known))?
        }
    };
    pairs.end()?;
    let today = (server.gateway.now)().as_millisecond().div_euclid(DAY) * DAY;
    let until = until.unwrap_or(today);
    let since = since.unwrap_or(until - (DAYS - 1) * DAY);
    if since > until {
        return Err(invalid("until", "not before since").into());
    }
    let counting = Counting {
        user: None,
        since,
        until: until + DAY,
    };
    let counted = server
        .gateway
        .records
        .count(&caller.principal.tenant, by, counting);
    let counted = counted.await.map_err(GatewayError::from)?;
    Ok(Json(json!({
        "by": by.name(),
        "since": written(since),
        "until": written(until),
        "items": counted,
    })))
}

/// `GET /api/limits`: how far the limits are used, those of the caller's tenant and of everybody.
pub(super) async fn limits(
    State(server): State<Arc<Server>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    Pairs::of(&uri)?.end()?;
    let tenant = caller.principal.tenant.as_str();
    let gateway = &server.gateway;
    let mut standings = gateway
        .limits
        .all(&gateway.plan().settings.spending, (gateway.now)());
    standings.retain(|standing| {
        let of_account = |account: &String| account.split('/').next() == Some(tenant);
        standing.tenant.as_deref().is_none_or(|other| other == tenant)
            && standing.account.as_ref().is_none_or(of_account)
    });
    Ok(Json(json!({ "limits": standings })))
}

/// `GET /api/usage/mine`: the caller's own, of this month in UTC, by day; and how far the caller's limits are used.
pub(super) async fn mine(
    State(server): State<Arc<Server>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    Pairs::of(&uri)?.end()?;
    let now = (server.gateway.now)();
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let first = today.first_of_month().to_zoned(jiff::tz::TimeZone::UTC);
    let since = first.map_or(now, |first| first.timestamp()).as_millisecond();
    let until = now.as_millisecond().div_euclid(DAY) * DAY;
    let counting = Counting {
        user: Some(&caller.principal.user),
        since,
        until: until + DAY,
    };
    let counted = server
        .gateway
        .records
        .count(&caller.principal.tenant, By::Day, counting);
    let counted = counted.await.map_err(GatewayError::from)?;
    let (limits, plan) = (&server.gateway.limits, server.gateway.plan());
    let counting = limits.counting(&plan.settings.spending, &caller.principal);
    Ok(Json(json!({
        "limits": limits.mine(&counting, &plan.settings.spending, now),
        "by": By::Day.name(),
        "since": written(since),
        "until": written(until),
        "items": counted,
    })))
}

/// The beginning of a day in UTC that is written as `2026-11-21`, in milliseconds since 1970.
fn day(pairs: &mut Pairs, name: &str) -> Result<Option<i64>, Fault> {
    let Some(text) = pairs.take(name) else {
        return Ok(None);
    };
    let day = text.parse::<Date>().ok();
    let begin = day.and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok());
    let begin = begin.ok_or_else(|| invalid(name, "a day, such as 2026-11-21"))?;
    Ok(Some(begin.timestamp().as_millisecond()))
}

/// A moment as its day.
fn written(millisecond: i64) -> String {
    let moment = Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}
