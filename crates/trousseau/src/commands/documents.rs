//! `trousseau documents`: lists, shows and deletes documents.

use serde_json::json;
use tokio::sync::mpsc;
use trousseau_retrieval::store::DocumentRow;

use super::named;
use crate::caller::Caller;
use crate::cli::{DocumentAction, DocumentDelete, DocumentShow, Documents};
use crate::failure::{Exit, Failure};
use crate::printer::shown;

pub(super) async fn run(caller: &Caller, documents: Documents) -> Result<Exit, Failure> {
    match documents.action {
        None => list(caller, documents.collection).await,
        Some(DocumentAction::Show(show)) => self::show(caller, &show).await,
        Some(DocumentAction::Delete(delete)) => self::delete(caller, &delete).await,
    }
}

async fn list(caller: &Caller, collection: Option<String>) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.read().await?;
    let principal = app.principal(&caller.global)?;
    let collection = named(&app, caller, collection.into_iter().collect()).await?;
    let collection = collection.as_ref().and_then(|names| names.first());
    let rows = app
        .gateway
        .library
        .store()
        .documents(&principal, collection.map(String::as_str))
        .await?;
    app.close().await?;
    if printer.json() {
        let documents: Vec<_> = rows.iter().map(object).collect();
        printer.object(&json!({ "documents": documents }));
        return Ok(Exit::SUCCESS);
    }
    if rows.is_empty() {
        printer.line(&printer.messages.plain("documents-none"));
        return Ok(Exit::SUCCESS);
    }
    let heading = ["document", "collection", "label", "title", "path"];
    let heading = heading.map(|column| printer.messages.plain(&format!("column-{column}")));
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.id.clone(),
                row.collection.clone(),
                row.label.to_string(),
                row.title.clone(),
                row.path.clone(),
            ]
        })
        .collect();
    printer.table(&heading, &rows);
    Ok(Exit::SUCCESS)
}

fn object(row: &DocumentRow) -> serde_json::Value {
    json!({
        "document": row.id,
        "path": row.path,
        "collection": row.collection,
        "label": row.label,
        "digest": row.digest,
        "title": row.title,
        "format": row.format,
        "size": row.size,
        "version": row.version,
        "warnings": row.warnings,
    })
}

async fn show(caller: &Caller, show: &DocumentShow) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.read().await?;
    let principal = app.principal(&caller.global)?;
    let store = app.gateway.library.store();
    if show.original {
        let bytes = store.original(&principal, &show.document).await?;
        app.close().await?;
        printer.bytes(&bytes);
        return Ok(Exit::SUCCESS);
    }
    let stored = store.document(&principal, &show.document).await?;
    app.close().await?;
    if printer.json() {
        let mut object = object(&stored.row);
        object["text"] = stored.text.into();
        printer.object(&object);
    } else {
        printer.line(&shown(&stored.text));
    }
    Ok(Exit::SUCCESS)
}

async fn delete(caller: &Caller, delete: &DocumentDelete) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.open().await?;
    let principal = app.principal(&caller.global)?;
    let mut wanted = Vec::with_capacity(delete.documents.len());
    for id in &delete.documents {
        let row = app.gateway.library.store().document(&principal, id).await?.row;
        wanted.push((row.collection, row.source));
    }
    app.gateway.register_removal(&principal.tenant, &wanted).await?;
    let (ends, _ended) = mpsc::unbounded_channel();
    app.gateway.ingest(&principal.tenant, &ends).await?;
    app.close().await?;
    if printer.json() {
        printer.object(&json!({ "removed": delete.documents }));
    } else {
        printer.line(
            &printer
                .messages
                .text("documents-removed", &[("count", &delete.documents.len())]),
        );
    }
    Ok(Exit::SUCCESS)
}
