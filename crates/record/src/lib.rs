//! One record: a question, its answer, and what was decided, as they are kept and written.
//!
//! [`record`] says what is written of a request as it goes on, and what is read back from a row. [`rows`] are the forms in
//! which that is written, [`frame`] how the journal holds them. [`reasoning`] is what a model writes before its answer.
//!
//! A [`write`] goes to the [`journal`] first, two files that take turns, and from there into the database a moment later
//! ([`applier`]), the writes of one record together where they can be. [`owed`] are the decisions that have no outcome yet. Which tables there are says [`schema`]; who
//! may read them is the gateway's matter.

pub mod applier;
pub mod frame;
mod gathered;
pub mod journal;
pub mod owed;
pub mod reasoning;
pub mod record;
pub mod rows;
pub mod schema;
pub mod title;
pub mod write;

pub use applier::Applier;
pub use frame::Framed;
pub use journal::Journal;
pub use owed::Owed;
pub use reasoning::{Reasoning, Thought, Watch};
pub use record::{Closed, Feedback, Made, Opened, Rating, Record};
pub use rows::{KeepRow, OpenRow};
pub use write::{CloseRow, Write};
