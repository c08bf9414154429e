//! `/healthz`: the process runs. `/readyz`: requests are welcome, and if not, why.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use super::Server;

/// Whether requests are welcome.
#[derive(Debug, Default)]
pub struct Health {
    draining: AtomicBool,
}

impl Health {
    /// Says that the server is about to end.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the server is about to end.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// `GET /healthz`.
pub(super) async fn alive() -> Response {
    Json(json!({ "status": "alive" })).into_response()
}

/// `GET /readyz`. Each part is asked, and what a disk has refused is tried again, so that a server to which nobody
/// sends requests any more finds out when there is room. Without the accounts' file, that of the limits or the directory the
/// server is degraded, and welcomes requests: keys, sessions and what was spent are in memory. So it is where replicas share records and it cannot bring or take them: answers go on. Nothing is told that an outsider could
/// use.
pub(super) async fn ready(State(server): State<Arc<Server>>) -> Response {
    let gateway = &server.gateway;
    let serving = !server.health.is_draining();
    let documents = gateway.library.store().check().await;
    let records = gateway.records.check().await;
    let ledger = match gateway.logs.check().await {
        Ok(()) => gateway.logs.heads().await.failing.pop().map(|(_, reason)| reason),
        Err(error) => Some(error.to_string()),
    };
    let accounts = server.accounts.check().await;
    // The directory was asked when somebody signed in or in the last round; nobody who asks here makes it be asked.
    let directory = server.accounts.directory_fault();
    let limits = gateway.limits.check_store((gateway.now)()).await;
    for (part, fault) in [
        ("directory", directory.as_ref().map(ToString::to_string)),
        ("accounts", accounts.as_ref().err().map(ToString::to_string)),
        ("limits", limits.as_ref().err().map(ToString::to_string)),
        ("documents", documents.as_ref().err().map(ToString::to_string)),
        ("records", records.as_ref().err().map(ToString::to_string)),
        ("ledger", ledger.clone()),
    ] {
        if let Some(fault) = fault {
            tracing::warn!(part, fault, "not sound");
        }
    }
    let shared = gateway.records_waiting();
    let is_apart = shared.as_ref().is_some_and(|(_, fault)| fault.is_some());
    let told = |good: bool| if good { "ok" } else { "failing" };
    let ready = serving && documents.is_ok() && records.is_ok() && ledger.is_none();
    let mut body = json!({
        "status": match (ready, accounts.is_ok() && limits.is_ok() && directory.is_none() && !is_apart) {
            (false, _) => "not ready",
            (true, false) => "degraded",
            (true, true) => "ready",
        },
        "checks": {
            "serving": if serving { "ok" } else { "draining" },
            "documents": told(documents.is_ok()),
            "records": told(records.is_ok()),
            "ledger": told(ledger.is_none()),
            "accounts": told(accounts.is_ok()),
            "limits": told(limits.is_ok()),
            "directory": told(directory.is_none()),
        },
    });
    if server.accounts.shared().is_some() {
        // Nothing but the database of the replicas is asked for accounts.
        body["checks"]["state"] = told(accounts.is_ok()).into();
    }
    if let Some((waiting, _)) = shared {
        body["checks"]["histories"] = told(!is_apart).into();
        body["records_waiting"] = waiting.into();
    }
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(body)).into_response()
}
