//! `/api/ledger`: the ledger of the caller's tenant, its entries and their proofs, and whether all of it agrees. Entries hold
//! commitments and no contents.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::Uri;
use serde_json::{Map, Value, json};
use trousseau_gateway::error::GatewayError;
use trousseau_ledger::{Report, VerifyOptions};
use trousseau_retrieval::library::blocking;

use super::proofs::{Drawn, leaf, ledger};
use super::query::{Pairs, invalid};
use super::records::named_entry;
use super::refusal::Refusal;
use super::segment::Segments;
use super::{Caller, Server};

/// How many entries a page has where nobody says.
const USUAL: usize = 50;

/// `GET /api/ledger`: how it is called and how far it goes.
pub(super) async fn head(
    State(server): State<Arc<Server>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    Pairs::of(&uri)?.end()?;
    let log = ledger(&server, &caller.principal).await?;
    let checkpoint = log.checkpoint();
    Ok(Json(json!({
        "log": checkpoint.origin,
        "entries": log.size(),
        "tree_size": checkpoint.size,
        "checkpoint": checkpoint.note,
        "key": log.verifier_key().to_string(),
    })))
}

/// `GET /api/ledger/entries`: the newest first, those before the index `before`.
pub(super) async fn entries(
    State(server): State<Arc<Server>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    let mut pairs = Pairs::of(&uri)?;
    let (limit, before) = (pairs.limit(USUAL)?, pairs.take("before"));
    pairs.end()?;
    let before = before.map(|text| text.parse::<u64>()).transpose();
    let before = before.map_err(|_| invalid("before", "the index of an entry"))?;
    let log = ledger(&server, &caller.principal).await?;
    let end = before.unwrap_or(u64::MAX).min(log.size());
    let first = end.saturating_sub(limit as u64);
    let mut items = Vec::with_capacity(limit);
    for index in (first..end).rev() {
        let entry = log.entry(index).to_string();
        items.push(json!({ "entry": entry, "leaf": leaf(&log.read(index).await?) }));
    }
    Ok(Json(json!({ "items": items, "more": first > 0 })))
}

/// `GET /api/ledger/entries/{replica}/{entry}`: one, with the proof that it is in the ledger.
pub(super) async fn entry(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((replica, entry)): Segments<(String, String)>,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    Pairs::of(&uri)?.end()?;
    let entry = named_entry(&format!("{replica}/{entry}"))?;
    let drawn = Drawn::draw(&server, &caller.principal, entry).await?;
    Ok(Json(drawn.told()))
}

/// `GET /api/ledger/entries/{replica}/{entry}/proof`: the file that proves it.
pub(super) async fn proof(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((replica, entry)): Segments<(String, String)>,
) -> Result<Response, Refusal> {
    let entry = named_entry(&format!("{replica}/{entry}"))?;
    let drawn = Drawn::draw(&server, &caller.principal, entry).await?;
    Ok(drawn.download())
}

/// `POST /api/ledger/verify`: recomputes everything and names what does not agree. One at a time: it reads the whole ledger.
pub(super) async fn verify(
    State(server): State<Arc<Server>>,
    caller: Caller,
) -> Result<Json<Value>, Refusal> {
    let _one_at_a_time = server.verifying.lock().await;
    let log = ledger(&server, &caller.principal).await?;
    log.publish().await?;
    let folder = log.folder().to_path_buf();
    let options = VerifyOptions {
        key: Some(log.verifier_key()),
        newer: Vec::new(),
    };
    let verifying = blocking(move || trousseau_ledger::verify(&folder, &options)).await;
    let report = verifying
        .map_err(GatewayError::from)?
        .map_err(GatewayError::from)?;
    Ok(Json(told(&report)))
}

/// What was found, as `trousseau ledger verify --json` tells it.
fn told(report: &Report) -> Value {
    let findings = report.findings.iter().map(|finding| {
        let fields = finding.fields().into_iter();
        let fields: Map<String, Value> = fields
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        json!({ "code": finding.code(), "fields": fields, "message": finding.to_string() })
    });
    json!({
        "sound": report.is_sound(),
        "entries": report.entries,
        "uncovered": report.uncovered,
        "size": report.checkpoint.as_ref().map(|checkpoint| checkpoint.size),
        "key": report.key.as_ref().map(ToString::to_string),
        "rollback_checked": report.is_rollback_checked(),
        "findings": findings.collect::<Value>(),
    })
}
