//! Names of keys and users: one namespace, for access lists and records are told apart by them.

use super::AccountError;

/// Whoever asks from the command line on the data folder itself.
pub(super) const OPERATOR: &str = "operator";

/// What the names of users who sign in elsewhere begin with; they are made by the program.
const PROVIDED: [&str; 3] = ["oidc-", "ldap-", "scim-"];

/// What the name of a user of this issuer begins with.
pub(super) fn provided(issuer: &str) -> &'static str {
    let [provider, directory, _] = PROVIDED;
    if issuer.starts_with("ldap:") {
        directory
    } else {
        provider
    }
}

/// The longest name, in bytes.
const LONGEST: usize = 64;

/// Checks a name that a person chose: 1 to 64 of `a-z`, `A-Z`, `0-9`, `.`, `_`, `@`, `+`, `-`, beginning with a
/// letter or digit, and not one that the program gives.
pub(super) fn check(name: &str) -> Result<(), AccountError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
    let sound = name.len() <= LONGEST
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(allowed);
    let lower = name.to_ascii_lowercase();
    if !sound || lower == OPERATOR || PROVIDED.iter().any(|prefix| lower.starts_with(prefix)) {
        return Err(AccountError::Name {
            name: name.chars().take(LONGEST).collect(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_not_those_of_the_program() {
        for good in [
            "a",
            "alice",
            "alice.martin@mairie.fr",
            "Portail-2",
            &"a".repeat(64),
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        let long = "a".repeat(65);
        for bad in [
            "", "-a", ".", "a b", "a:b", "é", "operator", "Operator", "oidc-x", "Ldap-x", "scim-x", "a\n",
            &long,
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
