//! `/`, `/assets/` and `/api/page`: the page, and what it says of the house before anybody signs in. Nothing there tells
//! who the people are or what they ask.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Uri};
use serde_json::{Value, json};
use trousseau_gateway::error::GatewayError;

use super::query::Pairs;
use super::refusal::Refusal;
use super::segment::Segments;
use super::{HttpError, Language, Server};

/// Where the logo is, from the page's base.
const LOGO: &str = "api/page/logo";

/// `GET /`.
pub(super) async fn index(
    State(server): State<Arc<Server>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    server.page.index(&headers).ok_or_else(|| nothing(&uri))
}

/// `GET /assets/{file}`.
pub(super) async fn asset(
    State(server): State<Arc<Server>>,
    Segments(file): Segments<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let found = server.page.file(&format!("assets/{file}"), &headers);
    found.ok_or_else(|| nothing(&uri))
}

/// `GET /api/page`: how the house is called and looks, how one comes in, and how long questions are kept.
pub(super) async fn about(State(server): State<Arc<Server>>, uri: Uri) -> Result<Json<Value>, Refusal> {
    Pairs::of(&uri)?.end()?;
    let page = &server.settings.page;
    let languages = [Language::French, Language::English].map(Language::code);
    Ok(Json(json!({
        "name": page.name,
        "logo": server.logo.as_ref().map(|_| LOGO),
        "accent": page.accent,
        "accent_dark": page.accent_dark,
        "version": env!("CARGO_PKG_VERSION"),
        "oidc": page.provider.as_ref().map(|name| json!({ "name": name })),
        "directory": page.directory.as_ref().map(|name| json!({ "name": name })),
        "setup": !server.accounts.has_any_user().await.map_err(GatewayError::from)?,
        "languages": languages,
        "retention_days": page.retention_days,
        "incognito": page.incognito,
        "accessibility": { "conformity": page.accessibility, "contact": page.accessibility_contact },
    })))
}

/// `GET /api/page/logo`.
pub(super) async fn logo(State(server): State<Arc<Server>>, uri: Uri) -> Result<Response, Refusal> {
    let logo = server.logo.as_ref().ok_or_else(|| nothing(&uri))?;
    Ok(logo.respond())
}

fn nothing(uri: &Uri) -> Refusal {
    let path = uri.path().to_owned();
    HttpError::NotFound { path }.into()
}
