//! The one router of the program.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use crate::budget::Budget;
use crate::choice::{self, Candidate};
use crate::random::Source;
use crate::target::{Target, TargetState, Ticket};
use crate::way::{Hedge, Retries, TargetLimits, Way};

/// What is known of every target, by its name; see the crate's description.
pub struct Router {
    random: Source,
    targets: Named<Target>,
    budgets: Named<Budget>,
}

/// A target that cannot be called now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNow {
    /// It is left alone: it failed, or asked for it.
    Open {
        /// After how many seconds to come back; at least 1.
        seconds: u64,
    },
    /// As many calls run and wait as may, or it was not this one's turn in time.
    Full {
        /// After how many seconds to come back; at least 1.
        seconds: u64,
    },
}

impl NotNow {
    /// After how many seconds to come back.
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Open { seconds } | Self::Full { seconds } => seconds,
        }
    }

    pub(crate) fn open(left: Duration) -> Self {
        Self::Open {
            seconds: whole_seconds(left),
        }
    }

    /// Of a queue nobody can say more than about when.
    pub(crate) fn full(left: Duration) -> Self {
        Self::Full {
            seconds: whole_seconds(left).min(60),
        }
    }
}

fn whole_seconds(time: Duration) -> u64 {
    let more = u64::from(time.subsec_nanos() > 0);
    time.as_secs().saturating_add(more).max(1)
}

impl Router {
    /// A router that knows nothing yet; its random choices follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            random: Source::new(seed),
            targets: Named::default(),
            budgets: Named::default(),
        }
    }

    /// The order in which the permitted targets of a route are to be tried now: its groups in turn, each arranged by measured
    /// latency and load, or on a sticky route by `prefix`, a digest of the beginning of the prompt.
    ///
    /// Targets that are left alone are not in it. Where that is every one, the one that can be asked soonest is told, so that
    /// its refusal says when to come back. Never holds a name twice, nor one that is not in `permitted`.
    pub fn order<'a>(
        &self,
        way: &Way,
        permitted: &[&'a str],
        prefix: Option<u64>,
        now: Instant,
    ) -> Vec<&'a str> {
        let (mut random, known) = (self.random.draw(), self.targets.0.load());
        let mut ordered = Vec::with_capacity(permitted.len());
        let mut soonest: Option<(Duration, &'a str)> = None;
        for group in &way.groups {
            let mut open = Vec::with_capacity(group.len());
            for (name, weight) in group {
                let Some(name) = permitted.iter().copied().find(|permitted| permitted == name) else {
                    continue;
                };
                if ordered.contains(&name) || open.iter().any(|other: &Candidate<'_>| other.name == name) {
                    continue;
                }
                let target = known.get(name);
                match target.and_then(|target| target.closed_for(now)) {
                    None => open.push(Candidate::new(name, *weight, target.map(Arc::as_ref))),
                    Some(left) if soonest.is_none_or(|(least, _)| left < least) => {
                        soonest = Some((left, name));
                    }
                    Some(_) => {}
                }
            }
            match prefix.filter(|_| way.sticky) {
                Some(prefix) => choice::by_beginning(open, prefix, &mut ordered),
                None => choice::by_load(open, &mut random, &mut ordered),
            }
        }
        if ordered.is_empty() {
            ordered.extend(soonest.map(|(_, name)| name));
        }
        ordered
    }

    /// Room for one call at a target: waits in its bounded queue where as many run as may.
    pub async fn enter(&self, target: &str, limits: &TargetLimits, now: Instant) -> Result<Ticket, NotNow> {
        self.target(target, now).enter(limits, now).await
    }

    /// A request began that goes this way.
    pub fn count_request(&self, way: &Way, now: Instant) {
        self.budget(way, now).count(now);
    }

    /// Takes one retry out of the route's budget, where one is left.
    pub fn may_retry(&self, way: &Way, now: Instant) -> bool {
        self.budget(way, now).take(way.retries.share, now)
    }

    /// How long to wait before the next try after `tried` of them: any time up to a limit that doubles with each try, and
    /// never less than `retry_after` where that is within the cap.
    pub fn pause(&self, retries: &Retries, tried: u32, retry_after: Option<Duration>) -> Duration {
        let doubled = 1_u32.checked_shl(tried.saturating_sub(1)).unwrap_or(u32::MAX);
        let most = retries.base.saturating_mul(doubled).min(retries.cap);
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        let pause = Duration::from_micros(self.random.draw().below(micros.saturating_add(1)));
        match retry_after {
            // On top of it, or all who were told the same come back at once.
            Some(least) if least <= retries.cap => (least + pause).min(retries.cap),
            _ => pause,
        }
    }

    /// After which time without a first byte of this target a second one is asked; none before enough is known.
    pub fn hedge_after(&self, hedge: &Hedge, target: &str) -> Option<Duration> {
        match hedge {
            Hedge::After(time) => Some(*time),
            Hedge::Percentile => self.targets.get(target)?.percentile(),
        }
    }

    /// Every target that was asked or checked, by name.
    pub fn states(&self, now: Instant) -> Vec<TargetState> {
        let targets = self.targets.0.load();
        let mut states: Vec<_> = targets.values().map(|target| target.state(now)).collect();
        states.sort_by(|a, b| a.name.cmp(&b.name));
        states
    }

    /// What a health check found.
    pub fn checked(&self, target: &str, alive: bool, now: Instant) {
        self.target(target, now).checked(alive, now);
    }

    /// A target is no longer checked: what its last check found counts no more.
    pub fn unchecked(&self, target: &str) {
        if let Some(target) = self.targets.get(target) {
            target.unchecked();
        }
    }

    /// Forgets the targets that are not among these. Calls that run there end as they would have.
    pub fn keep_only(&self, targets: &[&str]) {
        self.targets.retain(|name| targets.contains(&name));
    }

    fn target(&self, name: &str, now: Instant) -> Arc<Target> {
        self.targets.get_or(name, || Target::new(name, now))
    }

    fn budget(&self, way: &Way, now: Instant) -> Arc<Budget> {
        self.budgets.get_or(&way.name, || Budget::new(now))
    }
}

/// Things by name, read without a lock and seldom added to.
struct Named<T>(ArcSwap<HashMap<String, Arc<T>>>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(ArcSwap::from_pointee(HashMap::new()))
    }
}

impl<T> Named<T> {
    fn get(&self, name: &str) -> Option<Arc<T>> {
        self.0.load().get(name).cloned()
    }

    fn get_or(&self, name: &str, make: impl FnOnce() -> T) -> Arc<T> {
        if let Some(known) = self.get(name) {
            return known;
        }
        let new = Arc::new(make());
        let before = self.0.rcu(|all| {
            let mut all = HashMap::clone(all);
            all.entry(name.to_owned()).or_insert_with(|| Arc::clone(&new));
            all
        });
        // Another thread may have been first.
        before.get(name).map_or(new, Arc::clone)
    }

    fn retain(&self, keep: impl Fn(&str) -> bool) {
        self.0.rcu(|all| {
            let mut all = HashMap::clone(all);
            all.retain(|name, _| keep(name));
            all
        });
    }
}

#[cfg(test)]
mod tests;
