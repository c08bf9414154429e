//! `trousseau doctor`: what is wrong and how to mend it.

use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Value, json};
use trousseau_core::label::{Class, Label};
use trousseau_gateway::service::date;
use trousseau_policy::eligibility::{Missing, would_make_eligible};
use trousseau_retrieval::store::TaskState;

use crate::app::{self, App, Place, tenant};
use crate::cli::Global;
use crate::config::Kind;
use crate::failure::Failure;
use crate::printer::{Printer, Style};

/// What was looked at, and what was seen.
struct Finding {
    sound: bool,
    text: String,
}

pub(super) async fn run(global: &Global, printer: &Printer) -> Result<ExitCode, Failure> {
    let place = app::place(global)?;
    let mut findings = vec![configuration(&place, printer)];
    findings.extend(clients(&place, printer));
    findings.extend(data(global, &place, printer).await?);
    let eligible = eligibility(&place);
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
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn configuration(place: &Place, printer: &Printer) -> Finding {
    let messages = &printer.messages;
    let text = match &place.config.file {
        Some(file) => messages.text("doctor-config", &[("file", &file.display())]),
        None => messages.plain("config-no-file"),
    };
    Finding { sound: true, text }
}

/// The upstreams that are decided about but that this program cannot call.
fn clients(place: &Place, printer: &Printer) -> Vec<Finding> {
    let silent = place
        .config
        .kinds
        .iter()
        .filter(|(_, kind)| *kind != Kind::Extractive);
    silent
        .map(|(name, _)| Finding {
            sound: true,
            text: printer.messages.text("doctor-no-client", &[("upstream", name)]),
        })
        .collect()
}

async fn data(global: &Global, place: &Place, printer: &Printer) -> Result<Vec<Finding>, Failure> {
    let messages = &printer.messages;
    if !place.data.join("documents.sqlite").is_file() {
        let text = messages.text("doctor-empty", &[("data", &place.data.display())]);
        return Ok(vec![Finding { sound: true, text }]);
    }
    let app = App::read(global).await?;
    let tenant = tenant(global);
    let store = app.gateway.library.store();
    let documents: u64 = store
        .collections(&tenant)
        .await?
        .iter()
        .map(|row| row.documents)
        .sum();
    let failed = store.tasks(&tenant, Some(TaskState::Failed), 1000).await?.len();
    let waiting = store.pending(&tenant).await?;
    app.close().await?;
    let mut findings = vec![Finding {
        sound: true,
        text: messages.text(
            "doctor-documents",
            &[("data", &place.data.display()), ("count", &documents)],
        ),
    }];
    if failed > 0 {
        let text = messages.text("doctor-failed", &[("count", &failed)]);
        findings.push(Finding { sound: false, text });
    }
    if waiting > 0 {
        let text = messages.text("doctor-waiting", &[("count", &waiting)]);
        findings.push(Finding { sound: false, text });
    }
    Ok(findings)
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

fn eligibility(place: &Place) -> Vec<Eligibility> {
    let today = date(jiff::Timestamp::now());
    let targets = place.config.targets.iter();
    let rows = targets.map(|target| {
        let classes = Class::ALL.into_iter().map(|class| ClassEligibility {
            class,
            missing: would_make_eligible(target, &Label::of(class), &place.config.rules, today),
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
            if missing.is_empty() {
                printer.line(&printer.styled(&format!("  ✓ {class}"), Style::Good));
                continue;
            }
            printer.line(&printer.styled(&format!("  ✗ {class}"), Style::Bad));
            for missing in missing {
                printer.line(&format!("      {}", told(printer, missing)));
            }
        }
    }
}

/// A reason, and what can be done about it.
fn told(printer: &Printer, missing: &Missing) -> String {
    let Missing { reason, remedy } = missing;
    let fields = reason.fields();
    let said = printer.messages.explained(reason.code.message(), &fields);
    let mend = printer.messages.explained(remedy.message(), &fields);
    format!(
        "{} → {}",
        said.unwrap_or_else(|| reason.to_string()),
        mend.unwrap_or_default()
    )
}
