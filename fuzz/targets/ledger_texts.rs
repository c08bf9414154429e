//! Keys, notes, checkpoints and proofs come from strangers. Reading one ends, and what was accepted reads the
//! same when it is written again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trousseau_ledger::{Checkpoint, Proof, SignedNote, SigningKey, VerifierKey};

fuzz_target!(|text: &str| {
    let _ = SigningKey::parse(text);
    let _ = SignedNote::parse(text);
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(
            key.to_string().parse::<VerifierKey>().ok(),
            Some(key),
            "a key has one text"
        );
    }
    let _ = Checkpoint::parse_unverified(text);
    if let Ok(proof) = Proof::parse(text) {
        let written = proof.to_text();
        let again = Proof::parse(&written).expect("what was written is read again");
        assert_eq!(again.to_text(), written);
    }
});
