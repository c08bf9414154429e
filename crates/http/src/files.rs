//! `/v1/files`: what people upload, and the documents that they may read.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Uri, header};
use trousseau_retrieval::store::{DOCUMENT_FILE, FileRow};
use trousseau_wire::server::files::{self as wire, Deleted, FileStatus, List};

use super::chat::stated_label;
use super::query::Pairs;
use super::refusal::Refusal;
use super::segment::Segments;
use super::{Caller, Server, upload};
use trousseau_gateway::files::File;

/// `POST /v1/files`.
pub(super) async fn create(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Json<wire::File>, Refusal> {
    let (parts, body) = request.into_parts();
    let label = stated_label(&parts.headers)?.unwrap_or_default();
    let kept = upload::receive(&server, caller, &parts.headers, body, label).await?;
    Ok(Json(uploaded(&kept)))
}

/// `GET /v1/files`: the caller's own uploads.
pub(super) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<List<wire::File>>, Refusal> {
    let mut pairs = Pairs::of(&uri)?;
    let (paging, purpose) = (pairs.paging()?, pairs.take("purpose"));
    pairs.end()?;
    let page = server
        .gateway
        .files(&caller.principal, purpose.as_deref(), &paging)
        .await?;
    let files = page.items.iter().map(uploaded).collect();
    Ok(Json(List::new(files, page.more)))
}

/// `GET /v1/files/{file}`.
pub(super) async fn get(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Json<wire::File>, Refusal> {
    let file = server.gateway.file(&caller.principal, &id).await?;
    Ok(Json(shown(&file)))
}

/// `GET /v1/files/{file}/content`: the bytes as they were given.
pub(super) async fn content(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Response, Refusal> {
    let file = server.gateway.file(&caller.principal, &id).await?;
    let bytes = server.gateway.file_bytes(&caller.principal, &file).await?;
    let mut response = Body::from(bytes).into_response();
    // Never as what the file says it is: a browser must not run a page that somebody uploaded.
    for (name, value) in [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

/// `DELETE /v1/files/{file}`: here and in every vector store.
pub(super) async fn delete(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Json<Deleted>, Refusal> {
    let (gateway, gone) = (Arc::clone(&server.gateway), id.clone());
    let deleting = async move { gateway.delete_file(&caller.principal, &gone).await };
    server.see_through(deleting).await?;
    Ok(Json(Deleted::file(id)))
}

/// Seconds since 1970, of milliseconds.
pub(super) const fn seconds(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(1000)
}

/// The last part of a path, as a file's name.
pub(super) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn uploaded(row: &FileRow) -> wire::File {
    let mut file = wire::File::new(&row.id, &row.name, row.size, seconds(row.created));
    file.purpose.clone_from(&row.purpose);
    file.status = FileStatus::Processed;
    file
}

fn shown(file: &File) -> wire::File {
    match file {
        File::Upload(row) => uploaded(row),
        File::Document(row) => {
            let id = format!("{DOCUMENT_FILE}{}", row.id);
            let mut file = wire::File::new(id, last(&row.path), row.size, seconds(row.updated));
            file.status = FileStatus::Processed;
            file
        }
    }
}
