//! A decision, shown as a table or as JSON.

use serde_json::{Value, json};
use trousseau_core::permit::Permit;
use trousseau_policy::decide::Rejection;
use trousseau_policy::detect::Detector;
use trousseau_policy::explanation::{Explanation, Origin, Raise};

use crate::printer::{Printer, Style};

/// The decision of `ask --json`: permitted targets, the one that answered, rejected ones with reasons.
pub(super) fn object(explanation: &Explanation, target: &str) -> Value {
    let mut object = json!({
        "target": target,
        "permitted": names(explanation),
        "rejected": explanation.decision.rejected,
        "rules": explanation.decision.rules,
        "label": explanation.labelling,
    });
    add_masked(&mut object, explanation);
    object
}

/// Adds what was decided about the same with pseudonyms in it, where a route has them.
pub(super) fn add_masked(object: &mut Value, explanation: &Explanation) {
    if let Some(masked) = &explanation.masked {
        object["masked"] = json!(masked);
    }
}

pub(super) fn names(explanation: &Explanation) -> Vec<&str> {
    explanation
        .decision
        .permitted
        .iter()
        .map(Permit::target)
        .collect()
}

/// The table of where a request may run and why not elsewhere.
pub(super) fn table(printer: &Printer, explanation: &Explanation) {
    let messages = &printer.messages;
    let label = messages.label(explanation.labelling.label());
    let label = messages.text("decision-label", &[("label", &label)]);
    printer.line(&printer.styled(&label, Style::Strong));
    for raise in explanation.labelling.raises().iter().filter(|raise| raise.raised) {
        printer.line(&format!("  {}", origin(printer, raise)));
    }
    for permit in &explanation.decision.permitted {
        let line = messages.text("decision-permitted", &[("target", &permit.target())]);
        printer.line(&printer.styled(&format!("  ✓ {line}"), Style::Good));
    }
    rejected(printer, &explanation.decision.rejected);
    if let Some(masked) = &explanation.masked {
        let label = messages.label(masked.labelling.label());
        let told = messages.text("decision-masked", &[("label", &label)]);
        printer.line(&printer.styled(&told, Style::Strong));
        for permit in &masked.decision.permitted {
            let line = messages.text("decision-permitted", &[("target", &permit.target())]);
            printer.line(&printer.styled(&format!("  ✓ {line}"), Style::Good));
        }
        rejected(printer, &masked.decision.rejected);
    }
}

/// The rejected targets, each with all its reasons.
pub(super) fn rejected(printer: &Printer, rejections: &[Rejection]) {
    for rejection in rejections {
        let line = printer
            .messages
            .text("decision-rejected", &[("target", &rejection.target)]);
        printer.line(&printer.styled(&format!("  ✗ {line}"), Style::Bad));
        for reason in &rejection.reasons {
            printer.line(&format!("      {}", printer.messages.reason(reason)));
        }
    }
}

/// Where a label came from, in words.
fn origin(printer: &Printer, raise: &Raise) -> String {
    let (key, name) = match &raise.origin {
        Origin::Key { name } => ("origin-key", name.clone()),
        Origin::Header => ("origin-header", String::new()),
        Origin::Route { name } => ("origin-route", name.clone()),
        Origin::Collection { name } => ("origin-collection", name.clone()),
        Origin::Detector { detector, .. } => (
            "origin-detector",
            match detector {
                Detector::Own(own) => own.name().to_owned(),
                _ => printer.messages.plain(detector.message()),
            },
        ),
        Origin::History { entry } => ("origin-history", entry.clone()),
        Origin::Passage { title, .. } => ("origin-passage", title.clone()),
    };
    let told = printer.messages.text(key, &[("name", &name)]);
    printer
        .messages
        .text("decision-origin", &[("origin", &told), ("label", &raise.label)])
}
