//! The servers of a directory, in the order in which they are tried, and how the last try went.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::error::DirectoryError;
use crate::settings::Address;

/// Servers with a memory of which one answered last.
#[derive(Debug)]
pub(crate) struct Servers {
    all: Vec<Address>,
    last: AtomicUsize,
    fault: Mutex<Option<DirectoryError>>,
}

impl Servers {
    pub(crate) const fn new(all: Vec<Address>) -> Self {
        Self {
            all,
            last: AtomicUsize::new(0),
            fault: Mutex::new(None),
        }
    }

    /// Each server once, the one that answered last in front.
    pub(crate) fn in_turn(&self) -> Vec<(usize, &Address)> {
        let first = self.last.load(Ordering::Relaxed);
        let mut all: Vec<_> = self.all.iter().enumerate().collect();
        if first < all.len() {
            all.rotate_left(first);
        }
        all
    }

    /// Notes how an exchange ended.
    pub(crate) fn note(&self, server: Option<usize>, ended: Result<(), &DirectoryError>) {
        if let Some(server) = server {
            self.last.store(server, Ordering::Relaxed);
        }
        let fault = ended.err().filter(|error| error.is_of_the_directory()).cloned();
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// What was wrong with the directory the last time it was asked.
    pub(crate) fn fault(&self) -> Option<DirectoryError> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
