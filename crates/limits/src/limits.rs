//! The limits of a running program: the book behind a lock, its journal, its store, and who was turned away.
//!
//! Nothing here waits for the disk but [`Limits::fold`] and [`Limits::check`]. Where the disk refuses to be written, the book
//! in memory goes on holding everybody to the limits, and only what a kill would leave is missing; readiness tells.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Mutex as AsyncMutex;
use trousseau_core::chat::ChatAnswer;
use trousseau_core::error::Explain as _;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_retrieval::database::Access;
use trousseau_retrieval::error::StoreError;
use trousseau_retrieval::library::blocking;

use super::admitting::refused;
use super::book::{Applied, Book, Short};
use super::cost::{Asked, Price, Rates, Spent};
use super::journal::{self, Journal, Line};
use super::limit::Spending;
use super::own::Own;
use super::pool::Pool;
use super::refused::{Refused, What};
use super::standing::Standing;
use super::store::{FILE, Kept, Store};
use super::tokens;

/// How often counters whose period is over are forgotten, in milliseconds.
const TIDIED: i64 = 3_600_000;

/// Who was turned away by a limit, and how often for which reason, since somebody last wrote it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// The tenant.
    pub tenant: Tenant,
    /// The user, or the key.
    pub user: String,
    /// When the first of the requests was turned away.
    pub since: Timestamp,
    /// How many for each reason, by the code of the refusal.
    pub reasons: BTreeMap<&'static str, u64>,
}

/// The limits that count one principal's requests.
#[derive(Clone, Debug)]
pub struct Counting(pub(crate) Vec<Applied>);

impl Counting {
    /// Whether none does.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one counts what they cost, in tokens or money.
    pub fn costs(&self) -> bool {
        self.0.iter().any(|applied| applied.limit.allowance.costs())
    }
}

/// See the module.
#[derive(Debug)]
pub struct Limits {
    data: PathBuf,
    access: Access,
    state: Mutex<State>,
    own: Arc<Own>,
    turned: Mutex<HashMap<(Tenant, String), Turned>>,
    /// There once there is something to keep.
    store: AsyncMutex<Option<Store>>,
    /// Where several replicas draw what they may use, if there are several.
    pub(crate) pool: Option<Pool>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) book: Book,
    /// The journal that is written to; begun with its first line.
    journal: Option<Journal>,
    /// Its number.
    number: u64,
    /// The first journal that the store does not have.
    first: u64,
    /// Why the disk was not written to.
    failure: Option<String>,
    /// When what is over was last forgotten, in milliseconds since 1970.
    tidied: i64,
}

impl Limits {
    /// Opens what the folder `data` keeps of budgets, if anything. What requests of a process that was killed had reserved
    /// counts as spent: they may have been answered.
    pub async fn open(data: &Path, access: Access) -> Result<Self, StoreError> {
        let store = match data.join(FILE).is_file() {
            true => Some(Store::open(data, access).await?),
            false => None,
        };
        let kept = match &store {
            Some(store) => store.read().await?,
            None => Kept::default(),
        };
        let (folder, first) = (data.to_path_buf(), kept.journal);
        let (lines, number) = blocking(move || journal::read(&folder, first)).await??;
        let is_behind = !lines.is_empty() || !kept.held.is_empty();
        let limits = Self {
            data: data.to_path_buf(),
            access,
            state: Mutex::new(State {
                book: replay(kept, lines),
                journal: None,
                number,
                first,
                failure: None,
                tidied: i64::MIN,
            }),
            own: Arc::default(),
            turned: Mutex::default(),
            store: AsyncMutex::new(store),
            pool: None,
        };
        if access == Access::Write {
            let (folder, first) = (limits.data.clone(), first);
            blocking(move || journal::delete_before(&folder, first)).await??;
            if is_behind {
                limits.fold_all(None).await?;
            }
        }
        Ok(limits)
    }

    /// The limits of keys, for whoever keeps the keys.
    pub fn own(&self) -> Arc<Own> {
        Arc::clone(&self.own)
    }

    /// The limits that count what a principal asks.
    pub fn counting(&self, spending: &Spending, principal: &Principal) -> Counting {
        let own = self.own.of(principal);
        let configured = spending.limits.iter().filter(|limit| limit.counts(principal));
        let limits = configured.cloned().chain(own);
        let applied = limits.map(|limit| Applied {
            counter: limit.counter(principal),
            limit,
        });
        Counting(applied.collect())
    }

    /// Refuses a request that would not be let in now, whatever it costs.
    pub fn check(
        &self,
        counting: &Counting,
        spending: &Spending,
        now: Timestamp,
    ) -> Result<(), Box<Refused>> {
        if counting.is_empty() {
            return Ok(());
        }
        let refused = self.hold().book.check(&counting.0, now, &spending.zone);
        refused.map_or(Ok(()), |refused| Err(Box::new(refused)))
    }

