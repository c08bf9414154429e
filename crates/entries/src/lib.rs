//! What the ledger says, and how it says it without content.
//!
//! [`entry`] is the form of every entry: decisions, outcomes, documents, accounts, erasures. [`commitment`] is what stands
//! in an entry for a name, a question or a passage, [`name`] what an entry itself is called. The gateway writes them; whoever audits a ledger needs this crate and
//! the records' secrets, and nothing else of ours to open what was committed to. [`whereabouts`] reads
//! from the entries alone where the requests of a class went.

pub mod commitment;
pub mod entry;
pub mod name;
pub mod whereabouts;
