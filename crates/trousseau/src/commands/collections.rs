//! `trousseau collections`: what there is, under which label, for whom.

use std::process::ExitCode;

use serde_json::json;
use trousseau_core::principal::Reader;

use crate::app::{App, tenant};
use crate::cli::Global;
use crate::failure::Failure;
use crate::printer::Printer;

pub(super) async fn run(global: &Global, printer: &Printer) -> Result<ExitCode, Failure> {
    let app = App::read(global).await?;
    let rows = app.gateway.library.store().collections(&tenant(global)).await?;
    let settings = app.config.settings.clone();
    app.close().await?;
    let readers = |name: &str| {
        settings
            .collection(name)
            .readers
            .iter()
            .map(Reader::to_string)
            .collect::<Vec<_>>()
    };
    if printer.json() {
        let collections: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({
                    "collection": row.name,
                    "documents": row.documents,
                    "label": settings.collection(&row.name).label.to_string(),
                    "readers": readers(&row.name),
                })
            })
            .collect();
        printer.object(&json!({ "collections": collections }));
        return Ok(ExitCode::SUCCESS);
    }
    if rows.is_empty() {
        printer.line(&printer.messages.plain("collections-none"));
        return Ok(ExitCode::SUCCESS);
    }
    let heading = ["collection", "documents", "label", "readers"];
    let heading = heading.map(|column| printer.messages.plain(&format!("column-{column}")));
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                row.name.clone(),
                row.documents.to_string(),
                settings.collection(&row.name).label.to_string(),
                readers(&row.name).join(", "),
            ]
        })
        .collect();
    printer.table(&heading, &rows);
    Ok(ExitCode::SUCCESS)
}