    /// Lets a request in that may cost so much. What is returned keeps that for it.
    pub fn reserve(
        self: &Arc<Self>,
        counting: Counting,
        spending: &Spending,
        asked: &Asked<'_>,
        now: Timestamp,
    ) -> Result<Reserved, Box<Refused>> {
        if counting.is_empty() {
            return Ok(Reserved::default());
        }
        let reserved = self.reserve_in(&mut self.hold(), counting, spending, (asked, now));
        reserved.map_err(|short| match short {
            Short::Refused(refused) => refused,
            Short::Uncovered => refused(None, spending, What::Away),
        })
    }

    /// The same in a book that is held already, telling whether something must be drawn before.
    pub(crate) fn reserve_in(
        self: &Arc<Self>,
        state: &mut State,
        counting: Counting,
        spending: &Spending,
        (asked, now): (&Asked<'_>, Timestamp),
    ) -> Result<Reserved, Short> {
        if counting.is_empty() {
            return Ok(Reserved::default());
        }
        let id = state.book.reserve(counting.0, asked, now, &spending.zone)?;
        let entries = state.book.entries(id);
        let is_kept = !entries.is_empty();
        if is_kept {
            state.note(&self.data, &Line::Reserve(id, entries));
        }
        Ok(Reserved {
            held: Some(Holding {
                limits: Arc::clone(self),
                id,
                is_kept,
            }),
            bytes: asked.bytes,
            sent: false,
        })
    }

    /// How far the limits are used that count what a principal asks.
    pub fn mine(&self, counting: &Counting, spending: &Spending, now: Timestamp) -> Vec<Standing> {
        let mut state = self.hold();
        let standings = counting
            .0
            .iter()
            .flat_map(|applied| state.book.standings(applied, now, &spending.zone));
        standings.collect()
    }

    /// How far every limit is used; of one that each account has for itself, by every account that has used it.
    pub fn all(&self, spending: &Spending, now: Timestamp) -> Vec<Standing> {
        let own = self.own.all();
        let mut state = self.hold();
        let mut all = Vec::new();
        for limit in spending.limits.iter().chain(&own) {
            let counters = match limit.each {
                true => state.book.counters_of(&limit.name),
                false => vec![String::new()],
            };
            for counter in counters {
                let limit = Arc::clone(limit);
                let applied = Applied { limit, counter };
                all.extend(state.book.standings(&applied, now, &spending.zone));
            }
        }
        all
    }

    /// Puts what was spent into the store, on the disk. To be called about once a second while requests are answered: what a
    /// loss of power takes is what came after the last time.
    pub async fn fold(&self, now: Timestamp) -> Result<(), StoreError> {
        self.fold_all(Some(now.as_millisecond())).await
    }

    async fn fold_all(&self, at: Option<i64>) -> Result<(), StoreError> {
        if self.access == Access::Read {
            return Ok(());
        }
        // One at a time.
        let mut store = self.store.lock().await;
        let Some((kept, over)) = self.hold().begin_fold(at) else {
            return Ok(());
        };
        let written = self.write(&mut store, &kept, over).await;
        let mut state = self.hold();
        match &written {
            Ok(()) => {
                state.first = kept.journal;
                state.failure = None;
            }
            Err(error) => {
                state.book.keep_changed(&kept.spent);
                state.failure = Some(error.to_string());
            }
        }
        written
    }

    async fn write(
        &self,
        store: &mut Option<Store>,
        kept: &Kept,
        over: Option<i64>,
    ) -> Result<(), StoreError> {
        let store = match store {
            Some(store) => store,
            None => store.insert(Store::open(&self.data, self.access).await?),
        };
        store.write(kept, over).await?;
        let (data, journal) = (self.data.clone(), kept.journal);
        Ok(blocking(move || journal::delete_before(&data, journal)).await??)
    }

    /// Whether what is spent can be kept; a disk that refused it is tried again.
    pub async fn check_store(&self, now: Timestamp) -> Result<(), StoreError> {
        let failure = self.hold().failure.clone();
        if failure.is_some() {
            self.fold(now).await?;
        }
        match &*self.store.lock().await {
            Some(store) => store.check().await,
            None => Ok(()),
        }
    }

    /// Puts what was spent into the store and closes it.
    pub async fn close(&self, now: Timestamp) -> Result<(), StoreError> {
        if let Err(error) = self.settle_shares(now).await {
            tracing::warn!(%error, "what is not used was not given back to other replicas");
        }
        let folded = self.fold(now).await;
        if let Some(store) = self.store.lock().await.take() {
            store.close().await;
        }
        folded
    }

    /// Notes that somebody was turned away.
    pub fn note_turned(&self, principal: &Principal, refused: &Refused, now: Timestamp) {
        self.keep_turned([Turned {
            tenant: principal.tenant.clone(),
            user: principal.user.clone(),
            since: now,
            reasons: BTreeMap::from([(refused.code(), 1)]),
        }]);
    }

    /// Takes out who was turned away since the last time, one item for an account.
    pub fn take_turned(&self) -> Vec<Turned> {
        let mut all = self.turned.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *all).into_values().collect()
    }

