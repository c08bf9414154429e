//! All counters together: a request is let in by every limit that counts it, or by none.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::cost::{Asked, Spent};
use super::counter::{Cost, Counter, Measure};
use super::journal::Entry;
use super::limit::{Allowance, Limit};
use super::money::Money;
use super::period::Span;
use super::refused::{Refused, What};
use super::standing::Standing;

/// A limit that counts a request, and the one of its counters that the request is in.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    pub limit: Arc<Limit>,
    pub counter: String,
}

/// What a request that runs has reserved.
#[derive(Debug)]
pub(crate) struct Held {
    parts: Vec<(Applied, Cost)>,
    zone: TimeZone,
}

/// What every limit has counted, and what requests that run have reserved.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// By the name of the limit, then by the name of the counter.
    counters: HashMap<String, HashMap<String, Counter>>,
    held: HashMap<u64, Held>,
    next: u64,
    /// Whether other replicas hold the same limits.
    is_shared: bool,
}

/// Why a request is not let in.
#[derive(Debug)]
pub(crate) enum Short {
    /// A limit has nothing left.
    Refused(Box<Refused>),
    /// This replica has no grant for it: it must draw one.
    Uncovered,
}

impl Book {
    /// Says why nothing is let in now, whatever it may cost; `None` where something is.
    pub(crate) fn check(&mut self, applied: &[Applied], now: Timestamp, zone: &TimeZone) -> Option<Refused> {
        let refused = applied.iter().filter_map(|applied| self.full(applied, now, zone));
        // Only when the last of them is free is anything let in.
        refused.max_by_key(|refused| (refused.free, refused.wait))
    }

    /// Lets a request in that may cost so much, and keeps that for it until it is settled or released.
    pub(crate) fn reserve(
        &mut self,
        applied: Vec<Applied>,
        asked: &Asked<'_>,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<u64, Short> {
        if let Some(refused) = self.check(&applied, now, zone) {
            return Err(Short::Refused(Box::new(refused)));
        }
        let mut parts = Vec::with_capacity(applied.len());
        for applied in applied {
            let Some(cost) = most(&applied.limit, asked) else {
                let refused = Refused::of(&applied.limit, What::Unpriced, zone);
                return Err(Short::Refused(Box::new(Refused { wait: 60, ..refused })));
            };
            parts.push((applied, cost));
        }
        if !self.covers(&parts, now, zone) {
            return Err(Short::Uncovered);
        }
        let at = now.as_millisecond();
        for (applied, cost) in &parts {
            let counter = self.counter(applied);
            counter.reserve(&applied.limit.allowance, *cost, at);
            counter.touched = true;
        }
        self.next += 1;
        let zone = zone.clone();
        self.held.insert(self.next, Held { parts, zone });
        Ok(self.next)
    }

    /// Counts what a request did cost in the place of what was reserved for it. What nobody can tell costs what was reserved.
    pub(crate) fn settle(&mut self, id: u64, spent: &Spent<'_>, now: Timestamp) -> Vec<Entry<'static>> {
        let Some(Held { parts, zone }) = self.held.remove(&id) else {
            return Vec::new();
        };
        let mut entries = Vec::new();
        for (applied, reserved) in parts {
            let allowance = &applied.limit.allowance;
            let money = match &allowance.budget {
                Some(budget) if budget.money.is_some() => {
                    spent.money(&budget.currency).unwrap_or(reserved.money)
                }
                Some(_) | None => Money(0),
            };
            let cost = Cost {
                tokens: spent.tokens(),
                money,
            };
            let counter = self.counter(&applied);
            counter.release(reserved);
            counter.spend(allowance, cost, now, &zone);
            entries.extend(entry(&applied, counter, cost));
        }
        entries
    }

    /// Takes back what was reserved for a request that cost nothing.
    pub(crate) fn release(&mut self, id: u64) {
        let held = self.held.remove(&id);
        for (applied, reserved) in held.into_iter().flat_map(|held| held.parts) {
            self.counter(&applied).release(reserved);
        }
    }

    /// Counts what was reserved for a request that was sent and of which nobody will hear any more.
    pub(crate) fn charge(&mut self, id: u64) -> Vec<Entry<'static>> {
        let mut entries = Vec::new();
        let held = self.held.remove(&id);
        for (applied, reserved) in held.into_iter().flat_map(|held| held.parts) {
            let counter = self.counter(&applied);
            counter.release(reserved);
            counter.spend_here(reserved);
            entries.extend(entry(&applied, counter, reserved));
        }
        entries
    }

