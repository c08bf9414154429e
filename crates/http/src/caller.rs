//! Who calls: put there by the guard in front of every route that is not public.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Method, header};
use tokio_util::sync::CancellationToken;
use trousseau_core::principal::Principal;

use super::error::HttpError;
use super::refusal::Refusal;
use super::{Access, Client, Server, auth_cookie};

/// An authenticated caller, as an argument of handlers.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is.
    pub principal: Principal,
    /// Cancelled when the key is revoked or the session ended: what still runs in its name stops.
    pub ended: CancellationToken,
    /// Whether a browser's session lets it in, not a key.
    pub by_session: bool,
}

impl Caller {
    /// Lets a request in, by its key or else by its session, or says why not.
    pub(super) fn admit(
        server: &Server,
        client: Client,
        (method, headers): (&Method, &HeaderMap),
        access: Access,
    ) -> Result<Self, Refusal> {
        let now = (server.gateway.now)();
        let by_session = !headers.contains_key(header::AUTHORIZATION);
        let admitted = if by_session {
            let session = auth_cookie::session(server, client, (method, headers), now)?;
            session.ok_or(HttpError::NoCredentials)?.admitted
        } else {
            let key = bearer(headers).ok_or(HttpError::NoCredentials)?;
            server.accounts.admit_key(key, now)?
        };
        let role = admitted.principal.role;
        if !access.allows(role) {
            let role = role.name().to_owned();
            return Err(HttpError::Role { role }.into());
        }
        Ok(Self {
            principal: admitted.principal,
            ended: admitted.ended,
            by_session,
        })
    }
}

/// The key of `Authorization: Bearer ...` (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        // Only a route that is public has none.
        let caller = parts.extensions.remove::<Self>();
        caller.ok_or_else(|| HttpError::NoCredentials.into())
    }
}