    /// Puts back what could not be written down.
    pub fn keep_turned(&self, turned: impl IntoIterator<Item = Turned>) {
        let mut all = self.turned.lock().unwrap_or_else(PoisonError::into_inner);
        for one in turned {
            let whose = (one.tenant.clone(), one.user.clone());
            let Some(kept) = all.get_mut(&whose) else {
                all.insert(whose, one);
                continue;
            };
            kept.since = kept.since.min(one.since);
            for (reason, times) in one.reasons {
                *kept.reasons.entry(reason).or_default() += times;
            }
        }
    }

    pub(crate) fn hold(&self) -> MutexGuard<'_, State> {
        // Sums stay sums, wherever a thread has died.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Writes a line into the journal, or notes why not.
    fn note(&mut self, data: &Path, line: &Line<'_>) {
        let journal = match &mut self.journal {
            Some(journal) => Ok(journal),
            None => Journal::begin(data, self.number).map(|begun| self.journal.insert(begun)),
        };
        if let Err(error) = journal.and_then(|journal| journal.write(line)) {
            if self.failure.is_none() {
                tracing::error!(%error, "what is spent of budgets is kept in memory only");
            }
            self.failure = Some(error.to_string());
        }
    }

    /// What is to be put into the store, and before when periods are to be forgotten; `None` where there is nothing new.
    fn begin_fold(&mut self, at: Option<i64>) -> Option<(Kept, Option<i64>)> {
        let over = at.filter(|at| at.saturating_sub(self.tidied) >= TIDIED);
        let spent = self.book.take_changed();
        let is_journal = self.journal.take().is_some();
        let is_behind = is_journal || self.number > self.first || self.failure.is_some();
        if spent.is_empty() && !is_behind {
            return None;
        }
        if let Some(over) = over {
            self.tidied = over;
            self.book.tidy(over);
        }
        self.number += u64::from(is_journal);
        let kept = Kept {
            spent,
            held: self.book.all_held(),
            journal: self.number,
        };
        Some((kept, over))
    }
}

/// The book that what was kept makes.
fn replay(kept: Kept, lines: Vec<Line<'static>>) -> Book {
    let mut book = Book::default();
    for entry in &kept.spent {
        book.restore((&entry.limit, &entry.counter), entry.span, entry.cost());
    }
    let mut held: BTreeMap<u64, Vec<_>> = kept.held.into_iter().collect();
    for line in lines {
        match line {
            Line::Reserve(id, entries) => {
                held.insert(id, entries);
            }
            Line::Settle(id, entries) => {
                held.remove(&id);
                entries.iter().for_each(|entry| book.replay(entry));
            }
            Line::Release(id) => {
                held.remove(&id);
            }
        }
    }
    held.values().flatten().for_each(|entry| book.replay(entry));
    book
}

/// What a request that was let in has reserved. Dropped before it was sent, it costs nothing; dropped while it runs, it costs
/// all that was reserved.
#[derive(Debug, Default)]
#[must_use]
pub struct Reserved {
    held: Option<Holding>,
    bytes: u64,
    sent: bool,
}

#[derive(Debug)]
struct Holding {
    limits: Arc<Limits>,
    id: u64,
    /// Whether the journal knows of it.
    is_kept: bool,
}

impl Reserved {
    /// Says that the request is being sent.
    pub const fn sending(&mut self) {
        self.sent = true;
    }

    /// Counts what an answer did cost at this price: what was counted where somebody counts, what came of it otherwise. What
    /// failed or was given up before anything came costs nothing.
    pub fn settle_answer(
        self,
        answer: &ChatAnswer,
        (price, otherwise): (Price<'_>, Option<Rates>),
        now: Timestamp,
    ) {
        let (input, output) = tokens::spent(answer, self.bytes);
        let spent = Spent {
            input,
            output,
            price,
            otherwise,
        };
        let is_something = input > 0 || output > 0;
        self.settle(is_something.then_some(&spent), now);
    }

    /// Counts what the request did cost; nothing where that is `None`.
    pub fn settle(mut self, spent: Option<&Spent<'_>>, now: Timestamp) {
        let Some(Holding { limits, id, is_kept }) = self.held.take() else {
            return;
        };
        let mut state = limits.hold();
        let line = match spent {
            Some(spent) => Line::Settle(id, state.book.settle(id, spent, now)),
            None => {
                state.book.release(id);
                Line::Release(id)
            }
        };
        if is_kept {
            state.note(&limits.data, &line);
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let Some(Holding { limits, id, is_kept }) = self.held.take() else {
            return;
        };
        let mut state = limits.hold();
        let line = if self.sent {
            Line::Settle(id, state.book.charge(id))
        } else {
            state.book.release(id);
            Line::Release(id)
        };
        if is_kept {
            state.note(&limits.data, &line);
        }
    }
}
