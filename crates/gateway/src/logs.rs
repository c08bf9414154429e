//! The ledgers of this replica, one per tenant, and the entries written to them.
//!
//! Opening a ledger settles what an earlier run left: decisions without an outcome are closed as
//! `interrupted`, and a run in batch mode that did not end cleanly gets a `gap` entry.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard as StdMutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Mutex;
use trousseau_core::principal::Tenant;
use trousseau_ledger::{Checkpoint, Durability, Ledger, Options, Proof, SigningKey};
use trousseau_record::Owed;
use trousseau_retrieval::error::StoreError;
use trousseau_retrieval::library::blocking;

use crate::appender::Appender;
use crate::commitment::{Commitment, Secret};
use crate::entry::{self, Entry, Event, Outcome, Outline, State};
use crate::error::GatewayError;
use crate::records::{Closed, EntryId, Records};

/// The ledgers of this replica.
pub struct Logs {
    data: PathBuf,
    replica: String,
    origin: String,
    open: Mutex<HashMap<Tenant, Arc<Log>>>,
}

/// How the open ledgers stand, all tenants together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    /// How many entries they have.
    pub entries: u64,
    /// How many of those no checkpoint covers yet.
    pub unpublished: u64,
    /// Those whose last attempt to publish failed, each with why.
    pub failing: Vec<(Tenant, String)>,
}

/// One tenant's ledger on this replica.
pub struct Log {
    ledger: Arc<Ledger>,
    replica: String,
    appender: Appender,
    owed: Arc<Owed>,
    /// The pseudonyms that were needed so far, by user.
    pseudonyms: StdMutex<HashMap<String, Commitment>>,
    /// Held while entries that the records owe are written, so that each is written once.
    entering: Mutex<()>,
}

/// The name of the file that a restore leaves in the folder of a ledger: when the backup was made.
pub(crate) const RESTORED: &str = "restored";

/// The folder of a ledger in a data folder.
pub fn folder(data: &Path, tenant: &Tenant, replica: &str) -> PathBuf {
    data.join("ledger").join(tenant.as_str()).join(replica)
}

