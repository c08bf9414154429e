//! Passwords: how long they must be, how they are kept, and how many are worked on at once.
//!
//! A password is judged by its length alone (NIST SP 800-63B-4, section 3.1.1.2) and kept as argon2id with
//! OWASP's parameters: 19 MiB, two passes, one lane. Each takes memory and some tens of milliseconds, so
//! few are worked on at a time and few may wait.

use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;
use trousseau_retrieval::library::blocking;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::AccountError;

/// The shortest password, in characters: what SP 800-63B-4 asks where nothing but a password is asked.
pub(super) const SHORTEST: usize = 15;

/// The longest password, in characters; SP 800-63B-4 asks for 64 at least.
pub(super) const LONGEST: usize = 256;

/// How many passwords are worked on at once.
const AT_ONCE: usize = 2;

/// How many may wait for it.
const WAITING: usize = 32;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What is checked when there is no password to check: the hash of nobody's password.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$eA4SYaRZVgHS/WFwREfSnoTH+eZ0Rgb65dDTDWGwR9I";

/// A password as somebody typed it. It is not shown, and gone from memory when it is dropped.
pub struct Password {
    /// In the form in which it is compared here.
    same: Zeroizing<String>,
    /// As it was typed, which is what a directory is asked.
    typed: Zeroizing<String>,
}

impl Password {
    /// A password in the form in which it is compared: Unicode NFKC, so that it is the same from every keyboard.
    pub fn new(typed: &str) -> Self {
        // What is far too long is cut, and stays too long.
        let typed: Zeroizing<String> = Zeroizing::new(typed.chars().take(LONGEST + 1).collect());
        Self {
            same: Zeroizing::new(typed.nfkc().collect()),
            typed,
        }
    }

    /// As it was typed; nothing where it is longer than any password.
    pub(super) fn typed(&self) -> &str {
        let fits = self.typed.chars().count() <= LONGEST;
        if fits { self.typed.as_str() } else { "" }
    }

    /// Refuses what is too short or too long to be chosen.
    pub(super) fn check(&self) -> Result<(), AccountError> {
        let length = self.same.chars().count();
        if (SHORTEST..=LONGEST).contains(&length) {
            return Ok(());
        }
        Err(AccountError::PasswordLength {
            shortest: SHORTEST,
            longest: LONGEST,
        })
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Where passwords are worked on.
#[derive(Debug)]
pub(super) struct Hashing {
    places: Semaphore,
    waiting: AtomicUsize,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            places: Semaphore::new(AT_ONCE),
            waiting: AtomicUsize::new(0),
        }
    }
}

impl Hashing {
    /// The form in which a password is kept (a PHC string).
    pub(super) async fn hash(&self, password: Password) -> Result<String, AccountError> {
        self.work(move || {
            let mut salt = [0; 16];
            getrandom::fill(&mut salt)?;
            let hash = argon2().and_then(|argon2| {
                Ok(argon2
                    .hash_password_with_salt(password.same.as_bytes(), &salt)?
                    .to_string())
            });
            hash.map_err(|error| AccountError::Hash {
                reason: error.to_string(),
            })
        })
        .await
    }

    /// Whether a password is the one kept. Without one to compare it takes as long and is not.
    pub(super) async fn verify(
        &self,
        password: Password,
        kept: Option<String>,
    ) -> Result<bool, AccountError> {
        self.work(move || {
            let hash = kept.as_deref().unwrap_or(NOBODY);
            let matches = argon2().and_then(|argon2| {
                let hash = PasswordHash::new(hash)?;
                argon2.verify_password(password.same.as_bytes(), &hash)
            });
            Ok(matches.is_ok() && kept.is_some())
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> Result<T, AccountError> + Send + 'static,
    ) -> Result<T, AccountError> {
        let _waiting = Waiting::join(&self.waiting)?;
        // The semaphore is never closed; if it were, nobody would be let in.
        let Ok(_place) = self.places.acquire().await else {
            return Err(AccountError::Busy);
        };
        blocking(task).await?
    }
}

/// One of those who wait or are worked on.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn join(waiting: &'a AtomicUsize) -> Result<Self, AccountError> {
        let joined = Self(waiting);
        match waiting.fetch_add(1, Ordering::Relaxed) {
            before if before < AT_ONCE + WAITING => Ok(joined),
            _ => Err(AccountError::Busy),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn argon2() -> argon2::password_hash::Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_found_again_and_no_other() {
        let hashing = Hashing::default();
        let kept = hashing
            .hash(Password::new("une phrase assez longue"))
            .await
            .unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        let verify = async |typed: &str, kept: Option<&String>| {
            hashing.verify(Password::new(typed), kept.cloned()).await.unwrap()
        };
        assert!(verify("une phrase assez longue", Some(&kept)).await);
        assert!(!verify("une phrase assez longuE", Some(&kept)).await);
        assert!(!verify("une phrase assez longue", None).await);
        let again = hashing
            .hash(Password::new("une phrase assez longue"))
            .await
            .unwrap();
        assert_ne!(kept, again, "salted");
    }

    #[tokio::test]
    async fn nobodys_hash_costs_what_anybodys_does_and_opens_nothing() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let anybody = Hashing::default().hash(Password::new("a")).await.unwrap();
        let anybody = PasswordHash::new(&anybody).unwrap();
        assert_eq!(nobody.algorithm, anybody.algorithm);
        assert_eq!(nobody.version, anybody.version);
        assert_eq!(nobody.params.to_string(), anybody.params.to_string());
        assert_eq!(nobody.salt.unwrap().len(), anybody.salt.unwrap().len());
        assert_eq!(nobody.hash.unwrap().len(), anybody.hash.unwrap().len());
    }

    #[test]
    fn only_the_length_of_a_password_counts() {
        for good in [
            "aaaaaaaaaaaaaaa",
            "quinze lettres !",
            "ééééééééééééééé",
            &"x".repeat(256),
        ] {
            assert!(Password::new(good).check().is_ok(), "{good}");
        }
        for bad in ["", "quatorze lettr", &"x".repeat(257), &"x".repeat(100_000)] {
            assert!(Password::new(bad).check().is_err(), "{}", bad.len());
        }
    }

    #[test]
    fn a_password_is_the_same_from_every_keyboard_and_never_shown() {
        assert_eq!(*Password::new("e\u{301}").same, *Password::new("\u{e9}").same);
        assert_eq!(format!("{:?}", Password::new("secret")), "Password(..)");
    }

    #[tokio::test]
    async fn a_crowd_is_turned_away() {
        let hashing = Hashing::default();
        let _held = hashing.places.acquire_many(2).await.unwrap();
        let mut waiting: Vec<_> = (0..AT_ONCE + WAITING)
            .map(|_| Waiting::join(&hashing.waiting).unwrap())
            .collect();
        let refused = hashing.hash(Password::new("a")).await;
        assert!(matches!(refused, Err(AccountError::Busy)), "{refused:?}");
        waiting.pop();
        assert!(Waiting::join(&hashing.waiting).is_ok());
    }
}
