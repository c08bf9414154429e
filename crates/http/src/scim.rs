//! `/scim/v2/`: users and groups that an identity provider hands out (RFC 7644). What is answered is made by
//! `trousseau-provisioning`; errors leave in the form that the standard has for them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use trousseau_provisioning::{Answer, Call, ProvisioningError, Verb, call};

use trousseau_request::scim_error::{BASE, WORD, content_type};

use super::refusal::Refusal;
use super::{Caller, HttpError, Server, body};

/// The largest body, in bytes.
const BODY: usize = 4 << 20;

/// Every method on every path below [`BASE`].
pub(super) async fn handle(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, whole) = request.into_parts();
    let verb = match parts.method {
        Method::POST => Verb::Post,
        Method::PUT => Verb::Put,
        Method::PATCH => Verb::Patch,
        Method::DELETE => Verb::Delete,
        _ => Verb::Get,
    };
    let Query(query): Query<Vec<(String, String)>> =
        Query::try_from_uri(&parts.uri).map_err(|_| not_found(&parts.uri))?;
    let bytes = match verb {
        Verb::Get | Verb::Delete => None,
        Verb::Post | Verb::Put | Verb::Patch => {
            Some(body::read(&parts.headers, whole, BODY, server.settings.limits.body).await?)
        }
    };
    let (headers, uri) = (parts.headers, parts.uri);
    let answering = Arc::clone(&server);
    let answer = server.see_through(async move {
        let server = answering;
        let asked = Call {
            verb,
            path: uri.path().strip_prefix(BASE).unwrap_or_default(),
            query: &query,
            if_match: text(&headers, &header::IF_MATCH),
            body: bytes.as_deref(),
            base: &format!("{}/scim/v2", server.settings.base_path),
        };
        let called = call((&server.accounts, &server.gateway), &caller.principal, asked).await;
        let answer = called.map_err(refused)?;
        let known = text(&headers, &header::IF_NONE_MATCH);
        let unchanged = verb == Verb::Get && known.is_some() && known == answer.etag.as_deref();
        Ok::<_, Refusal>((answer, unchanged))
    });
    let (answer, unchanged) = answer.await?;
    Ok(if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        written(answer)
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn not_found(uri: &http::Uri) -> Refusal {
    let path = uri.path().to_owned();
    HttpError::NotFound { path }.into()
}

fn written(answer: Answer) -> Response {
    let body = answer.body.map(|body| body.to_string()).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    let set = [(header::LOCATION, answer.location), (header::ETAG, answer.etag)];
    for (name, value) in set {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert(header::CONTENT_TYPE, content_type());
    response
}

/// A refusal with the status and the word that the standard has for the error.
fn refused(error: ProvisioningError) -> Refusal {
    let (status, word) = (error.status(), error.scim_type());
    let error = match error {
        ProvisioningError::Account(error) => return error.into(),
        ProvisioningError::Gateway(error) => return error.into(),
        ProvisioningError::Scim(error) => error,
    };
    let mut refusal = Refusal::new(error);
    if let Some(status) = status.and_then(|status| StatusCode::from_u16(status).ok()) {
        refusal = refusal.with_status(status);
    }
    match word {
        Some(word) => refusal.detail(WORD, word.into()),
        None => refusal,
    }
}
