//! `/api/collections` and `/api/tasks`: what is kept, who may read it and what is being done about it, for administrators.
//! No contents.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use trousseau_core::principal::Reader;
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::files::FileError;
use trousseau_gateway::service::Gateway;
use trousseau_retrieval::store::{Collection, CollectionRow, Outcome, Task, TaskState};
use trousseau_wire::Fault;

use super::auth::read;
use super::query::{Pairs, invalid};
use super::refusal::Refusal;
use super::segment::Segments;
use super::{Caller, Server};

/// How many tasks are listed where nobody says.
const USUAL: usize = 50;

/// The longest title of a collection, in bytes.
const TITLE: usize = 256;

/// The most readers of a collection.
const READERS: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CollectionWanted {
    title: String,
    readers: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CollectionChanged {
    title: Option<String>,
    readers: Option<Vec<String>>,
}

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
    let listed = all.iter().map(|collection| shown(gateway, &counted, collection));
    Ok(Json(json!({ "collections": listed.collect::<Value>() })))
}

/// `POST /api/collections`: one under a title, and perhaps an access list, in place of the usual one.
pub(super) async fn make(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let (_, wanted) = read::<CollectionWanted>(&server, request).await?;
    check_title(&wanted.title)?;
    let readers = wanted.readers.as_deref().map(access_list).transpose()?;
    let gateway = Arc::clone(&server.gateway);
    let making = async move {
        let by = &caller.principal;
        let made = gateway.make_store(by, &wanted.title, Map::new()).await?;
        match readers {
            None => Ok(made),
            Some(readers) => gateway.set_store_readers(by, &made.id, readers).await,
        }
    };
    let made = server.see_through::<_, FileError>(making).await?;
    Ok((StatusCode::CREATED, Json(shown(&server.gateway, &[], &made))).into_response())
}

/// `PATCH /api/collections/{collection}`: another title, another access list.
pub(super) async fn change(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let (_, wanted) = read::<CollectionChanged>(&server, request).await?;
    if let Some(title) = &wanted.title {
        check_title(title)?;
    }
    let readers = wanted.readers.as_deref().map(access_list).transpose()?;
    let (gateway, tenant) = (Arc::clone(&server.gateway), caller.principal.tenant.clone());
    let changing = async move {
        let by = &caller.principal;
        let mut collection = gateway.rename_store(by, &id, wanted.title, None).await?;
        if let Some(readers) = readers {
            collection = gateway.set_store_readers(by, &id, readers).await?;
        }
        Ok(collection)
    };
    let changed = server.see_through::<_, FileError>(changing).await?;
    let counted = server.gateway.library.store().collections(&tenant).await;
    let counted = counted.map_err(GatewayError::from)?;
    Ok(Json(shown(&server.gateway, &counted, &changed)))
}

/// A collection, with how many documents it has.
fn shown(gateway: &Gateway, counted: &[CollectionRow], collection: &Collection) -> Value {
    let readers = gateway.readers_of(collection);
    let readers: Vec<String> = readers.iter().map(Reader::to_string).collect();
    let count = counted.iter().find(|row| row.name == collection.name);
    json!({
        "id": collection.id,
        "name": collection.name,
        "title": collection.title,
        "owner": collection.owner,
        "readers": readers,
        "label": gateway.plan().settings.collection(&collection.name).label,
        "documents": count.map_or(0, |row| row.documents),
        "created": collection.created,
    })
}

fn check_title(title: &str) -> Result<(), Fault> {
    if title.trim().is_empty() || title.len() > TITLE {
        return Err(invalid("title", "from 1 to 256 bytes"));
    }
    Ok(())
}

/// An access list: everyone as `*`, people as `user:NAME`, groups as `group:NAME`.
fn access_list(written: &[String]) -> Result<Vec<Reader>, Fault> {
    if written.len() > READERS {
        return Err(invalid("readers", "at most 1000"));
    }
    let read: Result<_, _> = written.iter().map(|reader| reader.parse()).collect();
    read.map_err(|_| invalid("readers", "*, user:NAME, group:NAME"))
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
