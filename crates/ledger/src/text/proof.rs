//! C2SP tlog-proof: one file that shows, offline, that an entry is in a log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::Checkpoint;
use super::key::VerifierKey;
use super::{TextFault, parse_decimal};
use crate::error::LedgerError;
use crate::merkle::{Hash, root_from_inclusion};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A tree of 2^64 leaves needs no more.
const MAX_HASHES: usize = 64;

/// The proof that an entry is in a log, with the checkpoint that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The entry's index, from 0.
    pub index: u64,
    /// The hashes from the leaf's sibling up to the child of the root.
    pub hashes: Vec<Hash>,
    /// The head of the log that the hashes lead to.
    pub checkpoint: Checkpoint,
    /// What an application put beside it. It is not signed: nothing in it is proved.
    pub extra: Option<Vec<u8>>,
}

impl Proof {
    /// Writes the proof as a `.tlog-proof` file.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        if let Some(extra) = &self.extra {
            text += &format!("extra {}\n", STANDARD.encode(extra));
        }
        text += &format!("index {}\n", self.index);
        for hash in &self.hashes {
            text += &format!("{hash}\n");
        }
        text.push('\n');
        text + &self.checkpoint.note
    }

    /// Reads a `.tlog-proof` file. Nothing is verified yet.
    ///
    /// # Errors
    ///
    /// When it is written otherwise than the specification says.
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        let (head, note) = text
            .split_once("\n\n")
            .ok_or(fault(1, "no blank line before the checkpoint"))?;
        let mut lines = head.split('\n').zip(1..).peekable();
        if lines.next().map(|(line, _)| line) != Some(HEADER) {
            return Err(fault(1, "the first line is not c2sp.org/tlog-proof@v1"));
        }
        let extra = match lines.next_if(|(line, _)| line.starts_with("extra ")) {
            Some((line, number)) => {
                let decoded = STANDARD.decode(&line["extra ".len()..]);
                Some(decoded.map_err(|_| fault(number, "the extra data is not base64"))?)
            }
            None => None,
        };
        let index = lines
            .next()
            .and_then(|(line, _)| parse_decimal(line.strip_prefix("index ")?))
            .ok_or(fault(2 + usize::from(extra.is_some()), "not an index line"))?;
        let hashes = lines
            .map(|(line, number)| {
                let hash = Hash::from_base64(line).filter(|_| number <= MAX_HASHES + 3);
                hash.ok_or(fault(number, "not one of at most 64 hashes in base64"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let checkpoint = Checkpoint::parse_unverified(note).map_err(|fault| TextFault {
            line: fault.line + head.matches('\n').count() + 2,
            ..fault
        })?;
        Ok(Self {
            index,
            hashes,
            checkpoint,
            extra,
        })
    }

    /// Shows that `entry` is number [`Proof::index`] of the log that `key` signs.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Signature`] when the checkpoint is not the key's; [`LedgerError::ProofMismatch`] when the
    /// entry is another one or the hashes do not lead to the signed root.
    pub fn verify(&self, key: &VerifierKey, entry: &[u8]) -> Result<(), LedgerError> {
        self.checkpoint.verify(key)?;
        let root = root_from_inclusion(&Hash::leaf(entry), self.index, self.checkpoint.size, &self.hashes);
        if root == Some(self.checkpoint.root) {
            return Ok(());
        }
        Err(LedgerError::ProofMismatch {
            origin: self.checkpoint.origin.clone(),
            index: self.index,
        })
    }
}

fn fault(line: usize, reason: &'static str) -> TextFault {
    TextFault {
        what: "proof",
        line,
        reason,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::key::SigningKey;
    use super::*;

    fn two_leaf_proof(extra: Option<Vec<u8>>) -> (SigningKey, Proof) {
        let key = SigningKey::generate("example.org/log").unwrap();
        let (left, right) = (Hash::leaf(b"left"), Hash::leaf(b"right"));
        let checkpoint = Checkpoint::sign(&key, 2, Hash::node(&left, &right));
        (
            key,
            Proof {
                index: 1,
                hashes: vec![left],
                checkpoint,
                extra,
            },
        )
    }

    #[test]
    fn a_proof_is_read_back_and_verified() {
        for extra in [None, Some(b"who asked".to_vec())] {
            let (key, proof) = two_leaf_proof(extra);
            let read = Proof::parse(&proof.to_text()).unwrap();
            assert_eq!(read, proof);
            read.verify(&key.verifier(), b"right").unwrap();
            assert_eq!(
                read.verify(&key.verifier(), b"left").unwrap_err().code(),
                "ledger-proof-mismatch"
            );
            let stranger = SigningKey::generate("example.org/log").unwrap();
            assert_eq!(
                read.verify(&stranger.verifier(), b"right").unwrap_err().code(),
                "ledger-signature"
            );
        }
    }

    #[test]
    fn faults_name_the_line_of_the_whole_file() {
        let (_, proof) = two_leaf_proof(None);
        let text = proof.to_text();
        let check = |from: &str, to: &str, line, reason| {
            let got = Proof::parse(&text.replacen(from, to, 1)).unwrap_err();
            assert_eq!((got.line, got.reason), (line, reason));
        };
        check("@v1", "@v2", 1, "the first line is not c2sp.org/tlog-proof@v1");
        check("index 1", "index 01", 2, "not an index line");
        check("index 1", "extra ?\nindex 1", 2, "the extra data is not base64");
        check("index 1", "extra AAAA\nindex", 3, "not an index line");
        check(
            "index 1\n",
            "index 1\nAAAA\n",
            3,
            "not one of at most 64 hashes in base64",
        );
        check("\n2\n", "\n02\n", 6, "the size is not a number");
        check(
            "\u{2014} ",
            "- ",
            9,
            "a signature line is a dash, a name and a signature",
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(c2sp.org/tlog-proof@v1\n)?(extra [A=]{0,8}\n)?(index [0-9]{0,3}\n)?([A=]{44}\n){0,3}\n?.{0,60}\n{0,2}.{0,40}") {
            if let Ok(proof) = Proof::parse(&text) {
                prop_assert_eq!(proof.to_text(), text);
            }
        }

        #[test]
        fn no_flipped_bit_passes(at in any::<prop::sample::Index>(), bit in 0_u8..7) {
            let (key, proof) = two_leaf_proof(None);
            let mut bytes = proof.to_text().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
            let passes = Proof::parse(&text).is_ok_and(|proof| proof.verify(&key.verifier(), b"right").is_ok());
            prop_assert!(!passes, "bit {} of byte {} may change", bit, at);
        }
    }
}