    /// What a request has reserved of budgets.
    pub(crate) fn entries(&self, id: u64) -> Vec<Entry<'static>> {
        let parts = self.held.get(&id).into_iter().flat_map(|held| &held.parts);
        let entries = parts.filter_map(|(applied, cost)| {
            let counter = self.counters.get(&applied.limit.name)?.get(&applied.counter)?;
            entry(applied, counter, *cost)
        });
        entries.collect()
    }

    /// What requests that run have reserved of budgets.
    pub(crate) fn all_held(&self) -> Vec<(u64, Vec<Entry<'static>>)> {
        let held = self.held.keys().map(|id| (*id, self.entries(*id)));
        held.filter(|(_, entries)| !entries.is_empty()).collect()
    }

    /// Takes in what was kept of a counter.
    pub(crate) fn restore(&mut self, (limit, counter): (&str, &str), span: Span, spent: Cost) {
        let of_limit = self.counters.entry(limit.to_owned()).or_default();
        of_limit.insert(counter.to_owned(), Counter::kept(span, spent));
    }

    /// Takes in what was kept of a cost: in its own period, or the beginning of a later one.
    pub(crate) fn replay(&mut self, entry: &Entry<'_>) {
        let of_limit = self.counters.entry(entry.limit.to_string()).or_default();
        let counter = of_limit.entry(entry.counter.to_string()).or_default();
        if entry.span.from > counter.span.from {
            *counter = Counter::kept(entry.span, Cost::default());
        }
        if entry.span.from == counter.span.from {
            counter.spend_here(entry.cost());
        }
    }

    /// The counters that are other than on the disk, which is told of them now.
    pub(crate) fn take_changed(&mut self) -> Vec<Entry<'static>> {
        let mut changed = Vec::new();
        for (limit, counters) in &mut self.counters {
            for (name, counter) in counters.iter_mut().filter(|(_, counter)| counter.changed) {
                counter.changed = false;
                changed.push(Entry::new((limit, name), counter.span, counter.spent));
            }
        }
        changed
    }

    /// Says that the disk was not told of these after all.
    pub(crate) fn keep_changed(&mut self, entries: &[Entry<'_>]) {
        for entry in entries {
            let counters = self.counters.get_mut(&*entry.limit);
            if let Some(counter) = counters.and_then(|counters| counters.get_mut(&*entry.counter)) {
                counter.changed = true;
            }
        }
    }

    /// Forgets what does not matter any more.
    pub(crate) fn tidy(&mut self, at: i64) {
        for counters in self.counters.values_mut() {
            counters.retain(|_, counter| !counter.is_over(at));
        }
        self.counters.retain(|_, counters| !counters.is_empty());
    }

    /// How far a limit is used.
    pub(crate) fn standings(&mut self, applied: &Applied, now: Timestamp, zone: &TimeZone) -> Vec<Standing> {
        let at = now.as_millisecond();
        let moment = |millisecond: i64| Timestamp::from_millisecond(millisecond).ok();
        let limit = &applied.limit;
        let counter = self.counter(applied);
        let measures = counter
            .measures(&limit.allowance, now, zone)
            .into_iter()
            .flatten();
        let standings = measures.map(|measure| {
            let mut standing = Standing::of(limit, &applied.counter, &measure);
            standing.until = standing.per.and_then(|_| moment(counter.span.until));
            standing.free = counter.free(&measure, at).and_then(moment);
            standing.empty_in = counter.empty_in(measure.what, at);
            standing
        });
        standings.collect()
    }

    /// The names of the counters that a limit has.
    pub(crate) fn counters_of(&self, limit: &str) -> Vec<String> {
        let counters = self.counters.get(limit).into_iter().flat_map(HashMap::keys);
        let mut names: Vec<String> = counters.cloned().collect();
        names.sort();
        names
    }

    /// What of a limit is used up, the part that is so the longest.
    fn full(&mut self, applied: &Applied, now: Timestamp, zone: &TimeZone) -> Option<Refused> {
        let at = now.as_millisecond();
        let limit = &applied.limit;
        let is_shared = self.is_shared;
        let counter = self.counter(applied);
        let measures = counter.measures(&limit.allowance, now, zone);
        let full = measures.into_iter().flatten().filter(Measure::is_full);
        // What others hold may be less by now.
        counter.touched |= is_shared;
        let (free, measure) = full
            .map(|measure| (counter.free(&measure, at), measure))
            .max_by_key(|(free, _)| *free)?;
        let wait = free.map_or(1, |free| {
            free.saturating_sub(at).max(1).unsigned_abs().div_ceil(1000)
        });
        Some(Refused {
            most: measure.most,
            used: measure.used,
            reserved: measure.reserved,
            free: free.and_then(|free| Timestamp::from_millisecond(free).ok()),
            wait,
            ..Refused::of(limit, measure.what, zone)
        })
    }

    fn counter(&mut self, applied: &Applied) -> &mut Counter {
        let of_limit = self.counters.entry(applied.limit.name.clone()).or_default();
        of_limit.entry(applied.counter.clone()).or_default()
    }
}

/// What a request may cost at most, as one limit counts; `None` where its price is not known.
fn most(limit: &Limit, asked: &Asked<'_>) -> Option<Cost> {
    let Allowance { budget, .. } = &limit.allowance;
    let money = match budget {
        Some(budget) if budget.money.is_some() => asked.money(&budget.currency)?,
        Some(_) | None => Money(0),
    };
    let tokens = asked.tokens();
    Some(Cost { tokens, money })
}

/// A cost, where it is of a budget.
fn entry(applied: &Applied, counter: &Counter, cost: Cost) -> Option<Entry<'static>> {
    let budget = applied.limit.allowance.budget.as_ref();
    budget.map(|_| Entry::new((&applied.limit.name, &applied.counter), counter.span, cost))
}

#[cfg(test)]
mod properties;
mod shares;
