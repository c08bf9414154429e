//! Every role on every route. A route without a row here fails, and so does a row without a route.

use std::collections::BTreeSet;

use jiff::Timestamp;
use trousseau_accounts::{Grants, NewKey, NewUser, Password, csrf};
use trousseau_core::principal::{Role, Tenant};
use trousseau_http::ROUTES;
use trousseau_limits::Allowance;

use crate::stage::Stage;
use crate::wired::{Wired, request, scripted};

/// Who may call what: `*` everyone, known or not; else `u`ser, `a`dministrator, auditor (`s`), data-protection
/// `o`fficer, `p`rovisioner.
const ROWS: &[(&str, &str, &str)] = &[
    ("GET", "/", "*"),
    ("GET", "/assets/{file}", "*"),
    ("GET", "/api/page", "*"),
    ("GET", "/api/page/logo", "*"),
    ("POST", "/v1/chat/completions", "uaso"),
    ("POST", "/v1/responses", "uaso"),
    ("GET", "/v1/responses/{response}", "uaso"),
    ("DELETE", "/v1/responses/{response}", "uaso"),
    ("POST", "/v1/messages", "uaso"),
    ("POST", "/v1/messages/count_tokens", "uaso"),
    ("POST", "/v1/completions", "uaso"),
    ("POST", "/v1/embeddings", "uaso"),
    ("POST", "/v1/rerank", "uaso"),
    ("POST", "/api/answers", "uaso"),
    ("GET", "/api/answers", "uaso"),
    ("GET", "/api/answers/{answer}/events", "uaso"),
    ("DELETE", "/api/answers/{answer}", "uaso"),
    ("GET", "/v1/models", "uaso"),
    ("GET", "/v1/models/{model}", "uaso"),
    ("POST", "/api/auth/login", "*"),
    ("POST", "/api/auth/first", "*"),
    ("POST", "/api/auth/logout", "uaso"),
    ("POST", "/api/auth/logout-everywhere", "uaso"),
    ("POST", "/api/auth/password", "uaso"),
    ("GET", "/api/auth/session", "uaso"),
    ("GET", "/api/auth/oidc/login", "*"),
    ("GET", "/api/auth/oidc/callback", "*"),
    ("GET", "/api/keys", "as"),
    ("POST", "/api/keys", "a"),
    ("DELETE", "/api/keys/{key}", "a"),
    ("GET", "/api/users", "as"),
    ("POST", "/api/users", "a"),
    ("PATCH", "/api/users/{user}", "a"),
    ("POST", "/api/users/{user}/link", "a"),
    ("POST", "/v1/files", "uaso"),
    ("GET", "/v1/files", "uaso"),
    ("GET", "/v1/files/{file}", "uaso"),
    ("DELETE", "/v1/files/{file}", "uaso"),
    ("GET", "/v1/files/{file}/content", "uaso"),
    ("POST", "/v1/vector_stores", "uaso"),
    ("GET", "/v1/vector_stores", "uaso"),
    ("GET", "/v1/vector_stores/{store}", "uaso"),
    ("POST", "/v1/vector_stores/{store}", "uaso"),
    ("DELETE", "/v1/vector_stores/{store}", "uaso"),
    ("POST", "/v1/vector_stores/{store}/search", "uaso"),
    ("POST", "/v1/vector_stores/{store}/files", "uaso"),
    ("GET", "/v1/vector_stores/{store}/files", "uaso"),
    ("GET", "/v1/vector_stores/{store}/files/{file}", "uaso"),
    ("POST", "/v1/vector_stores/{store}/files/{file}", "uaso"),
    ("DELETE", "/v1/vector_stores/{store}/files/{file}", "uaso"),
    ("GET", "/v1/vector_stores/{store}/files/{file}/content", "uaso"),
    ("POST", "/v1/vector_stores/{store}/file_batches", "uaso"),
    ("GET", "/v1/vector_stores/{store}/file_batches/{batch}", "uaso"),
    (
        "GET",
        "/v1/vector_stores/{store}/file_batches/{batch}/files",
        "uaso",
    ),
    ("GET", "/api/conversations", "uaso"),
    ("POST", "/api/conversations", "uaso"),
    ("GET", "/api/conversations/{conversation}", "uaso"),
    ("PATCH", "/api/conversations/{conversation}", "uaso"),
    ("DELETE", "/api/conversations/{conversation}", "uaso"),
    ("GET", "/api/records", "uaso"),
    ("GET", "/api/records/metadata", "so"),
    ("GET", "/api/records/{replica}/{entry}", "uaso"),
    ("DELETE", "/api/records/{replica}/{entry}", "uaso"),
    ("POST", "/api/records/{replica}/{entry}/access", "o"),
    ("GET", "/api/records/{replica}/{entry}/citations/{number}", "uaso"),
    ("GET", "/api/documents/{document}", "uaso"),
    ("GET", "/api/records/{replica}/{entry}/proof", "uaso"),
    ("GET", "/api/records/{replica}/{entry}/proof/file", "uaso"),
    ("POST", "/api/explain", "uaso"),
    ("GET", "/api/ledger", "aso"),
    ("GET", "/api/ledger/entries", "aso"),
    ("GET", "/api/ledger/entries/{replica}/{entry}", "aso"),
    ("GET", "/api/ledger/entries/{replica}/{entry}/proof", "aso"),
    ("POST", "/api/ledger/verify", "aso"),
    ("POST", "/api/feedback", "uaso"),
    ("DELETE", "/api/feedback/{replica}/{entry}", "uaso"),
    ("GET", "/api/collections", "a"),
    ("POST", "/api/collections", "a"),
    ("PATCH", "/api/collections/{collection}", "a"),
    ("GET", "/api/upstreams", "a"),
    ("POST", "/api/upstreams", "a"),
    ("POST", "/api/upstreams/try", "a"),
    ("GET", "/api/withdrawals", "a"),
    ("POST", "/api/withdrawals", "a"),
    ("DELETE", "/api/withdrawals/{withdrawal}", "a"),
    ("POST", "/api/drills", "a"),
    ("POST", "/api/configuration/reload", "a"),
    ("GET", "/api/limits", "as"),
    ("GET", "/api/usage", "a"),
    ("GET", "/api/usage/mine", "uaso"),
    ("GET", "/api/tasks", "a"),
    ("GET", "/scim/v2/ServiceProviderConfig", "p"),
    ("GET", "/scim/v2/ResourceTypes", "p"),
    ("GET", "/scim/v2/ResourceTypes/{id}", "p"),
    ("GET", "/scim/v2/Schemas", "p"),
    ("GET", "/scim/v2/Schemas/{id}", "p"),
    ("GET", "/scim/v2/Users", "p"),
    ("POST", "/scim/v2/Users", "p"),
    ("GET", "/scim/v2/Users/{id}", "p"),
    ("PUT", "/scim/v2/Users/{id}", "p"),
    ("PATCH", "/scim/v2/Users/{id}", "p"),
    ("DELETE", "/scim/v2/Users/{id}", "p"),
    ("GET", "/scim/v2/Groups", "p"),
    ("POST", "/scim/v2/Groups", "p"),
    ("GET", "/scim/v2/Groups/{id}", "p"),
    ("PUT", "/scim/v2/Groups/{id}", "p"),
    ("PATCH", "/scim/v2/Groups/{id}", "p"),
    ("DELETE", "/scim/v2/Groups/{id}", "p"),
    ("GET", "/healthz", "*"),
    ("GET", "/readyz", "*"),
    ("GET", "/metrics", "as"),
];

