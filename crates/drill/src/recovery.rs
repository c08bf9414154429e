//! How soon a route answers again, as the configuration says.
//!
//! What is *withdrawn* is asked no more from the next call on: it is decided again before every call, so that nothing waits. What
//! *fails* without being withdrawn costs each request a wait, until a breaker or a health check has the target left alone. Retries
//! come once every target was tried and delay nothing here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use trousseau_plan::settings::{Hedge, Route, TargetLimits};

/// How long an upstream is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the first byte of an answer.
    pub first_byte: Duration,
    /// How often it is asked whether it is there, where it is.
    pub health_check: Option<Duration>,
    /// When it is left alone.
    pub limits: TargetLimits,
}

/// How soon a route answers again. Times in seconds; the longest of what was tried.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recovery {
    /// After a withdrawal.
    pub withdrawn_seconds: f64,
    /// When what is cut off can be reached no more: a request's wait for the next place, until it is left alone.
    pub unreachable_seconds: f64,
    /// When it takes connections and says nothing.
    pub silent_seconds: f64,
    /// After so many failures in a row the first of them is left alone, and nothing waits for it any more.
    pub failures_until_left_alone: u32,
    /// How long it is left alone then, before one request tries it again.
    pub left_alone_seconds: f64,
    /// How long it takes at most until a health check finds out, where there is one.
    pub health_check_seconds: Option<f64>,
}

/// The longest that a health check itself may take.
const CHECK: Duration = Duration::from_secs(10);

/// Of a route, for lists of targets that are cut off and come before one that is left.
pub(crate) fn of(
    route: &Route,
    before_next: &BTreeSet<Vec<String>>,
    patience: &BTreeMap<String, Patience>,
) -> Option<Recovery> {
    let known = |gone: &Vec<String>| -> Vec<Patience> {
        gone.iter()
            .filter_map(|name| patience.get(name).cloned())
            .collect()
    };
    let first = before_next.iter().flat_map(known).next()?;
    let longest = |wait: fn(&Patience) -> Duration, hedge: Option<Duration>| {
        let waits = before_next.iter().map(|gone| {
            let waits = known(gone).into_iter().map(|patience| {
                let wait = wait(&patience);
                hedge.map_or(wait, |hedge| hedge.min(wait))
            });
            waits.sum::<Duration>()
        });
        waits.max().unwrap_or_default().as_secs_f64()
    };
    let hedge = match route.way.hedge {
        Some(Hedge::After(after)) => Some(after),
        // What has never answered has no percentile yet: the wait is the configured one.
        Some(Hedge::Percentile) | None => None,
    };
    let breaker = &first.limits.breaker;
    Some(Recovery {
        withdrawn_seconds: 0.0,
        unreachable_seconds: longest(|patience| patience.connect, hedge),
        silent_seconds: longest(|patience| patience.first_byte, hedge),
        failures_until_left_alone: breaker.failures,
        left_alone_seconds: breaker.open_for.as_secs_f64(),
        health_check_seconds: first
            .health_check
            .map(|every| (every + every.min(CHECK)).as_secs_f64()),
    })
}
