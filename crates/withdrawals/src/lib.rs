//! What is out from now on: a provider, a country or an upstream that was withdrawn while the service runs, whatever the
//! configuration permits.
//!
//! [`Withdrawals`] are the list that is in force, kept in one file of the data folder ([`FILE`]) that another process of the
//! same folder may change. The policy is asked with it before every call ([`Withdrawals::in_force`]), and whoever reads an
//! answer as it comes hears of every change ([`Withdrawals::changes`]). A list that cannot be read opens nothing: the service
//! does not start with it, and one that runs keeps the list that it has.
//!
//! `file` is the form on disk, [`withdrawal`] one entry. `shared` is the list of several replicas: in the database that they
//! share, the file being a copy ([`Withdrawals::share`], [`Withdrawals::sync`]).

mod error;
mod file;
mod shared;
pub mod withdrawal;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::watch;
use trousseau_policy::withdrawn::Withdrawn;

pub use error::WithdrawalError;
pub use file::FILE;
pub use shared::KIND;
pub use withdrawal::{Running, What, Withdrawal};

/// The withdrawals that are in force.
#[derive(Debug)]
pub struct Withdrawals {
    path: PathBuf,
    state: ArcSwap<State>,
    changes: watch::Sender<u64>,
    /// Held while the file is written.
    writing: Mutex<()>,
    shared: Option<shared::Shared>,
}

/// The list, and what it comes to.
#[derive(Debug, Default)]
struct State {
    list: Vec<Withdrawal>,
    /// What the entries that have not ended by `until` come to.
    withdrawn: Arc<Withdrawn>,
    /// When the next of them ends.
    until: Option<Timestamp>,
    /// The file as it was read.
    seen: Option<file::Seen>,
}

impl Withdrawals {
    /// Reads the list in the data folder `data`; none where there is no file.
    ///
    /// # Errors
    ///
    /// [`WithdrawalError::Damaged`] where the file is not such a list, or of a later form.
    pub fn open(data: &Path, now: Timestamp) -> Result<Self, WithdrawalError> {
        let path = data.join(FILE);
        let (list, seen) = file::read(&path)?;
        Ok(Self {
            path,
            state: ArcSwap::from_pointee(State::of(list, seen, now)),
            changes: watch::Sender::new(0),
            writing: Mutex::default(),
            shared: None,
        })
    }

    /// Every entry that has not ended.
    pub fn list(&self, now: Timestamp) -> Vec<Withdrawal> {
        let state = self.state.load();
        state.list.iter().filter(|one| one.holds(now)).cloned().collect()
    }

    /// What may see nothing now; nothing where nothing is withdrawn.
    pub fn in_force(&self, now: Timestamp) -> Option<Arc<Withdrawn>> {
        let state = self.state.load();
        if state.list.is_empty() {
            return None;
        }
        if state.until.is_some_and(|until| until <= now) {
            let renewed = State::of(state.list.clone(), state.seen, now);
            let withdrawn = Arc::clone(&renewed.withdrawn);
            self.state.compare_and_swap(&state, Arc::new(renewed));
            return Some(withdrawn);
        }
        Some(Arc::clone(&state.withdrawn))
    }

    /// Whether an answer that comes from such a target is to be stopped: what withdraws it says so of what runs.
    pub fn stops(&self, now: Timestamp) -> Option<Withdrawn> {
        let state = self.state.load();
        let mut stopping = state
            .list
            .iter()
            .filter(|one| one.holds(now) && one.running == Running::Stop)
            .peekable();
        stopping.peek()?;
        let mut withdrawn = Withdrawn::default();
        stopping.for_each(|one| one.add_to(&mut withdrawn));
        Some(withdrawn)
    }

    /// Tells of every change from here on.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Withdraws something, from this moment on: it is on disk and in force when this returns.
    pub fn add(&self, withdrawal: Withdrawal, now: Timestamp) -> Result<(), WithdrawalError> {
        self.change(now, |list| {
            list.push(withdrawal);
            Ok(())
        })
    }

    /// Lifts a withdrawal, and gives it back.
    ///
    /// # Errors
    ///
    /// [`WithdrawalError::Unknown`] where there is none with this id.
    pub fn lift(&self, id: &str, now: Timestamp) -> Result<Withdrawal, WithdrawalError> {
        let mut lifted = None;
        self.change(now, |list| {
            let at = list.iter().position(|one| one.id == id && one.holds(now));
            let unknown = || WithdrawalError::Unknown { id: id.to_owned() };
            lifted = Some(list.remove(at.ok_or_else(unknown)?));
            Ok(())
        })?;
        lifted.ok_or_else(|| WithdrawalError::Unknown { id: id.to_owned() })
    }

