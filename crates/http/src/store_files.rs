//! `/v1/vector_stores/{store}/files` and `/file_batches`: files of collections, one by one and together.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, Uri};
use serde_json::{Map, Value, json};
use trousseau_core::error::{ErrorKind, Explain};
use trousseau_core::label::Label;
use trousseau_retrieval::store::{Batch, Member, Progress, TaskError};
use trousseau_wire::server::attributes as read_attributes;
use trousseau_wire::server::check_attributes;
use trousseau_wire::server::file_batches::{FileBatch, new_batch};
use trousseau_wire::server::files::{Deleted, List};
use trousseau_wire::server::vector_stores::{
    StoreFile, StoreFileError, StoreFileErrorCode, StoreFileStatus, TextContent, attachment,
};

use super::chat::stated_label;
use super::envelope::Asking;
use super::files::{last, seconds};
use super::query::{Pairs, invalid};
use super::refusal::Refusal;
use super::segment::Segments;
use super::vector_stores::counts;
use super::{Caller, Language, Server};
use trousseau_gateway::files::members::Listing;
use trousseau_gateway::files::stores::Seen;

/// Tells OpenAI's clients after how many milliseconds to ask again whether a file is taken in.
const POLL: HeaderName = HeaderName::from_static("openai-poll-after-ms");

/// `POST /v1/vector_stores/{store}/files`.
pub(super) async fn attach(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(store): Segments<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let (label, language) = (stated_label(request.headers())?, language(&request));
    let attachment = attachment(&server.json(request).await?)?;
    let attributes = attachment.attributes.unwrap_or_default();
    let id = attachment.file_id.clone();
    let files = vec![(attachment.file_id, attributes)];
    attach_all(&server, &caller, &store, files, (label, false)).await?;
    let (gateway, principal) = (&server.gateway, &caller.principal);
    let seen = gateway.store(principal, &store).await?;
    let member = gateway.member(principal, &seen, &id).await?;
    Ok(one(&server, &seen, &member, language))
}

/// `GET /v1/vector_stores/{store}/files`.
pub(super) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(store): Segments<String>,
    request: Request,
) -> Result<Json<List<StoreFile>>, Refusal> {
    let (uri, language) = (request.uri().clone(), language(&request));
    drop(request);
    let seen = server.gateway.store(&caller.principal, &store).await?;
    list_some(&server, &caller, &seen, None, (&uri, language)).await
}

/// `GET /v1/vector_stores/{store}/files/{file}`.
pub(super) async fn get(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((store, id)): Segments<(String, String)>,
    request: Request,
) -> Result<Response, Refusal> {
    let (gateway, principal) = (&server.gateway, &caller.principal);
    let seen = gateway.store(principal, &store).await?;
    let member = gateway.member(principal, &seen, &id).await?;
    Ok(one(&server, &seen, &member, language(&request)))
}

/// `POST /v1/vector_stores/{store}/files/{file}`: other attributes.
pub(super) async fn change(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((store, id)): Segments<(String, String)>,
    request: Request,
) -> Result<Response, Refusal> {
    let language = language(&request);
    let attributes = read_attributes(&server.json(request).await?)?;
    let (gateway, principal) = (&server.gateway, &caller.principal);
    let changed = gateway.set_attributes(principal, &store, &id, &attributes);
    let member = changed.await?;
    let seen = gateway.store(principal, &store).await?;
    Ok(one(&server, &seen, &member, language))
}

/// `DELETE /v1/vector_stores/{store}/files/{file}`: its document goes, an upload stays.
pub(super) async fn delete(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((store, id)): Segments<(String, String)>,
) -> Result<Json<Deleted>, Refusal> {
    let (gateway, gone) = (Arc::clone(&server.gateway), id.clone());
    let deleting = async move { gateway.remove_member(&caller.principal, &store, &gone).await };
    server.see_through(deleting).await?;
    Ok(Json(Deleted::vector_store_file(id)))
}

/// `GET /v1/vector_stores/{store}/files/{file}/content`: the text that was read from it.
pub(super) async fn content(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((store, id)): Segments<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let (gateway, principal) = (&server.gateway, &caller.principal);
    let seen = gateway.store(principal, &store).await?;
    let member = gateway.member(principal, &seen, &id).await?;
    let stored = gateway.member_text(principal, &seen, &id).await?;
    Ok(Json(json!({
        "object": "vector_store.file_content.page",
        "file_id": member.id,
        "filename": last(&member.name),
        "attributes": member.attributes,
        "data": [TextContent::new(stored.text)],
        "has_more": false,
        "next_page": null,
    })))
}

/// `POST /v1/vector_stores/{store}/file_batches`.
pub(super) async fn attach_batch(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(store): Segments<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let label = stated_label(request.headers())?;
    let files = new_batch(&server.json(request).await?)?;
    let batch = attach_all(&server, &caller, &store, files, (label, true)).await?;
    let batch = batch.ok_or(super::HttpError::Failed)?;
    let seen = server.gateway.store(&caller.principal, &store).await?;
    batched(&server, &caller, &seen, &batch).await
}

/// `GET /v1/vector_stores/{store}/file_batches/{batch}`.
pub(super) async fn get_batch(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((store, id)): Segments<(String, String)>,
) -> Result<Response, Refusal> {
    let seen = server.gateway.store(&caller.principal, &store).await?;
    let batch = server.gateway.batch(&caller.principal, &seen, &id).await?;
    batched(&server, &caller, &seen, &batch).await
}

