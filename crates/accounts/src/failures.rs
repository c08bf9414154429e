//! Sign-ins that failed, counted until somebody writes them down.
//!
//! They are counted per account and by reason, so that whoever guesses for a night fills no disk, and they are taken out
//! by somebody else than the request that failed: how long a refusal takes tells nothing. A name that no account has
//! is not kept, for it may be a password that was typed in the wrong place; all of a tenant's count together.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use trousseau_core::error::{ErrorKind, Explain as _};
use trousseau_core::principal::Tenant;
use trousseau_state::Sql;

use super::{AccountError, Accounts};

/// How many accounts are told apart between two times that they are taken out; the rest counts as no account's.
const APART: usize = 10_000;

/// Failed sign-ins of one account, or of no account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedSignIns {
    /// The tenant that was named, where it has users; the default one otherwise.
    pub tenant: Tenant,
    /// The user's name; `None` where no account has the name that was given, or none was.
    pub user: Option<String>,
    /// When the first of them failed.
    pub since: Timestamp,
    /// How many for each reason, by the code of the error.
    pub reasons: BTreeMap<&'static str, u64>,
}

/// Whose they are.
type Whose = (Tenant, Option<String>);

/// The failed sign-ins since they were last taken out.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<HashMap<Whose, FailedSignIns>>);

impl Failures {
    /// Counts an attempt if it failed through whoever made it.
    pub(super) fn note<T>(
        &self,
        (tenant, user): (&Tenant, Option<&str>),
        attempt: &Result<T, AccountError>,
        now: Timestamp,
    ) {
        let Err(error) = attempt else { return };
        let theirs = [
            ErrorKind::Unauthenticated,
            ErrorKind::Forbidden,
            ErrorKind::Throttled,
        ];
        if theirs.contains(&error.kind()) {
            self.add(FailedSignIns {
                tenant: tenant.clone(),
                user: user.map(str::to_owned),
                since: now,
                reasons: BTreeMap::from([(error.code(), 1)]),
            });
        }
    }

    fn add(&self, failed: FailedSignIns) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut whose = (failed.tenant.clone(), failed.user.clone());
        if all.len() >= APART && !all.contains_key(&whose) {
            whose = (Tenant::default(), None);
        }
        let kept = all.entry(whose.clone()).or_insert_with(|| FailedSignIns {
            tenant: whose.0,
            user: whose.1,
            since: failed.since,
            reasons: BTreeMap::new(),
        });
        kept.since = kept.since.min(failed.since);
        for (reason, times) in failed.reasons {
            *kept.reasons.entry(reason).or_default() += times;
        }
    }

    fn take(&self) -> Vec<FailedSignIns> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *all).into_values().collect()
    }
}

impl Accounts {
    /// Takes out the sign-ins that failed since the last time: one item for an account, whatever the number. Those of
    /// tenants that nobody belongs to are the default tenant's, so that made-up names open no ledger.
    pub async fn take_failures(&self) -> Result<Vec<FailedSignIns>, AccountError> {
        let (known, unknown): (Vec<_>, Vec<_>) = self
            .failures
            .take()
            .into_iter()
            .partition(|failed| failed.user.is_some());
        self.keep_failures(known);
        let mut unknown = unknown.into_iter();
        while let Some(mut failed) = unknown.next() {
            match self.has_users(&failed.tenant).await {
                Ok(true) => {}
                Ok(false) => failed.tenant = Tenant::default(),
                Err(error) => {
                    self.keep_failures(std::iter::once(failed).chain(unknown));
                    return Err(error);
                }
            }
            self.keep_failures([failed]);
        }
        Ok(self.failures.take())
    }

    /// Puts back what could not be written down.
    pub fn keep_failures(&self, failed: impl IntoIterator<Item = FailedSignIns>) {
        for failed in failed {
            self.failures.add(failed);
        }
    }

    async fn has_users(&self, tenant: &Tenant) -> Result<bool, AccountError> {
        let sql = Sql::new("SELECT EXISTS (SELECT 1 FROM users WHERE tenant = ?) AS found");
        Ok(self.tables.is_so(sql.bind(tenant.as_str())).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_fail_there_is_one_item_for_an_account() {
        let failures = Failures::default();
        let tenant = Tenant::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let wrong = || Err::<(), _>(AccountError::Credentials);
        for second in 0..1000 {
            failures.note((&tenant, Some("alice")), &wrong(), at(second));
        }
        let throttled = Err::<(), _>(AccountError::Throttled { seconds: 1 });
        failures.note((&tenant, Some("alice")), &throttled, at(5));
        // A fault of the service is nobody's failure, and neither is a success.
        failures.note((&tenant, Some("alice")), &Err::<(), _>(AccountError::Busy), at(6));
        failures.note((&tenant, Some("alice")), &Ok(()), at(6));
        let taken = failures.take();
        assert_eq!(taken.len(), 1);
        assert_eq!(
            (taken[0].since, &taken[0].reasons),
            (
                at(0),
                &BTreeMap::from([("account-credentials", 1000), ("account-throttled", 1)])
            )
        );
        assert_eq!(failures.take(), []);
    }

    #[test]
    fn made_up_tenants_take_no_room() {
        let failures = Failures::default();
        for number in 0..(APART + 500) {
            let tenant = Tenant::new(format!("t{number}")).unwrap();
            let wrong = Err::<(), _>(AccountError::Credentials);
            failures.note((&tenant, None), &wrong, Timestamp::UNIX_EPOCH);
        }
        let taken = failures.take();
        assert_eq!(taken.len(), APART + 1);
        let times: u64 = taken.iter().flat_map(|failed| failed.reasons.values()).sum();
        assert_eq!(times, (APART + 500) as u64, "none is forgotten");
    }
}
