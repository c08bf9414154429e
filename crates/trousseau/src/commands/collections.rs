//! `trousseau collections`: what there is, under which label, for whom.

use serde_json::json;
use trousseau_core::principal::Reader;

use crate::app::tenant;
use crate::caller::Caller;
use crate::failure::{Exit, Failure};

pub(super) async fn run(caller: &Caller) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.read().await?;
    let rows = app
        .gateway
        .library
        .store()
        .collections(&tenant(&caller.global))
        .await?;
    let settings = app.config().settings.clone();
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
                    "label": settings.collection(&row.name).label,
                    "readers": readers(&row.name),
                })
            })
            .collect();
        printer.object(&json!({ "collections": collections }));
        return Ok(Exit::SUCCESS);
    }
    if rows.is_empty() {
        printer.line(&printer.messages.plain("collections-none"));
        return Ok(Exit::SUCCESS);
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
    Ok(Exit::SUCCESS)
}
