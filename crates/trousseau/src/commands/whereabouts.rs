//! `trousseau ledger where`: where the requests of a class went, read from a ledger, offline.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use trousseau_core::label::{Class, Label};
use trousseau_gateway::entry::{Attempt, State};
use trousseau_ledger::{LogReader, VerifyOptions};

use super::ledger::own_ledger;
use crate::caller::Caller;
use crate::cli::LedgerWhere;
use crate::failure::{AppError, Exit, Failure};

/// Codes of attempts that were none: the target had nothing of the request.
const NOT_ASKED: [&str; 3] = ["target-busy", "target-resting", "policy-denied"];

/// As much of an entry as is read here.
#[derive(Deserialize)]
struct Leaf {
    #[serde(rename = "type")]
    kind: String,
    time: Timestamp,
    label: Option<Label>,
    purpose: Option<String>,
    #[serde(default)]
    permitted: Vec<String>,
    continues: Option<u64>,
    decision: Option<u64>,
    state: Option<State>,
    target: Option<String>,
    #[serde(default)]
    attempts: Vec<Attempt>,
}

/// What became of one decision's request.
#[derive(Default)]
struct Request {
    permitted: Vec<String>,
    state: Option<State>,
    /// The targets that had it.
    had: BTreeSet<String>,
}

/// What one target had.
#[derive(Default)]
struct Had {
    requests: u64,
    answered: u64,
}

/// Everything that is told.
#[derive(Default)]
struct Whereabouts {
    entries: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    /// By the entry of their decisions.
    requests: BTreeMap<u64, Request>,
    /// Decisions about the rest of an answer, each with that of the request that it belongs to.
    rests: BTreeMap<u64, u64>,
}

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
    let found = Whereabouts::read(&reader, asked)?;
    found.print(caller, asked, &reader);
    Ok(Exit::SUCCESS)
}

impl Whereabouts {
    fn read(reader: &LogReader, asked: &LedgerWhere) -> Result<Self, Failure> {
        let now = Timestamp::now();
        let since = asked.since.map(|since| since.before(now));
        let until = asked.until.map(|until| until.after(now));
        let mut found = Self::default();
        for entry in reader.entries(0..u64::MAX) {
            let (index, bytes) = entry.map_err(AppError::Ledger)?;
            found.entries = index + 1;
            // What is none of our entries tells of no request.
            let Ok(leaf) = serde_json::from_slice::<Leaf>(&bytes) else {
                continue;
            };
            let within =
                since.is_none_or(|since| leaf.time >= since) && until.is_none_or(|until| leaf.time < until);
            match leaf.kind.as_str() {
                "decision" if within && leaf.is_of(asked.class) => found.decided(index, leaf),
                "outcome" => found.ended(leaf),
                _ => {}
            }
        }
        Ok(found)
    }

    fn decided(&mut self, index: u64, leaf: Leaf) {
        self.first.get_or_insert(leaf.time);
        self.last = Some(leaf.time);
        if let Some(request) = leaf.continues.filter(|first| self.requests.contains_key(first)) {
            self.rests.insert(index, request);
            return;
        }
        let request = Request {
            permitted: leaf.permitted,
            ..Request::default()
        };
        self.requests.insert(index, request);
    }

    fn ended(&mut self, leaf: Leaf) {
        let Some(decision) = leaf.decision else {
            return;
        };
        let of = self.rests.get(&decision).copied().unwrap_or(decision);
        let Some(request) = self.requests.get_mut(&of) else {
            return;
        };
        let mut attempts = leaf.attempts;
        attempts.retain(|attempt| !NOT_ASKED.contains(&attempt.error.as_str()));
        request
            .had
            .extend(attempts.into_iter().map(|attempt| attempt.target));
        request.had.extend(leaf.target);
        if of == decision {
            request.state = leaf.state;
        }
    }

    /// What each target had.
    fn by_target(&self) -> BTreeMap<&str, Had> {
        let mut targets: BTreeMap<&str, Had> = BTreeMap::new();
        for request in self.requests.values() {
            for target in &request.had {
                let had = targets.entry(target).or_default();
                had.requests += 1;
                had.answered += u64::from(matches!(request.state, Some(State::Answered | State::Abstained)));
            }
        }
        targets
    }

    /// How many requests went nowhere, and of how many the ledger does not tell how they ended.
    fn nowhere_and_open(&self) -> (usize, usize) {
        let requests = self.requests.values();
        let open = requests
            .clone()
            .filter(|request| request.state.is_none() || request.state == Some(State::Interrupted));
        // Until it is closed, a request may have gone to any target that was permitted.
        let open = open.filter(|request| !request.permitted.is_empty()).count();
        let nowhere = requests.filter(|request| request.had.is_empty()).count();
        (nowhere.saturating_sub(open), open)
    }

    fn print(&self, caller: &Caller, asked: &LedgerWhere, reader: &LogReader) {
        let printer = &*caller.printer;
        let messages = &printer.messages;
        let targets = self.by_target();
        let (nowhere, open) = self.nowhere_and_open();
        if printer.json() {
            let targets: Vec<_> = targets
                .iter()
                .map(|(target, had)| json!({ "target": target, "requests": had.requests, "answered": had.answered }))
                .collect();
            printer.object(&json!({
                "class": asked.class,
                "requests": self.requests.len(),
                "targets": targets,
                "nowhere": nowhere,
                "open": open,
                "scope": {
                    "ledger": reader.checkpoint().origin,
                    "entries": self.entries,
                    "first": self.first,
                    "last": self.last,
                },
            }));
            return;
        }
        printer.line(&messages.text(
            "where-requests",
            &[("count", &self.requests.len()), ("class", &asked.class.name())],
        ));
        if !targets.is_empty() {
            let heading =
                ["target", "requests", "answered"].map(|name| messages.plain(&format!("column-{name}")));
            let rows = targets.iter().map(|(target, had)| {
                vec![
                    (*target).to_owned(),
                    had.requests.to_string(),
                    had.answered.to_string(),
                ]
            });
            printer.table(&heading, &rows.collect::<Vec<_>>());
        }
        printer.line(&messages.text("where-nowhere", &[("count", &nowhere)]));
        if open > 0 {
            printer.line(&messages.text("where-open", &[("count", &open)]));
        }
        let moment = |moment: Option<Timestamp>| {
            moment.map_or_else(|| "-".to_owned(), |moment| format!("{moment:.0}"))
        };
        printer.line(&messages.text(
            "where-scope",
            &[
                ("ledger", &reader.checkpoint().origin),
                ("entries", &self.entries),
                ("first", &moment(self.first)),
                ("last", &moment(self.last)),
            ],
        ));
    }
}

impl Leaf {
    /// Whether it decides about a text of this class or above.
    fn is_of(&self, class: Class) -> bool {
        self.purpose.is_some() && self.label.as_ref().is_some_and(|label| label.class >= class)
    }
}
