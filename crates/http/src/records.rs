//! `/api/records` and `/api/feedback`: what was asked and answered. Everyone reads, rates and deletes their own; the
//! data-protection officer reads a named record for a reason, which is recorded; the auditor sees what surrounds the
//! contents.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use http::Uri;
use serde::Deserialize;
use serde_json::{Value, json};
use trousseau_core::principal::Principal;

use super::auth::read;
use super::query::Pairs;
use super::refusal::Refusal;
use super::segment::Segments;
use super::{Caller, Server};
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::records::oversight::Metadata;
use trousseau_gateway::records::own::{Listing, Page, Summary};
use trousseau_gateway::records::{EntryId, Feedback, Rating, Record};

/// How many items a page has where nobody says.
const USUAL: usize = 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rated {
    entry: String,
    rating: Rating,
    #[serde(default)]
    comment: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    reason: String,
}

/// `GET /api/records`: the caller's own, newest first; with `q`, those in which every word of it stands; with
/// `conversation`, those of one, oldest first.
pub(super) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Page<Summary>>, Refusal> {
    let mut pairs = Pairs::of(&uri)?;
    let listing = Listing {
        limit: pairs.limit(USUAL)?,
        after: pairs.take("after").as_deref().map(named_entry).transpose()?,
        conversation: pairs.take("conversation"),
        text: pairs.take("q"),
    };
    pairs.end()?;
    let listed = server.gateway.records_of(&caller.principal, &listing).await?;
    Ok(Json(listed))
}

/// `GET /api/records/metadata`: what surrounds the contents of everybody's records, or of one `user`'s.
pub(super) async fn metadata(
    State(server): State<Arc<Server>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Page<Metadata>>, Refusal> {
    let mut pairs = Pairs::of(&uri)?;
    let (limit, user, after) = (pairs.limit(USUAL)?, pairs.take("user"), pairs.take("after"));
    pairs.end()?;
    let after = after.as_deref().map(named_entry).transpose()?;
    let page = server
        .gateway
        .metadata(&caller.principal, user.as_deref(), after.as_ref(), limit)
        .await?;
    Ok(Json(page))
}

/// `GET /api/records/{replica}/{entry}`: one of the caller's own, without the texts that the caller may no longer read.
pub(super) async fn get(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((replica, entry)): Segments<(String, String)>,
) -> Result<Json<Record>, Refusal> {
    let entry = named_entry(&format!("{replica}/{entry}"))?;
    let mut record = server.gateway.own_record(&caller.principal, &entry).await?;
    hide(&server, &caller.principal, &mut record).await?;
    Ok(Json(record))
}

/// Takes the texts out of a record that stand in documents which were closed to the reader since, or above its clearance.
pub(super) async fn hide(
    server: &Server,
    reader: &Principal,
    record: &mut Record,
) -> Result<(), GatewayError> {
    let store = server.gateway.library.store();
    let above = record
        .passages
        .iter()
        .filter(|passage| passage.label.class > reader.clearance);
    let mut hidden: BTreeSet<String> = above.map(|passage| passage.document.clone()).collect();
    let named = record.passages.iter().map(|passage| &passage.document);
    let named = named.chain(record.citations.iter().map(|cited| &cited.document));
    for document in named.cloned().collect::<BTreeSet<_>>() {
        let readable = store.document_row(reader, &document).await?.is_some();
        // One that was deleted was not closed to anybody.
        if !readable && store.has_document(&reader.tenant, &document).await? {
            hidden.insert(document);
        }
    }
    for passage in record
        .passages
        .iter_mut()
        .filter(|passage| hidden.contains(&passage.document))
    {
        passage.text.clear();
        passage.blocks.clear();
    }
    for cited in record
        .citations
        .iter_mut()
        .filter(|cited| hidden.contains(&cited.document))
    {
        cited.text.clear();
    }
    Ok(())
}

/// `DELETE /api/records/{replica}/{entry}`: the content of one of the caller's own; its proof stays.
pub(super) async fn delete(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((replica, entry)): Segments<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let entry = named_entry(&format!("{replica}/{entry}"))?;
    let (gateway, gone) = (Arc::clone(&server.gateway), entry.clone());
    let deleting = async move { gateway.delete_record(&caller.principal, &gone).await };
    server.see_through(deleting).await?;
    Ok(Json(json!({ "entry": entry.to_string(), "deleted": true })))
}

/// `POST /api/records/{replica}/{entry}/access`: anybody's, for a reason, which is recorded before it is answered.
pub(super) async fn access(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((replica, entry)): Segments<(String, String)>,
    request: Request,
) -> Result<Json<Record>, Refusal> {
    let entry = named_entry(&format!("{replica}/{entry}"))?;
    let (_, wanted) = read::<Reason>(&server, request).await?;
    let gateway = Arc::clone(&server.gateway);
    let reading = async move {
        gateway
            .inspect_record(&caller.principal, &entry, &wanted.reason)
            .await
    };
    Ok(Json(server.see_through(reading).await?))
}

/// `POST /api/feedback`: what the caller says of an answer of its own, in place of what it said before.
pub(super) async fn rate(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let (_, rated) = read::<Rated>(&server, request).await?;
    let entry = named_entry(&rated.entry)?;
    let feedback = Feedback {
        rating: rated.rating,
        comment: rated.comment,
    };
    server.gateway.rate(&caller.principal, &entry, &feedback).await?;
    Ok(Json(json!({ "entry": entry.to_string(), "feedback": feedback })))
}

/// `DELETE /api/feedback/{replica}/{entry}`: takes it back.
pub(super) async fn unrate(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((replica, entry)): Segments<(String, String)>,
) -> Result<Json<Value>, Refusal> {
    let entry = named_entry(&format!("{replica}/{entry}"))?;
    server.gateway.unrate(&caller.principal, &entry).await?;
    Ok(Json(json!({ "entry": entry.to_string(), "deleted": true })))
}

/// The entry that a text names; one that names none is not there.
pub(super) fn named_entry(text: &str) -> Result<EntryId, GatewayError> {
    text.parse().map_err(|_| GatewayError::NoEntry {
        entry: text.to_owned(),
    })
}
