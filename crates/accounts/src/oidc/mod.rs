//! Sign-in at an identity provider: OpenID Connect, authorization code with PKCE (RFC 7636, S256).
//!
//! [`Provider::begin`] sends the browser away with a `state`, a `nonce` and a challenge that only this program can
//! meet; [`Provider::finish`] takes the answer that comes back: it must be of a sign-in that this browser began
//! and that was not answered yet, from the configured provider, with a code that the provider exchanges for an
//! ID token that it signed for this service and this very sign-in. A user is the pair of issuer and subject;
//! groups and role are what the claims say each time.

mod claims;
mod discovery;
mod error;
pub(crate) mod jose;
mod pending;
mod settings;
mod sign_out;

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use reqwest::{Client, Url};
use serde::Deserialize;
use trousseau_core::digest::Digest;
use zeroize::Zeroizing;

pub use error::{OidcError, TokenFault};
pub use settings::OidcSettings;
pub(crate) use sign_out::IdToken;

use super::sessions::Opened;
use super::token::{self, Token};
use super::{AccountError, Accounts, Identity};
use claims::{Expected, check_id_token, check_userinfo, identity, subject};
use discovery::{Description, Published, call, check_address, error_code, malformed};
use jose::Claims;
use pending::{Pending, Underway};

/// What the value of the cookie begins with that ties a sign-in to its browser.
const BROWSER: &str = "signin-";

/// An identity provider that people sign in at.
pub struct Provider {
    settings: OidcSettings,
    published: Published,
    underway: Underway,
}

/// The way to the provider.
pub struct Departure {
    /// Where the browser is sent.
    pub location: String,
    /// The cookie that it must bring back; it must reach the callback from another site (`SameSite=Lax`).
    pub cookie: Zeroizing<String>,
}

/// What came back.
#[derive(Clone, Copy, Debug)]
pub struct Return<'a> {
    /// The query of the callback's address.
    pub query: &'a str,
    /// The cookie of [`Departure`].
    pub cookie: &'a str,
}

/// Whoever came back, and the page to go to.
#[derive(Debug)]
pub struct Arrival {
    /// The user.
    pub identity: Identity,
    /// What the provider wants to see again at the sign-out.
    id_token: Option<IdToken>,
    /// A path on this server.
    pub return_to: String,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Departure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Departure(..)")
    }
}

impl Provider {
    /// The provider that the configuration names, reached through `client`. Nothing is fetched yet.
    pub fn new(settings: OidcSettings, client: Client) -> Result<Self, OidcError> {
        check_address("issuer", &settings.issuer)?;
        check_address("redirect_uri", &settings.redirect_uri)?;
        if let Some(url) = &settings.post_logout_redirect_uri {
            check_address("post_logout_redirect_uri", url)?;
        }
        Ok(Self {
            published: Published::new(client, &settings.issuer),
            underway: Underway::default(),
            settings,
        })
    }

    /// The configuration.
    pub const fn settings(&self) -> &OidcSettings {
        &self.settings
    }

