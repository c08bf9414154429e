//! Which decisions of a ledger have no outcome yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The decisions whose outcome is owed, and bounds below those that are being sequenced; each as often as it
/// was added.
#[derive(Debug, Default)]
pub struct Owed(Mutex<BTreeMap<u64, usize>>);

impl Owed {
    /// One more is owed at an index.
    pub fn add(&self, index: u64) {
        *self.hold().entry(index).or_default() += 1;
    }

    /// One at an index is owed no more.
    pub fn remove(&self, index: u64) {
        let mut owed = self.hold();
        if let Some(count) = owed.get_mut(&index) {
            *count -= 1;
            if *count == 0 {
                owed.remove(&index);
            }
        }
    }

    /// The first one besides `indexes`.
    pub fn first_besides(&self, indexes: &BTreeSet<u64>) -> Option<u64> {
        let owed = self.hold();
        let mut others = owed
            .iter()
            .filter(|(index, count)| **count > 1 || !indexes.contains(index));
        others.next().map(|(first, _)| *first)
    }

    fn hold(&self) -> MutexGuard<'_, BTreeMap<u64, usize>> {
        // Each change under the lock is whole, so a poisoned map is still sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
