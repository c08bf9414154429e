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
use axum::routing::{MethodRouter, delete, get, patch, post};
use http::{HeaderMap, Method, Uri};
use trousseau_core::principal::Role;

use super::error::HttpError;
use super::refusal::Refusal;
use super::{
    Caller, Client, Server, auth, auth_admin, chat, conversations, files, health, live, metrics, models,
    page, records, stock, store_files, vector_stores,
};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone, known or not.
    Public,
    /// Everyone who is known.
    Known,
    /// Those with one of these roles.
    Roles(&'static [Role]),
}

impl Access {
    /// Whether a known caller with this role may come in.
    pub fn allows(self, role: Role) -> bool {
        match self {
            Self::Public | Self::Known => true,
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

/// Everything that can be called.
pub const ROUTES: &[Route] = &[
    Route {
        method: Method::GET,
        path: "/",
        access: Access::Public,
        endpoint: || get(page::index),
    },
    Route {
        method: Method::GET,
        path: "/assets/{file}",
        access: Access::Public,
        endpoint: || get(page::asset),
    },
    Route {
        method: Method::GET,
        path: "/api/page",
        access: Access::Public,
        endpoint: || get(page::about),
    },
    Route {
        method: Method::GET,
        path: "/api/page/logo",
        access: Access::Public,
        endpoint: || get(page::logo),
    },
    Route {
        method: Method::POST,
        path: "/v1/chat/completions",
        access: Access::Known,
        endpoint: || post(chat::complete),
    },
    Route {
        method: Method::POST,
        path: "/api/answers",
        access: Access::Known,
        endpoint: || post(live::begin),
    },
    Route {
        method: Method::GET,
        path: "/api/answers",
        access: Access::Known,
        endpoint: || get(live::list),
    },
    Route {
        method: Method::GET,
        path: "/api/answers/{answer}/events",
        access: Access::Known,
        endpoint: || get(live::events),
    },
    Route {
        method: Method::DELETE,
        path: "/api/answers/{answer}",
        access: Access::Known,
        endpoint: || delete(live::stop),
    },
    Route {
        method: Method::GET,
        path: "/v1/models",
        access: Access::Known,
        endpoint: || get(models::list),
    },
    Route {
        method: Method::GET,
        path: "/v1/models/{model}",
        access: Access::Known,
        endpoint: || get(models::get),
    },
    Route {
        method: Method::POST,
        path: "/api/auth/login",
        access: Access::Public,
        endpoint: || post(auth::login),
    },
    Route {
        method: Method::POST,
        path: "/api/auth/first",
        access: Access::Public,
        endpoint: || post(auth::first),
    },
    Route {
        method: Method::POST,
        path: "/api/auth/logout",
        access: Access::Known,
        endpoint: || post(auth::logout),
    },
    Route {
        method: Method::POST,
        path: "/api/auth/logout-everywhere",
        access: Access::Known,
        endpoint: || post(auth::logout_everywhere),
    },
    Route {
        method: Method::POST,
        path: "/api/auth/password",
        access: Access::Known,
        endpoint: || post(auth::change_password),
    },
    Route {
        method: Method::GET,
        path: "/api/auth/session",
        access: Access::Known,
        endpoint: || get(auth::session),
    },
    Route {
        method: Method::GET,
        path: "/api/auth/oidc/login",
        access: Access::Public,
        endpoint: || get(auth::depart),
    },
    Route {
        method: Method::GET,
        path: "/api/auth/oidc/callback",
        access: Access::Public,
        endpoint: || get(auth::arrive),
    },
    Route {
        method: Method::GET,
        path: "/api/keys",
        access: Access::Roles(&[Role::Administrator, Role::Auditor]),
        endpoint: || get(auth_admin::keys),
    },
    Route {
        method: Method::POST,
        path: "/api/keys",
        access: Access::Roles(&[Role::Administrator]),
        endpoint: || post(auth_admin::create_key),
    },
    Route {
        method: Method::DELETE,
        path: "/api/keys/{key}",
        access: Access::Roles(&[Role::Administrator]),
        endpoint: || delete(auth_admin::revoke_key),
    },
    Route {
        method: Method::GET,
        path: "/api/users",
        access: Access::Roles(&[Role::Administrator, Role::Auditor]),
        endpoint: || get(auth_admin::users),
    },
    Route {
        method: Method::POST,
        path: "/api/users",
        access: Access::Roles(&[Role::Administrator]),
        endpoint: || post(auth_admin::create_user),
    },
    Route {
        method: Method::PATCH,
        path: "/api/users/{user}",
        access: Access::Roles(&[Role::Administrator]),
        endpoint: || patch(auth_admin::change_user),
    },
    Route {
        method: Method::POST,
        path: "/api/users/{user}/link",
        access: Access::Roles(&[Role::Administrator]),
        endpoint: || post(auth_admin::link),
    },
    Route {
        method: Method::POST,
        path: "/v1/files",
        access: Access::Known,
        endpoint: || post(files::create),
    },
    Route {
        method: Method::GET,
        path: "/v1/files",
        access: Access::Known,
        endpoint: || get(files::list),
    },
    Route {
        method: Method::GET,
        path: "/v1/files/{file}",
        access: Access::Known,
        endpoint: || get(files::get),
    },
    Route {
        method: Method::DELETE,
        path: "/v1/files/{file}",
        access: Access::Known,
        endpoint: || delete(files::delete),
    },
    Route {
        method: Method::GET,
        path: "/v1/files/{file}/content",
        access: Access::Known,
        endpoint: || get(files::content),
    },
    Route {
        method: Method::POST,
        path: "/v1/vector_stores",
        access: Access::Known,
        endpoint: || post(vector_stores::create),
    },
    Route {
        method: Method::GET,
        path: "/v1/vector_stores",
        access: Access::Known,
        endpoint: || get(vector_stores::list),
    },
    Route {
        method: Method::GET,
        path: "/v1/vector_stores/{store}",
        access: Access::Known,
        endpoint: || get(vector_stores::get),
    },
    Route {
        method: Method::POST,
        path: "/v1/vector_stores/{store}",
        access: Access::Known,
        endpoint: || post(vector_stores::change),
    },
    Route {
        method: Method::DELETE,
        path: "/v1/vector_stores/{store}",
        access: Access::Known,
        endpoint: || delete(vector_stores::delete),
    },
    Route {
        method: Method::POST,
        path: "/v1/vector_stores/{store}/search",
        access: Access::Known,
        endpoint: || post(vector_stores::search),
    },
    Route {
        method: Method::POST,
        path: "/v1/vector_stores/{store}/files",
        access: Access::Known,
        endpoint: || post(store_files::attach),
    },
    Route {
        method: Method::GET,
        path: "/v1/vector_stores/{store}/files",
        access: Access::Known,
        endpoint: || get(store_files::list),
    },
    Route {
        method: Method::GET,
        path: "/v1/vector_stores/{store}/files/{file}",
        access: Access::Known,
        endpoint: || get(store_files::get),
    },
    Route {
        method: Method::POST,
        path: "/v1/vector_stores/{store}/files/{file}",
        access: Access::Known,
        endpoint: || post(store_files::change),
    },
    Route {
        method: Method::DELETE,
        path: "/v1/vector_stores/{store}/files/{file}",
        access: Access::Known,
        endpoint: || delete(store_files::delete),
    },
    Route {
        method: Method::GET,
        path: "/v1/vector_stores/{store}/files/{file}/content",
        access: Access::Known,
        endpoint: || get(store_files::content),
    },
    Route {
        method: Method::POST,
        path: "/v1/vector_stores/{store}/file_batches",
        access: Access::Known,
        endpoint: || post(store_files::attach_batch),
    },
    Route {
        method: Method::GET,
        path: "/v1/vector_stores/{store}/file_batches/{batch}",
        access: Access::Known,
        endpoint: || get(store_files::get_batch),
    },
    Route {
        method: Method::GET,
        path: "/v1/vector_stores/{store}/file_batches/{batch}/files",
        access: Access::Known,
        endpoint: || get(store_files::list_batch),
    },
    Route {
        method: Method::GET,
        path: "/api/conversations",
        access: Access::Known,
        endpoint: || get(conversations::list),
    },
    Route {
        method: Method::POST,
        path: "/api/conversations",
        access: Access::Known,
        endpoint: || post(conversations::begin),
    },
    Route {
        method: Method::GET,
        path: "/api/conversations/{conversation}",
        access: Access::Known,
        endpoint: || get(conversations::get),
    },
    Route {
        method: Method::PATCH,
        path: "/api/conversations/{conversation}",
        access: Access::Known,
        endpoint: || patch(conversations::rename),
    },
    Route {
        method: Method::DELETE,
        path: "/api/conversations/{conversation}",
        access: Access::Known,
        endpoint: || delete(conversations::delete),
    },
    Route {
        method: Method::GET,
        path: "/api/records",
        access: Access::Known,
        endpoint: || get(records::list),
    },
    Route {
        method: Method::GET,
        path: "/api/records/metadata",
        access: Access::Roles(&[Role::Auditor, Role::DataProtectionOfficer]),
        endpoint: || get(records::metadata),
    },
    Route {
        method: Method::GET,
        path: "/api/records/{replica}/{entry}",
        access: Access::Known,
        endpoint: || get(records::get),
    },
    Route {
        method: Method::DELETE,
        path: "/api/records/{replica}/{entry}",
        access: Access::Known,
        endpoint: || delete(records::delete),
    },
    Route {
        method: Method::POST,
        path: "/api/records/{replica}/{entry}/access",
        access: Access::Roles(&[Role::DataProtectionOfficer]),
        endpoint: || post(records::access),
    },
    Route {
        method: Method::POST,
        path: "/api/feedback",
        access: Access::Known,
        endpoint: || post(records::rate),
    },
    Route {
        method: Method::DELETE,
        path: "/api/feedback/{replica}/{entry}",
        access: Access::Known,
        endpoint: || delete(records::unrate),
    },
    Route {
        method: Method::GET,
        path: "/api/collections",
        access: Access::Roles(&[Role::Administrator]),
        endpoint: || get(stock::collections),
    },
    Route {
        method: Method::GET,
        path: "/api/tasks",
        access: Access::Roles(&[Role::Administrator]),
        endpoint: || get(stock::tasks),
    },
    Route {
        method: Method::GET,
        path: "/healthz",
        access: Access::Public,
        endpoint: || get(health::alive),
    },
    Route {
        method: Method::GET,
        path: "/readyz",
        access: Access::Public,
        endpoint: || get(health::ready),
    },
    Route {
        method: Method::GET,
        path: "/metrics",
        access: Access::Roles(&[Role::Administrator, Role::Auditor]),
        endpoint: || get(metrics::show),
    },
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
    let mut response = match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    response.extensions_mut().insert(Taken(guard.path));
    response
}

fn admit(guard: &Guard, request: &mut Request) -> Result<(), Refusal> {
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