    /// Begins a sign-in.
    pub async fn begin(
        &self,
        address: IpAddr,
        return_to: Option<&str>,
        now: Timestamp,
    ) -> Result<Departure, AccountError> {
        let description = self.published.description(now).await?;
        let [state, nonce, verifier] = [Token::generate("")?, Token::generate("")?, Token::generate("")?];
        let browser = Token::generate(BROWSER)?;
        let challenge = URL_SAFE_NO_PAD.encode(verifier.digest.0);
        let mut url = Url::parse(&description.authorization_endpoint)
            .map_err(|error| malformed("authorization_endpoint", &error))?;
        let scopes = self.settings.scopes.iter().map(String::as_str);
        let scopes: Vec<&str> = std::iter::once("openid").chain(scopes).collect();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.redirect_uri)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &state.text)
            .append_pair("nonce", &nonce.text)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if !self.settings.acr_values.is_empty() {
            let values = self.settings.acr_values.join(" ");
            url.query_pairs_mut().append_pair("acr_values", &values);
        }
        let pending = Pending {
            nonce: nonce.text,
            verifier: verifier.text,
            browser: browser.digest,
            began: now,
            address,
            return_to: own_page(return_to),
        };
        self.underway.add(state.digest, pending);
        Ok(Departure {
            location: url.into(),
            cookie: browser.text,
        })
    }

    /// Ends a sign-in: who came back, if everything fits.
    pub async fn finish(&self, returned: Return<'_>, now: Timestamp) -> Result<Arrival, OidcError> {
        let answer = Answer::read(returned.query)?;
        let browser = token::digest(BROWSER, returned.cookie).ok_or(OidcError::State)?;
        let state = Digest::of(answer.state.as_bytes());
        let pending = self.underway.take(state, browser, now).ok_or(OidcError::State)?;
        let description = self.published.description(now).await?;
        // Another provider's answer would end up here (RFC 9207).
        let named = answer.issuer.as_ref();
        let must_be_named = description.authorization_response_iss_parameter_supported;
        if named.map_or(must_be_named, |issuer| *issuer != self.settings.issuer) {
            return Err(TokenFault::Issuer.into());
        }
        let code = answer.code?;
        let tokens = self.exchange(&description, &code, &pending.verifier).await?;
        let (mut claims, algorithm) = self.published.verify(&tokens.id_token, now).await?;
        let expected = Expected {
            nonce: &pending.nonce,
            began: pending.began,
            now,
            access_token: tokens.access_token.as_deref(),
        };
        check_id_token(&claims, algorithm, &self.settings, &expected)?;
        if self.settings.userinfo {
            let more = self
                .userinfo(&description, &tokens, subject(&claims)?, now)
                .await?;
            for (name, value) in more {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(Arrival {
            identity: identity(&claims, &self.settings)?,
            id_token: IdToken::kept(tokens.id_token),
            return_to: pending.return_to,
        })
    }

    /// Exchanges the code for tokens (RFC 6749, section 4.1.3).
    async fn exchange(
        &self,
        description: &Description,
        code: &str,
        verifier: &str,
    ) -> Result<Tokens, OidcError> {
        let what = "its tokens";
        let settings = &self.settings;
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &settings.redirect_uri),
            ("code_verifier", verifier),
        ];
        let mut request = self.published.client().post(&description.token_endpoint);
        let secret = settings.client_secret.as_ref().map(|secret| secret.reveal());
        let methods = &description.token_endpoint_auth_methods_supported;
        let takes = |method: &str| methods.iter().any(|taken| taken == method);
        // Basic is what a provider takes that names nothing (OpenID Connect Discovery, section 3).
        let in_header = methods.is_empty() || takes("client_secret_basic");
        match &secret {
            Some(secret) if in_header => {
                let credentials = Zeroizing::new(format!(
                    "{}:{}",
                    form_word(&settings.client_id),
                    form_word(secret)
                ));
                let basic = Zeroizing::new(format!("Basic {}", STANDARD.encode(credentials.as_bytes())));
                request = request.header(http::header::AUTHORIZATION, basic.as_str());
            }
            Some(secret) => pairs.extend([
                ("client_id", settings.client_id.as_str()),
                ("client_secret", secret.as_str()),
            ]),
            None => pairs.push(("client_id", &settings.client_id)),
        }
        let request = request
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(http::header::ACCEPT, "application/json")
            .body(form(&pairs));
        let (_, body) = call(request, what).await?;
        serde_json::from_slice(&body).map_err(|_| malformed(what, &"there is no id_token in it"))
    }

    /// More claims of the same user, signed or plain (OpenID Connect Core, section 5.3.2).
    async fn userinfo(
        &self,
        description: &Description,
        tokens: &Tokens,
        subject: &str,
        now: Timestamp,
    ) -> Result<Claims, OidcError> {
        let what = "its userinfo";
        let (Some(url), Some(access)) = (&description.userinfo_endpoint, &tokens.access_token) else {
            return Err(malformed(what, &"there is none, or no access token for it"));
        };
        let bearer = Zeroizing::new(format!("Bearer {access}"));
        let request = self.published.client().get(url);
        let (kind, body) = call(request.header(http::header::AUTHORIZATION, bearer.as_str()), what).await?;
        let signed = kind == "application/jwt";
        let claims = if signed {
            let token = std::str::from_utf8(&body).map_err(|error| malformed(what, &error))?;
            self.published.verify(token.trim(), now).await?.0
        } else {
            serde_json::from_slice(&body).map_err(|error| malformed(what, &error))?
        };
        check_userinfo(&claims, signed, &self.settings, subject)?;
        Ok(claims)
    }
}