const LETTERS: [(Role, char); 5] = [
    (Role::User, 'u'),
    (Role::Administrator, 'a'),
    (Role::Auditor, 's'),
    (Role::DataProtectionOfficer, 'o'),
    (Role::Provisioner, 'p'),
];

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let routes: BTreeSet<(&str, &str)> = ROUTES
        .iter()
        .map(|route| (route.method.as_str(), route.path))
        .collect();
    let rows: BTreeSet<(&str, &str)> = ROWS.iter().map(|(method, path, _)| (*method, *path)).collect();
    assert_eq!(routes, rows);
    assert_eq!((ROUTES.len(), ROWS.len()), (routes.len(), rows.len()), "twice");
}

/// A caller's headers.
type Headers = Vec<String>;

#[tokio::test]
async fn every_role_may_call_what_its_row_says_and_nothing_else() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    let mut wrong = Vec::new();
    let mut callers = callers(&wired).await;
    for (method, path, who) in ROWS {
        let nobody = may_call(&wired, method, path, &Headers::new()).await;
        let mut found = vec![("nobody".to_owned(), nobody, *who == "*")];
        for (role, letter, by, headers) in &callers {
            let expected = *who == "*" || who.contains(*letter);
            let may = may_call(&wired, method, path, headers).await;
            found.push((format!("{role} by {by}"), may, expected));
        }
        if path.starts_with("/api/auth/logout") {
            callers = self::callers(&wired).await;
        }
        let differs = found.iter().filter(|(_, may, expected)| may != expected);
        wrong.extend(differs.map(|(caller, may, _)| format!("{method} {path}: {caller}: {may}")));
    }
    assert_eq!(wrong, Vec::<String>::new());
    wired.end().await.close().await.unwrap();
}

