//! The `trousseau` object of an answer: its label, where it was made and why there, what it stands on, and the
//! ledger's entries that prove it.

use serde_json::{Value, json};
use trousseau_core::permit::Permit;

use trousseau_gateway::answer::Answered;

/// The object.
pub(super) fn report(route: &str, answered: &Answered) -> Value {
    let decision = &answered.explanation.decision;
    let permitted = decision.permitted.iter().map(Permit::target);
    let end = answered.answer.end.as_ref();
    let mut report = json!({
        "route": route,
        "label": answered.explanation.labelling.label(),
        "decision": {
            "target": answered.target,
            "model": answered.model,
            "permitted": permitted.collect::<Vec<_>>(),
            "rejected": decision.rejected,
            "rules": decision.rules,
        },
        "citations": answered.answer.citations,
        "cached": answered.repeats.is_some(),
        "abstained": answered.answer.abstained(),
        "removed_markers": end.map_or(0, |end| end.removed_markers),
        "entry": answered.entry.to_string(),
        "outcome": answered.outcome.to_string(),
    });
    if let Some(masked) = &answered.masked {
        report["masked"] = json!(masked);
    }
    if !answered.answer.seams.is_empty() {
        report["seams"] = json!(answered.answer.seams);
    }
    report
}
