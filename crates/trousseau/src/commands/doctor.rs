//! `trousseau doctor`: what is wrong and how to mend it.

use std::fmt::Display;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};
use trousseau_config::Kind;
use trousseau_core::label::{Class, Label};
use trousseau_gateway::logs;
use trousseau_gateway::service::date;
use trousseau_ledger::VerifyOptions;
use trousseau_policy::decide::About;
use trousseau_policy::eligibility::{Missing, would_make_eligible};
use trousseau_retrieval::database::Access;
use trousseau_retrieval::store::Task;
use trousseau_withdrawals::Withdrawals;

use crate::app::{App, Place, sharing, tenant};
use crate::caller::Caller;
use crate::failure::{AppError, Exit, Failure};
use crate::printer::{Printer, Style};
use crate::secret;

/// What was looked at, and what was seen.
struct Finding {
    sound: bool,
    text: String,
}

impl Finding {
    const fn sound(text: String) -> Self {
        Self { sound: true, text }
    }

    const fn unsound(text: String) -> Self {
        Self { sound: false, text }
    }
}

pub(super) async fn run(caller: &Caller) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let place = caller.place()?;
    let mut findings = vec![configuration(&place, printer)];
    findings.extend(upstreams(&place, printer));
    findings.extend(shared(&place, printer).await);
    findings.extend(server(caller).await);
    findings.extend(data(caller, &place).await);
    let withdrawals = Withdrawals::open(&place.data, jiff::Timestamp::now());
    if let Err(error) = &withdrawals {
        findings.push(Finding::unsound(Failure::from(error.clone()).text(printer)));
    }
    let eligible = eligibility(&place, withdrawals.ok().as_ref());
    let sound = findings.iter().all(|finding| finding.sound);
    if printer.json() {
        let told = |finding: &Finding| json!({ "sound": finding.sound, "text": finding.text });
        let findings: Vec<Value> = findings.iter().map(told).collect();
        printer.object(&json!({ "sound": sound, "findings": findings, "upstreams": eligible }));
    } else {
        for finding in &findings {
            let (mark, style) = if finding.sound {
                ("✓", Style::Good)
            } else {
                ("✗", Style::Bad)
            };
            printer.line(&format!("{} {}", printer.styled(mark, style), finding.text));
        }
        tell_eligibility(printer, &eligible);
    }
    Ok(if sound { Exit::SUCCESS } else { Exit::FAILURE })
}

fn configuration(place: &Place, printer: &Printer) -> Finding {
    let messages = &printer.messages;
    let text = match &place.config.file {
        Some(file) => messages.text("doctor-config", &[("file", &file.display())]),
        None => messages.plain("config-no-file"),
    };
    Finding::sound(text)
}

/// What the configuration allows and probably does not mean, and whether every upstream's key can be read.
fn upstreams(place: &Place, printer: &Printer) -> Vec<Finding> {
    let messages = &printer.messages;
    let warned = place.config.warnings(date(jiff::Timestamp::now()));
    let mut findings: Vec<Finding> = warned
        .iter()
        .filter_map(|fault| messages.explained(fault.code, &fault.fields))
        .map(Finding::unsound)
        .collect();
    for (name, kind) in &place.config.kinds {
        let Kind::OpenAi(remote) = kind else { continue };
        let url: &dyn Display = &remote.url;
        let upstream: &dyn Display = name;
        findings.push(match remote.key.as_ref().map(secret::open) {
            None => {
                Finding::sound(messages.text("doctor-no-secret", &[("upstream", upstream), ("url", url)]))
            }
            Some(Ok(_)) => {
                Finding::sound(messages.text("doctor-secret", &[("upstream", upstream), ("url", url)]))
            }
            Some(Err(error)) => {
                let reason = Failure::from(error).text(printer);
                let fields = [("upstream", upstream), ("reason", &reason)];
                Finding::unsound(messages.text("doctor-secret-unreadable", &fields))
            }
        });
    }
    findings
}

/// Whether the database of the replicas answers, where there is one.
async fn shared(place: &Place, printer: &Printer) -> Option<Finding> {
    let state = place.config.state.as_ref()?;
    Some(match sharing::open(&place.config, Access::Read).await {
        Ok(_) => Finding::sound(printer.messages.text("doctor-state", &[("database", &state.url)])),
        Err(failure) => Finding::unsound(failure.text(printer)),
    })
}

/// The stores without which a server goes on with what it has in memory, where it does, each with why.
async fn unwritable(app: &App) -> Vec<(&'static str, String)> {
    let accounts = match app.accounts().await {
        Ok(accounts) => accounts.check().await.map_err(|error| error.to_string()),
        Err(failure) => Err(failure.english()),
    };
    let limits = app.gateway.limits.check_store((app.gateway.now)()).await;
    let limits = limits.map_err(|error| error.to_string());
    let checked = [("accounts.sqlite", accounts), ("limits.sqlite", limits)];
    checked
        .into_iter()
        .filter_map(|(file, checked)| Some((file, checked.err()?)))
        .collect()
}

/// What only the server that has the data folder knows: walls that its workers could not put up, and a ledger whose
/// checkpoints cannot be published.
async fn server(caller: &Caller) -> Vec<Finding> {
    let Some(app) = caller.server() else {
        return Vec::new();
    };
    let messages = &caller.printer.messages;
    let walls = app.gateway.extraction.missing_walls();
    let walls = walls
        .iter()
        .map(|wall| Finding::unsound(messages.text("doctor-missing-wall", &[("wall", wall)])));
    let mut findings = vec![Finding::sound(
        messages.text("doctor-server", &[("process", &std::process::id())]),
    )];
    findings.extend(walls);
    for (file, reason) in unwritable(app).await {
        let fields: [(&str, &dyn Display); 2] = [("file", &file), ("reason", &reason)];
        findings.push(Finding::unsound(messages.text("doctor-in-memory", &fields)));
    }
    for (tenant, reason) in app.gateway.logs.heads().await.failing {
        let fields: [(&str, &dyn Display); 2] = [("tenant", &tenant), ("reason", &reason)];
        findings.push(Finding::unsound(messages.text("doctor-unpublished", &fields)));
    }
    findings
}