impl Logs {
    /// The ledgers below the folder `data`; each is opened when first needed.
    pub fn new(data: &Path, replica: &str, origin: &str) -> Self {
        Self {
            data: data.to_path_buf(),
            replica: replica.to_owned(),
            origin: origin.to_owned(),
            open: Mutex::default(),
        }
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// The tenant's ledger, opened and settled.
    pub async fn log(
        &self,
        tenant: &Tenant,
        records: &Records,
        now: Timestamp,
    ) -> Result<Arc<Log>, GatewayError> {
        let mut open = self.open.lock().await;
        if let Some(log) = open.get(tenant) {
            return Ok(Arc::clone(log));
        }
        let log = Arc::new(self.settle(tenant, records, now).await?);
        open.insert(tenant.clone(), Arc::clone(&log));
        Ok(log)
    }

    /// Reads the pseudonyms of a tenant's open ledger anew from here on.
    pub(crate) async fn forget_pseudonyms(&self, tenant: &Tenant) {
        if let Some(log) = self.open.lock().await.get(tenant) {
            log.forget_pseudonyms();
        }
    }

    /// Whether every open ledger takes entries; a disk that refused some is tried again.
    pub async fn check(&self) -> Result<(), GatewayError> {
        let open: Vec<_> = self.open.lock().await.values().cloned().collect();
        blocking(move || open.iter().try_for_each(|log| log.ledger.check())).await??;
        Ok(())
    }

    /// How the open ledgers stand.
    pub async fn heads(&self) -> Heads {
        let mut heads = Heads::default();
        for (tenant, log) in self.open.lock().await.iter() {
            let (size, published) = (log.ledger.size(), log.ledger.checkpoint().size);
            heads.entries += size;
            heads.unpublished += size.saturating_sub(published);
            if let Some(reason) = log.ledger.publish_failure() {
                heads.failing.push((tenant.clone(), reason));
            }
        }
        heads
    }

    /// Publishes every open ledger's checkpoint and closes it.
    pub async fn close(self) -> Result<(), GatewayError> {
        for (_, log) in self.open.into_inner() {
            if let Some(log) = Arc::into_inner(log) {
                log.appender.close().await?;
                blocking(move || Arc::into_inner(log.ledger).map_or(Ok(()), Ledger::close)).await??;
            }
        }
        Ok(())
    }

    async fn settle(&self, tenant: &Tenant, records: &Records, now: Timestamp) -> Result<Log, GatewayError> {
        let folder = folder(&self.data, tenant, &self.replica);
        let name = format!("{}/{tenant}/{}", self.origin, self.replica);
        let key = self
            .data
            .join("keys")
            .join(format!("{tenant}.{}.key", self.replica));
        let (ledger, recovery) = blocking(move || {
            let key = SigningKey::load_or_create(&key, &name)?;
            Ledger::open(&folder, key, Options::default())
        })
        .await??;
        let (ledger, owed) = (Arc::new(ledger), Arc::default());
        let log = Log {
            appender: Appender::start(&ledger, &owed).map_err(StoreError::File)?,
            ledger,
            replica: self.replica.clone(),
            owed,
            pseudonyms: StdMutex::default(),
            entering: Mutex::default(),
        };
        log.set_apart_lost(tenant, records, now).await?;
        if recovery.unclean_batch {
            log.append(now, Event::Gap, Durability::Request).await?;
        }
        log.enter_restored(now).await?;
        let closed_below = records.closed_below(tenant, &self.replica).await?;
        log.close_earlier(tenant, records, closed_below, now).await?;
        log.enter_owed(tenant, records, now).await?;
        Ok(log)
    }
}

impl Log {
    /// The pseudonym of a user in this ledger.
    pub async fn pseudonym(
        &self,
        tenant: &Tenant,
        records: &Records,
        user: &str,
    ) -> Result<Commitment, GatewayError> {
        if let Some(known) = self.hold_pseudonyms().get(user) {
            return Ok(*known);
        }
        let fresh = Secret::generate()?;
        let secret = records.subject(tenant, &self.replica, user, fresh).await?;
        let pseudonym = secret.commit("actor", user.as_bytes());
        self.hold_pseudonyms().insert(user.to_owned(), pseudonym);
        Ok(pseudonym)
    }

    /// Reads pseudonyms anew from here on: secrets were erased.
    pub(crate) fn forget_pseudonyms(&self) {
        self.hold_pseudonyms().clear();
    }

    fn hold_pseudonyms(&self) -> StdMutexGuard<'_, HashMap<String, Commitment>> {
        // Each change under the lock is whole, so a poisoned map is still sound.
        self.pseudonyms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name of an index in this ledger.
    pub fn entry(&self, index: u64) -> EntryId {
        EntryId {
            replica: self.replica.clone(),
            index,
        }
    }

    /// Sequences one entry; returns its index once it is as durable as `durability` says.
    pub async fn append(
        &self,
        now: Timestamp,
        event: Event<'_>,
        durability: Durability,
    ) -> Result<u64, GatewayError> {
        self.sequence(now, event, durability, false).await
    }

    /// Sequences several entries with one wait for the disk.
    pub async fn append_all(
        &self,
        now: Timestamp,
        events: Vec<Event<'_>>,
        durability: Durability,
    ) -> Result<(), GatewayError> {
        let entries = events.into_iter().map(|event| Entry::new(now, event).to_bytes());
        let entries: Vec<Vec<u8>> = entries.collect::<Result<_, _>>()?;
        let ledger = Arc::clone(&self.ledger);
        blocking(move || ledger.append_all(&entries, durability)).await??;
        Ok(())
    }

