//! `/api/configuration` and what is added to it: for administrators.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::auth::read;
use super::control::{NewUpstream, Trial};
use super::envelope::Asking;
use super::query::invalid;
use super::refusal::{self, Refusal};
use super::{Caller, Language, Server};

/// The longest name, address or model's name, in bytes.
const LONGEST: usize = 2048;

/// `POST /api/configuration/reload`: reads the file anew. Requests that run go on as they began.
pub(super) async fn reload(State(server): State<Arc<Server>>, caller: Caller) -> Result<Response, Refusal> {
    let (control, by) = (Arc::clone(&server.control), caller.principal);
    let reloading = async move { control.reload(&by).await };
    Ok(Json(server.see_through(reloading).await?).into_response())
}

/// `POST /api/upstreams/try`: calls a server that is not in the configuration, once.
pub(super) async fn attempt(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let (parts, new) = read::<NewUpstream>(&server, request).await?;
    let asking = parts.extensions.get::<Asking>().cloned().unwrap_or_default();
    check(&new)?;
    let (control, by) = (Arc::clone(&server.control), caller.principal);
    let trying = async move { control.try_upstream(&by, new).await };
    let tried = server.see_through(trying).await?;
    Ok(Json(told(&server, &tried, asking.language)))
}

/// `POST /api/upstreams`: writes a server into the configuration file and takes it up; or tells what to write there, where
/// the service may not.
pub(super) async fn add(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let (_, new) = read::<NewUpstream>(&server, request).await?;
    check(&new)?;
    let (control, by) = (Arc::clone(&server.control), caller.principal);
    let adding = async move { control.add_upstream(&by, new).await };
    let added = server.see_through(adding).await?;
    let status = if added.written {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(added)).into_response())
}

fn check(new: &NewUpstream) -> Result<(), Refusal> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    if !(1..=64).contains(&new.name.len()) || new.name.starts_with('.') || !new.name.chars().all(allowed) {
        return Err(invalid("name", "1 to 64 of a-z, 0-9, -, _ and .").into());
    }
    let texts = [
        ("url", Some(&new.url)),
        ("model", Some(&new.model)),
        ("provider", new.provider.as_ref()),
    ];
    for (field, text) in texts {
        let wrong =
            |text: &String| text.trim().is_empty() || text.len() > LONGEST || text.contains(char::is_control);
        if text.is_some_and(wrong) {
            return Err(invalid(field, "1 to 2048 bytes on one line").into());
        }
    }
    Ok(())
}

/// A trial, with what went wrong in words.
fn told(server: &Server, tried: &Trial, language: Language) -> Value {
    let texts = server.texts.as_ref();
    let mut told = serde_json::to_value(tried).unwrap_or_default();
    told["error"] = tried.error.as_ref().map_or(Value::Null, |error| {
        let (message, hint) = texts.explain(language, error.as_ref());
        json!({ "code": error.code(), "message": message, "hint": hint })
    });
    let rejected = tried.rejected.iter();
    told["rejected"] = rejected.map(|one| refusal::told(one, texts, language)).collect();
    told
}