/// One caller of each role with a key and one with a session.
async fn callers(wired: &Wired) -> Vec<(Role, char, &'static str, Headers)> {
    let mut callers = Vec::new();
    for (role, letter) in LETTERS {
        callers.push((role, letter, "key", key(wired, role).await));
        callers.push((role, letter, "session", session(wired, role).await));
    }
    callers
}

/// The headers of a fresh key with this role.
async fn key(wired: &Wired, role: Role) -> Headers {
    let (accounts, now) = (&wired.server.accounts, Timestamp::now());
    let name = format!("matrix-{role}");
    let tenant = Tenant::default();
    // The last one of this role is no longer needed.
    let _gone = accounts.revoke_key(&tenant, &name, now).await;
    let new = NewKey {
        name,
        grants: granted(role),
        expires: None,
        limits: Allowance::default(),
        created_by: "test".to_owned(),
    };
    let (_, key) = accounts.create_key(&tenant, new, now).await.unwrap();
    vec![format!("authorization: Bearer {key}")]
}

/// The headers of a page whose user has this role.
async fn session(wired: &Wired, role: Role) -> Headers {
    let (accounts, now) = (&wired.server.accounts, Timestamp::now());
    let tenant = Tenant::default();
    let name = format!("user-{role}");
    let link = match accounts.user_link(&tenant, &name, now).await {
        Ok(link) => link,
        Err(_) => {
            let new = NewUser {
                name,
                display: String::new(),
                grants: granted(role),
                created_by: "test".to_owned(),
            };
            accounts.create_user(&tenant, new, now).await.unwrap().1
        }
    };
    let password = Password::new("quatre mots que je retiens");
    let opened = accounts
        .follow_link(&link.token, None, password, now)
        .await
        .unwrap();
    let cookie = opened.cookie.as_str();
    vec![
        format!("cookie: trousseau={cookie}"),
        format!("x-csrf-token: {}", csrf(cookie)),
        "sec-fetch-site: same-origin".to_owned(),
    ]
}

fn granted(role: Role) -> Grants {
    Grants {
        role,
        ..Grants::default()
    }
}

/// Whether the guard in front of a route lets the caller through to its handler.
async fn may_call(wired: &Wired, method: &str, path: &str, caller: &Headers) -> bool {
    let path = path
        .replace("{model}", "none")
        .replace("{key}", "none")
        .replace("{id}", "none")
        .replace("{user}", "none")
        .replace("{file}", "none")
        .replace("{store}", "none")
        .replace("{batch}", "none")
        .replace("{collection}", "none")
        .replace("{answer}", "none")
        .replace("{document}", "none")
        .replace("{number}", "1")
        .replace("{withdrawal}", "none")
        .replace("{response}", "none")
        .replace("{conversation}", "none")
        .replace("{replica}/{entry}", "main/9999");
    assert!(!path.contains('{'), "{path}: say what stands for it");
    let mut headers = vec!["content-type: application/json"];
    headers.extend(caller.iter().map(String::as_str));
    let reply = wired.send(request(method, &path, &headers, "{}")).await;
    match reply.status {
        401 => !["invalid_api_key", "http-no-credentials"].contains(&reply.code().as_str()),
        403 => reply.code() != "http-role",
        _ => true,
    }
}