/// What is kept: the documents, what is left to do, and the ledger. Damage is a finding like any other.
async fn data(caller: &Caller, place: &Place) -> Vec<Finding> {
    let printer = &*caller.printer;
    let messages = &printer.messages;
    if !place.data.join("documents.sqlite").is_file() {
        let text = messages.text("doctor-empty", &[("data", &place.data.display())]);
        return vec![Finding::sound(text)];
    }
    let mut findings = match documents(caller, place).await {
        Ok(findings) => findings,
        Err(failure) => vec![Finding::unsound(failure.text(printer))],
    };
    if others_may_enter(&place.data) {
        let text = messages.text("doctor-open-to-others", &[("data", &place.data.display())]);
        findings.push(Finding::unsound(text));
    }
    let directory = logs::folder(
        &place.data,
        &tenant(&caller.global),
        &place.config.settings.replica,
    );
    if directory.is_dir() {
        findings.push(ledger(&directory, printer));
    }
    findings
}

async fn documents(caller: &Caller, place: &Place) -> Result<Vec<Finding>, Failure> {
    let printer = &*caller.printer;
    let messages = &printer.messages;
    let app = caller.read().await?;
    let tenant = tenant(&caller.global);
    let store = app.gateway.library.store();
    let collections = store.collections(&tenant).await?;
    let documents: u64 = collections.iter().map(|row| row.documents).sum();
    // A file that is there no more needs no mending.
    let is_there = |task: &&Task| fs_err::symlink_metadata(&task.source).is_ok();
    let failed = store.failing(&tenant).await?.iter().filter(is_there).count();
    let waiting = store.pending(&tenant).await?;
    app.close().await?;
    let data = place.data.display();
    let text = messages.text("doctor-documents", &[("data", &data), ("count", &documents)]);
    let mut findings = vec![Finding::sound(text)];
    if failed > 0 {
        let text = messages.text("doctor-failed", &[("count", &failed)]);
        findings.push(Finding::unsound(text));
    }
    if waiting > 0 {
        let text = messages.text("doctor-waiting", &[("count", &waiting)]);
        findings.push(Finding::unsound(text));
    }
    Ok(findings)
}

/// Whether other users of the machine may enter the data folder, which holds every document.
fn others_may_enter(data: &Path) -> bool {
    fs_err::metadata(data).is_ok_and(|folder| folder.permissions().mode() & 0o007 != 0)
}

fn ledger(directory: &Path, printer: &Printer) -> Finding {
    let messages = &printer.messages;
    let shown = directory.display();
    match trousseau_ledger::verify(directory, &VerifyOptions::default()) {
        Ok(report) if report.is_sound() => {
            let entries = report.entries;
            Finding::sound(messages.text("doctor-ledger", &[("directory", &shown), ("entries", &entries)]))
        }
        Ok(report) => {
            let count = report.findings.len();
            let text = messages.text(
                "doctor-ledger-unsound",
                &[("directory", &shown), ("count", &count)],
            );
            Finding::unsound(text)
        }
        Err(error) => Finding::unsound(Failure::from(AppError::Ledger(error)).text(printer)),
    }
}

/// An upstream, and for each class what stands between them.
#[derive(Serialize)]
struct Eligibility {
    upstream: String,
    classes: Vec<ClassEligibility>,
}

#[derive(Serialize)]
struct ClassEligibility {
    class: Class,
    missing: Vec<Missing>,
}

fn eligibility(place: &Place, withdrawals: Option<&Withdrawals>) -> Vec<Eligibility> {
    let (now, settings) = (jiff::Timestamp::now(), &place.config.settings);
    let today = date(now);
    let withdrawn = withdrawals.and_then(|withdrawals| withdrawals.in_force(now));
    let about = About {
        time: settings.local_time(now),
        withdrawn: withdrawn.as_deref(),
        ..About::default()
    };
    let targets = place.config.targets.iter();
    let rows = targets.map(|target| {
        let classes = Class::ALL.into_iter().map(|class| ClassEligibility {
            class,
            missing: would_make_eligible(target, &Label::of(class), about, &place.config.rules, today),
        });
        Eligibility {
            upstream: target.name.clone(),
            classes: classes.collect(),
        }
    });
    rows.collect()
}

fn tell_eligibility(printer: &Printer, eligible: &[Eligibility]) {
    for row in eligible {
        printer.line("");
        printer.line(&printer.styled(&row.upstream, Style::Strong));
        for ClassEligibility { class, missing } in &row.classes {
            tell_missing(printer, *class, missing);
        }
    }
}

/// Whether an upstream may see a class, and if not what stands against it and what can be done.
pub(super) fn tell_missing(printer: &Printer, class: Class, missing: &[Missing]) {
    if missing.is_empty() {
        printer.line(&printer.styled(&format!("  ✓ {class}"), Style::Good));
        return;
    }
    printer.line(&printer.styled(&format!("  ✗ {class}"), Style::Bad));
    for missing in missing {
        printer.line(&format!("      {}", told(printer, missing)));
    }
}

/// A reason, and what can be done about it.
fn told(printer: &Printer, missing: &Missing) -> String {
    let Missing { reason, remedy } = missing;
    let mend = printer.messages.explained(remedy.message(), &reason.fields());
    format!(
        "{} → {}",
        printer.messages.reason(reason),
        mend.unwrap_or_default()
    )
}
