//! What is known of one target, and the ticket of one call at it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::breaker::{Circuit, Pass};
use crate::random;
use crate::room::{Place, Room};
use crate::router::NotNow;
use crate::way::{Breaker, TargetLimits};

/// The longest time that a target is left alone because it asked for it.
const HOUR: Duration = Duration::from_secs(3600);
/// How long a failed health check is believed when no other follows.
const BELIEVED: Duration = Duration::from_secs(600);
/// After how long a target may be asked again whose health check fails: nobody knows when it is mended.
const CHECKED: Duration = Duration::from_secs(10);
/// How many times to the first byte are remembered.
const REMEMBERED: usize = 128;
/// How many there must be before one speaks of a percentile.
const ENOUGH: usize = 20;
/// How much the newest measure counts in the mean, as one part of so many.
const NEWEST: f64 = 5.0;

/// Why a call failed, as far as its target is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The target cannot be reached, or says that it cannot answer.
    Unavailable,
    /// It wants fewer requests.
    RateLimited {
        /// After what time it may be asked again, where it says so.
        retry_after: Option<Duration>,
    },
    /// It took too long.
    TimedOut,
    /// Its answer was cut, or is none.
    Broken,
    /// It refused the request as wrong: it is well.
    NotItsFault,
}

impl Failure {
    /// The name in metrics and on the page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::RateLimited { .. } => "rate-limited",
            Self::TimedOut => "timed-out",
            Self::Broken => "broken",
            Self::NotItsFault => "refused",
        }
    }
}

/// Whether a target is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is.
    Closed,
    /// One call will tell whether it is well again.
    HalfOpen,
    /// It is left alone: it failed, asked for it, or its health check did not find it.
    Open,
}

impl State {
    /// The name in metrics and on the page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half-open",
            Self::Open => "open",
        }
    }
}

/// What is known of one target at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetState {
    /// Its name.
    pub name: String,
    /// Whether it is asked.
    pub breaker: State,
    /// How many calls run.
    pub in_flight: usize,
    /// How many wait for their turn.
    pub queued: usize,
    /// The mean time to the first byte, the newest weighing most; none before the first.
    pub latency: Option<Duration>,
    /// How the last call failed; none once one has succeeded.
    pub last_failure: Option<Failure>,
    /// After what time it is asked again, where it is left alone.
    pub opens_in: Option<Duration>,
    /// What the last health check found; none where there is none.
    pub alive: Option<bool>,
}

/// One target. What is read to choose one is read without a lock.
pub(crate) struct Target {
    pub(crate) name: String,
    /// A number for the name.
    pub(crate) key: u64,
    /// What moments are counted from.
    since: Instant,
    in_flight: AtomicUsize,
    /// Microseconds; 0 before the first measure.
    latency: AtomicU64,
    /// Until when it is left alone, in milliseconds; 0 when it is not.
    closed_until: AtomicU64,
    /// The mean length of a call, in milliseconds.
    lasting: AtomicU64,
    room: Room,
    known: Mutex<Known>,
}

struct Known {
    circuit: Circuit,
    /// Until when it asked to be left alone.
    quiet: Option<Instant>,
    check: Option<Check>,
    failed: Option<Failure>,
    /// The last times to the first byte, in microseconds.
    times: Vec<u32>,
    /// Where the next one is put.
    next: usize,
}

struct Check {
    alive: bool,
    /// Until when this is believed.
    until: Instant,
}

impl Target {
    pub(crate) fn new(name: &str, now: Instant) -> Self {
        Self {
            name: name.to_owned(),
            key: random::of_name(name),
            since: now,
            in_flight: AtomicUsize::new(0),
            latency: AtomicU64::new(0),
            closed_until: AtomicU64::new(0),
            lasting: AtomicU64::new(0),
            room: Room::new(),
            known: Mutex::new(Known {
                circuit: Circuit::new(),
                quiet: None,
                check: None,
                failed: None,
                times: Vec::new(),
                next: 0,
            }),
        }
    }

