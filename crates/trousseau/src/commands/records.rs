//! `trousseau records`: what is kept of a person, given out or erased, and what is past its time.

use std::io::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use trousseau_core::principal::Tenant;
use trousseau_gateway::error::GatewayError;

use crate::app::{App, tenant};
use crate::caller::Caller;
use crate::cli::{Records, RecordsDelete, RecordsExport, RecordsPurge};
use crate::failure::{AppError, Exit, Failure};

/// How many lines of an export wait to be written.
const WAITING: usize = 16;

pub(super) async fn run(caller: &Caller, records: Records) -> Result<Exit, Failure> {
    match records {
        Records::Export(export) => self::export(caller, &export).await,
        Records::Delete(delete) => self::delete(caller, &delete).await,
        Records::Purge(purge) => self::purge(caller, purge).await,
    }
}

/// Writes JSON lines to standard output or to a file that only its owner may read.
async fn export(caller: &Caller, export: &RecordsExport) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.open().await?;
    let tenant = tenant(&caller.global);
    let account = account(&app, &tenant, &export.subject).await?;
    let (lines, mut arriving) = mpsc::channel::<String>(WAITING);
    let mut file = export
        .output
        .as_ref()
        .map(|path| printer.file(path))
        .transpose()?;
    let writing = async move {
        while let Some(Some(line)) = caller.gone().run_until_cancelled(arriving.recv()).await {
            match &mut file {
                Some(file) => writeln!(file, "{line}")?,
                None => printer.line(&line),
            }
        }
        file.map_or(Ok(()), |mut file| file.flush())
    };
    let exporting = async {
        let exported = app
            .gateway
            .export_subject(&tenant, &export.subject, account, &lines)
            .await;
        drop(lines);
        exported
    };
    let (exported, written) = tokio::join!(exporting, writing);
    app.close().await?;
    written.map_err(AppError::Io)?;
    let records = exported?;
    if export.output.is_some() || !printer.json() {
        printer.note(&printer.messages.text(
            "records-exported",
            &[("count", &records), ("subject", &export.subject)],
        ));
    }
    Ok(Exit::SUCCESS)
}

/// What the accounts hold of a person: the user and the keys of that name.
async fn account(app: &App, tenant: &Tenant, subject: &str) -> Result<Value, Failure> {
    let accounts = app.accounts().await?;
    let users = accounts.users(tenant).await?;
    let user = users.into_iter().find(|user| user.name == subject);
    let mut keys = accounts.keys(tenant).await?;
    keys.retain(|key| key.name == subject);
    Ok(json!({ "user": user, "keys": keys }))
}

async fn delete(caller: &Caller, delete: &RecordsDelete) -> Result<Exit, Failure> {
    let app = caller.open().await?;
    let erased = app
        .gateway
        .erase_subject(&tenant(&caller.global), &delete.subject)
        .await;
    tell(caller, app, erased).await
}

async fn purge(caller: &Caller, purge: RecordsPurge) -> Result<Exit, Failure> {
    let app = caller.open().await?;
    let now = (app.gateway.now)();
    let kept = purge.older_than.unwrap_or(app.config().retention_days);
    let erased = app.gateway.purge(before(now, kept)).await;
    tell(caller, app, erased).await
}

/// The moment that lies `days` back.
pub(super) fn before(now: Timestamp, days: u32) -> Timestamp {
    let back = SignedDuration::from_hours(24 * i64::from(days));
    now.checked_sub(back).unwrap_or(Timestamp::MIN)
}

async fn tell(caller: &Caller, app: App, erased: Result<u64, GatewayError>) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    app.close().await?;
    let erased = erased?;
    if printer.json() {
        printer.object(&json!({ "erased": erased }));
    } else {
        printer.line(&printer.messages.text("records-erased", &[("count", &erased)]));
    }
    Ok(Exit::SUCCESS)
}
