//! What happened in a run: how many requests met each fault, and how they ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::ending::Ending;
use crate::script::Fault;

/// The faults, and the least share of requests that each must meet, in percent.
const FAULTS: [&str; 11] = [
    "crash",
    "refuse",
    "429",
    "5xx",
    "stall",
    "cut",
    "garbage",
    "slow trickle",
    "DNS failure",
    "detector error",
    "ledger disk full",
];
const LEAST: usize = 5;

/// Of the requests that may go somewhere, the least share that is answered, in percent: what goes wrong must not be all there is.
const ANSWERED: usize = 25;

#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    pub(crate) requests: usize,
    met: BTreeMap<&'static str, usize>,
    ends: BTreeMap<&'static str, usize>,
    permitted: usize,
    answered: usize,
}

impl Histogram {
    /// What a target's fault is called.
    pub(crate) const fn name(fault: Fault) -> Option<&'static str> {
        match fault {
            Fault::Nothing => None,
            Fault::Crash => Some("crash"),
            Fault::TooMany => Some("429"),
            Fault::ServerError => Some("5xx"),
            Fault::Stall => Some("stall"),
            Fault::Cut => Some("cut"),
            Fault::Garbage => Some("garbage"),
            Fault::Trickle => Some("slow trickle"),
        }
    }

    /// Counts a request, the faults that it met, and its end.
    pub(crate) fn add(&mut self, met: &BTreeSet<&'static str>, ending: &Ending, denied: bool) {
        self.requests += 1;
        for fault in met {
            *self.met.entry(fault).or_default() += 1;
        }
        let end = match ending {
            Ending::Clean { .. } => "answered",
            Ending::Told { status: 403, .. } => "refused by the policy",
            Ending::Told {
                status: 400..=499, ..
            } => "refused otherwise",
            Ending::Told { .. } => "failed, and told so",
            Ending::Cut { .. } => "broken by a kill",
            Ending::HungUp => "hung up",
        };
        *self.ends.entry(end).or_default() += 1;
        if !denied && !matches!(ending, Ending::HungUp) {
            self.permitted += 1;
            self.answered += usize::from(matches!(ending, Ending::Clean { .. }));
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.permitted += other.permitted;
        self.answered += other.answered;
        for (to, from) in [(&mut self.met, &other.met), (&mut self.ends, &other.ends)] {
            for (name, count) in from {
                *to.entry(name).or_default() += count;
            }
        }
    }

    /// What the run did not try enough of to have shown anything.
    pub(crate) fn lacks(&self) -> Vec<String> {
        let met = |fault: &str| self.met.get(fault).copied().unwrap_or(0);
        let rare = FAULTS
            .iter()
            .filter(|fault| met(fault) * 100 < self.requests * LEAST);
        let mut lacks: Vec<String> = rare
            .map(|fault| format!("fewer than {LEAST} % of the requests met the fault: {fault}"))
            .collect();
        if self.answered * 100 < self.permitted * ANSWERED {
            lacks.push(format!(
                "of {} requests that may go somewhere, only {} were answered",
                self.permitted, self.answered
            ));
        }
        lacks
    }
}

impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |count: usize| 100.0 * count as f64 / self.requests.max(1) as f64;
        writeln!(f, "{} requests", self.requests)?;
        for fault in FAULTS {
            let count = self.met.get(fault).copied().unwrap_or(0);
            let bar = "#".repeat(share(count).round() as usize);
            writeln!(f, "  {fault:<22} {count:>7} {:>5.1} % {bar}", share(count))?;
        }
        for (end, count) in &self.ends {
            writeln!(f, "  {end:<22} {count:>7} {:>5.1} %", share(*count))?;
        }
        write!(
            f,
            "  of {} that may go somewhere, {} answered",
            self.permitted, self.answered
        )
    }
}