    /// The calls that run or wait.
    pub(crate) fn load(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed) + self.room.queued()
    }

    /// The mean time to the first byte in microseconds, once there is one.
    pub(crate) fn latency(&self) -> Option<f64> {
        let latency = self.latency.load(Ordering::Relaxed);
        (latency > 0).then_some(latency as f64)
    }

    /// For how long it is left alone yet, where it is.
    pub(crate) fn closed_for(&self, now: Instant) -> Option<Duration> {
        let until = Duration::from_millis(self.closed_until.load(Ordering::Acquire));
        let left = until.checked_sub(now.saturating_duration_since(self.since));
        left.filter(|left| !left.is_zero())
    }

    /// Room for one call, waited for where it must be.
    pub(crate) async fn enter(
        self: Arc<Self>,
        limits: &TargetLimits,
        now: Instant,
    ) -> Result<Ticket, NotNow> {
        if let Some(left) = self.closed_for(now) {
            return Err(NotNow::open(self.comes_back(left)));
        }
        let (place, now) = match self.room.try_enter(limits) {
            Some(place) => (place, now),
            None => {
                let asked = Instant::now();
                let place = self.room.wait(limits).await;
                let place = place.map_err(|full| self.full(full.queued, limits))?;
                (place, now + asked.elapsed())
            }
        };
        self.begin(place, limits, now)
    }

    fn begin(self: Arc<Self>, place: Place, limits: &TargetLimits, now: Instant) -> Result<Ticket, NotNow> {
        let admitted = match self.closed_for(now) {
            Some(left) => Err(self.comes_back(left)),
            None => {
                let mut known = self.known();
                let admitted = known.circuit.admit(now);
                self.mirror(&known);
                admitted
            }
        };
        match admitted {
            Ok(pass) => {
                self.in_flight.fetch_add(1, Ordering::Relaxed);
                Ok(Ticket {
                    target: self,
                    place,
                    pass,
                    breaker: limits.breaker.clone(),
                    began: now,
                    measured: false,
                    told: false,
                })
            }
            Err(left) => {
                self.room.leave(place);
                Err(NotNow::open(left))
            }
        }
    }

    /// What a health check found.
    pub(crate) fn checked(&self, alive: bool, now: Instant) {
        let mut known = self.known();
        let until = now + BELIEVED;
        known.check = Some(Check { alive, until });
        known.circuit.check(alive, now);
        self.mirror(&known);
    }

    /// Nobody checks it any more.
    pub(crate) fn unchecked(&self) {
        let mut known = self.known();
        known.check = None;
        self.mirror(&known);
    }

    /// The time within which it has begun 95 of its last 100 answers.
    pub(crate) fn percentile(&self) -> Option<Duration> {
        let mut times = self.known().times.clone();
        if times.len() < ENOUGH {
            return None;
        }
        let at = (times.len() * 95).div_ceil(100) - 1;
        let (_, time, _) = times.select_nth_unstable(at);
        Some(Duration::from_micros(u64::from(*time)))
    }

    pub(crate) fn state(&self, now: Instant) -> TargetState {
        let opens_in = self.closed_for(now);
        let known = self.known();
        TargetState {
            name: self.name.clone(),
            breaker: match opens_in {
                Some(_) => State::Open,
                None if known.circuit.is_closed() => State::Closed,
                None => State::HalfOpen,
            },
            in_flight: self.in_flight.load(Ordering::Relaxed),
            queued: self.room.queued(),
            latency: match self.latency.load(Ordering::Relaxed) {
                0 => None,
                micros => Some(Duration::from_micros(micros)),
            },
            last_failure: known.failed,
            opens_in,
            alive: known
                .check
                .as_ref()
                .filter(|check| check.until > now)
                .map(|check| check.alive),
        }
    }

    /// When somebody who is turned away may come back. A failed check says only that it is not yet.
    fn comes_back(&self, left: Duration) -> Duration {
        let known = self.known();
        let dead = known.check.as_ref().is_some_and(|check| !check.alive);
        if dead { left.min(CHECKED) } else { left }
    }

    fn full(&self, queued: usize, limits: &TargetLimits) -> NotNow {
        let lasting = Duration::from_millis(self.lasting.load(Ordering::Relaxed));
        let places = limits.concurrency.unwrap_or(1).max(1);
        let turns = u32::try_from(queued / places + 1).unwrap_or(u32::MAX);
        NotNow::full(lasting.saturating_mul(turns))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down where it is read without a lock until when it is left alone.
    fn mirror(&self, known: &Known) {
        let dead = known.check.as_ref().filter(|check| !check.alive);
        let dead = dead.map(|check| check.until);
        let until = known.circuit.until().max(known.quiet).max(dead);
        let until = until.map_or(0, |until| {
            let millis = until.saturating_duration_since(self.since).as_millis();
            u64::try_from(millis).unwrap_or(u64::MAX)
        });
        self.closed_until.store(until, Ordering::Release);
    }

    fn measure(&self, known: &mut Known, time: Duration) {
        let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX).max(1);
        if known.times.len() < REMEMBERED {
            known.times.push(micros);
        } else {
            known.times[known.next] = micros;
            known.next = (known.next + 1) % REMEMBERED;
        }
        average(&self.latency, u64::from(micros));
    }
}

