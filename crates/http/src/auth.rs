//! `/api/auth/`: signing in and out, here or at the identity provider.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, RawQuery, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use trousseau_core::principal::{Principal, Tenant};

use super::auth_cookie::{Cookie, check_site};
use super::auth_error::AuthError;
use super::refusal::Refusal;
use super::{Caller, Client, Server, body};
use trousseau_accounts::oidc::Return;
use trousseau_accounts::{Opened, Password, PasswordChange, SignIn, csrf};
use trousseau_gateway::account_changes::{AccountChange, Operation};

/// The largest body of these requests, in bytes.
const BODY: usize = 64 << 10;

/// How long the cookie of a sign-in at the identity provider stays, in seconds.
const SIGN_IN: i64 = 600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    name: String,
    password: String,
    #[serde(default)]
    tenant: Tenant,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Following {
    token: String,
    name: Option<String>,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    current: String,
    password: String,
}

/// `POST /api/auth/login`: a name and a password.
pub(super) async fn login(
    State(server): State<Arc<Server>>,
    Extension(client): Extension<Client>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, login) = read::<Login>(&server, request).await?;
    let now = (server.gateway.now)();
    let sign_in = SignIn {
        name: &login.name,
        password: Password::new(&login.password),
        address: client.address,
    };
    let opened = server.accounts.sign_in(&login.tenant, sign_in, now).await?;
    welcome(&server, client, &parts.headers, &opened).await
}

/// `POST /api/auth/first`: a one-time link and a password, and the name of the first administrator.
pub(super) async fn first(
    State(server): State<Arc<Server>>,
    Extension(client): Extension<Client>,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, following) = read::<Following>(&server, request).await?;
    let now = (server.gateway.now)();
    let password = Password::new(&following.password);
    let name = following.name.as_deref();
    let opened = server
        .accounts
        .follow_link(&following.token, name, password, now)
        .await?;
    let principal = &opened.session.admitted.principal;
    let change = AccountChange {
        operation: Operation::PasswordSet,
        by: &principal.user,
        account: &principal.user,
        role: principal.role,
    };
    server.gateway.record_account(&principal.tenant, change).await?;
    welcome(&server, client, &parts.headers, &opened).await
}

/// `POST /api/auth/password`: the caller's own, by whoever knows the present one.
pub(super) async fn change_password(
    State(server): State<Arc<Server>>,
    Extension(client): Extension<Client>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, wanted) = read::<NewPassword>(&server, request).await?;
    let by = &caller.principal;
    let change = PasswordChange {
        user: &by.user,
        current: Password::new(&wanted.current),
        new: Password::new(&wanted.password),
        address: client.address,
    };
    let now = (server.gateway.now)();
    let opened = server.accounts.change_password(&by.tenant, change, now).await?;
    let change = AccountChange {
        operation: Operation::PasswordChanged,
        by: &by.user,
        account: &by.user,
        role: by.role,
    };
    server.gateway.record_account(&by.tenant, change).await?;
    welcome(&server, client, &parts.headers, &opened).await
}

/// `POST /api/auth/logout`: ends the session, and tells where the one at the identity provider is ended.
pub(super) async fn logout(
    State(server): State<Arc<Server>>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let now = (server.gateway.now)();
    let onward = match Cookie::Session.find(&headers, client) {
        Some(cookie) => server.accounts.sign_out(cookie, now).await?,
        None => None,
    };
    Ok(farewell(client, onward))
}

/// `POST /api/auth/logout-everywhere`: ends every session of the user. A key has none, whatever its name.
pub(super) async fn logout_everywhere(
    State(server): State<Arc<Server>>,
    Extension(client): Extension<Client>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let Principal { tenant, user, .. } = &caller.principal;
    let (now, cookie) = ((server.gateway.now)(), Cookie::Session.find(&headers, client));
    let onward = match cookie.filter(|_| caller.by_session) {
        Some(cookie) => {
            let accounts = &server.accounts;
            accounts.sign_out_everywhere((tenant, user), cookie, now).await?
        }
        None => None,
    };
    Ok(farewell(client, onward))
}

/// `GET /api/auth/session`: who asks, and what a changing request of this session must bring.
pub(super) async fn session(
    State(server): State<Arc<Server>>,
    Extension(client): Extension<Client>,
    caller: Caller,
    headers: HeaderMap,
) -> axum::Json<Value> {
    let mut told = who(&caller.principal);
    let cookie = Cookie::Session.find(&headers, client);
    let now = (server.gateway.now)();
    if let Some(cookie) = cookie.filter(|_| caller.by_session)
        && let Ok(session) = server.accounts.session(cookie, now)
    {
        told["display"] = session.display.into();
        told["expires"] = session.expires.to_string().into();
        told["csrf"] = csrf(cookie).into();
    }
    axum::Json(told)
}

