//! `trousseau ledger`: verifies a ledger, draws proofs from it, shows its entries. None of it adds an entry.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use trousseau_gateway::entry::Outline;
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::logs;
use trousseau_gateway::records::{EntryId, Records};
use trousseau_ledger::{Evidence, LedgerError, LogReader, Report, VerifierKey, VerifyOptions};
use trousseau_retrieval::database::Access;

use crate::app::{App, Place, tenant};
use crate::caller::Caller;
use crate::cli::{LedgerProve, LedgerShow, LedgerVerify};
use crate::failure::{AppError, Exit, Failure};
use crate::printer::{Printer, Style};

pub(super) fn verify(caller: &Caller, verify: &LedgerVerify) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let directory = match &verify.directory {
        Some(directory) => directory.clone(),
        None => own_ledger(caller)?.1,
    };
    let newer: Result<Vec<Evidence>, AppError> = verify.against.iter().map(|file| evidence(file)).collect();
    let options = VerifyOptions {
        key: verify.vkey.as_deref().map(key).transpose()?,
        newer: newer?,
    };
    let report = trousseau_ledger::verify(&directory, &options).map_err(AppError::Ledger)?;
    if printer.json() {
        printer.object(&object(&directory, &report));
    } else {
        tell(printer, &directory, &report);
    }
    if report.is_sound() {
        return Ok(Exit::SUCCESS);
    }
    Err(AppError::LedgerUnsound {
        directory: directory.display().to_string(),
        findings: report.findings.len(),
    }
    .into())
}

pub(super) async fn prove(caller: &Caller, prove: &LedgerProve) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let (place, directory) = own_ledger(caller)?;
    let index = index(&prove.entry, &place)?;
    let Drawn {
        proof: text,
        entry,
        key,
    } = match caller.server() {
        Some(app) => draw_from_server(app, caller, index).await?,
        None => draw(&directory, index).map_err(AppError::Ledger)?,
    };
    if let Some(file) = &prove.output {
        let mut file = printer.file(file)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.flush());
        written.map_err(AppError::Io)?;
    }
    if printer.json() {
        printer.object(&json!({
            "entry": prove.entry,
            "leaf": String::from_utf8_lossy(&entry),
            "proof": text,
            "key": key,
        }));
    } else if let Some(file) = &prove.output {
        printer.line(
            &printer
                .messages
                .text("ledger-written", &[("file", &file.display())]),
        );
    } else {
        printer.write(&text);
    }
    Ok(Exit::SUCCESS)
}

/// A proof, what it proves, and the key it verifies with.
struct Drawn {
    proof: String,
    entry: Vec<u8>,
    key: String,
}

/// From the files, under the checkpoint that is there.
fn draw(directory: &Path, index: u64) -> Result<Drawn, LedgerError> {
    let reader = LogReader::open(directory)?;
    Ok(Drawn {
        proof: reader.prove(index)?.to_text(),
        entry: reader.entry(index)?,
        key: reader.verifier().to_string(),
    })
}

/// From the server that writes the ledger, which publishes a checkpoint where the last one is too old.
async fn draw_from_server(app: &App, caller: &Caller, index: u64) -> Result<Drawn, GatewayError> {
    let gateway = &app.gateway;
    let tenant = tenant(&caller.global);
    let log = gateway
        .logs
        .log(&tenant, &gateway.records, (gateway.now)())
        .await?;
    Ok(Drawn {
        proof: log.prove(index).await?.to_text(),
        entry: log.read(index).await?,
        key: log.verifier_key().to_string(),
    })
}