impl Accounts {
    /// The same, with an identity provider to sign in at.
    #[must_use]
    pub fn with_provider(mut self, provider: Provider) -> Self {
        self.provider = Some(provider);
        self
    }

    /// The identity provider, if there is one.
    pub const fn provider(&self) -> Option<&Provider> {
        self.provider.as_ref()
    }

    /// Sends a browser to the identity provider; `return_to` is the page to go to afterwards.
    pub async fn depart(
        &self,
        address: IpAddr,
        return_to: Option<&str>,
        now: Timestamp,
    ) -> Result<Departure, AccountError> {
        let provider = self.provider.as_ref().ok_or(OidcError::NotConfigured)?;
        provider.begin(address, return_to, now).await
    }

    /// Signs in whoever comes back from the identity provider; the page to go to comes with the session.
    pub async fn arrive(
        &self,
        returned: Return<'_>,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<(Opened, String), AccountError> {
        let provider = self.provider.as_ref().ok_or(OidcError::NotConfigured)?;
        let arrived = self.arrive_from(provider, returned, address, now).await;
        let tenant = &provider.settings.tenant;
        self.failures.note((tenant, None), &arrived, now);
        arrived
    }

    async fn arrive_from(
        &self,
        provider: &Provider,
        returned: Return<'_>,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<(Opened, String), AccountError> {
        self.throttle.begin_from(address, now)?;
        let arrival = provider.finish(returned, now).await?;
        let tenant = &provider.settings.tenant;
        let user = self.provided_user(tenant, arrival.identity, now).await?;
        let opened = self.open_session(tenant, &user, arrival.id_token, now).await?;
        self.throttle.succeed_from(address);
        Ok((opened, arrival.return_to))
    }
}

/// The answer in the callback's address.
struct Answer {
    state: String,
    issuer: Option<String>,
    code: Result<Zeroizing<String>, OidcError>,
}

impl Answer {
    fn read(query: &str) -> Result<Self, OidcError> {
        let mut url = nowhere();
        url.set_query(Some(query));
        let one = |name: &str| {
            let mut found = url.query_pairs().filter(|(key, _)| key == name);
            let first = found.next().map(|(_, value)| value.into_owned());
            // Twice the same is nobody's answer.
            if found.next().is_some() {
                Err(OidcError::State)
            } else {
                Ok(first)
            }
        };
        let state = one("state")?.ok_or(OidcError::State)?;
        let code = match (one("error")?, one("code")?) {
            (Some(code), _) => Err(OidcError::Refused {
                reason: error_code(&code),
            }),
            (None, Some(code)) => Ok(Zeroizing::new(code)),
            (None, None) => return Err(OidcError::State),
        };
        Ok(Self {
            state,
            issuer: one("iss")?,
            code,
        })
    }
}

/// What the provider gives for a code.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

/// Pairs as a form writes them.
fn form(pairs: &[(&str, &str)]) -> String {
    let mut url = nowhere();
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}

/// One word as a form writes it.
fn form_word(word: &str) -> String {
    form(&[("", word)]).trim_start_matches('=').to_owned()
}

/// An address to hang a query on.
fn nowhere() -> Url {
    #[expect(clippy::unwrap_used, reason = "the address is a constant")]
    Url::parse("https://localhost/").unwrap()
}

/// A path on this server, and nothing that a browser would take for another: `/` when in doubt.
fn own_page(asked: Option<&str>) -> String {
    let plain = |page: &&str| {
        let own = page.starts_with('/') && !page.starts_with("//");
        own && page.len() <= 512
            && page
                .bytes()
                .all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\')
    };
    asked.filter(plain).unwrap_or("/").to_owned()
}
