//! Answers that may be given again: found by a digest of everything they depend on, for a while, within so many bytes.
//!
//! What was not asked for longest leaves first. A value that is being made while others are taken out is not kept: what
//! [`Cache::find`] hands out with a miss is good for [`Cache::keep`] only as long as nothing was forgotten. So nothing that
//! must be forgotten comes back through a request that began before.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What an entry takes beside its value, about.
const ENTRY: usize = 256;

/// A digest of everything that a value depends on.
pub type Key = [u8; 32];

/// Values by their digests.
pub struct Cache<V>(Mutex<Kept<V>>);

/// How much is kept, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The bytes of all values.
    pub bytes: usize,
    /// The age of each.
    pub age: Duration,
}

/// When something was last forgotten, as a miss saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch(u64);

struct Kept<V> {
    entries: HashMap<Key, Entry<V>>,
    /// The keys in the order in which they were last asked for.
    order: BTreeMap<u64, Key>,
    turn: u64,
    bytes: usize,
    epoch: u64,
}

struct Entry<V> {
    value: Arc<V>,
    bytes: usize,
    since: Instant,
    turn: u64,
}

impl<V> Default for Cache<V> {
    fn default() -> Self {
        Self(Mutex::new(Kept {
            entries: HashMap::new(),
            order: BTreeMap::new(),
            turn: 0,
            bytes: 0,
            epoch: 0,
        }))
    }
}

impl<V> Cache<V> {
    /// The value of this digest, where it is kept and not older than `age`; else what [`Cache::keep`] asks for.
    pub fn find(&self, key: &Key, age: Duration, now: Instant) -> Result<Arc<V>, Epoch> {
        let mut kept = self.kept();
        let epoch = Epoch(kept.epoch);
        let entry = kept.entries.get(key).ok_or(epoch)?;
        if now.saturating_duration_since(entry.since) >= age {
            kept.remove(key);
            return Err(epoch);
        }
        kept.touch(key).ok_or(epoch)
    }

    /// Keeps a value that takes `bytes`, unless something was forgotten since `epoch` or it is too large. Returns whether it
    /// is kept.
    pub fn keep(
        &self,
        key: Key,
        (value, bytes): (Arc<V>, usize),
        bounds: Bounds,
        (epoch, now): (Epoch, Instant),
    ) -> bool {
        let mut kept = self.kept();
        let bytes = bytes.saturating_add(ENTRY);
        if epoch != Epoch(kept.epoch) || bytes > bounds.bytes {
            return false;
        }
        kept.remove(&key);
        while kept.bytes + bytes > bounds.bytes && kept.remove_oldest() {}
        let turn = kept.next_turn();
        kept.order.insert(turn, key);
        kept.bytes += bytes;
        let entry = Entry {
            value,
            bytes,
            since: now,
            turn,
        };
        kept.entries.insert(key, entry);
        true
    }

    /// When something was last forgotten.
    pub fn epoch(&self) -> Epoch {
        Epoch(self.kept().epoch)
    }

    /// Takes out every value that `is` the one, now and for requests that run.
    pub fn forget(&self, is: impl Fn(&V) -> bool) {
        let mut kept = self.kept();
        kept.epoch += 1;
        let entries = kept.entries.iter();
        let keys: Vec<Key> = entries
            .filter(|(_, entry)| is(&entry.value))
            .map(|(key, _)| *key)
            .collect();
        for key in &keys {
            kept.remove(key);
        }
    }

    /// Takes everything out, now and for requests that run.
    pub fn clear(&self) {
        self.forget(|_| true);
    }

    /// How many bytes are kept.
    pub fn bytes(&self) -> usize {
        self.kept().bytes
    }

    fn kept(&self) -> MutexGuard<'_, Kept<V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Kept<V> {
    const fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    /// The value, which is now the last asked for.
    fn touch(&mut self, key: &Key) -> Option<Arc<V>> {
        let turn = self.next_turn();
        let entry = self.entries.get_mut(key)?;
        self.order.remove(&entry.turn);
        self.order.insert(turn, *key);
        entry.turn = turn;
        Some(Arc::clone(&entry.value))
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.order.remove(&entry.turn);
            self.bytes -= entry.bytes;
        }
    }

    fn remove_oldest(&mut self) -> bool {
        let Some((_, key)) = self.order.pop_first() else {
            return false;
        };
        self.remove(&key);
        true
    }
}

#[cfg(test)]
mod tests;
