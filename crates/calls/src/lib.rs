//! The calls of one request, from its permits to the end of its answer.
//!
//! [`Called::by`] is all of it, in rounds (`round.rs`): the permitted targets in the order that the router gives them, until
//! one begins to answer (`begin.rs`, where a second one is asked beside a slow first), then what it sends, read and passed
//! on (`reading.rs`). Where every target fails for the moment there is another round, within the retry budget; where one is
//! loading its model it is waited for. A stream that breaks after its first byte is continued by the next permitted target
//! (`continuation.rs`), or ends in an error: never silently.
//!
//! A request may be sent as it is, and masked to targets that may not see that: the second [`Sending`] is tried when the first
//! has come to nothing. What comes back from it is restored before anything else sees it.
//!
//! Nothing is decided here. Before every call but the first of each target, whether it may be made is asked again, of
//! whoever [`Decides`]; a continuation, whose content is another, is decided and recorded like a request of its own. What
//! the caller sees on the way are [`AnswerEvent`]s.

mod begin;
mod called;
mod continuation;
mod event;
mod reading;
mod round;

pub use begin::failure;
pub use called::{CallEnd, Called, Decides, Means, Sending, not_now_code};
pub use event::{AnswerEvent, Events};