/// `GET /v1/vector_stores/{store}/file_batches/{batch}/files`.
pub(super) async fn list_batch(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((store, id)): Segments<(String, String)>,
    request: Request,
) -> Result<Json<List<StoreFile>>, Refusal> {
    let (uri, language) = (request.uri().clone(), language(&request));
    drop(request);
    let seen = server.gateway.store(&caller.principal, &store).await?;
    let batch = server.gateway.batch(&caller.principal, &seen, &id).await?;
    list_some(&server, &caller, &seen, Some(&batch.id), (&uri, language)).await
}

async fn attach_all(
    server: &Arc<Server>,
    caller: &Caller,
    store: &str,
    files: Vec<(String, Map<String, Value>)>,
    (label, in_batch): (Option<Label>, bool),
) -> Result<Option<Batch>, Refusal> {
    for (_, attributes) in &files {
        check_attributes("attributes", attributes)?;
    }
    let (gateway, principal, store) = (
        Arc::clone(&server.gateway),
        caller.principal.clone(),
        store.to_owned(),
    );
    let attaching = async move {
        gateway
            .attach(&principal, &store, &files, label.as_ref(), in_batch)
            .await
    };
    let batch = server.see_through(attaching).await?;
    server.wake(&caller.principal.tenant);
    Ok(batch)
}

async fn list_some(
    server: &Server,
    caller: &Caller,
    seen: &Seen,
    batch: Option<&str>,
    (uri, language): (&Uri, Language),
) -> Result<Json<List<StoreFile>>, Refusal> {
    let (listing, paging) = listing(uri, batch)?;
    let page = server
        .gateway
        .members(&caller.principal, seen, listing, &paging)
        .await?;
    let files = page
        .items
        .iter()
        .map(|member| shown(server, seen, member, language));
    Ok(Json(List::new(files.collect(), page.more)))
}

fn listing<'a>(
    uri: &Uri,
    batch: Option<&'a str>,
) -> Result<(Listing<'a>, trousseau_retrieval::store::Paging), Refusal> {
    let mut pairs = Pairs::of(uri)?;
    let paging = pairs.paging()?;
    let progress = match pairs.take("filter").as_deref() {
        None => None,
        Some("in_progress") => Some(Progress::InProgress),
        Some("completed") => Some(Progress::Completed),
        Some("failed") => Some(Progress::Failed),
        Some(_) => return Err(invalid("filter", "in_progress, completed or failed").into()),
    };
    pairs.end()?;
    Ok((Listing { batch, progress }, paging))
}

fn language(request: &Request) -> Language {
    let asking = request.extensions().get::<Asking>();
    asking.map_or_else(Language::default, |asking| asking.language)
}

/// One file; while it is being taken in, with the time after which to ask again.
fn one(server: &Server, seen: &Seen, member: &Member, language: Language) -> Response {
    let file = shown(server, seen, member, language);
    let busy = file.status == StoreFileStatus::InProgress;
    polled(Json(file).into_response(), busy)
}

async fn batched(server: &Server, caller: &Caller, seen: &Seen, batch: &Batch) -> Result<Response, Refusal> {
    let listing = Listing {
        batch: Some(&batch.id),
        progress: None,
    };
    let counted = counts(
        server
            .gateway
            .count_members(&caller.principal, seen, listing)
            .await?,
    );
    let created = seconds(batch.created);
    let shown = FileBatch::new(&batch.id, &seen.collection.id, created, counted);
    let busy = shown.status == StoreFileStatus::InProgress;
    Ok(polled(Json(shown).into_response(), busy))
}

fn polled(mut response: Response, busy: bool) -> Response {
    if busy {
        let soon = HeaderValue::from_static("250");
        response.headers_mut().insert(POLL, soon);
    }
    response
}

fn shown(server: &Server, seen: &Seen, member: &Member, language: Language) -> StoreFile {
    let status = match member.progress {
        Progress::InProgress => StoreFileStatus::InProgress,
        Progress::Completed => StoreFileStatus::Completed,
        Progress::Failed => StoreFileStatus::Failed,
    };
    let created = seconds(member.created);
    let mut file = StoreFile::new(&member.id, &seen.collection.id, created, member.size, status);
    file.attributes.clone_from(&member.attributes);
    file.last_error = member.error.as_ref().map(|error| told(server, error, language));
    file
}

/// Codes of what may be wrong with a file itself.
const CODES: [&str; 9] = [
    "extract-empty",
    "extract-too-large",
    "extract-too-many-blocks",
    "extract-too-deep",
    "extract-too-many-attributes",
    "extract-binary",
    "extract-bad-encoding",
    "extract-unsupported",
    "extract-timed-out",
];

/// Why a file could not be taken in. What is not the file's fault stands in the log, not here: it may name paths.
fn told(server: &Server, error: &TaskError, language: Language) -> StoreFileError {
    let known = CODES.into_iter().find(|code| *code == error.code);
    let failed = Failed {
        code: known.unwrap_or("http-failed"),
        fields: error.fields.clone(),
    };
    let (message, _) = server.texts.explain(language, &failed);
    let code = match known {
        Some("extract-unsupported") => StoreFileErrorCode::UnsupportedFile,
        Some(_) => StoreFileErrorCode::InvalidFile,
        None => StoreFileErrorCode::ServerError,
    };
    StoreFileError { code, message }
}

/// An error as a task keeps it.
#[derive(Debug, thiserror::Error)]
#[error("{code}")]
struct Failed {
    code: &'static str,
    fields: BTreeMap<String, String>,
}

/// The names of the fields of the errors above.
const FIELDS: [&str; 6] = ["bytes", "limit", "found", "format", "encoding", "seconds"];

impl Explain for Failed {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        self.code
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let value = |name: &'static str| Some((name, self.fields.get(name)?.clone()));
        FIELDS.into_iter().filter_map(value).collect()
    }
}
