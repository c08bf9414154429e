//! `trousseau state`: what a data folder that was alone brings into the database of the replicas.

use serde_json::json;

use crate::caller::Caller;
use crate::cli::State;
use crate::failure::{AppError, Exit, Failure};

pub(super) async fn run(caller: &Caller, state: State) -> Result<Exit, Failure> {
    match state {
        State::Import => import(caller).await,
    }
}

/// Brings the keys and users of before. Records are brought whenever a data folder is opened that shares them.
async fn import(caller: &Caller) -> Result<Exit, Failure> {
    let app = caller.open().await?;
    if app.config().state.is_none() {
        app.close().await?;
        return Err(AppError::NotShared.into());
    }
    let accounts = app.accounts().await?;
    let imported = accounts.import(app.data()).await;
    let waiting = app.gateway.records_waiting().map_or(0, |(waiting, _)| waiting);
    drop(accounts);
    app.close().await?;
    let imported = imported?;
    let printer = &*caller.printer;
    if printer.json() {
        printer.object(&json!({
            "keys": imported.keys,
            "users": imported.users,
            "records_waiting": waiting,
        }));
    } else {
        let (keys, users) = (imported.keys, imported.users);
        printer.line(&printer.messages.text(
            "state-imported",
            &[("keys", &keys), ("users", &users), ("waiting", &waiting)],
        ));
    }
    Ok(Exit::SUCCESS)
}
