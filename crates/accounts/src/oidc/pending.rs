//! Sign-ins that were sent to the provider and have not come back.
//!
//! Each is answered once, soon, and by the browser that began it: the browser has a cookie of its own for it
//! besides the `state` that goes around through the provider.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq as _;
use trousseau_core::digest::Digest;
use zeroize::Zeroizing;

/// How long somebody may take at the provider.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// How many sign-ins may be under way.
const AT_ONCE: usize = 10_000;

/// How many of them from one address: an office may share one.
const PER_ADDRESS: usize = 200;

/// A sign-in under way.
#[derive(Debug)]
pub(super) struct Pending {
    /// What the ID token must carry.
    pub(super) nonce: Zeroizing<String>,
    /// What proves to the provider that the code comes back to whoever asked (PKCE, RFC 7636).
    pub(super) verifier: Zeroizing<String>,
    /// The digest of the browser's cookie.
    pub(super) browser: Digest,
    /// When it began.
    pub(super) began: Timestamp,
    /// Where from.
    pub(super) address: IpAddr,
    /// The page to go to afterwards.
    pub(super) return_to: String,
}

/// All of them, by the digest of their state.
#[derive(Debug, Default)]
pub(super) struct Underway(Mutex<HashMap<Digest, Pending>>);

impl Underway {
    pub(super) fn add(&self, state: Digest, pending: Pending) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = pending.began;
        all.retain(|_, other| is_fresh(other, now));
        let own = |other: &Pending| other.address == pending.address;
        if all.values().filter(|other| own(other)).count() >= PER_ADDRESS {
            remove_oldest(&mut all, own);
        } else if all.len() >= AT_ONCE {
            remove_oldest(&mut all, |_| true);
        }
        all.insert(state, pending);
    }

    /// Takes out the sign-in of this state, if this browser began it and it is not over.
    pub(super) fn take(&self, state: Digest, browser: Digest, now: Timestamp) -> Option<Pending> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pending = all.get(&state)?;
        // Another browser's answer does not use up this one's sign-in.
        if !bool::from(pending.browser.0.ct_eq(&browser.0)) {
            return None;
        }
        all.remove(&state).filter(|pending| is_fresh(pending, now))
    }
}

fn is_fresh(pending: &Pending, now: Timestamp) -> bool {
    now.duration_since(pending.began) < PATIENCE
}

fn remove_oldest(all: &mut HashMap<Digest, Pending>, among: impl Fn(&Pending) -> bool) {
    let candidates = all.iter().filter(|(_, pending)| among(pending));
    let oldest = candidates.min_by_key(|(_, pending)| pending.began);
    if let Some(state) = oldest.map(|(state, _)| *state) {
        all.remove(&state);
    }
}
