//! Whoever guesses passwords is made to wait, longer each time.
//!
//! Attempts are counted per account and per address. The first few cost nothing, then each one doubles the wait,
//! up to a quarter of an hour. An attempt counts when it begins, so that many at once gain nothing; a success
//! takes the account's count back. Names that no account has are counted like names that one has, apart
//! from them, so that neither can be told from the other and made-up names push no real one out.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::AccountError;

/// How many attempts at one account cost no wait.
const FREE_PER_ACCOUNT: u32 = 5;

/// How many attempts from one address cost no wait: an office may share one.
const FREE_PER_ADDRESS: u32 = 20;

/// The longest wait.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// After this time without an attempt they are forgotten.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24);

/// How many names or addresses are remembered; those that were quiet the longest give way.
const REMEMBERED: usize = 10_000;

/// The attempts of the last day.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    accounts: Tally<String>,
    names: Tally<String>,
    addresses: Tally<IpAddr>,
}

/// Somebody who tries to sign in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt<'a> {
    /// What tells the account: its id, or the name when there is no such account.
    pub(super) account: &'a str,
    /// Whether there is such an account.
    pub(super) exists: bool,
    /// Where from.
    pub(super) address: IpAddr,
}

impl Throttle {
    /// Counts an attempt, unless one has to wait still.
    pub(super) fn begin(&self, attempt: Attempt<'_>, now: Timestamp) -> Result<(), AccountError> {
        let address = network(attempt.address);
        let account = attempt.account.to_owned();
        self.addresses.begin(address, FREE_PER_ADDRESS, now)?;
        self.of(attempt).begin(account, FREE_PER_ACCOUNT, now)
    }

    /// Takes back the counts of an attempt that succeeded: the account's all, the address's this one.
    pub(super) fn succeed(&self, attempt: Attempt<'_>) {
        self.of(attempt).forget(attempt.account);
        self.addresses.take_back(&network(attempt.address));
    }

    /// Counts an attempt that names no account, such as one at an identity provider.
    pub(super) fn begin_from(&self, address: IpAddr, now: Timestamp) -> Result<(), AccountError> {
        self.addresses.begin(network(address), FREE_PER_ADDRESS, now)
    }

    /// Takes back the count of such an attempt that succeeded.
    pub(super) fn succeed_from(&self, address: IpAddr) {
        self.addresses.take_back(&network(address));
    }

    const fn of(&self, attempt: Attempt<'_>) -> &Tally<String> {
        if attempt.exists {
            &self.accounts
        } else {
            &self.names
        }
    }
}

