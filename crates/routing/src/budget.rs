//! How many retries a route may make: a share of its requests, so that targets in trouble are not buried in them.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// So many seconds are counted together.
pub(crate) const SECONDS: u64 = 10;
/// So many retries are allowed in them whatever the requests.
pub(crate) const FLOOR: u32 = 10;

/// The retries of one route.
pub(crate) struct Budget {
    since: Instant,
    counts: Mutex<[Count; SECONDS as usize]>,
}

/// What was counted in one second.
#[derive(Clone, Copy, Default)]
struct Count {
    second: u64,
    requests: u32,
    retries: u32,
}

impl Budget {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            since: now,
            counts: Mutex::default(),
        }
    }

    /// A request began.
    pub(crate) fn count(&self, now: Instant) {
        self.with(now, |counts, at| {
            counts[at].requests = counts[at].requests.saturating_add(1);
        });
    }

    /// Takes one retry out of the budget, where one is left: `share` percent of the requests, and a few.
    pub(crate) fn take(&self, share: u32, now: Instant) -> bool {
        self.with(now, |counts, at| {
            let oldest = counts[at].second.saturating_sub(SECONDS - 1);
            let current = counts.iter().filter(|count| count.second >= oldest);
            let (requests, retries) = current.fold((0_u64, 0_u64), |(requests, retries), count| {
                (
                    requests + u64::from(count.requests),
                    retries + u64::from(count.retries),
                )
            });
            let most = u64::from(FLOOR) + requests * u64::from(share) / 100;
            let fits = retries < most;
            counts[at].retries += u32::from(fits);
            fits
        })
    }

    fn with<T>(&self, now: Instant, work: impl FnOnce(&mut [Count], usize) -> T) -> T {
        let second = now.saturating_duration_since(self.since).as_secs();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let at = usize::try_from(second % SECONDS).unwrap_or_default();
        // Threads may come out of turn by a little; what is newer stays.
        if counts[at].second < second {
            counts[at] = Count {
                second,
                ..Count::default()
            };
        }
        work(&mut *counts, at)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever comes when: as many retries as a plain list of all of them allows, and no more.
        #[test]
        fn retries_stay_within_their_share(
            steps in proptest::collection::vec((0_u64..900, any::<bool>()), 1..400),
            share in 0_u32..100,
        ) {
            let began = Instant::now();
            let budget = Budget::new(began);
            let (mut millis, mut requests, mut retries) = (0, VecDeque::new(), VecDeque::new());
            for (pause, retry) in steps {
                millis += pause;
                let (second, now) = (millis / 1000, began + Duration::from_millis(millis));
                let recent = |all: &VecDeque<u64>| all.iter().filter(|at| **at + SECONDS > second).count() as u64;
                if retry {
                    let fits = recent(&retries) < u64::from(FLOOR) + recent(&requests) * u64::from(share) / 100;
                    prop_assert_eq!(budget.take(share, now), fits);
                    retries.extend(fits.then_some(second));
                } else {
                    budget.count(now);
                    requests.push_back(second);
                }
            }
        }
    }
}
