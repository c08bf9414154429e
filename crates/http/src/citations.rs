//! `/api/records/.../citations/` and `/api/documents/`: the passage that an answer stands on, in its document.
//!
//! The document is read anew each time, as whoever asks may read it now. What the record keeps of a passage is shown beside
//! it to those who may still see it: a document that was replaced or deleted meanwhile says so.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use serde_json::{Value, json};
use trousseau_core::document::{Citation, Passage, Span};
use trousseau_core::principal::Principal;
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::records::own::language_of;
use trousseau_retrieval::error::StoreError;
use trousseau_retrieval::store::Stored;
use trousseau_retrieval::window::{LONGEST, Window};

use super::query::{Pairs, invalid};
use super::records::named_entry;
use super::refusal::Refusal;
use super::segment::Segments;
use super::{Caller, HttpError, Server};

/// What has become of a cited document.
#[derive(Clone, Copy)]
enum Now {
    /// It is as it was.
    Current,
    /// There is another version of it.
    Replaced,
    /// It is gone.
    Deleted,
    /// It is there, and the reader may not read it any more.
    Unreadable,
}

impl Now {
    const fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Replaced => "replaced",
            Self::Deleted => "deleted",
            Self::Unreadable => "unreadable",
        }
    }
}

/// `GET /api/records/{replica}/{entry}/citations/{number}`: of one of the caller's own.
pub(super) async fn get(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments((replica, entry, number)): Segments<(String, String, String)>,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    Pairs::of(&uri)?.end()?;
    let entry = named_entry(&format!("{replica}/{entry}"))?;
    let reader = &caller.principal;
    let record = server.gateway.own_record(reader, &entry).await?;
    let number = number.parse::<usize>().ok();
    let cited = record.citations.iter().find(|cited| Some(cited.number) == number);
    let cited = cited.ok_or_else(|| HttpError::NotFound {
        path: uri.path().to_owned(),
    })?;
    let (now, stored) = look_up(&server, reader, cited).await?;
    let passage = record
        .passages
        .iter()
        .find(|passage| passage.chunk == cited.chunk && passage.document == cited.document);
    // The passage's own words tell little where it is short: what stands around it is in its language.
    let around = stored
        .as_ref()
        .map_or(cited.text.as_str(), |stored| stored.text.as_str());
    let language = language_of(&cited.text).or_else(|| language_of(around));
    let collection = stored.as_ref().map(|stored| &stored.row.collection);
    Ok(Json(json!({
        "number": cited.number,
        "title": cited.title,
        "path": cited.path,
        "collection": collection,
        "heading": cited.heading,
        "document": cited.document,
        "version": cited.version,
        "state": now.name(),
        "language": language,
        "title_language": language_of(&cited.title),
        "recorded": recorded(reader, now, cited, passage),
        "document_text": stored.and_then(|stored| shown(&stored, now, cited)),
    })))
}

/// `GET /api/documents/{document}`: a part of its text, from `start` to `end` and what stands around; of `version`, where
/// one is named, or not at all.
pub(super) async fn document(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    let mut pairs = Pairs::of(&uri)?;
    let mut number = |name: &str| {
        let taken = pairs.take(name).map(|text| text.parse::<usize>());
        taken.transpose().map_err(|_| invalid(name, "a whole number"))
    };
    let (version, start, end) = (number("version")?, number("start")?, number("end")?);
    pairs.end()?;
    let start = start.unwrap_or_default();
    let place = Span {
        start,
        end: end.unwrap_or(start),
    };
    if place.end < place.start || place.end - place.start > LONGEST {
        return Err(invalid("end", "from start to 20000 characters behind it").into());
    }
    let store = server.gateway.library.store();
    let none = || GatewayError::from(StoreError::NoDocument { id: id.clone() });
    let stored = store.document(&caller.principal, &id).await;
    let Stored { row, text } = stored.map_err(GatewayError::from)?;
    if version.is_some_and(|version| version as u64 != row.version) {
        return Err(none().into());
    }
    let heading = store.heading_at(&caller.principal, &id, place.start).await;
    Ok(Json(json!({
        "document": row.id,
        "version": row.version,
        "title": row.title,
        "path": row.path,
        "collection": row.collection,
        "label": row.label,
        "heading": heading.map_err(GatewayError::from)?,
        "window": Window::around(&text, place).ok_or_else(none)?,
    })))
}

/// What has become of a cited document, and the document where the reader may read it.
async fn look_up(
    server: &Server,
    reader: &Principal,
    cited: &Citation,
) -> Result<(Now, Option<Stored>), GatewayError> {
    let store = server.gateway.library.store();
    match store.document(reader, &cited.document).await {
        Ok(stored) if stored.row.version == cited.version => Ok((Now::Current, Some(stored))),
        Ok(stored) => Ok((Now::Replaced, Some(stored))),
        Err(StoreError::NoDocument { .. }) => {
            let exists = store.has_document(&reader.tenant, &cited.document).await?;
            Ok((if exists { Now::Unreadable } else { Now::Deleted }, None))
        }
        Err(error) => Err(error.into()),
    }
}

/// What the record keeps of the passage, for those who may still see it: not for whom the document was closed, and not
/// above the reader's clearance.
fn recorded(reader: &Principal, now: Now, cited: &Citation, passage: Option<&Passage>) -> Option<Value> {
    let passage = passage.filter(|passage| passage.label.class <= reader.clearance)?;
    if matches!(now, Now::Unreadable) {
        return None;
    }
    let start = cited.span.start.checked_sub(passage.span.start)?;
    let end = cited.span.end.checked_sub(passage.span.start)?;
    Some(json!({ "text": passage.text, "start": start, "end": end }))
}

/// The cited text in its document; in another version only where it still stands there word for word.
fn shown(stored: &Stored, now: Now, cited: &Citation) -> Option<Window> {
    let text = &stored.text;
    let place = match now {
        Now::Current => cited.span,
        _ => {
            let at = text.find(&cited.text).filter(|_| !cited.text.is_empty())?;
            Span::locate(text, 0, at..at + cited.text.len())?
        }
    };
    Window::around(text, place)
}