pub(super) async fn show(caller: &Caller, show: &LedgerShow) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let (place, directory) = own_ledger(caller)?;
    let reader = LogReader::open(&directory).map_err(AppError::Ledger)?;
    let size = reader.size();
    let range = match &show.entry {
        Some(entry) => {
            let index = index(entry, &place)?;
            if index >= size {
                return Err(GatewayError::NoEntry { entry: entry.clone() }.into());
            }
            index..index + 1
        }
        None => size.saturating_sub(show.limit)..size,
    };
    let mut entries = Vec::new();
    for index in range {
        let bytes = reader.entry(index).map_err(AppError::Ledger)?;
        entries.push((index, bytes));
    }
    let records = match show.record {
        true => Some(Records::open(&place.data, Access::Read).await?),
        false => None,
    };
    let mut objects = Vec::with_capacity(entries.len());
    for (index, bytes) in &entries {
        let leaf: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
        let mut object = json!({ "entry": index, "leaf": leaf });
        if let Some(records) = &records {
            let replica = place.config.settings.replica.clone();
            let id = EntryId {
                replica,
                index: *index,
            };
            let record = records.record(&tenant(&caller.global), &id).await?;
            object["record"] = serde_json::to_value(record).unwrap_or(Value::Null);
        }
        objects.push(object);
    }
    if printer.json() {
        printer.object(&json!({ "size": size, "entries": objects }));
    } else if show.entry.is_some() || show.record {
        for object in &objects {
            printer.line(&serde_json::to_string_pretty(object).unwrap_or_default());
        }
    } else {
        list(printer, &entries);
    }
    Ok(Exit::SUCCESS)
}

/// The ledger of this tenant and replica in the data folder.
pub(super) fn own_ledger(caller: &Caller) -> Result<(Place, PathBuf), Failure> {
    let place = caller.place()?;
    let directory = logs::folder(
        &place.data,
        &tenant(&caller.global),
        &place.config.settings.replica,
    );
    Ok((place, directory))
}

/// The index of an entry of this replica, given as `12` or `main/12`.
fn index(text: &str, place: &Place) -> Result<u64, Failure> {
    let (replica, digits) = text.rsplit_once('/').unzip();
    if replica.is_some_and(|replica| replica != place.config.settings.replica) {
        let entry = text.to_owned();
        return Err(GatewayError::NoEntry { entry }.into());
    }
    let index = digits.unwrap_or(text).parse().map_err(|_| AppError::NotAnEntry {
        text: text.to_owned(),
    });
    Ok(index?)
}

/// A verifier key, or the file that holds it.
fn key(text: &str) -> Result<VerifierKey, AppError> {
    let held = Path::new(text);
    let text = if held.is_file() {
        fs_err::read_to_string(held)?
    } else {
        text.to_owned()
    };
    let path = held.to_path_buf();
    text.trim()
        .parse()
        .map_err(|fault| AppError::Given(LedgerError::Malformed { path, fault }))
}

fn evidence(file: &Path) -> Result<Evidence, AppError> {
    let text = fs_err::read_to_string(file)?;
    let path = file.to_path_buf();
    Evidence::parse(&text).map_err(|fault| AppError::Given(LedgerError::Malformed { path, fault }))
}

fn object(directory: &Path, report: &Report) -> Value {
    let findings = report.findings.iter().map(|finding| {
        let fields: serde_json::Map<String, Value> = finding
            .fields()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        json!({ "code": finding.code(), "fields": fields, "message": finding.to_string() })
    });
    json!({
        "directory": directory.display().to_string(),
        "sound": report.is_sound(),
        "entries": report.entries,
        "uncovered": report.uncovered,
        "size": report.checkpoint.as_ref().map(|checkpoint| checkpoint.size),
        "key": report.key.as_ref().map(ToString::to_string),
        "rollback_checked": report.is_rollback_checked(),
        "findings": findings.collect::<Vec<_>>(),
    })
}

fn tell(printer: &Printer, directory: &Path, report: &Report) {
    let messages = &printer.messages;
    for finding in &report.findings {
        let told = messages.explained(finding.code(), &finding.fields());
        let told = told.unwrap_or_else(|| finding.to_string());
        printer.line(&printer.styled(&format!("✗ {told}"), Style::Bad));
    }
    if report.is_sound() {
        let key = report.key.as_ref().map(ToString::to_string).unwrap_or_default();
        let sound = messages.text(
            "ledger-sound",
            &[
                ("directory", &directory.display()),
                ("entries", &report.entries),
                ("key", &key),
            ],
        );
        printer.line(&printer.styled(&format!("✓ {sound}"), Style::Good));
    }
    if report.uncovered > 0 {
        printer.line(&messages.text("ledger-uncovered", &[("count", &report.uncovered)]));
    }
    if report.is_rollback_checked() {
        if report.is_sound() {
            printer.line(&messages.text("ledger-rollback-checked", &[("count", &report.evidence)]));
        }
    } else {
        printer.line(&messages.plain("ledger-rollback-unchecked"));
    }
    if !report.is_key_given {
        printer.line(&printer.styled(&messages.plain("ledger-own-key"), Style::Faint));
    }
}

