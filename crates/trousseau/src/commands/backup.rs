//! `trousseau backup` and `trousseau restore`: everything in one folder, and back on a blank machine.

use serde_json::json;
use trousseau_accounts::Accounts;
use trousseau_gateway::backup::{self, Manifest};

use crate::app::{App, data_folder};
use crate::caller::Caller;
use crate::cli::{Backup, Restore};
use crate::failure::{Exit, Failure};

/// Copies the data folder, also while it is served.
pub(super) async fn make(caller: &Caller, backup: &Backup) -> Result<Exit, Failure> {
    let to = caller.path(&backup.to)?;
    let app = caller.open().await?;
    let config = app.config();
    let configuration = config.file.clone();
    let made = backup::backup(&app.gateway, app.data(), &to, configuration.as_deref()).await;
    app.close().await?;
    tell(caller, "backup-made", &made?, &to.display().to_string());
    if let Some(state) = &config.state {
        let messages = &caller.printer.messages;
        let text = messages.text("backup-without-state", &[("database", &state.url)]);
        caller.printer.note(&text);
    }
    Ok(Exit::SUCCESS)
}

/// Makes the data folder from a backup. Nobody may have it open.
pub(super) async fn restore(caller: &Caller, restore: &Restore) -> Result<Exit, Failure> {
    let from = caller.path(&restore.from)?;
    let data = data_folder(&caller.global)?;
    let lock = App::take(&data)?;
    let restored = backup::restore(&from, &data, Accounts::FORMAT).await;
    drop(lock);
    tell(caller, "backup-restored", &restored?, &data.display().to_string());
    Ok(Exit::SUCCESS)
}

fn tell(caller: &Caller, key: &str, manifest: &Manifest, place: &str) {
    let printer = &caller.printer;
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    if printer.json() {
        printer.object(&json!({
            "folder": place,
            "created": manifest.created,
            "program": manifest.program,
            "files": manifest.files.len(),
            "bytes": bytes,
        }));
        return;
    }
    let created = format!("{:.0}", manifest.created);
    printer.line(&printer.messages.text(
        key,
        &[
            ("folder", &place),
            ("created", &created),
            ("files", &manifest.files.len()),
            ("bytes", &bytes),
        ],
    ));
}
