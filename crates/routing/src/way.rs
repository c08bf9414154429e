//! What the configuration says of a route's targets, and of each target.

use std::time::Duration;

/// How a route comes to its targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// The route's name, under which its retries are counted.
    pub name: String,
    /// The groups in the order in which they are tried; in each the targets, with their weights. A target of weight 0 is tried
    /// when every other one of its group has failed.
    pub groups: Vec<Vec<(String, u32)>>,
    /// Whether requests that begin alike go to the same target of a group.
    pub sticky: bool,
    /// What is tried again.
    pub retries: Retries,
    /// When a second target is asked beside the first.
    pub hedge: Option<Hedge>,
}

impl Way {
    /// Each target a group of its own, in this order.
    pub fn in_order<T: Into<String>>(name: impl Into<String>, targets: impl IntoIterator<Item = T>) -> Self {
        Self {
            name: name.into(),
            groups: targets
                .into_iter()
                .map(|target| vec![(target.into(), 1)])
                .collect(),
            ..Self::default()
        }
    }

    /// The names of the targets, group after group.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flatten().map(|(name, _)| name.as_str())
    }
}

/// What is tried again at targets that have failed, once every target has been tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// The most retries of one request; 0 for none.
    pub most: u32,
    /// The pause before the first one is chosen below this; it doubles with each.
    pub base: Duration,
    /// The longest pause.
    pub cap: Duration,
    /// How many retries the route may make in all, in percent of its requests of the last ten seconds, beside a few that
    /// are always allowed.
    pub share: u32,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            most: 0,
            base: Duration::from_millis(250),
            cap: Duration::from_secs(5),
            share: 20,
        }
    }
}

/// After which time without a first byte a second target is asked as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hedge {
    /// After this time.
    After(Duration),
    /// After the time within which the target has begun 95 of 100 answers.
    Percentile,
}

/// What one target is given at most, and when it is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetLimits {
    /// How many calls may run at a time; any number where `None`.
    pub concurrency: Option<usize>,
    /// How many more may wait for their turn.
    pub queue: usize,
    /// How long they wait.
    pub wait: Duration,
    /// When it is left alone.
    pub breaker: Breaker,
}

impl Default for TargetLimits {
    fn default() -> Self {
        Self {
            concurrency: None,
            queue: 100,
            wait: Duration::from_secs(30),
            breaker: Breaker::default(),
        }
    }
}

/// When a target that fails is left alone, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// After so many failures in a row, or so many within `window` that at least every second call failed.
    pub failures: u32,
    /// The time in which failures are counted together.
    pub window: Duration,
    /// How long it is left alone the first time. Each time that it fails its probe, twice as long as before.
    pub open_for: Duration,
    /// The longest time that it is left alone.
    pub longest: Duration,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failures: 5,
            window: Duration::from_secs(30),
            open_for: Duration::from_secs(10),
            longest: Duration::from_secs(300),
        }
    }
}
