//! Sign-out at the identity provider as well (OpenID Connect RP-Initiated Logout 1.0).
//!
//! The session here is over first, whatever becomes of the one there: the browser is told where to go on, and the
//! provider asks its user. It knows which of its sessions is meant by the ID token of the sign-in, which is kept beside
//! the session here and goes with it.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use trousseau_core::principal::Tenant;
use zeroize::Zeroizing;

use super::discovery::malformed;
use super::{Provider, Token};
use crate::{AccountError, Accounts};

/// The longest ID token that is kept, in bytes: it goes into an address, and servers refuse those beyond some 8 KiB.
const LONGEST: usize = 4 << 10;

/// How long signing out waits for the provider to say where it signs people out.
const PATIENCE: Duration = Duration::from_secs(3);

/// The ID token of a sign-in. It opens nothing, but tells who somebody is.
#[derive(Clone)]
pub(crate) struct IdToken(Zeroizing<String>);

impl IdToken {
    /// The token, if it can be shown again.
    pub(crate) fn kept(token: impl Into<Zeroizing<String>>) -> Option<Self> {
        Some(Self(token.into())).filter(|token| token.as_str().len() <= LONGEST)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for IdToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdToken(..)")
    }
}

impl Provider {
    /// Where a browser signs out at the provider; `None` where the provider has no such place.
    async fn farewell(
        &self,
        id_token: Option<&IdToken>,
        now: Timestamp,
    ) -> Result<Option<String>, AccountError> {
        let description = self.published.description(now).await?;
        let Some(endpoint) = description.end_session_endpoint else {
            return Ok(None);
        };
        let mut url = Url::parse(&endpoint).map_err(|error| malformed("end_session_endpoint", &error))?;
        let mut query = url.query_pairs_mut();
        query.append_pair("client_id", &self.settings.client_id);
        if let Some(token) = id_token {
            query.append_pair("id_token_hint", token.as_str());
        }
        if let Some(back) = &self.settings.post_logout_redirect_uri {
            // Nothing is decided by what comes back, so nothing is kept of it; some providers want a state all the same.
            let state = Token::generate("")?;
            query
                .append_pair("post_logout_redirect_uri", back)
                .append_pair("state", &state.text);
        }
        drop(query);
        Ok(Some(url.into()))
    }
}

impl Accounts {
    /// Ends the session of a cookie. Gives back where its user signs out at the identity provider as well, if the
    /// session began there and the provider has such a place.
    pub async fn sign_out(&self, cookie: &str, now: Timestamp) -> Result<Option<String>, AccountError> {
        let began = self.began_at_provider(cookie);
        self.end_session(cookie).await?;
        Ok(self.leave(began, now).await)
    }

    /// Ends every session of a user who signs out with this cookie; what it gives back is as of [`Self::sign_out`].
    pub async fn sign_out_everywhere(
        &self,
        (tenant, user): (&Tenant, &str),
        cookie: &str,
        now: Timestamp,
    ) -> Result<Option<String>, AccountError> {
        let began = self.began_at_provider(cookie);
        self.end_sessions(tenant, user).await?;
        Ok(self.leave(began, now).await)
    }

    /// Whoever cannot be led on to the provider has signed out here all the same.
    async fn leave(&self, began: Option<Option<IdToken>>, now: Timestamp) -> Option<String> {
        let (provider, id_token) = (self.provider.as_ref()?, began?);
        let asked = tokio::time::timeout(PATIENCE, provider.farewell(id_token.as_ref(), now)).await;
        match asked {
            Ok(Ok(place)) => place,
            Ok(Err(error)) => {
                tracing::warn!(%error, "where people sign out at the identity provider is not known");
                None
            }
            Err(_) => {
                tracing::warn!("the identity provider does not say where people sign out");
                None
            }
        }
    }
}