/// Moves a mean towards the newest measure. Whoever calls this holds the lock.
fn average(mean: &AtomicU64, newest: u64) {
    let before = mean.load(Ordering::Relaxed);
    let after = if before == 0 {
        newest
    } else {
        (before as f64 + (newest as f64 - before as f64) / NEWEST) as u64
    };
    mean.store(after.max(1), Ordering::Relaxed);
}

/// The room of one call at a target. It is told what came of the call; dropped, it says nothing of the target.
pub struct Ticket {
    target: Arc<Target>,
    place: Place,
    pass: Pass,
    breaker: Breaker,
    began: Instant,
    measured: bool,
    told: bool,
}

impl Ticket {
    /// The first byte of the answer came.
    pub fn first_byte(&mut self, now: Instant) {
        if !self.measured {
            self.measured = true;
            let mut known = self.target.known();
            self.target.measure(&mut known, self.since(now));
            self.pass = known.circuit.begin(self.pass);
            self.target.mirror(&known);
        }
    }

    /// The answer came whole.
    pub fn succeed(mut self, now: Instant) {
        self.first_byte(now);
        self.told = true;
        let mut known = self.target.known();
        let millis = self.since(now).as_millis();
        average(&self.target.lasting, u64::try_from(millis).unwrap_or(u64::MAX));
        known.failed = None;
        known.circuit.succeed(self.pass, &self.breaker, now);
        self.target.mirror(&known);
    }

    /// The call failed.
    pub fn fail(mut self, failure: Failure, now: Instant) {
        self.told = true;
        let mut known = self.target.known();
        if failure != Failure::NotItsFault {
            known.failed = Some(failure);
        }
        match failure {
            Failure::NotItsFault => known.circuit.succeed(self.pass, &self.breaker, now),
            // It works, and says when it wants to be asked again.
            Failure::RateLimited {
                retry_after: Some(time),
            } => {
                known.quiet = known.quiet.max(Some(now + time.min(HOUR)));
                known.circuit.abandon(self.pass);
            }
            Failure::TimedOut => {
                if !self.measured {
                    self.target.measure(&mut known, self.since(now));
                }
                known.circuit.fail(self.pass, &self.breaker, now);
            }
            Failure::Unavailable | Failure::Broken | Failure::RateLimited { retry_after: None } => {
                known.circuit.fail(self.pass, &self.breaker, now);
            }
        }
        self.target.mirror(&known);
    }

    fn since(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.began)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.told {
            let mut known = self.target.known();
            known.circuit.abandon(self.pass);
            self.target.mirror(&known);
        }
        self.target.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.target.room.leave(self.place.take());
    }
}
