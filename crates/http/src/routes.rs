//! The one table of what can be called, with which method, and by whom.
//!
//! The router is made from it, and so are the tests that try every role on every route: a route that is not in
//! it does not exist, and one that is in it is guarded before its handler runs. Beside it stand the addresses of the web
//! page, all of which are the one page.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use http::{HeaderMap, Method, Uri};
use trousseau_core::principal::Role;

use super::error::HttpError;
use super::ratelimit::Limited;
use super::refusal::{self, Refusal};
use super::{
    Caller, Client, Server, auth, auth_admin, chat, citations, configuration, conversations, drills, explain,
    files, health, ledger, live, messages, metrics, models, page, proofs, records, responses, scim, stock,
    store_files, upstreams, usage, vector_stores, vectors, withdrawals,
};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone, known or not.
    Public,
    /// Everyone who is known, but for keys that hand out accounts.
    Known,
    /// Those with one of these roles.
    Roles(&'static [Role]),
}

impl Access {
    /// Whether a known caller with this role may come in.
    pub fn allows(self, role: Role) -> bool {
        match self {
            Self::Public => true,
            // Whoever hands out accounts has none of its own.
            Self::Known => role != Role::Provisioner,
            Self::Roles(roles) => roles.contains(&role),
        }
    }
}

/// One thing that can be called.
pub struct Route {
    /// The method. What is called with `GET` can be called with `HEAD`.
    pub method: Method,
    /// The path; `{name}` stands for one segment.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    endpoint: fn() -> MethodRouter<Arc<Server>>,
}

/// A row of the table.
const fn row(
    method: Method,
    path: &'static str,
    access: Access,
    endpoint: fn() -> MethodRouter<Arc<Server>>,
) -> Route {
    Route {
        method,
        path,
        access,
        endpoint,
    }
}

const PUBLIC: Access = Access::Public;
const KNOWN: Access = Access::Known;
const ADMINISTRATORS: Access = Access::Roles(&[Role::Administrator]);
const OFFICERS: Access = Access::Roles(&[Role::DataProtectionOfficer]);
const PROVISIONERS: Access = Access::Roles(&[Role::Provisioner]);
const WATCHERS: Access = Access::Roles(&[Role::Administrator, Role::Auditor]);
const REVIEWERS: Access = Access::Roles(&[Role::Auditor, Role::DataProtectionOfficer]);
const OVERSEERS: Access = Access::Roles(&[Role::Administrator, Role::Auditor, Role::DataProtectionOfficer]);

