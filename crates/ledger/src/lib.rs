//! A tamper-evident log: whoever holds one checkpoint can show that nothing before it was changed.
//!
//! Entries are opaque bytes, at most 65,535 of them. What they mean, when they were written and who may read
//! them is the caller's affair; this crate knows no clock and nothing of Trousseau.
//!
//! **Writing.** [`Ledger`] (`ledger`) is the one writer of a folder. It hands an entry to the `sequencer`, which
//! gives it an index and writes it to a write-ahead file (`wal`): an append returns once that is durable, or in
//! [`Durability::Batch`] once the operating system has it. A moment later the `publisher` puts the entries into
//! tiles, from the right `edge` of the tree, and signs a checkpoint over them; only then does the write-ahead
//! file let go of them.
//!
//! **On disk** (`store`) lies a C2SP [tlog-tiles](https://c2sp.org/tlog-tiles) log that other programs verify:
//! `checkpoint`, `tile/<level>/<number>`, `tile/entries/<number>`, and beside them `log.vkey`, `wal/` and `lock`.
//!
//! **Reading.** [`LogReader`] (`reader`) reads the same folder without a lock; [`Entries`] walks through it.
//! [`LogReader::copy_to`] copies what is published (`copy`). [`verify()`] recomputes everything and names what does not
//! agree.
//!
//! **Pure parts**, also for fuzzing: [`merkle`] (the hash tree and its proofs), [`tile`] (names and bytes of
//! tiles), and the text formats [`SigningKey`], [`VerifierKey`], [`SignedNote`], [`Checkpoint`] and [`Proof`].

mod copy;
mod edge;
mod entries;
mod error;
mod ledger;
pub mod merkle;
mod publisher;
mod reader;
mod sequencer;
mod store;
mod text;
pub mod tile;
mod verify;
mod wal;

pub use entries::Entries;
pub use error::LedgerError;
pub use ledger::{Durability, Ledger, Options, Recovery};
pub use reader::LogReader;
pub use text::TextFault;
pub use text::checkpoint::Checkpoint;
pub use text::key::{SigningKey, VerifierKey};
pub use text::note::SignedNote;
pub use text::proof::Proof;
pub use verify::{Evidence, Finding, Report, VerifyOptions, verify};
#[doc(hidden)]
pub use wal::scan_wal;
