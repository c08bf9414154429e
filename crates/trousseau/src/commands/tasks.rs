//! `trousseau tasks`: what waits, what is done, what failed and why.

use serde_json::json;
use trousseau_retrieval::store::{Outcome, Task};

use super::ingest::explained;
use crate::app::tenant;
use crate::caller::Caller;
use crate::cli::Tasks;
use crate::failure::{Exit, Failure};
use crate::printer::Printer;

pub(super) async fn run(caller: &Caller, tasks: &Tasks) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.read().await?;
    let state = tasks.state.map(Into::into);
    let listed = app
        .gateway
        .library
        .store()
        .tasks(&tenant(&caller.global), state, tasks.limit)
        .await?;
    app.close().await?;
    if printer.json() {
        let tasks: Vec<_> = listed.iter().map(object).collect();
        printer.object(&json!({ "tasks": tasks }));
        return Ok(Exit::SUCCESS);
    }
    if listed.is_empty() {
        printer.line(&printer.messages.plain("tasks-none"));
        return Ok(Exit::SUCCESS);
    }
    let heading = ["task", "state", "outcome", "collection", "path"];
    let heading = heading.map(|column| printer.messages.plain(&format!("column-{column}")));
    let rows: Vec<Vec<String>> = listed.iter().map(|task| row(printer, task)).collect();
    printer.table(&heading, &rows);
    Ok(Exit::SUCCESS)
}

fn object(task: &Task) -> serde_json::Value {
    json!({
        "task": task.id,
        "operation": task.operation,
        "state": task.state.name(),
        "outcome": task.outcome.map(Outcome::name),
        "collection": task.collection,
        "path": task.path,
        "document": task.document,
        "error": task.error,
        "enqueued": task.enqueued,
        "finished": task.finished,
    })
}

fn row(printer: &Printer, task: &Task) -> Vec<String> {
    let outcome = match (&task.error, task.outcome) {
        (Some(error), _) => explained(printer, error),
        (None, Some(outcome)) => printer.messages.plain(&format!("outcome-{}", outcome.name())),
        (None, None) => String::new(),
    };
    vec![
        task.id.to_string(),
        printer.messages.plain(&format!("state-{}", task.state.name())),
        outcome,
        task.collection.clone(),
        task.path.clone(),
    ]
}
