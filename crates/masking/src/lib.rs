//! Pseudonyms in place of what was found in a request, and back again in its answer.
//!
//! Everything here is a pure function: no file, no network, no clock. A route says with a [`Mask`] what may be replaced and
//! for whom. [`mask`] replaces it: every value becomes a token such as `[IBAN-1]` (`token.rs`), in every place of the request
//! where detectors read (`texts.rs`). The same value is the same token throughout the request, two values are two tokens,
//! and no token is taken that stands in the request already. What is left is labelled from its beginning
//! ([`Masked::labelling`]): whatever else raised the label raises it still.
//!
//! The [`Table`] says which token stands for what. It lives as long as the request and is written nowhere. [`Restorer`] puts
//! the values back into one text as it comes, [`Restoring`] into the events of an answer: a token is found wherever a stream
//! cuts it, and as models write it, and nothing is held back but what may become one.
//!
//! Nothing is decided here. What was masked is another content, and whoever sends it has a permit for that.

mod answer;
mod labelling;
mod mask;
mod restore;
mod settings;
mod table;
mod texts;
mod token;

pub use answer::Restoring;
pub use mask::{Masked, mask};
pub use restore::Restorer;
pub use settings::{Kinds, Mask};
pub use table::Table;
pub use token::LONGEST;