/// Everything that can be called.
pub const ROUTES: &[Route] = &[
    row(Method::GET, "/", PUBLIC, || get(page::index)),
    row(Method::GET, "/assets/{file}", PUBLIC, || get(page::asset)),
    row(Method::GET, "/api/page", PUBLIC, || get(page::about)),
    row(Method::GET, "/api/page/logo", PUBLIC, || get(page::logo)),
    row(Method::POST, "/v1/chat/completions", KNOWN, || {
        post(chat::complete)
    }),
    row(Method::POST, "/v1/responses", KNOWN, || post(responses::create)),
    row(Method::GET, "/v1/responses/{response}", KNOWN, || {
        get(responses::get)
    }),
    row(Method::DELETE, "/v1/responses/{response}", KNOWN, || {
        delete(responses::delete)
    }),
    row(Method::POST, refusal::MESSAGES, KNOWN, || post(messages::create)),
    row(Method::POST, refusal::COUNT_TOKENS, KNOWN, || {
        post(messages::count)
    }),
    row(Method::POST, "/v1/completions", KNOWN, || {
        post(responses::complete)
    }),
    row(Method::POST, "/v1/embeddings", KNOWN, || post(vectors::embed)),
    row(Method::POST, "/v1/rerank", KNOWN, || post(vectors::rerank)),
    row(Method::POST, "/api/answers", KNOWN, || post(live::begin)),
    row(Method::GET, "/api/answers", KNOWN, || get(live::list)),
    row(Method::GET, "/api/answers/{answer}/events", KNOWN, || {
        get(live::events)
    }),
    row(Method::DELETE, "/api/answers/{answer}", KNOWN, || {
        delete(live::stop)
    }),
    row(Method::GET, "/v1/models", KNOWN, || get(models::list)),
    row(Method::GET, "/v1/models/{model}", KNOWN, || get(models::get)),
    row(Method::POST, "/api/auth/login", PUBLIC, || post(auth::login)),
    row(Method::POST, "/api/auth/first", PUBLIC, || post(auth::first)),
    row(Method::POST, "/api/auth/logout", KNOWN, || post(auth::logout)),
    row(Method::POST, "/api/auth/logout-everywhere", KNOWN, || {
        post(auth::logout_everywhere)
    }),
    row(Method::POST, "/api/auth/password", KNOWN, || {
        post(auth::change_password)
    }),
    row(Method::GET, "/api/auth/session", KNOWN, || get(auth::session)),
    row(Method::GET, "/api/auth/oidc/login", PUBLIC, || get(auth::depart)),
    row(Method::GET, "/api/auth/oidc/callback", PUBLIC, || {
        get(auth::arrive)
    }),
    row(Method::GET, "/api/keys", WATCHERS, || get(auth_admin::keys)),
    row(Method::POST, "/api/keys", ADMINISTRATORS, || {
        post(auth_admin::create_key)
    }),
    row(Method::DELETE, "/api/keys/{key}", ADMINISTRATORS, || {
        delete(auth_admin::revoke_key)
    }),
    row(Method::GET, "/api/users", WATCHERS, || get(auth_admin::users)),
    row(Method::POST, "/api/users", ADMINISTRATORS, || {
        post(auth_admin::create_user)
    }),
    row(Method::PATCH, "/api/users/{user}", ADMINISTRATORS, || {
        patch(auth_admin::change_user)
    }),
    row(Method::POST, "/api/users/{user}/link", ADMINISTRATORS, || {
        post(auth_admin::link)
    }),
    row(Method::POST, "/v1/files", KNOWN, || post(files::create)),
    row(Method::GET, "/v1/files", KNOWN, || get(files::list)),
    row(Method::GET, "/v1/files/{file}", KNOWN, || get(files::get)),
    row(Method::DELETE, "/v1/files/{file}", KNOWN, || {
        delete(files::delete)
    }),
    row(Method::GET, "/v1/files/{file}/content", KNOWN, || {
        get(files::content)
    }),
    row(Method::POST, "/v1/vector_stores", KNOWN, || {
        post(vector_stores::create)
    }),
    row(Method::GET, "/v1/vector_stores", KNOWN, || {
        get(vector_stores::list)
    }),
    row(Method::GET, "/v1/vector_stores/{store}", KNOWN, || {
        get(vector_stores::get)
    }),
    row(Method::POST, "/v1/vector_stores/{store}", KNOWN, || {
        post(vector_stores::change)
    }),
    row(Method::DELETE, "/v1/vector_stores/{store}", KNOWN, || {
        delete(vector_stores::delete)
    }),
    row(Method::POST, "/v1/vector_stores/{store}/search", KNOWN, || {
        post(vector_stores::search)
    }),
    row(Method::POST, "/v1/vector_stores/{store}/files", KNOWN, || {
        post(store_files::attach)
    }),
    row(Method::GET, "/v1/vector_stores/{store}/files", KNOWN, || {
        get(store_files::list)
    }),
    row(
        Method::GET,
        "/v1/vector_stores/{store}/files/{file}",
        KNOWN,
        || get(store_files::get),
    ),
    row(
        Method::POST,
        "/v1/vector_stores/{store}/files/{file}",
        KNOWN,
        || post(store_files::change),
    ),
    row(
        Method::DELETE,
        "/v1/vector_stores/{store}/files/{file}",
        KNOWN,
        || delete(store_files::delete),
    ),
    row(
        Method::GET,
        "/v1/vector_stores/{store}/files/{file}/content",
        KNOWN,
        || get(store_files::content),
    ),
    row(
        Method::POST,
        "/v1/vector_stores/{store}/file_batches",
        KNOWN,
        || post(store_files::attach_batch),
    ),
    row(
        Method::GET,
        "/v1/vector_stores/{store}/file_batches/{batch}",
        KNOWN,
        || get(store_files::get_batch),
    ),
    row(
        Method::GET,
        "/v1/vector_stores/{store}/file_batches/{batch}/files",
        KNOWN,
        || get(store_files::list_batch),
    ),
    row(Method::GET, "/api/conversations", KNOWN, || {
        get(conversations::list)
    }),
    row(Method::POST, "/api/conversations", KNOWN, || {
        post(conversations::begin)
    }),
    row(Method::GET, "/api/conversations/{conversation}", KNOWN, || {
        get(conversations::get)
    }),
    row(Method::PATCH, "/api/conversations/{conversation}", KNOWN, || {
        patch(conversations::rename)
    }),
    row(Method::DELETE, "/api/conversations/{conversation}", KNOWN, || {
        delete(conversations::delete)
    }),
    row(Method::GET, "/api/records", KNOWN, || get(records::list)),
    row(Method::GET, "/api/records/metadata", REVIEWERS, || {
        get(records::metadata)
    }),
    row(Method::GET, "/api/records/{replica}/{entry}", KNOWN, || {
        get(records::get)
    }),
    row(Method::DELETE, "/api/records/{replica}/{entry}", KNOWN, || {
        delete(records::delete)
    }),
    row(
        Method::POST,
        "/api/records/{replica}/{entry}/access",
        OFFICERS,
        || post(records::access),
    ),
    row(
        Method::GET,
        "/api/records/{replica}/{entry}/citations/{number}",
        KNOWN,
        || get(citations::get),
    ),
    row(Method::GET, "/api/documents/{document}", KNOWN, || {
        get(citations::document)
    }),
    row(Method::GET, "/api/records/{replica}/{entry}/proof", KNOWN, || {
        get(proofs::get)
    }),
    row(
        Method::GET,
        "/api/records/{replica}/{entry}/proof/file",
        KNOWN,
        || get(proofs::file),
    ),
    row(Method::POST, "/api/explain", KNOWN, || post(explain::explain)),
    row(Method::GET, "/api/ledger", OVERSEERS, || get(ledger::head)),
    row(Method::GET, "/api/ledger/entries", OVERSEERS, || {
        get(ledger::entries)
    }),
    row(
        Method::GET,
        "/api/ledger/entries/{replica}/{entry}",
        OVERSEERS,
        || get(ledger::entry),
    ),
    row(
        Method::GET,
        "/api/ledger/entries/{replica}/{entry}/proof",
        OVERSEERS,
        || get(ledger::proof),
    ),
    row(Method::POST, "/api/ledger/verify", OVERSEERS, || {
        post(ledger::verify)
    }),
    row(Method::POST, "/api/feedback", KNOWN, || post(records::rate)),
    row(Method::DELETE, "/api/feedback/{replica}/{entry}", KNOWN, || {
        delete(records::unrate)
    }),
    row(Method::GET, "/api/collections", ADMINISTRATORS, || {
        get(stock::collections)
    }),
    row(Method::POST, "/api/collections", ADMINISTRATORS, || {
        post(stock::make)
    }),
    row(
        Method::PATCH,
        "/api/collections/{collection}",
        ADMINISTRATORS,
        || patch(stock::change),
    ),
    row(Method::GET, "/api/upstreams", ADMINISTRATORS, || {
        get(upstreams::list)
    }),
    row(Method::POST, "/api/upstreams", ADMINISTRATORS, || {
        post(configuration::add)
    }),
    row(Method::POST, "/api/upstreams/try", ADMINISTRATORS, || {
        post(configuration::attempt)
    }),
    row(Method::GET, "/api/withdrawals", ADMINISTRATORS, || {
        get(withdrawals::list)
    }),
    row(Method::POST, "/api/withdrawals", ADMINISTRATORS, || {
        post(withdrawals::withdraw)
    }),
    row(
        Method::DELETE,
        "/api/withdrawals/{withdrawal}",
        ADMINISTRATORS,
        || delete(withdrawals::lift),
    ),
    row(Method::POST, "/api/drills", ADMINISTRATORS, || post(drills::hold)),
    row(Method::POST, "/api/configuration/reload", ADMINISTRATORS, || {
        post(configuration::reload)
    }),
    row(Method::GET, "/api/usage/mine", KNOWN, || get(usage::mine)),
    row(Method::GET, "/api/limits", WATCHERS, || get(usage::limits)),
    row(Method::GET, "/api/usage", ADMINISTRATORS, || get(usage::count)),
    row(Method::GET, "/api/tasks", ADMINISTRATORS, || get(stock::tasks)),
    row(
        Method::GET,
        "/scim/v2/ServiceProviderConfig",
        PROVISIONERS,
        || get(scim::handle),
    ),
    row(Method::GET, "/scim/v2/ResourceTypes", PROVISIONERS, || {
        get(scim::handle)
    }),
    row(Method::GET, "/scim/v2/ResourceTypes/{id}", PROVISIONERS, || {
        get(scim::handle)
    }),
    row(Method::GET, "/scim/v2/Schemas", PROVISIONERS, || {
        get(scim::handle)
    }),
    row(Method::GET, "/scim/v2/Schemas/{id}", PROVISIONERS, || {
        get(scim::handle)
    }),
    row(Method::GET, "/scim/v2/Users", PROVISIONERS, || get(scim::handle)),
    row(Method::POST, "/scim/v2/Users", PROVISIONERS, || {
        post(scim::handle)
    }),
    row(Method::GET, "/scim/v2/Users/{id}", PROVISIONERS, || {
        get(scim::handle)
    }),
    row(Method::PUT, "/scim/v2/Users/{id}", PROVISIONERS, || {
        put(scim::handle)
    }),
    row(Method::PATCH, "/scim/v2/Users/{id}", PROVISIONERS, || {
        patch(scim::handle)
    }),
    row(Method::DELETE, "/scim/v2/Users/{id}", PROVISIONERS, || {
        delete(scim::handle)
    }),
    row(Method::GET, "/scim/v2/Groups", PROVISIONERS, || get(scim::handle)),
    row(Method::POST, "/scim/v2/Groups", PROVISIONERS, || {
        post(scim::handle)
    }),
    row(Method::GET, "/scim/v2/Groups/{id}", PROVISIONERS, || {
        get(scim::handle)
    }),
    row(Method::PUT, "/scim/v2/Groups/{id}", PROVISIONERS, || {
        put(scim::handle)
    }),
    row(Method::PATCH, "/scim/v2/Groups/{id}", PROVISIONERS, || {
        patch(scim::handle)
    }),
    row(Method::DELETE, "/scim/v2/Groups/{id}", PROVISIONERS, || {
        delete(scim::handle)
    }),
    row(Method::GET, "/healthz", PUBLIC, || get(health::alive)),
    row(Method::GET, "/readyz", PUBLIC, || get(health::ready)),
    row(Method::GET, "/metrics", WATCHERS, || get(metrics::show)),
];

