//! `/api/records/.../proof`: that a question was decided as its record says, shown by the ledger itself. Whoever asked, the
//! auditor and the data-protection officer may see it; nothing in it tells what was asked.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri, header};
use serde_json::{Value, json};
use trousseau_core::principal::{Principal, Role};
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::logs::Log;
use trousseau_gateway::records::EntryId;
use trousseau_ledger::Proof;

use super::query::Pairs;
use super::records::named_entry;
use super::refusal::Refusal;
use super::segment::Segments;
use super::{Caller, Server};

/// A proof with what it proves.
pub(super) struct Drawn {
    /// The entry.
    pub(super) entry: EntryId,
    /// What stands there.
    pub(super) leaf: Value,
    proof: Proof,
    /// Whether the proof leads from the entry to a checkpoint that the ledger's own key signed.
    verified: bool,
    key: String,
}

/// `GET /api/records/{replica}/{entry}/proof`.
pub(super) async fn get(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((replica, entry)): Segments<(String, String)>,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    Pairs::of(&uri)?.end()?;
    let entry = named_entry(&format!("{replica}/{entry}"))?;
    let outcome = outcome_of(&server, &caller.principal, &entry).await?;
    let drawn = draw_decision(&server, &caller.principal, &entry).await?;
    let log = ledger(&server, &caller.principal).await?;
    let outcome = match outcome {
        Some(index) => leaf(&log.read(index).await?),
        None => Value::Null,
    };
    let mut told = drawn.told();
    let decision = told.as_object_mut().and_then(|told| told.remove("leaf"));
    told["decision"] = decision.unwrap_or_default();
    told["outcome"] = outcome;
    Ok(Json(told))
}

/// `GET /api/records/{replica}/{entry}/proof/file`: as `trousseau ledger prove` writes it.
pub(super) async fn file(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((replica, entry)): Segments<(String, String)>,
) -> Result<Response, Refusal> {
    let entry = named_entry(&format!("{replica}/{entry}"))?;
    outcome_of(&server, &caller.principal, &entry).await?;
    Ok(draw_decision(&server, &caller.principal, &entry)
        .await?
        .download())
}

impl Drawn {
    /// Draws the proof of an entry of the caller's own tenant.
    pub(super) async fn draw(server: &Server, caller: &Principal, entry: EntryId) -> Result<Self, Refusal> {
        let log = ledger(server, caller).await?;
        if log.entry(entry.index) != entry || entry.index >= log.size() {
            return Err(none(&entry).into());
        }
        let (proof, bytes) = (log.prove(entry.index).await?, log.read(entry.index).await?);
        let key = log.verifier_key();
        Ok(Self {
            entry,
            leaf: leaf(&bytes),
            verified: proof.verify(&key, &bytes).is_ok(),
            proof,
            key: key.to_string(),
        })
    }

    /// Everything, as it is told.
    pub(super) fn told(&self) -> Value {
        let checkpoint = &self.proof.checkpoint;
        json!({
            "entry": self.entry.to_string(),
            "verified": self.verified,
            "log": checkpoint.origin,
            "tree_size": checkpoint.size,
            "checkpoint": checkpoint.note,
            "key": self.key,
            "leaf": self.leaf,
            "file": STANDARD.encode(self.proof.to_text()),
        })
    }

    /// The file that proves it.
    pub(super) fn download(&self) -> Response {
        let name = self.entry.to_string().replace(['/', '~'], "-");
        let mut response = Response::new(Body::from(self.proof.to_text()));
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/octet-stream");
        headers.insert(header::CONTENT_TYPE, kind);
        let disposition = format!("attachment; filename=\"{name}.tlog-proof\"");
        if let Ok(disposition) = HeaderValue::from_str(&disposition) {
            headers.insert(header::CONTENT_DISPOSITION, disposition);
        }
        response
    }
}

/// The ledger of the caller's tenant.
pub(super) async fn ledger(server: &Server, caller: &Principal) -> Result<Arc<Log>, GatewayError> {
    let gateway = &server.gateway;
    let now = (gateway.now)();
    gateway.logs.log(&caller.tenant, &gateway.records, now).await
}

/// The bytes of an entry as JSON; null where they are none.
pub(super) fn leaf(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_default()
}

async fn draw_decision(server: &Server, caller: &Principal, entry: &EntryId) -> Result<Drawn, Refusal> {
    let drawn = Drawn::draw(server, caller, entry.clone()).await?;
    if drawn.leaf["type"] != "decision" {
        return Err(none(entry).into());
    }
    Ok(drawn)
}

/// The index of the outcome of a record that the caller may see proved.
async fn outcome_of(
    server: &Server,
    caller: &Principal,
    entry: &EntryId,
) -> Result<Option<u64>, GatewayError> {
    let record = server.gateway.records.record(&caller.tenant, entry).await?;
    if matches!(caller.role, Role::Auditor | Role::DataProtectionOfficer) {
        return Ok(record.and_then(|record| record.outcome));
    }
    let own = record.filter(|record| record.actor == caller.user);
    own.map(|record| record.outcome).ok_or_else(|| none(entry))
}

fn none(entry: &EntryId) -> GatewayError {
    GatewayError::NoEntry {
        entry: entry.to_string(),
    }
}
