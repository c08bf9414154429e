//! `POST /v1/messages`: Anthropic's form of a question, for clients that speak only that. Its errors have Anthropic's form
//! as well, and its key may come as `x-api-key`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::{Value, json};
use trousseau_limits::tokens;
use trousseau_wire::server::anthropic::{MessageShape, counted, messages};

use super::chat::{admit, answer, read_as};
use super::refusal::Refusal;
use super::{Caller, Server};

/// Where Anthropic's clients put the key.
const KEY: HeaderName = HeaderName::from_static("x-api-key");

/// `POST /v1/messages`.
pub(super) async fn create(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, call) = read_as(&server, request, messages).await?;
    let asked = admit(&server, &caller, &parts, call)?;
    let shape = MessageShape::new(asked.call.model.clone());
    answer(&server, caller, asked, Box::new(shape)).await
}

/// `POST /v1/messages/count_tokens`: about as many as the question has before anything is searched for it. It is sent to
/// nobody: each model counts by a tokenizer of its own, and one that counted would have read it.
pub(super) async fn count(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let (parts, call) = read_as(&server, request, counted).await?;
    let asked = admit(&server, &caller, &parts, call)?;
    let (tokens, others) = tokens::about(&asked.call.request);
    Ok(Json(json!({
        "input_tokens": tokens,
        "trousseau": { "estimated": true, "parts_not_counted": others },
    })))
}

/// Takes a key from where Anthropic's clients put it, unless there is one where it usually is.
pub(super) fn take_key(headers: &mut HeaderMap) {
    let Some(key) = headers
        .remove(KEY)
        .filter(|_| !headers.contains_key(header::AUTHORIZATION))
    else {
        return;
    };
    let bearer = key
        .to_str()
        .ok()
        .and_then(|key| HeaderValue::try_from(format!("Bearer {key}")).ok());
    // What is no text is no key, and is refused as such.
    headers.insert(header::AUTHORIZATION, bearer.unwrap_or(key));
}
