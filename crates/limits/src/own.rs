//! Limits that single keys were given when they were made. Whoever keeps the keys tells of them; they are kept with the keys.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use trousseau_core::principal::{Principal, Tenant};

use super::limit::{Allowance, Limit, Whose, account};

/// The limits of keys, by account.
#[derive(Debug, Default)]
pub struct Own(RwLock<HashMap<String, Arc<Limit>>>);

impl Own {
    /// Gives a key its limits. What is counted is counted under the key's id, so that another key of the same name begins anew.
    pub fn give(&self, (tenant, name): (&Tenant, &str), id: &str, allowance: &Allowance) {
        if allowance.is_empty() {
            return;
        }
        let limit = Limit {
            name: id.to_owned(),
            whose: Whose::Key(tenant.clone(), name.to_owned()),
            each: false,
            allowance: allowance.clone(),
        };
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(account(tenant, name), Arc::new(limit));
    }

    /// Takes the limits of the key with this id away.
    pub fn take(&self, id: &str) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, limit| limit.name != id);
    }

    pub(crate) fn of(&self, principal: &Principal) -> Option<Arc<Limit>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() {
            return None;
        }
        all.get(&account(&principal.tenant, &principal.user)).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Limit>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = all.values().cloned().collect();
        all.sort_by(|one, other| one.whose.name().cmp(other.whose.name()));
        all
    }
}
