//! One record: a question, its answer, and what was decided, as they are kept.
//!
//! [`record`] says what is written of a request as it goes on, and what is read back from a row. [`rows`] are the forms in
//! which that is written, [`frame`] how the journal holds them. [`reasoning`] is what a model writes before its answer.
//!
//! The files and tables are the gateway's: nothing here opens one.

pub mod frame;
pub mod reasoning;
pub mod record;
pub mod rows;

pub use frame::Framed;
pub use reasoning::{Reasoning, Thought, Watch};
pub use record::{Closed, Feedback, Made, Opened, Rating, Record};
pub use rows::{KeepRow, OpenRow};