    /// Takes up what another process has written since; tells whether there was something. Called twice a second. Of a shared
    /// list the file is only a copy.
    pub fn look(&self, now: Timestamp) -> Result<bool, WithdrawalError> {
        if self.shared.is_some() || file::seen(&self.path)? == self.state.load().seen {
            return Ok(false);
        }
        let (list, seen) = file::read(&self.path)?;
        self.put(State::of(list, seen, now));
        Ok(true)
    }

    fn change(
        &self,
        now: Timestamp,
        change: impl FnOnce(&mut Vec<Withdrawal>) -> Result<(), WithdrawalError>,
    ) -> Result<(), WithdrawalError> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        // Another process may have written since.
        let (mut list, _) = file::read(&self.path)?;
        list.retain(|one| one.holds(now));
        change(&mut list)?;
        let seen = file::write(&self.path, &list)?;
        self.put(State::of(list, seen, now));
        Ok(())
    }

    fn put(&self, state: State) {
        self.state.store(Arc::new(state));
        self.changes.send_modify(|changes| *changes += 1);
    }
}

impl State {
    fn of(list: Vec<Withdrawal>, seen: Option<file::Seen>, now: Timestamp) -> Self {
        let mut withdrawn = Withdrawn::default();
        let mut until = None;
        for one in list.iter().filter(|one| one.holds(now)) {
            one.add_to(&mut withdrawn);
            until = until.into_iter().chain(one.until).min();
        }
        Self {
            list,
            withdrawn: Arc::new(withdrawn),
            until,
            seen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn withdrawal(id: &str, what: What, until: Option<&str>) -> Withdrawal {
        Withdrawal {
            id: id.to_owned(),
            what,
            since: at("2026-12-01T10:00:00Z"),
            until: until.map(at),
            running: Running::Stop,
            by: "operator".to_owned(),
        }
    }

    #[test]
    fn what_is_withdrawn_is_out_until_it_ends_or_is_lifted() {
        let folder = tempfile::tempdir().unwrap();
        let (early, late) = (at("2026-12-01T10:00:00Z"), at("2026-12-02T10:00:00Z"));
        let withdrawals = Withdrawals::open(folder.path(), early).unwrap();
        assert_eq!(withdrawals.in_force(early), None);
        let changes = withdrawals.changes();
        let us = What::Country("US".parse().unwrap());
        let until = Some("2026-12-01T12:00:00Z");
        withdrawals.add(withdrawal("a", us, until), early).unwrap();
        withdrawals
            .add(withdrawal("b", What::Provider("Nuage ".to_owned()), None), early)
            .unwrap();
        assert!(changes.has_changed().unwrap());
        let now = withdrawals.in_force(early).unwrap();
        assert_eq!((now.countries.len(), now.providers.contains("nuage")), (1, true));
        // Time ends one of them, without anybody doing anything.
        assert_eq!(withdrawals.in_force(late).unwrap().countries.len(), 0);
        assert_eq!(withdrawals.list(late).len(), 1);

        let again = Withdrawals::open(folder.path(), late).unwrap();
        assert!(again.in_force(late).unwrap().providers.contains("nuage"));
        assert_eq!(again.lift("b", late).unwrap().id, "b");
        assert_eq!(
            again.lift("b", late).unwrap_err(),
            WithdrawalError::Unknown { id: "b".to_owned() }
        );
        assert!(withdrawals.look(late).unwrap());
        assert_eq!(withdrawals.in_force(late), None);
        assert!(!withdrawals.look(late).unwrap());
    }

    #[test]
    fn a_list_that_cannot_be_read_opens_nothing_and_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let now = at("2026-12-01T10:00:00Z");
        let withdrawals = Withdrawals::open(folder.path(), now).unwrap();
        withdrawals
            .add(withdrawal("a", What::Upstream("away".to_owned()), None), now)
            .unwrap();
        for text in [
            "",
            "{",
            "{\"format\":2,\"withdrawals\":[]}",
            "{\"format\":1}",
            "null",
        ] {
            fs_err::write(folder.path().join(FILE), text).unwrap();
            assert!(Withdrawals::open(folder.path(), now).is_err(), "{text}");
            assert!(withdrawals.look(now).is_err(), "{text}");
            let one = withdrawal("b", What::Upstream("other".to_owned()), None);
            assert!(withdrawals.add(one, now).is_err(), "{text}");
            assert!(
                withdrawals.in_force(now).unwrap().upstreams.contains("away"),
                "{text}"
            );
            assert_eq!(fs_err::read_to_string(folder.path().join(FILE)).unwrap(), text);
        }
    }
}
