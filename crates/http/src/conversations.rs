//! `/api/conversations`: one person's conversations, which that person alone lists, searches, reads, renames and deletes.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::read;
use super::query::Pairs;
use super::records::named_entry;
use super::refusal::Refusal;
use super::segment::Segments;
use super::{Caller, Server};
use trousseau_gateway::records::conversations::Conversation;
use trousseau_gateway::records::own::Page;

/// How many items a page has where nobody says.
const USUAL: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renamed {
    title: String,
}

/// `GET /api/conversations`: the one that went on last first; with `q`, those in which every word of it stands.
pub(super) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Page<Conversation>>, Refusal> {
    let mut pairs = Pairs::of(&uri)?;
    let (limit, after, text) = (pairs.limit(USUAL)?, pairs.take("after"), pairs.take("q"));
    pairs.end()?;
    let (gateway, owner) = (&server.gateway, &caller.principal);
    let page = match text {
        None => gateway.conversations(owner, after.as_deref(), limit).await?,
        Some(text) => {
            gateway
                .search_conversations(owner, &text, after.as_deref(), limit)
                .await?
        }
    };
    Ok(Json(page))
}

/// `POST /api/conversations`: an empty one, whose id goes into `trousseau.conversation` of questions.
pub(super) async fn begin(State(server): State<Arc<Server>>, caller: Caller) -> Result<Response, Refusal> {
    let begun = server.gateway.begin_conversation(&caller.principal).await?;
    Ok((StatusCode::CREATED, Json(begun)).into_response())
}

/// `GET /api/conversations/{conversation}`: with a page of its records, oldest first.
pub(super) async fn get(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    let mut pairs = Pairs::of(&uri)?;
    let (limit, after) = (pairs.limit(USUAL)?, pairs.take("after"));
    pairs.end()?;
    let after = after.as_deref().map(named_entry).transpose()?;
    let (gateway, owner) = (&server.gateway, &caller.principal);
    let conversation = gateway.conversation(owner, &id).await?;
    let records = gateway.turns(owner, &id, after.as_ref(), limit).await?;
    Ok(Json(json!({ "conversation": conversation, "records": records })))
}

/// `PATCH /api/conversations/{conversation}`: another title.
pub(super) async fn rename(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
    request: Request,
) -> Result<Json<Conversation>, Refusal> {
    let (_, renamed) = read::<Renamed>(&server, request).await?;
    let renaming = server
        .gateway
        .rename_conversation(&caller.principal, &id, &renamed.title);
    Ok(Json(renaming.await?))
}

/// `DELETE /api/conversations/{conversation}`: its records with it.
pub(super) async fn delete(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Json<Value>, Refusal> {
    let (gateway, gone) = (Arc::clone(&server.gateway), id.clone());
    let deleting = async move { gateway.delete_conversation(&caller.principal, &gone).await };
    let records = server.see_through(deleting).await?;
    Ok(Json(json!({ "id": id, "deleted": true, "records": records })))
}
