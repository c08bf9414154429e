//! What one upstream is given at most, and when it is left alone.

use std::time::Duration;

use serde::Deserialize;
use trousseau_plan::settings::{Breaker, TargetLimits};

use super::faults::Faults;

/// The longest time between two health checks, in seconds.
const SELDOM: usize = 300;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLimits {
    concurrency: Option<usize>,
    queue: Option<usize>,
    wait_seconds: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawBreaker {
    failures: Option<usize>,
    window_seconds: Option<usize>,
    open_seconds: Option<usize>,
    longest_seconds: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHealthCheck {
    every_seconds: usize,
}

pub(super) fn limits(
    key: &str,
    (raw, breaker): (&RawLimits, &RawBreaker),
    faults: &mut Faults,
) -> TargetLimits {
    let usual = TargetLimits::default();
    let at = |name: &str| format!("{key}.limits.{name}");
    let concurrency = raw
        .concurrency
        .map(|written| faults.number(&at("concurrency"), Some(written), 1..=100_000, 1));
    let queue = faults.number(&at("queue"), raw.queue, 0..=100_000, usual.queue);
    let wait = seconds(&at("wait_seconds"), raw.wait_seconds, usual.wait, faults);
    TargetLimits {
        concurrency,
        queue,
        wait,
        breaker: self::breaker(&format!("{key}.breaker"), breaker, faults),
    }
}

fn breaker(key: &str, raw: &RawBreaker, faults: &mut Faults) -> Breaker {
    let usual = Breaker::default();
    let at = |name: &str| format!("{key}.{name}");
    let failures = faults.number(&at("failures"), raw.failures, 1..=1000, usual.failures as usize);
    let window = seconds(&at("window_seconds"), raw.window_seconds, usual.window, faults);
    let open_for = seconds(&at("open_seconds"), raw.open_seconds, usual.open_for, faults);
    let longest = usual.longest.max(open_for);
    let longest = seconds(&at("longest_seconds"), raw.longest_seconds, longest, faults);
    if longest < open_for {
        let accepted = format!("{}..3600", open_for.as_secs());
        faults.value(&at("longest_seconds"), &longest.as_secs().to_string(), &accepted);
    }
    Breaker {
        failures: u32::try_from(failures).unwrap_or(u32::MAX),
        window,
        open_for,
        longest,
    }
}

pub(super) fn health_check(key: &str, raw: &RawHealthCheck, faults: &mut Faults) -> Duration {
    let key = format!("{key}.health_check.every_seconds");
    Duration::from_secs(faults.number(&key, Some(raw.every_seconds), 1..=SELDOM, SELDOM) as u64)
}

fn seconds(key: &str, written: Option<usize>, usual: Duration, faults: &mut Faults) -> Duration {
    let usual = usize::try_from(usual.as_secs()).unwrap_or(usize::MAX);
    Duration::from_secs(faults.number(key, written, 1..=3600, usual) as u64)
}
