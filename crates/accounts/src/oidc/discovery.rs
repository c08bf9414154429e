//! What a provider publishes of itself: its description (OpenID Connect Discovery 1.0) and its keys.
//!
//! Both are fetched when first needed and kept for a while. A token signed with a key that is not known makes the keys be
//! fetched again, not more often than twice a minute; a key that was taken back is forgotten within ten minutes.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::error::OidcError;
use super::jose::{Algorithm, Claims, JoseFault, KeySet};

/// How long one call to the provider may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest answer that is read, in bytes.
const LARGEST: usize = 512 * 1024;

/// How long the description is good.
const DESCRIPTION_LASTS: SignedDuration = SignedDuration::from_hours(1);

/// How long the keys are good.
const KEYS_LAST: SignedDuration = SignedDuration::from_mins(10);

/// How often keys are fetched again for a token with an unknown one, at most.
const KEYS_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// The provider's description, as much as is used.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Description {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) userinfo_endpoint: Option<String>,
    pub(super) end_session_endpoint: Option<String>,
    jwks_uri: String,
    #[serde(default)]
    pub(super) token_endpoint_auth_methods_supported: Vec<String>,
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// The published side of a provider.
pub(super) struct Published {
    client: Client,
    issuer: String,
    description: Mutex<Option<(Timestamp, Description)>>,
    keys: Mutex<Option<(Timestamp, KeySet)>>,
}

impl Published {
    pub(super) fn new(client: Client, issuer: &str) -> Self {
        Self {
            client,
            issuer: issuer.to_owned(),
            description: Mutex::default(),
            keys: Mutex::default(),
        }
    }

    /// What calls go through.
    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// The provider's description. It must name the very issuer that is configured.
    pub(super) async fn description(&self, now: Timestamp) -> Result<Description, OidcError> {
        let mut kept = self.description.lock().await;
        if let Some((since, description)) = &*kept
            && is_younger(*since, DESCRIPTION_LASTS, now)
        {
            return Ok(description.clone());
        }
        let what = "its description";
        let url = format!(
            "{}/.well-known/openid-configuration",
            self.issuer.trim_end_matches('/')
        );
        let (_, body) = call(self.client.get(&url), what).await?;
        let description: Description =
            serde_json::from_slice(&body).map_err(|error| malformed(what, &error))?;
        if description.issuer != self.issuer {
            return Err(malformed(
                what,
                &format!("it names the issuer {:?}", description.issuer),
            ));
        }
        for (what, url) in [
            (
                "authorization_endpoint",
                Some(&description.authorization_endpoint),
            ),
            ("token_endpoint", Some(&description.token_endpoint)),
            ("userinfo_endpoint", description.userinfo_endpoint.as_ref()),
            ("end_session_endpoint", description.end_session_endpoint.as_ref()),
            ("jwks_uri", Some(&description.jwks_uri)),
        ] {
            url.map_or(Ok(()), |url| check_address(what, url))?;
        }
        *kept = Some((now, description.clone()));
        Ok(description)
    }

    /// The claims of a token that the provider has signed.
    pub(super) async fn verify(&self, token: &str, now: Timestamp) -> Result<(Claims, Algorithm), OidcError> {
        let mut kept = self.keys.lock().await;
        if let Some((since, keys)) = &*kept
            && is_younger(*since, KEYS_LAST, now)
        {
            match keys.verify(token) {
                Err(JoseFault::UnknownKey) if !is_younger(*since, KEYS_AGAIN, now) => {}
                verified => return Ok(verified?),
            }
        }
        let what = "its keys";
        let url = self.description(now).await?.jwks_uri;
        let (_, body) = call(self.client.get(&url), what).await?;
        let keys = KeySet::parse(&body).map_err(|error| malformed(what, &error))?;
        let verified = keys.verify(token);
        *kept = Some((now, keys));
        Ok(verified?)
    }
}

/// Whether what was fetched then is younger than that. What is of the future is not: the clock was set back.
fn is_younger(since: Timestamp, age: SignedDuration, now: Timestamp) -> bool {
    (SignedDuration::ZERO..age).contains(&now.duration_since(since))
}

/// Refuses an address that others could read along or answer for: it is `https`, or on this machine itself.
pub(super) fn check_address(what: &'static str, url: &str) -> Result<(), OidcError> {
    let sound = Url::parse(url).is_ok_and(|url| match url.scheme() {
        "https" => true,
        "http" => is_here(&url),
        _ => false,
    });
    sound.then_some(()).ok_or_else(|| OidcError::Address {
        what,
        url: url.to_owned(),
    })
}

fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// Calls the provider; gives back the answer's type and body if it is a success.
pub(super) async fn call(request: RequestBuilder, what: &'static str) -> Result<(String, Bytes), OidcError> {
    let answered = tokio::time::timeout(PATIENCE, read(request, what)).await;
    answered.unwrap_or_else(|_| {
        Err(OidcError::Unreachable {
            what,
            reason: format!("no answer within {} s", PATIENCE.as_secs()),
        })
    })
}

async fn read(request: RequestBuilder, what: &'static str) -> Result<(String, Bytes), OidcError> {
    // The address may carry a code; it stays out of the error.
    let unreachable = |error: reqwest::Error| OidcError::Unreachable {
        what,
        reason: error.without_url().to_string(),
    };
    let mut answer = request.send().await.map_err(unreachable)?;
    let status = answer.status();
    let kind = answer.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(malformed(what, &format!("more than {LARGEST} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    match status {
        StatusCode::OK => Ok((kind, body.freeze())),
        status if status.is_client_error() => Err(refused(status, &body)),
        status => Err(OidcError::Unreachable {
            what,
            reason: format!("it answers {status}"),
        }),
    }
}

/// What a provider's error says (RFC 6749, section 5.2): the code only, for the rest is a stranger's text.
fn refused(status: StatusCode, body: &[u8]) -> OidcError {
    #[derive(Deserialize)]
    struct Told {
        error: String,
    }
    let told = serde_json::from_slice::<Told>(body).map(|told| told.error);
    OidcError::Refused {
        reason: told.map_or_else(|_| status.to_string(), |code| error_code(&code)),
    }
}

/// A code of an error as it may be shown: a word.
pub(super) fn error_code(code: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    code.chars().filter(|&c| word(c)).take(64).collect()
}

pub(super) fn malformed(what: &'static str, reason: &dyn std::fmt::Display) -> OidcError {
    OidcError::Malformed {
        what,
        reason: reason.to_string(),
    }
}
