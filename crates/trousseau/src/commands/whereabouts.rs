//! `trousseau ledger where`: where the requests of a class went, read from a ledger, offline.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;
use trousseau_entries::whereabouts::{Had, Whereabouts};
use trousseau_ledger::{LogReader, VerifyOptions};

use super::ledger::own_ledger;
use crate::caller::Caller;
use crate::cli::LedgerWhere;
use crate::failure::{AppError, Exit, Failure};

pub(super) fn tell(caller: &Caller, asked: &LedgerWhere) -> Result<Exit, Failure> {
    let directory: PathBuf = match &asked.directory {
        Some(directory) => directory.clone(),
        None => own_ledger(caller)?.1,
    };
    // What is told rests on the entries being those that were written.
    let report = trousseau_ledger::verify(&directory, &VerifyOptions::default()).map_err(AppError::Ledger)?;
    if !report.is_sound() {
        return Err(AppError::LedgerUnsound {
            directory: directory.display().to_string(),
            findings: report.findings.len(),
        }
        .into());
    }
    let reader = LogReader::open(&directory).map_err(AppError::Ledger)?;
    let now = Timestamp::now();
    let since = asked.since.map(|since| since.before(now));
    let until = asked.until.map(|until| until.after(now));
    let mut found = Whereabouts::of(asked.class, since, until);
    for entry in reader.entries(0..u64::MAX) {
        let (index, bytes) = entry.map_err(AppError::Ledger)?;
        found.take(index, &bytes);
    }
    print(&found, caller, asked, &reader);
    Ok(Exit::SUCCESS)
}

fn print(found: &Whereabouts, caller: &Caller, asked: &LedgerWhere, reader: &LogReader) {
    let printer = &*caller.printer;
    let messages = &printer.messages;
    let targets = found.by_target();
    let (nowhere, open) = found.nowhere_and_open();
    if printer.json() {
        let targets: Vec<_> = targets
            .iter()
            .map(|(target, had)| {
                let Had {
                    requests,
                    answered,
                    masked,
                } = had;
                json!({ "target": target, "requests": requests, "answered": answered, "masked": masked })
            })
            .collect();
        printer.object(&json!({
            "class": asked.class,
            "requests": found.requests(),
            "targets": targets,
            "nowhere": nowhere,
            "open": open,
            "scope": {
                "ledger": reader.checkpoint().origin,
                "entries": found.entries,
                "first": found.first,
                "last": found.last,
            },
        }));
        return;
    }
    printer.line(&messages.text(
        "where-requests",
        &[("count", &found.requests()), ("class", &asked.class.name())],
    ));
    if !targets.is_empty() {
        let heading = ["target", "requests", "answered", "masked"]
            .map(|name| messages.plain(&format!("column-{name}")));
        let rows = targets.iter().map(|(target, had)| {
            vec![
                (*target).to_owned(),
                had.requests.to_string(),
                had.answered.to_string(),
                had.masked.to_string(),
            ]
        });
        printer.table(&heading, &rows.collect::<Vec<_>>());
    }
    printer.line(&messages.text("where-nowhere", &[("count", &nowhere)]));
    if open > 0 {
        printer.line(&messages.text("where-open", &[("count", &open)]));
    }
    let moment =
        |moment: Option<Timestamp>| moment.map_or_else(|| "-".to_owned(), |moment| format!("{moment:.0}"));
    printer.line(&messages.text(
        "where-scope",
        &[
            ("ledger", &reader.checkpoint().origin),
            ("entries", &found.entries),
            ("first", &moment(found.first)),
            ("last", &moment(found.last)),
        ],
    ));
}
