//! Salted commitments: what the ledger holds in place of content.
//!
//! A commitment is SHA-256 over a salt, the name of the field and its content, each preceded by its length.
//! The salts of one record are derived from the record's 32 random bytes, which are kept with the content
//! and nowhere else: whoever holds the record can open its commitments, and once the record is
//! erased nobody can guess a name or a question from them (EDPB guidelines 02/2025 on blockchain).

use serde::Serialize;
use trousseau_core::digest::Digest;

/// The random bytes that salt one record's commitments.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret(pub [u8; 32]);

impl Secret {
    /// Fresh random bytes from the operating system.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Commits to the content of one field.
    pub fn commit(&self, field: &'static str, content: &[u8]) -> Commitment {
        let salt = Digest::of_fields([self.0.as_slice(), field.as_bytes()]);
        Commitment(Digest::of_fields([salt.0.as_slice(), field.as_bytes(), content]))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What stands in the ledger for a content that only the records hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Commitment(Digest);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_opens_only_with_its_secret_field_and_content() {
        let secret = Secret([7; 32]);
        let commitment = secret.commit("question", b"Qui ?");
        assert_eq!(secret.commit("question", b"Qui ?"), commitment);
        assert_ne!(secret.commit("question", b"Quoi ?"), commitment);
        assert_ne!(secret.commit("answer", b"Qui ?"), commitment);
        assert_ne!(Secret([8; 32]).commit("question", b"Qui ?"), commitment);
    }

    #[test]
    fn a_secret_is_never_shown() {
        assert_eq!(format!("{:?}", Secret([7; 32])), "Secret(..)");
    }
}
