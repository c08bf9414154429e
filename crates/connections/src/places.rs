//! The open connections: how many, which of them wait for a request, and which make room for new ones.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// What part of all connections is closed at once to make room: one in so many.
const SHARE: usize = 64;

/// What part of the limit may be open above it while connections are closing: one in so many.
const SPARE: usize = 16;

/// How long, and how often, a new connection waits for those that are closing.
const PAUSE: Duration = Duration::from_millis(1);
const PAUSES: usize = 1000;

/// The open connections.
pub struct Connections {
    limit: usize,
    count: AtomicUsize,
    numbers: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Link>>>,
}

/// One open connection, as those around it see it.
pub struct Link {
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
    pub closing: CancellationToken,
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

    pub fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed)
    }

    /// How many requests have begun.
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Notes that a request has begun or that its answer is out.
    pub fn set_busy(&self, busy: bool) {
        let now = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.since.store(now, Ordering::Relaxed);
        self.begun.fetch_add(u64::from(busy), Ordering::Relaxed);
        self.busy.store(busy, Ordering::Relaxed);
    }

    /// Whether a client may still be sending what was refused.
    pub fn lingers(&self) -> bool {
        self.lingers.load(Ordering::Relaxed)
    }

    /// Notes whether the last request was refused, perhaps before all of it was read.
    pub fn set_lingers(&self, lingers: bool) {
        self.lingers.store(lingers, Ordering::Relaxed);
    }

    /// Since when it waits for a request.
    fn idle_since(&self) -> Option<Instant> {
        let since = self.since.load(Ordering::Relaxed);
        (!self.is_busy()).then(|| self.opened + Duration::from_millis(since))
    }
}

/// Whether there is room for one more.
enum Room {
    Found,
    /// As soon as those that are closing have closed.
    Coming,
    None,
}

/// A place among the open connections; dropping it gives it up.
pub struct Place {
    connections: Arc<Connections>,
    number: u64,
    pub link: Arc<Link>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.count.fetch_sub(1, Ordering::Relaxed);
        self.connections.hold().remove(&self.number);
    }
}

impl Connections {
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            count: AtomicUsize::new(0),
            numbers: AtomicU64::new(0),
            open: Mutex::default(),
        }
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// A place for a new connection. When there are too many, those idle the longest are closed for it, and it waits
    /// until they are; `None` when none is idle.
    pub async fn place(self: &Arc<Self>, closing: &CancellationToken) -> Option<Place> {
        for _ in 0..PAUSES {
            match self.find_room() {
                Room::Found => return Some(self.take_place(closing.child_token())),
                Room::None => return None,
                Room::Coming => sleep(PAUSE).await,
            }
        }
        None
    }

    fn take_place(self: &Arc<Self>, closing: CancellationToken) -> Place {
        self.count.fetch_add(1, Ordering::Relaxed);
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let link = Arc::new(Link::new(closing));
        self.hold().insert(number, Arc::clone(&link));
        Place {
            connections: Arc::clone(self),
            number,
            link,
        }
    }

    /// Whether one more may be open; closes a share of the connections, those that have been idle the longest, where
    /// there are too many and no others are closing.
    fn find_room(&self) -> Room {
        let count = self.count();
        if count < self.limit {
            return Room::Found;
        }
        let open = self.hold();
        let (closing, others): (Vec<_>, Vec<_>) = open.values().partition(|link| link.closing.is_cancelled());
        let mut idle: Vec<(Instant, &Arc<Link>)> = others
            .iter()
            .filter_map(|link| Some((link.idle_since()?, *link)))
            .collect();
        let share = (self.limit / SHARE).max(1).min(idle.len());
        let are_closing = closing.iter().any(|link| !link.is_busy());
        match share.checked_sub(1) {
            None if !are_closing => return Room::None,
            Some(last) if others.len() >= self.limit => {
                idle.select_nth_unstable_by_key(last, |(since, _)| *since);
                for (_, link) in &idle[..share] {
                    link.closing.cancel();
                }
            }
            _ => {}
        }
        let most = self.limit + (self.limit / SPARE).max(1);
        if count < most { Room::Found } else { Room::Coming }
    }

    fn hold(&self) -> MutexGuard<'_, HashMap<u64, Arc<Link>>> {
        // Each change under the lock is whole, so a poisoned map is still sound.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_connections_idle_the_longest_make_room() {
        let connections = Arc::new(Connections::new(3));
        let never = CancellationToken::new();
        let place = async || connections.place(&never).await;
        let (first, second, third) = (
            place().await.unwrap(),
            place().await.unwrap(),
            place().await.unwrap(),
        );
        first.link.set_busy(true);
        std::thread::sleep(Duration::from_millis(5));
        third.link.set_busy(true);
        third.link.set_busy(false);
        let fourth = place().await.unwrap();
        assert!(second.link.closing.is_cancelled());
        assert!(!first.link.closing.is_cancelled() && !third.link.closing.is_cancelled());
        // The fifth waits until the second has closed, and the third makes room for it.
        let (fifth, ()) = tokio::join!(place(), async { drop(second) });
        assert!(third.link.closing.is_cancelled());
        drop(third);
        for one in [&fourth, fifth.as_ref().unwrap()] {
            one.link.set_busy(true);
        }
        assert!(place().await.is_none());
        drop(first);
        assert!(place().await.is_some());
        assert_eq!(connections.count(), 2);
    }
}
