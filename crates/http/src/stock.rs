//! `/api/collections` and `/api/tasks`: what is kept and what is being done about it, for administrators. No contents.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use serde_json::{Value, json};
use trousseau_core::principal::Reader;
use trousseau_retrieval::store::{Outcome, Task, TaskState};

use super::query::{Pairs, invalid};
use super::refusal::Refusal;
use super::{Caller, Server};
use trousseau_gateway::error::GatewayError;

/// How many tasks are listed where nobody says.
const USUAL: usize = 50;

/// `GET /api/collections`: all of the tenant, those in which nothing is yet included.
pub(super) async fn collections(
    State(server): State<Arc<Server>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    Pairs::of(&uri)?.end()?;
    let (gateway, tenant) = (&server.gateway, &caller.principal.tenant);
    let store = gateway.library.store();
    let all = store.all_collections(tenant).await.map_err(GatewayError::from)?;
    let counted = store.collections(tenant).await.map_err(GatewayError::from)?;
    let listed = all.iter().map(|collection| {
        let readers = gateway.readers_of(collection);
        let readers: Vec<String> = readers.iter().map(Reader::to_string).collect();
        let count = counted.iter().find(|row| row.name == collection.name);
        json!({
            "id": collection.id,
            "name": collection.name,
            "title": collection.title,
            "owner": collection.owner,
            "readers": readers,
            "label": gateway.settings.collection(&collection.name).label,
            "documents": count.map_or(0, |row| row.documents),
            "created": collection.created,
        })
    });
    Ok(Json(json!({ "collections": listed.collect::<Value>() })))
}

/// `GET /api/tasks`: newest first, those in a `state` or all.
pub(super) async fn tasks(
    State(server): State<Arc<Server>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    let mut pairs = Pairs::of(&uri)?;
    let limit = pairs.limit(USUAL)?;
    let state = match pairs.take("state") {
        None => None,
        Some(word) => {
            let found = TaskState::ALL.into_iter().find(|state| state.name() == word);
            let states = TaskState::ALL.map(TaskState::name).join(", ");
            Some(found.ok_or_else(|| invalid("state", &states))?)
        }
    };
    pairs.end()?;
    let store = server.gateway.library.store();
    let listed = store.tasks(&caller.principal.tenant, state, limit).await;
    let listed = listed.map_err(GatewayError::from)?;
    Ok(Json(
        json!({ "tasks": listed.iter().map(task).collect::<Value>() }),
    ))
}

/// A task, as the command line tells of it.
fn task(task: &Task) -> Value {
    json!({
        "task": task.id,
        "operation": task.operation,
        "state": task.state.name(),
        "outcome": task.outcome.map(Outcome::name),
        "collection": task.collection,
        "path": task.path,
        "document": task.document,
        "error": task.error,
        "enqueued": task.enqueued,
        "finished": task.finished,
    })
}
