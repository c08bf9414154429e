//! Whether the operating system takes small writes at once.
//!
//! A write to a file that nobody waits for on the disk takes microseconds, less than handing it to another thread: the
//! task that has it makes it. When the disk falls behind, the system makes writers wait; then, for a while, only threads
//! that may wait write, and the tasks that answer others go on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What takes longer has waited for the disk, and not only for its turn on a busy processor.
const SLOW: Duration = Duration::from_millis(50);

/// For how long tasks then do not write themselves.
const REST: Duration = Duration::from_secs(1);

/// How the writes of late went.
#[derive(Debug)]
pub struct Pace {
    began: Instant,
    /// Until when tasks do not write, in milliseconds since it began.
    rests_until: AtomicU64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            rests_until: AtomicU64::new(0),
        }
    }
}

impl Pace {
    /// Makes a write, unless the writes of late were slow.
    pub fn at_once<T>(&self, write: impl FnOnce() -> Option<T>) -> Option<T> {
        let began = Instant::now();
        if self.milliseconds(began) < self.rests_until.load(Ordering::Relaxed) {
            return None;
        }
        let written = write();
        if began.elapsed() > SLOW {
            let until = self.milliseconds(Instant::now() + REST);
            self.rests_until.store(until, Ordering::Relaxed);
        }
        written
    }

    fn milliseconds(&self, moment: Instant) -> u64 {
        let since = moment.saturating_duration_since(self.began);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_slow_write_tasks_write_no_more_for_a_while() {
        let pace = Pace::default();
        assert_eq!(pace.at_once(|| Some(1)), Some(1));
        // A busy machine may have made that one slow.
        pace.rests_until.store(0, Ordering::Relaxed);
        let slow = || {
            std::thread::sleep(SLOW * 2);
            Some(2)
        };
        assert_eq!(pace.at_once(slow), Some(2));
        assert_eq!(pace.at_once(|| Some(3)), None);
        pace.rests_until.store(0, Ordering::Relaxed);
        assert_eq!(pace.at_once(|| Some(4)), Some(4));
    }
}
