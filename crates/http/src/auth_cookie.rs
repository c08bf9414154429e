//! The cookie of a session, and the proof that a page of this site sent it.
//!
//! A browser sends cookies whoever made it send the request. So a request that changes something and stands on a
//! cookie must come from a page of this site (`Sec-Fetch-Site`, or `Origin` where a browser lacks it) and bring a token
//! in a header, which only such a page can read; the cookie itself is never sent from elsewhere (`SameSite=Strict`).
//! Over TLS its name begins with `__Host-`, so that no neighbouring site can set it (RFC 6265bis).

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use jiff::Timestamp;

use super::auth_error::AuthError;
use super::refusal::Refusal;
use super::{Client, Server};
use trousseau_accounts::{Session, check_csrf};

/// What a changing request brings besides the cookie.
const CSRF: HeaderName = HeaderName::from_static("x-csrf-token");

/// Where a browser says that a request comes from (Fetch Metadata).
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A cookie of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    /// A session's.
    Session,
    /// That of a sign-in on its way to the identity provider and back.
    SignIn,
}

impl Cookie {
    const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Session, true) => "__Host-trousseau",
            (Self::Session, false) => "trousseau",
            (Self::SignIn, true) => "__Host-trousseau-signin",
            (Self::SignIn, false) => "trousseau-signin",
        }
    }

    /// Its value in a request, unless there are two, of which one would be somebody else's.
    pub(super) fn find(self, headers: &HeaderMap, client: Client) -> Option<&str> {
        let name = self.name(client.secure);
        let lines = headers.get_all(header::COOKIE).into_iter();
        let pairs = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'));
        let mut found = pairs.filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The header that sets it for so many seconds; it is taken back with none.
    pub(super) fn set(self, client: Client, value: &str, seconds: i64) -> Option<HeaderValue> {
        let name = self.name(client.secure);
        let site = match self {
            Self::Session => "Strict",
            // It must come along when the identity provider sends the browser back.
            Self::SignIn => "Lax",
        };
        let secure = if client.secure { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={site}{secure}");
        let mut cookie = HeaderValue::from_str(&cookie).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }

    /// The header that takes it back.
    pub(super) fn clear(self, client: Client) -> Option<HeaderValue> {
        self.set(client, "", 0)
    }
}

/// The session of a request, if it has a cookie. One that changes something is refused when a page of another site
/// may have sent it.
pub(super) fn session(
    server: &Server,
    client: Client,
    (method, headers): (&Method, &HeaderMap),
    now: Timestamp,
) -> Result<Option<Session>, Refusal> {
    let Some(cookie) = Cookie::Session.find(headers, client) else {
        return Ok(None);
    };
    let session = server.accounts.session(cookie, now)?;
    if !method.is_safe() {
        check_site(headers)?;
        let brought = headers.get(CSRF).and_then(|token| token.to_str().ok());
        if !brought.is_some_and(|token| check_csrf(cookie, token)) {
            return Err(AuthError::Csrf.into());
        }
    }
    Ok(Some(session))
}

/// Refuses a request that a page of another site sent. What no browser sent says nothing of a site.
pub(super) fn check_site(headers: &HeaderMap) -> Result<(), AuthError> {
    if let Some(site) = headers.get(SITE) {
        let own = site.as_bytes() == b"same-origin";
        return own.then_some(()).ok_or(AuthError::CrossSite);
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    let origin = origin.split_once("://").map(|(_, authority)| authority);
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let own = origin.is_some() && origin == host;
    own.then_some(()).ok_or(AuthError::CrossSite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(secure: bool) -> Client {
        Client {
            address: [127, 0, 0, 1].into(),
            secure,
        }
    }

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_cookie_is_for_this_host_and_no_script() {
        let set = |cookie: Cookie, secure| {
            let set = cookie.set(client(secure), "v", 60).unwrap();
            set.to_str().unwrap().to_owned()
        };
        assert_eq!(
            set(Cookie::Session, true),
            "__Host-trousseau=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            set(Cookie::Session, false),
            "trousseau=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict"
        );
        assert_eq!(
            set(Cookie::SignIn, true),
            "__Host-trousseau-signin=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
    }

    #[test]
    fn a_cookie_is_found_once_and_under_its_own_name() {
        let find = |lines: &[&str], secure| {
            let pairs: Vec<_> = lines.iter().map(|line| (header::COOKIE, *line)).collect();
            let headers = headers(&pairs);
            Cookie::Session.find(&headers, client(secure)).map(str::to_owned)
        };
        let found = Some("v".to_owned());
        assert_eq!(find(&["a=b; trousseau=v; c=d"], false), found);
        assert_eq!(find(&["a=b", "__Host-trousseau=v"], true), found);
        // Over TLS the plain name is not looked at: a neighbour could have set it.
        assert_eq!(find(&["trousseau=v"], true), None);
        assert_eq!(find(&["trousseau=v; trousseau=w"], false), None);
        assert_eq!(
            find(&["trousseaux=v; xtrousseau=v; trousseau-signin=v"], false),
            None
        );
        assert_eq!(find(&[], false), None);
    }

    #[test]
    fn a_page_of_another_site_is_recognised() {
        let host = (header::HOST, "town.example:8443");
        let own = |more: &[(HeaderName, &str)]| {
            let all: Vec<_> = [host.clone()].into_iter().chain(more.iter().cloned()).collect();
            check_site(&headers(&all)).is_ok()
        };
        assert!(own(&[]), "no browser");
        assert!(own(&[(SITE, "same-origin")]));
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(!own(&[(SITE, site)]), "{site}");
        }
        assert!(own(&[(header::ORIGIN, "https://town.example:8443")]));
        for origin in [
            "https://town.example",
            "https://evil.example",
            "null",
            "",
            "town.example:8443",
        ] {
            assert!(!own(&[(header::ORIGIN, origin)]), "{origin}");
        }
        assert!(!own(&[
            (SITE, "cross-site"),
            (header::ORIGIN, "https://town.example:8443")
        ]));
    }
}