/// `GET /api/auth/oidc/login`: to the identity provider.
pub(super) async fn depart(
    State(server): State<Arc<Server>>,
    Extension(client): Extension<Client>,
    axum::extract::Query(asked): axum::extract::Query<Asked>,
) -> Result<Response, Refusal> {
    let now = (server.gateway.now)();
    let page = asked.return_to.as_deref();
    let departure = server.accounts.depart(client.address, page, now).await?;
    let location = HeaderValue::from_str(&departure.location);
    let location = location.map_err(|error| AuthError::Body {
        reason: error.to_string(),
    })?;
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    add(headers, Cookie::SignIn.set(client, &departure.cookie, SIGN_IN));
    Ok(response)
}

/// What [`depart`] may be asked.
#[derive(Deserialize)]
pub(super) struct Asked {
    return_to: Option<String>,
}

/// `GET /api/auth/oidc/callback`: back from the identity provider.
pub(super) async fn arrive(
    State(server): State<Arc<Server>>,
    Extension(client): Extension<Client>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let now = (server.gateway.now)();
    let returned = Return {
        query: query.as_deref().unwrap_or_default(),
        cookie: Cookie::SignIn.find(&headers, client).unwrap_or_default(),
    };
    let (opened, page) = server.accounts.arrive(returned, client.address, now).await?;
    end_former(&server, client, &headers).await?;
    // A redirect would still count as coming from the provider's site, and the session's cookie would stay behind;
    // a page that goes on by itself does not.
    let page = escaped(&format!("{}{page}", server.settings.base_path));
    let page = format!(
        "<!doctype html><meta http-equiv=\"refresh\" content=\"0;url={page}\"><a href=\"{page}\">→</a>"
    );
    let mut response = Response::new(Body::from(page));
    let headers = response.headers_mut();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, html);
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    add(headers, Cookie::SignIn.clear(client));
    set_session(headers, &server, client, &opened);
    Ok(response)
}

/// Reads the JSON body of a request that a page of another site may not send: such a page can send neither its type
/// nor its origin's absence.
pub(super) async fn read<T: DeserializeOwned>(
    server: &Server,
    request: Request,
) -> Result<(Parts, T), Refusal> {
    let (parts, whole) = request.into_parts();
    check_site(&parts.headers)?;
    let unreadable = |reason: String| AuthError::Body { reason };
    let kind = parts.headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let reason = format!("its content-type is {kind:?}");
        return Err(Refusal::from(unreadable(reason)).with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let bytes = body::read(&parts.headers, whole, BODY, server.settings.limits.body).await?;
    // What stood in it is not told again: it may be a password.
    let read = serde_json::from_slice(&bytes).map_err(|error| unreadable(plain(&error)));
    Ok((parts, read?))
}

/// An error of reading JSON without the value it is about, which may be a secret.
fn plain(error: &serde_json::Error) -> String {
    let place = format!("line {}, column {}", error.line(), error.column());
    let told = error.to_string();
    let named = told.starts_with("missing field") || told.starts_with("unknown field");
    if named { told } else { place }
}

/// Answers whoever signed in. A session that the browser had before is over.
async fn welcome(
    server: &Server,
    client: Client,
    headers: &HeaderMap,
    opened: &Opened,
) -> Result<Response, Refusal> {
    end_former(server, client, headers).await?;
    let session = &opened.session;
    let mut told = who(&session.admitted.principal);
    told["display"] = session.display.clone().into();
    told["expires"] = session.expires.to_string().into();
    told["csrf"] = csrf(&opened.cookie).into();
    let mut response = axum::Json(told).into_response();
    set_session(response.headers_mut(), server, client, opened);
    Ok(response)
}

async fn end_former(server: &Server, client: Client, headers: &HeaderMap) -> Result<(), Refusal> {
    if let Some(former) = Cookie::Session.find(headers, client) {
        server.accounts.end_session(former).await?;
    }
    Ok(())
}

fn set_session(headers: &mut HeaderMap, server: &Server, client: Client, opened: &Opened) {
    let left = opened.session.expires.duration_since((server.gateway.now)());
    add(
        headers,
        Cookie::Session.set(client, &opened.cookie, left.as_secs()),
    );
}

/// Takes the cookie back; `onward` is where the browser goes to sign out at the identity provider as well.
fn farewell(client: Client, onward: Option<String>) -> Response {
    let mut response = match onward {
        Some(place) => axum::Json(json!({ "location": place })).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    };
    add(response.headers_mut(), Cookie::Session.clear(client));
    response
}

fn add(headers: &mut HeaderMap, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        headers.append(header::SET_COOKIE, cookie);
    }
}

/// What a caller may know of itself.
fn who(principal: &Principal) -> Value {
    json!({
        "tenant": principal.tenant,
        "user": principal.user,
        "role": principal.role,
        "groups": principal.groups,
        "clearance": principal.clearance,
        "label_floor": principal.label_floor,
        "routes": principal.routes,
    })
}

/// A text inside an attribute of HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            plain => escaped.push(plain),
        }
    }
    escaped
}