/// What one subscriber has of IPv6 addresses: a /64. An IPv4 address is one alone.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[derive(Debug)]
struct Tally<K>(Mutex<HashMap<K, Tried>>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

#[derive(Clone, Copy, Debug)]
struct Tried {
    times: u32,
    last: Timestamp,
    /// No attempt before then. Attempts that cost no wait leave none: of two at once, the one that came first may be
    /// counted last.
    until: Option<Timestamp>,
}

impl<K: std::hash::Hash + Eq> Tally<K> {
    fn begin(&self, key: K, free: u32, now: Timestamp) -> Result<(), AccountError> {
        let mut tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tried.len() >= REMEMBERED && !tried.contains_key(&key) {
            make_room(&mut tried, now);
        }
        let entry = tried.entry(key).or_insert(Tried {
            times: 0,
            last: now,
            until: None,
        });
        if now.duration_since(entry.last) > FORGOTTEN {
            entry.times = 0;
        }
        if let Some(until) = entry.until.filter(|until| now < *until) {
            let wait = until.duration_since(now);
            return Err(AccountError::Throttled {
                seconds: (wait + SignedDuration::from_millis(999)).as_secs(),
            });
        }
        entry.times = entry.times.saturating_add(1);
        entry.last = now;
        entry.until = wait(entry.times, free).map(|wait| now + wait);
        Ok(())
    }

    fn forget<Q>(&self, key: &Q)
    where
        K: std::borrow::Borrow<Q>,
        Q: std::hash::Hash + Eq + ?Sized,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    fn take_back(&self, key: &K) {
        let mut tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = tried.get_mut(key) {
            entry.times = entry.times.saturating_sub(1);
            entry.until = None;
        }
    }
}

/// How long to wait after so many attempts, if at all.
fn wait(times: u32, free: u32) -> Option<SignedDuration> {
    let more = times.checked_sub(free)?;
    Some(SignedDuration::from_secs(1_i64 << more.min(20)).min(LONGEST))
}

/// Forgets what is over, and if that is not enough, the half that was quiet the longest.
fn make_room<K: std::hash::Hash + Eq>(tried: &mut HashMap<K, Tried>, now: Timestamp) {
    tried.retain(|_, entry| now.duration_since(entry.last) <= FORGOTTEN);
    if tried.len() < REMEMBERED {
        return;
    }
    let mut times: Vec<Timestamp> = tried.values().map(|entry| entry.last).collect();
    let middle = times.len() / 2;
    let (_, median, _) = times.select_nth_unstable(middle);
    let median = *median;
    tried.retain(|_, entry| entry.last > median);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn attempt<'a>(account: &'a str, address: &str) -> Attempt<'a> {
        Attempt {
            account,
            exists: account != "nobody",
            address: address.parse().unwrap(),
        }
    }

    /// How long until the next attempt at an account is let through, in seconds, from always other addresses.
    fn waits(throttle: &Throttle, account: &str, times: u8) -> Vec<i64> {
        let mut now = at(0);
        let mut waits = Vec::new();
        for number in 0..times {
            let attempt = attempt(account, &format!("192.0.2.{number}"));
            let wait = match throttle.begin(attempt, now) {
                Ok(()) => 0,
                Err(AccountError::Throttled { seconds }) => seconds,
                Err(other) => panic!("{other}"),
            };
            waits.push(wait);
            now += SignedDuration::from_secs(wait);
            if wait > 0 {
                throttle.begin(attempt, now).unwrap();
            }
        }
        waits
    }

    #[test]
    fn the_wait_doubles_up_to_a_quarter_of_an_hour() {
        let throttle = Throttle::default();
        let found = waits(&throttle, "alice", 18);
        let expected = [
            0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900,
        ];
        assert_eq!(found, expected);
        // A name that no account has is treated the same.
        let throttle = Throttle::default();
        assert_eq!(waits(&throttle, "nobody", 18), expected);
    }

    #[test]
    fn many_at_once_gain_nothing() {
        let throttle = Throttle::default();
        let let_through = (0..100)
            .filter(|_| throttle.begin(attempt("alice", "192.0.2.1"), at(0)).is_ok())
            .count();
        assert_eq!(let_through, 5);
    }

    #[test]
    fn of_two_at_once_the_earlier_may_be_counted_last() {
        let throttle = Throttle::default();
        let alice = attempt("alice", "192.0.2.1");
        throttle.begin(alice, at(1)).unwrap();
        throttle.begin(alice, at(0)).unwrap();
        throttle.succeed(alice);
        throttle.begin(alice, at(0)).unwrap();
    }

    #[test]
    fn one_address_trying_many_names_waits_too() {
        let throttle = Throttle::default();
        let names: Vec<String> = (0..100).map(|number| format!("user{number}")).collect();
        let from = |host: &str, name: &str| throttle.begin(attempt(name, host), at(0)).is_ok();
        let let_through = names.iter().filter(|name| from("2001:db8::1", name)).count();
        assert_eq!(let_through, 20);
        assert!(!from("2001:db8::2", "bob"), "the same /64");
        assert!(from("2001:db8:0:1::2", "bob"));
    }

    #[test]
    fn a_success_is_forgiven_and_a_quiet_day_forgets() {
        let throttle = Throttle::default();
        let alice = attempt("alice", "192.0.2.1");
        for _ in 0..40 {
            throttle.begin(alice, at(0)).unwrap();
            throttle.succeed(alice);
        }
        for _ in 0..5 {
            throttle.begin(alice, at(0)).unwrap();
        }
        assert!(throttle.begin(alice, at(0)).is_err());
        assert!(throttle.begin(alice, at(86_500)).is_ok());
        assert!(throttle.begin(alice, at(86_500)).is_ok());
    }

    #[test]
    fn made_up_names_push_no_account_out() {
        let throttle = Throttle::default();
        for _ in 0..5 {
            throttle.begin(attempt("alice", "192.0.2.1"), at(0)).unwrap();
        }
        for number in 0..20_000_u32 {
            let address = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
            let name = format!("made-up-{number}");
            let made_up = Attempt {
                account: &name,
                exists: false,
                address,
            };
            throttle.begin(made_up, at(0)).unwrap();
        }
        assert!(throttle.begin(attempt("alice", "192.0.2.2"), at(0)).is_err());
        assert!(throttle.names.0.lock().unwrap().len() <= REMEMBERED);
    }
}
