//! What must hold of a request in the ledger: its decision, those about the rest of its answer, its outcome.

use std::collections::BTreeSet;

use crate::ending::{Ending, Reason};
use crate::entries::{Decision, Outcome};
use crate::oracle::{CLASSES, Label};
use crate::script::Script;
use crate::verdict::{Evidence, Judged, State};
use crate::whole::{Said, is_whole};

impl Evidence<'_> {
    /// What is wrong with what the ledger says of a request, added to `faults`.
    pub(crate) fn ledger_of(&self, judged: &Judged<'_>, mut faults: Vec<String>) -> Vec<String> {
        let wanted = &judged.done.wanted;
        let Some((index, decision)) = judged
            .entry
            .and_then(|index| Some((index, self.ledger.decisions.get(&index)?)))
        else {
            if !judged.uncertain {
                faults.push("the ledger has no decision about it".to_owned());
            }
            return faults;
        };
        let label = &decision.label;
        if label.class != CLASSES[wanted.label.class] || !label.tags.is_superset(&wanted.label.tags) {
            faults.push(format!("it was labelled {label:?}"));
        }
        if decision.permitted != judged.permitted {
            faults.push(format!(
                "decided for {:?}; the table says {:?}",
                decision.permitted, judged.permitted
            ));
        }
        let route = &judged.scene.routes[wanted.route];
        let all: BTreeSet<String> = route.targets.iter().map(|place| format!("t{place}")).collect();
        let rest: BTreeSet<String> = all.difference(&decision.permitted).cloned().collect();
        if decision.route != route.name || decision.refused() != Some(rest) {
            faults
                .push("its decision does not name every other target of its route with a reason".to_owned());
        }
        let mut may = decision.permitted.clone();
        for further in self.ledger.continuations(index) {
            faults.extend(self.continued(judged, further));
            may.extend(further.permitted.iter().cloned());
        }
        let Some(outcome) = self.ledger.outcomes.get(&index) else {
            return faults;
        };
        if let Some(other) = outcome.target.iter().find(|target| !may.contains(*target)) {
            faults.push(format!("the outcome names {other}, which was not permitted"));
        }
        self.ended(judged, outcome, &mut faults);
        faults
    }

    /// The decision about the rest of an answer: never below the first one's label, and by the same table.
    fn continued(&self, judged: &Judged<'_>, further: &Decision) -> Option<String> {
        let tags: Vec<&str> = further.label.tags.iter().map(String::as_str).collect();
        let label = Label::new(&further.label.class, &tags);
        let mut least = judged.done.wanted.label.clone();
        least.join(&label);
        let permitted = self.permitted(judged.done, &label);
        (least != label || permitted != further.permitted).then(|| {
            format!(
                "the rest was labelled {label:?} and decided for {:?}, not {permitted:?}",
                further.permitted
            )
        })
    }

    fn ended(&self, judged: &Judged<'_>, outcome: &Outcome, faults: &mut Vec<String>) {
        let Judged { done, permitted, .. } = judged;
        let State { killed, full, .. } = self.states[done.state];
        let state = outcome.state.as_str();
        let fits = match &done.ending {
            _ if state == "interrupted" => judged.uncertain && (killed || full),
            _ if permitted.is_empty() => state == "refused",
            Ending::Clean { .. } => state == "answered",
            Ending::HungUp | Ending::Cut { .. } => true,
            Ending::Told { .. } => judged.uncertain || state == "failed",
        };
        if !fits {
            faults.push(format!("its outcome is {state}"));
        }
        let had: BTreeSet<&str> = self.had(&done.wanted.nonce).map(|(target, _)| target).collect();
        if done.wanted.tagged && state != "interrupted" {
            let named = outcome.named();
            let untold: Vec<&&str> = had.difference(&named).collect();
            if !untold.is_empty() {
                faults.push(format!(
                    "{untold:?} had it, and its outcome ({state}) does not say so"
                ));
            }
        }
        if outcome.repeats.is_none()
            && outcome
                .target
                .as_deref()
                .is_some_and(|target| !had.contains(target))
        {
            faults.push(format!(
                "its outcome names {:?}, which never had it",
                outcome.target
            ));
        }
        if let Ending::Clean { text, reason, .. } = &done.ending {
            let scripts: Vec<(&str, Script)> = self.had(&done.wanted.nonce).collect();
            let said = Said {
                text,
                reason: *reason,
                by: outcome.target.as_deref().unwrap_or_default(),
                seams: &outcome.seams,
            };
            let may_hold = judged.scene.routes[done.wanted.route].holds_back;
            if !is_whole(&said, &scripts) || *reason == Reason::Held && !may_hold {
                faults.push("what ended clean is not a whole answer".to_owned());
            }
        }
    }
}
