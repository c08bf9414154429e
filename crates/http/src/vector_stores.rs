//! `/v1/vector_stores`: collections, and search in them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use http::Uri;
use serde_json::{Map, Value};
use trousseau_core::principal::Principal;
use trousseau_retrieval::store::{Collection, Counts};
use trousseau_wire::Fault;
use trousseau_wire::server::check_attributes;
use trousseau_wire::server::files::{Deleted, List};
use trousseau_wire::server::vector_stores::{
    FileCounts, SearchHit, SearchPage, TextContent, VectorStore, new_store, search as read_search,
};

use super::files::{last, seconds};
use super::query::{invalid, paging};
use super::refusal::Refusal;
use super::segment::Segments;
use super::{Caller, Server, body};
use trousseau_gateway::files::FileError;
use trousseau_gateway::files::members::{Found, Listing};
use trousseau_gateway::files::stores::Seen;

/// The longest name of a vector store, in characters.
const NAME: usize = 256;

/// The most questions of one search.
const QUESTIONS: usize = 16;

/// `POST /v1/vector_stores`.
pub(super) async fn create(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Json<VectorStore>, Refusal> {
    let new = new_store(&server.json(request).await?)?;
    let name = new.name.unwrap_or_default();
    check_name(&name)?;
    let metadata = new.metadata.unwrap_or_default();
    check_attributes("metadata", &metadata)?;
    let files: Vec<(String, Map<String, Value>)> =
        new.file_ids.into_iter().map(|id| (id, Map::new())).collect();
    let gateway = Arc::clone(&server.gateway);
    let principal = caller.principal.clone();
    let making = async move {
        // A store is not made for files that cannot be put into it.
        for (id, _) in &files {
            gateway.file(&principal, id).await?;
        }
        let made = gateway.make_store(&principal, &name, metadata).await?;
        if !files.is_empty() {
            gateway.attach(&principal, &made.id, &files, None, false).await?;
        }
        Ok::<_, FileError>(made)
    };
    let made = server.see_through(making).await?;
    server.wake(&caller.principal.tenant);
    let seen = server.gateway.store(&caller.principal, &made.id).await?;
    Ok(Json(shown(&server, &caller.principal, &seen).await?))
}

/// `GET /v1/vector_stores`.
pub(super) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<List<VectorStore>>, Refusal> {
    let page = server.gateway.stores(&caller.principal, &paging(&uri)?).await?;
    let mut stores = Vec::with_capacity(page.items.len());
    for seen in &page.items {
        stores.push(shown(&server, &caller.principal, seen).await?);
    }
    Ok(Json(List::new(stores, page.more)))
}

/// `GET /v1/vector_stores/{store}`.
pub(super) async fn get(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Json<VectorStore>, Refusal> {
    let seen = server.gateway.store(&caller.principal, &id).await?;
    Ok(Json(shown(&server, &caller.principal, &seen).await?))
}

/// `POST /v1/vector_stores/{store}`: another name, other metadata.
pub(super) async fn change(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
    request: Request,
) -> Result<Json<VectorStore>, Refusal> {
    let change = new_store(&server.json(request).await?)?;
    if !change.file_ids.is_empty() {
        let param = "file_ids".to_owned();
        return Err(Fault::Unsupported { param }.into());
    }
    if let Some(name) = &change.name {
        check_name(name)?;
    }
    if let Some(metadata) = &change.metadata {
        check_attributes("metadata", metadata)?;
    }
    let (gateway, principal) = (&server.gateway, &caller.principal);
    gateway
        .rename_store(principal, &id, change.name, change.metadata)
        .await?;
    let seen = gateway.store(principal, &id).await?;
    Ok(Json(shown(&server, principal, &seen).await?))
}

/// `DELETE /v1/vector_stores/{store}`: its documents with it; uploads stay.
pub(super) async fn delete(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Json<Deleted>, Refusal> {
    let (gateway, gone) = (Arc::clone(&server.gateway), id.clone());
    let deleting = async move { gateway.delete_store(&caller.principal, &gone).await };
    server.see_through(deleting).await?;
    Ok(Json(Deleted::vector_store(id)))
}

/// `POST /v1/vector_stores/{store}/search`.
pub(super) async fn search(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
    request: Request,
) -> Result<Json<SearchPage>, Refusal> {
    let search = read_search(&server.json(request).await?)?;
    if search.query.len() > QUESTIONS {
        let (param, limit) = ("query".to_owned(), QUESTIONS);
        return Err(Fault::TooMany { param, limit }.into());
    }
    let (gateway, principal) = (&server.gateway, &caller.principal);
    let seen = gateway.store(principal, &id).await?;
    let found = gateway
        .search_store(principal, &seen, &search.query, search.limit)
        .await?;
    let least = search.threshold.unwrap_or(0.0);
    let hits = found.into_iter().filter(|found| found.passage.score >= least);
    Ok(Json(SearchPage::new(search.query, hits.map(hit).collect())))
}

impl Server {
    /// The bytes of a JSON body.
    pub(super) async fn json(&self, request: Request) -> Result<bytes::Bytes, Refusal> {
        let (parts, body) = request.into_parts();
        let limits = &self.settings.limits;
        Ok(body::read(&parts.headers, body, limits.body_bytes, limits.body).await?)
    }
}

/// The name of a vector store, as people see it.
pub(super) fn title(collection: &Collection) -> &str {
    collection.title.as_deref().unwrap_or(&collection.name)
}

/// How many files there are, as OpenAI counts them: nothing is ever cancelled here.
pub(super) const fn counts(counts: Counts) -> FileCounts {
    FileCounts {
        in_progress: counts.in_progress,
        completed: counts.completed,
        failed: counts.failed,
        cancelled: 0,
        total: counts.in_progress + counts.completed + counts.failed,
    }
}

async fn shown(server: &Server, reader: &Principal, seen: &Seen) -> Result<VectorStore, Refusal> {
    let counted = server
        .gateway
        .count_members(reader, seen, Listing::default())
        .await?;
    let collection = &seen.collection;
    let created = seconds(collection.created);
    let (id, name) = (&collection.id, title(collection));
    let mut store = VectorStore::new(id, name, created, counted.bytes, counts(counted));
    store.metadata.clone_from(&collection.metadata);
    Ok(store)
}

fn check_name(name: &str) -> Result<(), Fault> {
    if name.chars().count() > NAME {
        return Err(invalid("name", "at most 256 characters"));
    }
    if name.chars().any(char::is_control) {
        return Err(invalid("name", "no control characters"));
    }
    Ok(())
}

/// What was found, with its place in the file beside what its giver wrote there.
fn hit(found: Found) -> SearchHit {
    let Found {
        file,
        mut attributes,
        passage,
    } = found;
    let place = [
        ("document", Value::from(passage.document)),
        ("version", passage.version.into()),
        ("start", passage.span.start.into()),
        ("end", passage.span.end.into()),
        ("heading", passage.heading.join(" > ").into()),
    ];
    attributes.extend(place.map(|(name, value)| (name.to_owned(), value)));
    SearchHit {
        file_id: file,
        filename: last(&passage.path).to_owned(),
        score: passage.score,
        attributes,
        content: vec![TextContent::new(passage.text)],
    }
}
