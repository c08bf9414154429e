//! The open connections: how many, which of them wait for a request, and which make room for new ones.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio_util::sync::CancellationToken;

/// What part of all connections is closed at once to make room: one in so many.
const SHARE: usize = 64;

/// What part of the limit may be open above it while connections are closing: one in so many.
const SPARE: usize = 16;

/// The open connections.
pub(super) struct Connections {
    limit: usize,
    count: AtomicUsize,
    numbers: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Link>>>,
}

/// One open connection, as those around it see it.
pub(super) struct Link {
    /// Whether a request is being answered.
    busy: AtomicBool,
    /// How many requests have begun.
    begun: AtomicU64,
    /// Whether a client may still be sending what was refused.
    lingers: AtomicBool,
    /// Since when it is busy or idle, in milliseconds after it was opened.
    since: AtomicU64,
    opened: Instant,
    /// Ends the connection as soon as no request is being answered.
    pub(super) closing: CancellationToken,
}

impl Link {
    fn new(closing: CancellationToken) -> Self {
        Self {
            busy: AtomicBool::new(false),
            begun: AtomicU64::new(0),
            lingers: AtomicBool::new(false),
            since: AtomicU64::new(0),
            opened: Instant::now(),
            closing,
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    /// How many requests have begun.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Notes that a request has begun or that its answer is out.
    pub(super) fn set_busy(&self, busy: bool) {
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.since.store(now, Ordering::Relaxed);
        self.begun.fetch_add(u64::from(busy), Ordering::Relaxed);
        self.busy.store(busy, Ordering::Relaxed);
    }

    /// Whether a client may still be sending what was refused.
    pub(super) fn lingers(&self) -> bool {
        self.lingers.load(Ordering::Relaxed)
    }

    /// Notes whether the last request was refused, perhaps before all of it was read.
    pub(super) fn set_lingers(&self, lingers: bool) {
        self.lingers.store(lingers, Ordering::Relaxed);
    }

    /// Since when it waits for a request.
    fn idle_since(&self) -> Option<Instant> {
        let since = self.since.load(Ordering::Relaxed);
        (!self.is_busy()).then(|| self.opened + std::time::Duration::from_millis(since))
    }
}

/// A place among the open connections; dropping it gives it up.
pub(super) struct Place<'a> {
    connections: &'a Connections,
    number: u64,
    pub(super) link: Arc<Link>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.connections.count.fetch_sub(1, Ordering::Relaxed);
        self.connections.hold().remove(&self.number);
    }
}

impl Connections {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            count: AtomicUsize::new(0),
            numbers: AtomicU64::new(0),
            open: Mutex::default(),
        }
    }

    /// How many are open.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// A place for a new connection. When there are too many, those idle the longest are closed for it; `None`
    /// when none is idle.
    pub(super) fn place(&self, closing: CancellationToken) -> Option<Place<'_>> {
        let count = self.count();
        let most = self.limit + (self.limit / SPARE).max(1);
        if count >= most || count >= self.limit && !self.make_room() {
            return None;
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let link = Arc::new(Link::new(closing));
        self.hold().insert(number, Arc::clone(&link));
        Some(Place {
            connections: self,
            number,
            link,
        })
    }

    /// Closes a share of the connections, those that have been idle the longest.
    fn make_room(&self) -> bool {
        let open = self.hold();
        let idle = open.values().filter(|link| !link.closing.is_cancelled());
        let mut idle: Vec<(Instant, &Arc<Link>)> =
            idle.filter_map(|link| Some((link.idle_since()?, link))).collect();
        let share = (self.limit / SHARE).max(1).min(idle.len());
        let Some(last) = share.checked_sub(1) else {
            return open.values().any(|link| link.closing.is_cancelled());
        };
        idle.select_nth_unstable_by_key(last, |(since, _)| *since);
        for (_, link) in idle.iter().take(share) {
            link.closing.cancel();
        }
        true
    }

    fn hold(&self) -> MutexGuard<'_, HashMap<u64, Arc<Link>>> {
        // Each change under the lock is whole, so a poisoned map is still sound.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connections_idle_the_longest_make_room() {
        let connections = Connections::new(3);
        let place = || connections.place(CancellationToken::new());
        let (first, second, third) = (place().unwrap(), place().unwrap(), place().unwrap());
        first.link.set_busy(true);
        std::thread::sleep(std::time::Duration::from_millis(5));
        third.link.set_busy(true);
        third.link.set_busy(false);
        let fourth = place().unwrap();
        assert!(second.link.closing.is_cancelled());
        assert!(!first.link.closing.is_cancelled() && !third.link.closing.is_cancelled());
        drop(second);
        fourth.link.set_busy(true);
        third.link.set_busy(true);
        assert!(place().is_none());
        drop(first);
        assert!(place().is_some());
        assert_eq!(connections.count(), 2);
    }
}
