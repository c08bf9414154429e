//! A target that fails is left alone for a while: the state machine of one breaker, without clock or lock.
//!
//! ```text
//!            too many failures                      its time is over
//!   closed --------------------> open(until) - - - - - - - - - - - - -> half open
//!     ^                            ^   ^                                    | one probe
//!     |                            |   '---------- failed, twice as long ---+
//!     |                            '-------------- abandoned ---------------+
//!     '-------------------------------------- its answer has begun ----------'
//! ```
//!
//! A call that was begun before the last change says nothing about the target after it: its result is not counted.

use std::time::{Duration, Instant};

use crate::way::Breaker;

/// After how long a target whose probe is under way may be asked again.
const PROBED: Duration = Duration::from_secs(1);

/// The breaker of one target.
#[derive(Debug)]
pub(crate) struct Circuit {
    state: Position,
    /// How often it has changed.
    changes: u64,
}

#[derive(Debug)]
enum Position {
    Closed(Tally),
    /// Half open once `until` is past.
    Open(Opened),
    /// Half open, and its one probe is under way.
    Probing(Opened),
}

#[derive(Clone, Copy, Debug)]
struct Opened {
    until: Instant,
    lasting: Duration,
    longest: Duration,
}

/// What came of the calls of one window.
#[derive(Debug, Default)]
struct Tally {
    since: Option<Instant>,
    good: u32,
    bad: u32,
    in_a_row: u32,
}

/// A call that was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pass {
    changes: u64,
}

impl Circuit {
    pub(crate) fn new() -> Self {
        Self {
            state: Position::Closed(Tally::default()),
            changes: 0,
        }
    }

    /// Until when nobody is let in, where it is open.
    pub(crate) const fn until(&self) -> Option<Instant> {
        match &self.state {
            Position::Open(opened) => Some(opened.until),
            Position::Closed(_) | Position::Probing(_) => None,
        }
    }

    pub(crate) const fn is_closed(&self) -> bool {
        matches!(self.state, Position::Closed(_))
    }

    /// Lets a call in, or says after how long to come back.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<Pass, Duration> {
        match self.state {
            Position::Closed(_) => {}
            Position::Probing(_) => return Err(PROBED),
            Position::Open(opened) if opened.until > now => {
                return Err(opened.until.saturating_duration_since(now));
            }
            Position::Open(opened) => self.change(Position::Probing(opened)),
        }
        Ok(Pass {
            changes: self.changes,
        })
    }

    /// The answer to a call of `pass` has begun: a probe has told what it was to tell. The pass for the rest of the call.
    pub(crate) fn begin(&mut self, pass: Pass) -> Pass {
        if pass.changes != self.changes || !matches!(self.state, Position::Probing(_)) {
            return pass;
        }
        self.change(Position::Closed(Tally::default()));
        Pass {
            changes: self.changes,
        }
    }

    /// A call of `pass` came to a good end.
    pub(crate) fn succeed(&mut self, pass: Pass, breaker: &Breaker, now: Instant) {
        if pass.changes != self.changes {
            return;
        }
        match &mut self.state {
            Position::Closed(tally) => {
                tally.turn(breaker.window, now);
                tally.good = tally.good.saturating_add(1);
                tally.in_a_row = 0;
            }
            Position::Probing(_) => self.change(Position::Closed(Tally::default())),
            Position::Open(_) => {}
        }
    }

    /// A call of `pass` failed.
    pub(crate) fn fail(&mut self, pass: Pass, breaker: &Breaker, now: Instant) {
        if pass.changes != self.changes {
            return;
        }
        match &mut self.state {
            Position::Closed(tally) => {
                tally.turn(breaker.window, now);
                tally.bad = tally.bad.saturating_add(1);
                tally.in_a_row = tally.in_a_row.saturating_add(1);
                if tally.is_too_much(breaker.failures) {
                    self.open(breaker.open_for, breaker.longest, now);
                }
            }
            Position::Probing(opened) => {
                let twice = opened.lasting.saturating_mul(2);
                self.open(twice, breaker.longest, now);
            }
            Position::Open(_) => {}
        }
    }

    /// Nobody waits for the end of a call of `pass` any more. Another may probe.
    pub(crate) fn abandon(&mut self, pass: Pass) {
        if let Position::Probing(opened) = self.state
            && pass.changes == self.changes
        {
            self.change(Position::Open(opened));
        }
    }

    /// A health check is a probe of its own, where one is due.
    pub(crate) fn check(&mut self, alive: bool, now: Instant) {
        match self.state {
            Position::Open(opened) if opened.until <= now && alive => {
                self.change(Position::Closed(Tally::default()));
            }
            Position::Open(opened) if opened.until <= now => {
                self.open(opened.lasting.saturating_mul(2), opened.longest, now);
            }
            Position::Open(_) | Position::Closed(_) | Position::Probing(_) => {}
        }
    }

    fn open(&mut self, lasting: Duration, longest: Duration, now: Instant) {
        let lasting = lasting.min(longest);
        self.change(Position::Open(Opened {
            until: now + lasting,
            lasting,
            longest,
        }));
    }

    fn change(&mut self, state: Position) {
        self.state = state;
        self.changes += 1;
    }
}

impl Tally {
    /// Begins the next window where the last one is over. Failures in a row go on being counted.
    fn turn(&mut self, window: Duration, now: Instant) {
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) >= window {
            *self = Self {
                since: Some(now),
                in_a_row: self.in_a_row,
                ..Self::default()
            };
        }
    }

    const fn is_too_much(&self, failures: u32) -> bool {
        self.in_a_row >= failures || self.bad >= failures && self.bad >= self.good
    }
}

#[cfg(test)]
mod tests;
