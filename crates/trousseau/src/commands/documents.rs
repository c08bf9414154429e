//! `trousseau documents`: lists, shows and deletes documents.

use std::process::ExitCode;

use serde_json::json;
use tokio::sync::mpsc;
use trousseau_retrieval::store::DocumentRow;

use super::named;
use crate::app::App;
use crate::cli::{DocumentAction, DocumentDelete, DocumentShow, Documents, Global};
use crate::failure::Failure;
use crate::printer::{Printer, shown};

pub(super) async fn run(
    global: &Global,
    documents: Documents,
    printer: &Printer,
) -> Result<ExitCode, Failure> {
    match documents.action {
        None => list(global, documents.collection, printer).await,
        Some(DocumentAction::Show(show)) => self::show(global, &show, printer).await,
        Some(DocumentAction::Delete(delete)) => self::delete(global, &delete, printer).await,
    }
}

async fn list(global: &Global, collection: Option<String>, printer: &Printer) -> Result<ExitCode, Failure> {
    let app = App::read(global).await?;
    let principal = app.principal(global)?;
    let collection = named(&app, global, collection.into_iter().collect()).await?;
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
        return Ok(ExitCode::SUCCESS);
    }
    if rows.is_empty() {
        printer.line(&printer.messages.plain("documents-none"));
        return Ok(ExitCode::SUCCESS);
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
    Ok(ExitCode::SUCCESS)
}

fn object(row: &DocumentRow) -> serde_json::Value {
    json!({
        "document": row.id,
        "path": row.path,
        "collection": row.collection,
        "label": row.label.to_string(),
        "digest": row.digest,
        "title": row.title,
        "format": row.format,
        "size": row.size,
        "version": row.version,
        "warnings": row.warnings,
    })
}

async fn show(global: &Global, show: &DocumentShow, printer: &Printer) -> Result<ExitCode, Failure> {
    let app = App::read(global).await?;
    let principal = app.principal(global)?;
    let store = app.gateway.library.store();
    if show.original {
        let bytes = store.original(&principal, &show.document).await?;
        app.close().await?;
        printer.bytes(&bytes);
        return Ok(ExitCode::SUCCESS);
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
    Ok(ExitCode::SUCCESS)
}

async fn delete(global: &Global, delete: &DocumentDelete, printer: &Printer) -> Result<ExitCode, Failure> {
    let app = App::open(global).await?;
    let principal = app.principal(global)?;
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
    Ok(ExitCode::SUCCESS)
}
