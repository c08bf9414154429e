//! Hands entries to a ledger in groups: what concurrent requests append shares one call and one wait for the disk.
//!
//! Each durability has a queue and a thread of its own, so that nobody waits for a disk that need not, and a group
//! changes threads once. An entry that was handed over is appended whether or not its request still waits, and a
//! decision counts as owed from before it has an index.

use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};
use trousseau_ledger::{Durability, Ledger, LedgerError};
use trousseau_record::Owed;
use trousseau_retrieval::error::StoreError;
use trousseau_retrieval::library::blocking;
use trousseau_retrieval::pace::Pace;

use crate::error::GatewayError;

/// How many entries are appended together at most.
const GROUP: usize = 128;

/// How many entries may wait; who comes then waits for room.
const QUEUE: usize = 1024;

/// An entry and who waits for its index.
struct Waiting {
    bytes: Vec<u8>,
    is_decision: bool,
    done: oneshot::Sender<Result<u64, LedgerError>>,
}

/// Where entries are handed over.
pub(crate) struct Appender {
    /// None when it ends.
    queues: Option<Queues>,
    threads: Vec<JoinHandle<()>>,
    pace: Pace,
}

struct Queues {
    request: mpsc::Sender<Waiting>,
    batch: mpsc::Sender<Waiting>,
}

impl Appender {
    /// Starts the threads that append to `ledger`; the decisions among the entries are added to `owed`. The ledger is
    /// closed by whoever drops it, and not kept open for threads that have nothing to append.
    pub(crate) fn start(ledger: &Arc<Ledger>, owed: &Arc<Owed>) -> std::io::Result<Self> {
        let mut threads = Vec::with_capacity(2);
        let mut start = |durability, name: &str| {
            let (queue, waiting) = mpsc::channel(QUEUE);
            let (ledger, owed) = (Arc::downgrade(ledger), Arc::clone(owed));
            let thread = std::thread::Builder::new().name(name.to_owned());
            threads.push(thread.spawn(move || work(&ledger, &owed, durability, waiting))?);
            Ok::<_, std::io::Error>(queue)
        };
        let request = start(Durability::Request, "ledger-request")?;
        let batch = start(Durability::Batch, "ledger-batch")?;
        Ok(Self {
            queues: Some(Queues { request, batch }),
            threads,
            pace: Pace::default(),
        })
    }

    /// Appends one entry in `batch` durability where that waits for nothing; else `None`.
    pub(crate) fn append_at_once(
        &self,
        (ledger, owed): (&Ledger, &Owed),
        bytes: &[u8],
        is_decision: bool,
    ) -> Option<Result<u64, LedgerError>> {
        // Nobody may take a decision for closed between its sequencing and its being noted.
        owed.add(0);
        let appended = self.pace.at_once(|| ledger.append_at_once(bytes));
        if let (Some(Ok(index)), true) = (&appended, is_decision) {
            owed.add(*index);
        }
        owed.remove(0);
        appended
    }

    /// Appends one entry; returns its index once it is as durable as `durability` says.
    pub(crate) async fn append(
        &self,
        bytes: Vec<u8>,
        durability: Durability,
        is_decision: bool,
    ) -> Result<u64, GatewayError> {
        let (done, heard) = oneshot::channel();
        let waiting = Waiting {
            bytes,
            is_decision,
            done,
        };
        let gone = || StoreError::Died("the appender of the ledger has ended".to_owned());
        let queues = self.queues.as_ref().ok_or_else(gone)?;
        let queue = match durability {
            Durability::Request => &queues.request,
            Durability::Batch => &queues.batch,
        };
        queue.send(waiting).await.map_err(|_| gone())?;
        Ok(heard.await.map_err(|_| gone())??)
    }

    /// Ends after the last entry that was handed over.
    pub(crate) async fn close(self) -> Result<(), StoreError> {
        blocking(move || drop(self)).await
    }
}

impl Drop for Appender {
    /// Waits for the last entry: whoever opens the ledger next finds it free.
    fn drop(&mut self) {
        self.queues = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread that appends to the ledger has died");
            }
        }
    }
}

fn work(ledger: &Weak<Ledger>, owed: &Owed, durability: Durability, mut queue: mpsc::Receiver<Waiting>) {
    let mut group = Vec::new();
    while queue.blocking_recv_many(&mut group, GROUP) > 0 {
        let Some(ledger) = ledger.upgrade() else {
            return;
        };
        append_group(&ledger, owed, durability, std::mem::take(&mut group));
    }
}

/// Appends a group; when it cannot be appended, each entry by itself, so that every waiter hears its own error.
fn append_group(ledger: &Ledger, owed: &Owed, durability: Durability, group: Vec<Waiting>) {
    // Nobody may take a decision for closed between its sequencing and its being noted.
    let bound = ledger.size();
    owed.add(bound);
    let entries: Vec<&[u8]> = group.iter().map(|waiting| waiting.bytes.as_slice()).collect();
    let together = ledger.append_all(&entries, durability);
    let is_alone = group.len() == 1;
    let mut indexes = together.map(|range| range.map(Ok)).map_err(Some);
    for waiting in group {
        let appended = match &mut indexes {
            Ok(indexes) => indexes.next(),
            Err(error) if is_alone => error.take().map(Err),
            Err(_) => Some(ledger.append(&waiting.bytes, durability)),
        };
        let Some(appended) = appended else { break };
        if let (Ok(index), true) = (&appended, waiting.is_decision) {
            owed.add(*index);
        }
        let _gone = waiting.done.send(appended);
    }
    owed.remove(bound);
}