fn list(printer: &Printer, entries: &[(u64, Vec<u8>)]) {
    let heading =
        ["entry", "time", "type", "detail"].map(|column| printer.messages.plain(&format!("column-{column}")));
    let rows = entries.iter().map(|(index, bytes)| {
        let outline: Option<Outline> = serde_json::from_slice(bytes).ok();
        let leaf: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
        let (time, kind) = match outline {
            Some(outline) => (format!("{:.0}", outline.time), outline.kind),
            None => (String::new(), String::new()),
        };
        let detail = detail(printer, &kind, &leaf);
        let kind = printer.messages.text("entry-kind", &[("kind", &kind)]);
        vec![index.to_string(), time, kind, detail]
    });
    printer.table(&heading, &rows.collect::<Vec<_>>());
}

/// What an entry says beside its time and kind, in words.
fn detail(printer: &Printer, kind: &str, leaf: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let messages = &printer.messages;
    match kind {
        "decision" => {
            let (route, label) = (word(&leaf["route"]), word(&leaf["label"]["class"]));
            let text = messages.text("entry-decision", &[("route", &route), ("label", &label)]);
            match leaf["continues"].as_u64() {
                Some(first) if leaf["masked"].is_object() => {
                    messages.text("entry-masked", &[("decision", &first), ("text", &text)])
                }
                Some(first) => messages.text("entry-continues", &[("decision", &first), ("text", &text)]),
                None => text,
            }
        }
        "outcome" => {
            let (decision, state) = (&leaf["decision"], word(&leaf["state"]));
            let text = messages.text("entry-outcome", &[("decision", decision), ("state", &state)]);
            let seams = leaf["seams"].as_array().into_iter().flatten();
            seams.fold(text, |text, seam| {
                let (from, to) = (word(&seam["from"]), word(&seam["to"]));
                messages.text("entry-seam", &[("text", &text), ("from", &from), ("to", &to)])
            })
        }
        "document" => {
            let operation = word(&leaf["operation"]);
            messages.text("entry-document", &[("operation", &operation)])
        }
        "account" if leaf["reasons"].is_object() => failed(printer, leaf),
        "account" => {
            let (operation, role) = (word(&leaf["operation"]), word(&leaf["role"]));
            messages.text("entry-account", &[("operation", &operation), ("role", &role)])
        }
        "access" => messages.text("entry-access", &[("record", &word(&leaf["record"]))]),
        "erasure" => {
            let (records, cause) = (&leaf["records"], word(&leaf["cause"]));
            messages.text("entry-erasure", &[("records", records), ("cause", &cause)])
        }
        "export" => messages.text("entry-export", &[("records", &leaf["records"])]),
        "collection" => messages.text("entry-collection", &[("documents", &leaf["documents"])]),
        "restored" => messages.text("entry-restored", &[("backup", &word(&leaf["backup"]))]),
        "withdrawal" => {
            let [operation, what, name] = ["operation", "what", "name"].map(|field| word(&leaf[field]));
            let what = messages.text("withdraw-what", &[("kind", &what), ("name", &name)]);
            messages.text("entry-withdrawal", &[("operation", &operation), ("what", &what)])
        }
        "drill" => messages.text("entry-drill", &[("operation", &word(&leaf["operation"]))]),
        "gap" => messages.plain("entry-gap"),
        _ => String::new(),
    }
}

/// How many sign-ins failed, or requests were refused by limits, and for which reasons.
fn failed(printer: &Printer, leaf: &Value) -> String {
    let reasons = leaf["reasons"].as_object().into_iter().flatten();
    let reasons: Vec<(&String, u64)> = reasons
        .map(|(reason, times)| (reason, times.as_u64().unwrap_or_default()))
        .collect();
    let times: u64 = reasons.iter().map(|(_, times)| times).sum();
    let words: Vec<String> = reasons
        .iter()
        .map(|(reason, times)| format!("{reason} × {times}"))
        .collect();
    let known = if leaf["account"].is_string() { "yes" } else { "no" };
    let key = match leaf["operation"].as_str() {
        Some("requests-refused") => "entry-requests-refused",
        _ => "entry-failed-sign-ins",
    };
    printer.messages.text(
        key,
        &[
            ("times", &times),
            ("known", &known),
            ("reasons", &words.join(", ")),
        ],
    )
}
