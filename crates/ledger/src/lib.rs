//! A tamper-evident log: C2SP tlog-tiles, signed checkpoints, proofs, an offline verifier.