    /// Sequences a decision; returns its index, whose outcome is owed from then on.
    pub async fn append_decision(
        &self,
        now: Timestamp,
        event: Event<'_>,
        durability: Durability,
    ) -> Result<u64, GatewayError> {
        self.sequence(now, event, durability, true).await
    }

    async fn sequence(
        &self,
        now: Timestamp,
        event: Event<'_>,
        durability: Durability,
        is_decision: bool,
    ) -> Result<u64, GatewayError> {
        let bytes = Entry::new(now, event).to_bytes()?;
        if durability == Durability::Batch {
            let log = (&*self.ledger, &*self.owed);
            if let Some(appended) = self.appender.append_at_once(log, &bytes, is_decision) {
                return Ok(appended?);
            }
        }
        self.appender.append(bytes, durability, is_decision).await
    }

    /// Has the records note how a decision ended, after its outcome was sequenced.
    pub async fn close_decision(
        &self,
        tenant: &Tenant,
        records: &Records,
        closed: Closed,
    ) -> Result<(), GatewayError> {
        Ok(records.close_record(tenant, closed, &self.owed).await?)
    }

    /// The proof of an entry, under a checkpoint that covers it.
    pub async fn prove(&self, index: u64) -> Result<Proof, GatewayError> {
        let ledger = Arc::clone(&self.ledger);
        Ok(blocking(move || ledger.prove(index)).await??)
    }

    /// The bytes of an entry.
    pub async fn read(&self, index: u64) -> Result<Vec<u8>, GatewayError> {
        let ledger = Arc::clone(&self.ledger);
        Ok(blocking(move || ledger.entry(index)).await??)
    }

    /// How many entries there are.
    pub fn size(&self) -> u64 {
        self.ledger.size()
    }

    /// The last checkpoint that was published.
    pub fn checkpoint(&self) -> Checkpoint {
        self.ledger.checkpoint()
    }

    /// Where the ledger lies.
    pub fn folder(&self) -> &Path {
        self.ledger.dir()
    }

    /// The key that the ledger's checkpoints verify with.
    pub fn verifier_key(&self) -> trousseau_ledger::VerifierKey {
        self.ledger.verifier()
    }

    /// Publishes a checkpoint over every entry there is now.
    pub async fn publish(&self) -> Result<(), GatewayError> {
        let ledger = Arc::clone(&self.ledger);
        blocking(move || ledger.publish()).await??;
        Ok(())
    }

    /// Writes the entries that the records owe: of accesses and of erasures. What was erased is nowhere any more
    /// when its entry is written.
    pub(crate) async fn enter_owed(
        &self,
        tenant: &Tenant,
        records: &Records,
        now: Timestamp,
    ) -> Result<(), GatewayError> {
        let _one_at_a_time = self.entering.lock().await;
        for access in records.owed_accesses(tenant).await? {
            let event = Event::Access(entry::Access {
                officer: self.pseudonym(tenant, records, &access.officer).await?,
                record: access.record.to_string(),
                reason: access.secret.commit("reason", access.reason.as_bytes()),
            });
            let index = self.append(now, event, Durability::Request).await?;
            records.log_access(access.id, index).await?;
        }
        let erasures = records.owed_erasures(tenant).await?;
        if !erasures.is_empty() {
            records.empty_wal().await?;
        }
        for erasure in erasures {
            let event = Event::Erasure(entry::Erasure {
                cause: &erasure.cause,
                records: erasure.records,
                through: &erasure.through,
            });
            let index = self.append(now, event, Durability::Request).await?;
            records.log_erasure(erasure.id, index).await?;
        }
        Ok(())
    }

    /// Enters that `count` records of `user` were written out.
    pub(crate) async fn enter_export(
        &self,
        tenant: &Tenant,
        records: &Records,
        (now, user, count): (Timestamp, &str, u64),
    ) -> Result<u64, GatewayError> {
        let event = Event::Export(entry::Export {
            subject: self.pseudonym(tenant, records, user).await?,
            records: count,
        });
        self.append(now, event, Durability::Request).await
    }

