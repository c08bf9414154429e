//! The one table of what can be called, with which method, and by whom.
//!
//! The router is made from it, and so are the tests that try every role on every route: a route that is not in
//! it does not exist, and one that is in it is guarded before its handler runs.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, patch, post};
use http::{Method, Uri};
use trousseau_core::principal::Role;

use super::error::HttpError;
use super::refusal::Refusal;
use super::{Caller, Client, Server, auth, auth_admin, chat, health, metrics, models};

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
        method: Method::POST,
        path: "/v1/chat/completions",
        access: Access::Known,
        endpoint: || post(chat::complete),
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
        .fallback(not_found)
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

async fn not_found(uri: Uri) -> Refusal {
    let path = uri.path().to_owned();
    HttpError::NotFound { path }.into()
}

async fn other_method(method: Method, uri: Uri) -> Refusal {
    let (method, path) = (method.to_string(), uri.path().to_owned());
    HttpError::Method { method, path }.into()
}
