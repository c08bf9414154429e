//! The threads that attend to connections: one for each core, each with a runtime of its own.
//!
//! Whatever a connection needs is then done on one thread. Its tasks wake each other without waking another core, and
//! neither its buffers nor the connections to models that it uses are passed between cores. What computes for long, or
//! waits for the disk, is done on other threads as before ([`trousseau_retrieval::library::blocking`]).

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

/// The threads.
pub struct Workers {
    /// One at least.
    workers: Vec<Worker>,
    /// Cancelled when they end.
    ending: CancellationToken,
    threads: Vec<JoinHandle<()>>,
}

/// One of the threads.
struct Worker {
    runtime: Handle,
    /// Shared by everything that it attends to.
    load: Arc<()>,
}

/// A share of a worker's load, as long as it is kept.
pub struct Load {
    _share: Arc<()>,
}

impl Workers {
    /// Starts as many as this machine has cores for this program.
    pub fn start() -> io::Result<Self> {
        let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let mut workers = Self {
            workers: Vec::with_capacity(count),
            ending: CancellationToken::new(),
            threads: Vec::with_capacity(count),
        };
        for number in 0..count {
            workers.add(number)?;
        }
        Ok(workers)
    }

    fn add(&mut self, number: usize) -> io::Result<()> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        self.workers.push(Worker {
            runtime: runtime.handle().clone(),
            load: Arc::new(()),
        });
        let ending = self.ending.clone();
        let thread = std::thread::Builder::new().name(format!("worker-{number}"));
        self.threads
            .push(thread.spawn(move || runtime.block_on(ending.cancelled()))?);
        Ok(())
    }

    /// The one with the least to attend to.
    pub fn idlest(&self) -> (&Handle, Load) {
        let mut idlest = &self.workers[0];
        for worker in &self.workers[1..] {
            if Arc::strong_count(&worker.load) < Arc::strong_count(&idlest.load) {
                idlest = worker;
            }
        }
        let load = Load {
            _share: Arc::clone(&idlest.load),
        };
        (&idlest.runtime, load)
    }
}

impl Drop for Workers {
    /// What still runs on them ends at its next pause.
    fn drop(&mut self) {
        self.ending.cancel();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread that attends to connections has died");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_spread_evenly_and_room_that_is_given_up_is_taken_again() {
        let workers = Workers::start().unwrap();
        let counts = || -> Vec<usize> {
            let workers = workers.workers.iter();
            workers
                .map(|worker| Arc::strong_count(&worker.load) - 1)
                .collect()
        };
        let count = counts().len();
        let mut held: Vec<Load> = (0..count * 3).map(|_| workers.idlest().1).collect();
        assert_eq!(counts(), vec![3; count]);
        drop(held.remove(0));
        let (_, again) = workers.idlest();
        assert_eq!(counts(), vec![3; count]);
        drop(again);
    }

    #[test]
    fn dropping_them_ends_what_runs_on_them() {
        let workers = Workers::start().unwrap();
        let (runtime, load) = workers.idlest();
        let ends = Arc::downgrade(&load._share);
        let (begun, waiting) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            let _load = load;
            begun.send(()).unwrap();
            std::future::pending::<()>().await;
        });
        waiting.recv().unwrap();
        drop(workers);
        assert_eq!(ends.strong_count(), 0);
    }
}