    /// Enters that the ledger was brought back from a backup, where a restore has left a word of it.
    async fn enter_restored(&self, now: Timestamp) -> Result<(), GatewayError> {
        let mark = self.ledger.dir().join(RESTORED);
        if !mark.exists() {
            return Ok(());
        }
        let backup = fs_err::read_to_string(&mark).map_err(StoreError::File)?;
        // A word that cannot be read still says that there was a backup.
        let backup = backup.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        let event = Event::Restored(entry::Restored { backup });
        self.append(now, event, Durability::Request).await?;
        fs_err::remove_file(&mark).map_err(StoreError::File)?;
        Ok(())
    }

    /// Sets apart the records of entries that a power loss, or an older copy of the ledger, does not have.
    async fn set_apart_lost(
        &self,
        tenant: &Tenant,
        records: &Records,
        now: Timestamp,
    ) -> Result<(), GatewayError> {
        let apart = format!("{}~{}", self.replica, now.as_millisecond());
        let size = self.ledger.size();
        let count = records.set_apart(tenant, &self.replica, size, &apart).await?;
        if count > 0 {
            tracing::warn!(%tenant, size, apart, count, "the ledger lacks entries that the records name");
        }
        Ok(())
    }

    /// Closes what an earlier run left open from entry `from` on: decisions without an outcome, and records
    /// that have not heard of theirs.
    async fn close_earlier(
        &self,
        tenant: &Tenant,
        records: &Records,
        from: u64,
        now: Timestamp,
    ) -> Result<(), GatewayError> {
        let ledger = Arc::clone(&self.ledger);
        let Earlier { open, closed } = blocking(move || earlier(&ledger, from)).await??;
        for decision in &open {
            self.owed.add(*decision);
        }
        for decision in records.open_entries(tenant, &self.replica, from).await? {
            if let Some(Ended { index, state, time }) = closed.get(&decision) {
                let closed = Closed {
                    entry: self.entry(decision),
                    outcome: *index,
                    state: *state,
                    finished: *time,
                };
                self.owed.add(decision);
                self.close_decision(tenant, records, closed).await?;
            }
        }
        for decision in open {
            let event = Event::Outcome(Outcome::without_answer(decision, State::Interrupted, &[]));
            let outcome = self.append(now, event, Durability::Request).await?;
            let closed = Closed {
                entry: self.entry(decision),
                outcome,
                state: State::Interrupted,
                finished: now,
            };
            self.close_decision(tenant, records, closed).await?;
        }
        Ok(())
    }
}

/// The decisions of earlier runs.
#[derive(Default)]
struct Earlier {
    /// Those without an outcome.
    open: BTreeSet<u64>,
    /// Those with one.
    closed: BTreeMap<u64, Ended>,
}

/// An outcome of an earlier run.
struct Ended {
    index: u64,
    state: State,
    time: Timestamp,
}

/// Reads the decisions from entry `from` on.
fn earlier(ledger: &Ledger, from: u64) -> Result<Earlier, trousseau_ledger::LedgerError> {
    let mut found = Earlier::default();
    for index in from..ledger.size() {
        // What is not one of our entries owes nothing.
        let Ok(outline) = serde_json::from_slice::<Outline>(&ledger.entry(index)?) else {
            continue;
        };
        match (outline.kind.as_str(), outline.decision) {
            // The outcome of the answer's first decision is that of its rest as well.
            ("decision", _) if outline.continues.is_some() => {}
            ("decision", _) => {
                found.open.insert(index);
            }
            ("outcome", Some(decision)) => {
                found.open.remove(&decision);
                let (state, time) = (outline.state.unwrap_or(State::Interrupted), outline.time);
                found.closed.insert(decision, Ended { index, state, time });
            }
            _ => {}
        }
    }
    Ok(found)
}
