//! `/api/keys` and `/api/users`: what an administrator does to accounts. Every change is in the ledger before it is
//! answered.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use trousseau_core::principal::{Principal, Role};
use trousseau_limits::Allowance;

use super::auth::read;
use super::refusal::Refusal;
use super::{Caller, Server};
use trousseau_accounts::{AccountError, Grants, KeyRow, Link, NewKey, NewUser, UserChange, UserRow};
use trousseau_gateway::account_changes::{AccountChange, Operation};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyWanted {
    name: String,
    #[serde(default)]
    grants: Grants,
    expires: Option<Timestamp>,
    #[serde(default)]
    limits: Allowance,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserWanted {
    name: String,
    #[serde(default)]
    display: String,
    #[serde(default)]
    grants: Grants,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserChanged {
    grants: Option<Grants>,
    disabled: Option<bool>,
}

/// `GET /api/keys`.
pub(super) async fn keys(State(server): State<Arc<Server>>, caller: Caller) -> Result<Json<Value>, Refusal> {
    let keys = server.accounts.keys(&caller.principal.tenant).await?;
    Ok(Json(json!({ "keys": keys })))
}

/// `POST /api/keys`: the answer holds the key, this once.
pub(super) async fn create_key(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let (_, wanted) = read::<KeyWanted>(&server, request).await?;
    let by = &caller.principal;
    let new = NewKey {
        name: wanted.name,
        grants: wanted.grants,
        expires: wanted.expires,
        limits: wanted.limits,
        created_by: by.user.clone(),
    };
    let now = (server.gateway.now)();
    let (row, key) = server.accounts.create_key(&by.tenant, new, now).await?;
    enter_key(&server, by, Operation::KeyCreated, &row).await?;
    Ok((StatusCode::CREATED, Json(json!({ "key": row, "secret": key }))).into_response())
}

/// `DELETE /api/keys/{key}`: by its id, or by its name.
pub(super) async fn revoke_key(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<KeyRow>, Refusal> {
    let by = &caller.principal;
    let now = (server.gateway.now)();
    let row = server.accounts.revoke_key(&by.tenant, &key, now).await?;
    enter_key(&server, by, Operation::KeyRevoked, &row).await?;
    Ok(Json(row))
}

/// `GET /api/users`.
pub(super) async fn users(State(server): State<Arc<Server>>, caller: Caller) -> Result<Json<Value>, Refusal> {
    let users = server.accounts.users(&caller.principal.tenant).await?;
    Ok(Json(json!({ "users": users })))
}

/// `POST /api/users`: the answer holds the link by which the user chooses a password, this once.
pub(super) async fn create_user(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let (_, wanted) = read::<UserWanted>(&server, request).await?;
    let by = &caller.principal;
    let new = NewUser {
        name: wanted.name,
        display: wanted.display,
        grants: wanted.grants,
        created_by: by.user.clone(),
    };
    let now = (server.gateway.now)();
    let (row, link) = server.accounts.create_user(&by.tenant, new, now).await?;
    enter_user(&server, by, Operation::UserCreated, &row).await?;
    Ok((
        StatusCode::CREATED,
        Json(json!({ "user": row, "link": told(&link) })),
    )
        .into_response())
}

/// `PATCH /api/users/{user}`: what the user may do, and whether the user may sign in.
pub(super) async fn change_user(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(user): Path<String>,
    request: Request,
) -> Result<Json<UserRow>, Refusal> {
    let (_, wanted) = read::<UserChanged>(&server, request).await?;
    let by = &caller.principal;
    if user.eq_ignore_ascii_case(&by.user) {
        return Err(AccountError::Own.into());
    }
    let now = (server.gateway.now)();
    let mut row = server.accounts.user(&by.tenant, &user).await?;
    if let Some(grants) = wanted.grants {
        let change = UserChange::Grants(grants);
        row = server
            .accounts
            .change_user(&by.tenant, &user, change, now)
            .await?;
        enter_user(&server, by, Operation::UserChanged, &row).await?;
    }
    if let Some(disabled) = wanted.disabled {
        let (change, operation) = match disabled {
            true => (UserChange::Disable, Operation::UserDisabled),
            false => (UserChange::Enable, Operation::UserEnabled),
        };
        row = server
            .accounts
            .change_user(&by.tenant, &user, change, now)
            .await?;
        enter_user(&server, by, operation, &row).await?;
    }
    Ok(Json(row))
}

/// `POST /api/users/{user}/link`: a link by which the user chooses a new password.
pub(super) async fn link(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Path(user): Path<String>,
) -> Result<Response, Refusal> {
    let by = &caller.principal;
    let now = (server.gateway.now)();
    let row = server.accounts.user(&by.tenant, &user).await?;
    let link = server.accounts.user_link(&by.tenant, &user, now).await?;
    enter_user(&server, by, Operation::LinkCreated, &row).await?;
    Ok((StatusCode::CREATED, Json(json!({ "link": told(&link) }))).into_response())
}

fn told(link: &Link) -> Value {
    json!({ "token": link.token.as_str(), "expires": link.expires })
}

async fn enter_key(
    server: &Server,
    by: &Principal,
    operation: Operation,
    row: &KeyRow,
) -> Result<(), Refusal> {
    enter(server, by, operation, (&row.name, row.grants.role)).await
}

async fn enter_user(
    server: &Server,
    by: &Principal,
    operation: Operation,
    row: &UserRow,
) -> Result<(), Refusal> {
    enter(server, by, operation, (&row.name, row.grants.role)).await
}

async fn enter(
    server: &Server,
    by: &Principal,
    operation: Operation,
    (account, role): (&str, Role),
) -> Result<(), Refusal> {
    let change = AccountChange {
        operation,
        by: &by.user,
        account,
        role,
    };
    Ok(server.gateway.record_account(&by.tenant, change).await?)
}
