//! `trousseau ingest`: takes files and folders in, and tells what became of each.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use serde_json::json;
use tokio::sync::mpsc;
use trousseau_core::principal::Tenant;
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::ingest::{Ended, Registration};
use trousseau_retrieval::store::{Outcome, TaskError, TaskState};

use crate::app::{App, tenant};
use crate::caller::Caller;
use crate::cli::Ingest;
use crate::failure::{AppError, Exit, Failure};
use crate::printer::{Printer, Style};
use crate::report::Progress;

/// The collection of documents that none is named for.
pub(super) const DEFAULT_COLLECTION: &str = "documents";

/// What became of a run's tasks.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) added: usize,
    pub(super) replaced: usize,
    pub(super) unchanged: usize,
    pub(super) removed: usize,
    pub(super) failed: Vec<(String, TaskError)>,
}

impl Tally {
    fn count(&mut self, path: String, end: Result<Outcome, TaskError>) {
        match end {
            Ok(Outcome::Added) => self.added += 1,
            Ok(Outcome::Replaced) => self.replaced += 1,
            Ok(Outcome::Unchanged) => self.unchanged += 1,
            Ok(Outcome::Removed) => self.removed += 1,
            Err(error) => self.failed.push((path, error)),
        }
    }

    /// Fails when there were files and none of them could be read.
    pub(super) fn not_all_failed(&self) -> Result<(), AppError> {
        let succeeded = self.added + self.replaced + self.unchanged + self.removed;
        match self.failed.len() {
            failed if failed > 0 && succeeded == 0 => Err(AppError::NothingIngested { failed }),
            _ => Ok(()),
        }
    }
}

pub(super) async fn run(caller: &Caller, ingest: Ingest) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.open().await?;
    let tenant = tenant(&caller.global);
    let paths: Result<Vec<_>, _> = ingest.paths.iter().map(|path| whole(caller, path)).collect();
    let registration = Registration {
        paths: paths?,
        collection: ingest.collection.unwrap_or_else(|| DEFAULT_COLLECTION.to_owned()),
        label: ingest.label,
        readers: (!ingest.reader.is_empty()).then_some(ingest.reader),
        sync: ingest.sync,
    };
    let tally = work(&app, &tenant, registration, caller).await?;
    app.close().await?;
    tell(printer, &tally);
    tally.not_all_failed()?;
    Ok(Exit::SUCCESS)
}

/// The path from the root on, without `..`, so that a file has one name wherever one stands. Links stay as
/// they are named, unless `..` leads out of one.
pub(super) fn whole(caller: &Caller, path: &Path) -> Result<PathBuf, AppError> {
    let absolute = caller.path(path)?;
    if !absolute.components().any(|part| part == Component::ParentDir) {
        return Ok(absolute);
    }
    // What is not there has no other name than the one that is given.
    Ok(absolute.canonicalize().unwrap_or(absolute))
}

/// Registers the files and works on every waiting task, with a progress bar.
pub(super) async fn work(
    app: &App,
    tenant: &Tenant,
    registration: Registration,
    caller: &Caller,
) -> Result<Tally, GatewayError> {
    let printer = &*caller.printer;
    let mut tally = Tally::default();
    let store = app.gateway.library.store();
    let own = {
        let _one_at_a_time = app.registering().await;
        let before = store.newest_task(tenant).await?;
        for (path, error) in app.gateway.register(tenant, registration).await? {
            printer.note(&fault(printer, &path, &error));
        }
        before + 1..=store.newest_task(tenant).await?
    };
    // At a server other commands register tasks meanwhile, which are theirs to tell; what an earlier run left is told
    // by whoever takes it up.
    let tells = |task: i64| caller.server().is_none() || own.is_empty() || own.contains(&task);
    let mut seen = HashSet::new();
    let waiting = store.pending(tenant).await?;
    let progress = Progress::files(printer, waiting);
    let (ends, arriving) = mpsc::unbounded_channel::<Ended>();
    let telling = async {
        let mut arriving = arriving;
        // Whoever has gone leaves the rest of the tasks waiting for the next run.
        while let Some(Some(ended)) = caller.gone().run_until_cancelled(arriving.recv()).await {
            progress.step();
            if !tells(ended.task) {
                continue;
            }
            if let Err(error) = &ended.end {
                progress.line(printer, &fault(printer, &ended.path, error));
            }
            seen.insert(ended.task);
            tally.count(ended.path, ended.end);
        }
    };
    let working = async {
        let worked = app.gateway.ingest(tenant, &ends).await;
        drop(ends);
        worked
    };
    let (worked, ()) = tokio::join!(working, telling);
    progress.end();
    worked?;
    if own.clone().all(|task| seen.contains(&task)) {
        return Ok(tally);
    }
    // What somebody else worked on meanwhile, and what could not even be listed.
    for task in store.tasks_between(tenant, own).await? {
        let end = match (task.outcome, task.error) {
            _ if seen.contains(&task.id) => continue,
            (_, Some(error)) => Err(error),
            (Some(outcome), None) if task.state == TaskState::Succeeded => Ok(outcome),
            _ => continue,
        };
        tally.count(task.path, end);
    }
    Ok(tally)
}

/// One line on a file that was skipped.
fn fault(printer: &Printer, path: &str, error: &TaskError) -> String {
    let heading = printer.styled(&printer.messages.plain("ingest-skipped"), Style::Bad);
    let reason = explained(printer, error);
    let told = printer
        .messages
        .text("ingest-fault", &[("path", &path), ("reason", &reason)]);
    format!("{heading} {told}")
}

/// A task's error in the user's language.
pub(super) fn explained(printer: &Printer, error: &TaskError) -> String {
    let fields = error
        .fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()));
    let told = printer
        .messages
        .explained(&error.code, &fields.collect::<Vec<_>>());
    told.unwrap_or_else(|| error.message.clone())
}

fn tell(printer: &Printer, tally: &Tally) {
    if printer.json() {
        let failed = tally
            .failed
            .iter()
            .map(|(path, error)| json!({ "path": path, "code": error.code, "message": error.message }));
        printer.object(&json!({
            "added": tally.added,
            "replaced": tally.replaced,
            "unchanged": tally.unchanged,
            "removed": tally.removed,
            "failed": failed.collect::<Vec<_>>(),
        }));
        return;
    }
    printer.line(&summary(printer, tally));
}

/// One line on all of it: what there was none of is left out.
pub(super) fn summary(printer: &Printer, tally: &Tally) -> String {
    let parts = [
        ("ingest-added", tally.added),
        ("ingest-replaced", tally.replaced),
        ("ingest-unchanged", tally.unchanged),
        ("ingest-removed", tally.removed),
        ("ingest-failed", tally.failed.len()),
    ];
    let told = parts.iter().filter(|(_, count)| *count > 0);
    let told: Vec<String> = told
        .map(|(key, count)| printer.messages.text(key, &[("count", count)]))
        .collect();
    if told.is_empty() {
        return printer.messages.plain("ingest-nothing");
    }
    told.join(", ")
}
