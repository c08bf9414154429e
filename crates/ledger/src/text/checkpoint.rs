//! C2SP checkpoints: the signed statement of a log's size and root.

use super::key::{SigningKey, VerifierKey};
use super::note::SignedNote;
use super::{TextFault, parse_decimal};
use crate::error::LedgerError;
use crate::merkle::Hash;

/// The head of a log: its name, how many entries it has, and the root over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// The number of entries.
    pub size: u64,
    /// The root of the hash tree over them.
    pub root: Hash,
    /// The signed note as it is published, with the signatures of witnesses where it has any.
    pub note: String,
}

impl Checkpoint {
    /// Signs a new head.
    pub(crate) fn sign(key: &SigningKey, size: u64, root: Hash) -> Self {
        let origin = key.name().to_owned();
        let note = key.sign_note(&format!("{origin}\n{size}\n{root}\n"));
        Self {
            origin,
            size,
            root,
            note,
        }
    }

    /// Reads a checkpoint without looking at its signatures.
    ///
    /// # Errors
    ///
    /// When it is written otherwise than the specification says.
    pub fn parse_unverified(note: &str) -> Result<Self, TextFault> {
        let signed = SignedNote::parse(note).map_err(|fault| TextFault {
            what: "checkpoint",
            ..fault
        })?;
        let mut lines = signed.text.lines();
        let mut line = |number, reason| {
            lines
                .next()
                .filter(|line| !line.is_empty())
                .ok_or(fault(number, reason))
        };
        let origin = line(1, "the origin is missing")?;
        let size =
            parse_decimal(line(2, "the size is missing")?).ok_or(fault(2, "the size is not a number"))?;
        let root = Hash::from_base64(line(3, "the root is missing")?)
            .ok_or(fault(3, "the root is not 32 bytes in base64"))?;
        if let Some(at) = lines.position(str::is_empty) {
            return Err(fault(4 + at, "an extension line is empty"));
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            note: note.to_owned(),
        })
    }

    /// Whether `key` signed it and gave it its name.
    pub fn is_signed_by(&self, key: &VerifierKey) -> bool {
        self.origin == key.name() && SignedNote::parse(&self.note).is_ok_and(|note| note.is_signed_by(key))
    }

    /// Refuses a checkpoint that `key` did not sign.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Signature`].
    pub fn verify(&self, key: &VerifierKey) -> Result<(), LedgerError> {
        if self.is_signed_by(key) {
            return Ok(());
        }
        Err(LedgerError::Signature {
            origin: self.origin.clone(),
            key: key.to_string(),
        })
    }
}

fn fault(line: usize, reason: &'static str) -> TextFault {
    TextFault {
        what: "checkpoint",
        line,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_head_is_read_back() {
        let key = SigningKey::generate("example.org/log").unwrap();
        let head = Checkpoint::sign(&key, 70_000, Hash::leaf(b"x"));
        assert_eq!(Checkpoint::parse_unverified(&head.note), Ok(head.clone()));
        assert!(head.is_signed_by(&key.verifier()));
        assert!(!head.is_signed_by(&SigningKey::generate("example.org/log").unwrap().verifier()));
        let edited = Checkpoint::parse_unverified(&head.note.replace("70000", "70001")).unwrap();
        assert_eq!(
            edited.verify(&key.verifier()).unwrap_err().code(),
            "ledger-signature"
        );
    }

    #[test]
    fn a_note_under_another_origin_is_not_ours() {
        let key = SigningKey::generate("example.org/log").unwrap();
        let note = key.sign_note(&format!("example.org/other\n1\n{}\n", Hash::empty()));
        assert!(
            !Checkpoint::parse_unverified(&note)
                .unwrap()
                .is_signed_by(&key.verifier())
        );
    }

    #[test]
    fn faults_name_the_line() {
        let check = |text: &str, line, reason| {
            let note = format!("{text}\n\u{2014} k AAAAAAA=\n");
            assert_eq!(
                Checkpoint::parse_unverified(&note),
                Err(fault(line, reason)),
                "{text:?}"
            );
        };
        let root = Hash::empty();
        check("\n1\n", 1, "the origin is missing");
        check("o\n", 2, "the size is missing");
        for size in ["01", "+1", "-1", "1 ", "18446744073709551616", "x"] {
            check(&format!("o\n{size}\n{root}\n"), 2, "the size is not a number");
        }
        check("o\n1\n", 3, "the root is missing");
        check("o\n1\nAAAA\n", 3, "the root is not 32 bytes in base64");
        check(
            &format!("o\n1\n{root}\nextension\n\nx\n"),
            5,
            "an extension line is empty",
        );
    }
}