/// The path of the route that took a request; noted on its response for the log and the metrics.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken(pub(super) &'static str);

/// The router over [`ROUTES`].
pub fn router(server: &Arc<Server>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let guarded = Guard {
            server: Arc::clone(server),
            path: route.path,
            access: route.access,
        };
        let endpoint = (route.endpoint)().route_layer(from_fn_with_state(guarded, guard));
        router = router.route(route.path, endpoint);
    }
    router
        .method_not_allowed_fallback(other_method)
        .fallback(elsewhere)
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::clone(server))
}

/// What stands before one route.
#[derive(Clone)]
struct Guard {
    server: Arc<Server>,
    path: &'static str,
    access: Access,
}

async fn guard(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let admitted = if guard.access == Access::Public {
        Ok(())
    } else {
        admit(&guard, &mut request)
    };
    let limited = Limited::of(&guard.server, guard.path, &request);
    let mut response = match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    if let Some(limited) = limited {
        limited.tell(&guard.server, response.headers_mut());
    }
    response.extensions_mut().insert(Taken(guard.path));
    response
}

fn admit(guard: &Guard, request: &mut Request) -> Result<(), Refusal> {
    if refusal::is_messages(guard.path) {
        messages::take_key(request.headers_mut());
    }
    // The envelope has put it there.
    let client = request.extensions().get::<Client>().copied();
    let client = client.ok_or(HttpError::Failed)?;
    let caller = Caller::admit(
        &guard.server,
        client,
        (request.method(), request.headers()),
        guard.access,
    )?;
    request.extensions_mut().insert(caller);
    Ok(())
}

/// What is in no row: an address of the page that a browser opens, or nothing.
async fn elsewhere(
    State(server): State<Arc<Server>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let Some(mut page) = server.page.at(&method, &uri, &headers) else {
        let path = uri.path().to_owned();
        return Refusal::from(HttpError::NotFound { path }).into_response();
    };
    page.extensions_mut().insert(Taken("/"));
    page
}

async fn other_method(method: Method, uri: Uri) -> Refusal {
    let (method, path) = (method.to_string(), uri.path().to_owned());
    HttpError::Method { method, path }.into()
}
