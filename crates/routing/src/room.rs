//! Room for calls at one target: so many at a time, so many more that wait their turn, in the order of their coming.
//!
//! The number may change while calls run. Where it falls, the calls that are too many end as they would have, and their
//! places are not given again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::way::TargetLimits;

/// The room at one target.
pub(crate) struct Room {
    places: Arc<Semaphore>,
    /// How many places there are.
    size: AtomicUsize,
    /// How many places end with the calls that have them.
    owed: AtomicUsize,
    resizing: Mutex<()>,
    queued: AtomicUsize,
}

/// A place of one call, or none where any number may run. It is given back through [`Room::leave`].
pub(crate) type Place = Option<OwnedSemaphorePermit>;

/// There is no room, and none came in time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoRoom {
    /// How many wait.
    pub queued: usize,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(0)),
            size: AtomicUsize::new(0),
            owed: AtomicUsize::new(0),
            resizing: Mutex::new(()),
            queued: AtomicUsize::new(0),
        }
    }

    /// How many wait.
    pub(crate) fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }

    /// A place at once, where one is free and nobody waits for it.
    pub(crate) fn try_enter(&self, limits: &TargetLimits) -> Option<Place> {
        let Some(size) = limits.concurrency else {
            return Some(None);
        };
        if self.size.load(Ordering::Acquire) != size {
            self.resize(size);
        }
        Arc::clone(&self.places).try_acquire_owned().ok().map(Some)
    }

    /// A place, as soon as it is this call's turn.
    pub(crate) async fn wait(&self, limits: &TargetLimits) -> Result<Place, NoRoom> {
        let full = |queued| NoRoom { queued };
        let waiting = Waiting::at(&self.queued, limits.queue).map_err(full)?;
        let place = timeout(limits.wait, Arc::clone(&self.places).acquire_owned()).await;
        drop(waiting);
        // The semaphore is never closed.
        place
            .ok()
            .and_then(Result::ok)
            .map(Some)
            .ok_or_else(|| full(self.queued()))
    }

    /// Gives a place back.
    pub(crate) fn leave(&self, place: Place) {
        let Some(place) = place else { return };
        let owed = &self.owed;
        let paid = owed.fetch_update(Ordering::AcqRel, Ordering::Acquire, |owed| owed.checked_sub(1));
        if paid.is_ok() {
            place.forget();
        }
    }

    fn resize(&self, size: usize) {
        let _turn = self.resizing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.size.swap(size, Ordering::AcqRel);
        let fewer = before.saturating_sub(size);
        let taken = self.places.forget_permits(fewer);
        self.owed.fetch_add(fewer - taken, Ordering::AcqRel);
        let more = size.saturating_sub(before);
        let spared = |owed: usize| owed.saturating_sub(more);
        let owed = self
            .owed
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |owed| Some(spared(owed)))
            .unwrap_or_default();
        self.places.add_permits(more.saturating_sub(owed));
    }
}

/// A place in the queue, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn at(queued: &'a AtomicUsize, most: usize) -> Result<Self, usize> {
        queued
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |queued| {
                (queued < most).then_some(queued + 1)
            })
            .map(|_| Self(queued))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
