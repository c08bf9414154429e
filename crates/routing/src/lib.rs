//! The mechanism of routes: which target is tried next, whether there is room at it, and when it may be asked again.
//!
//! One [`Router`] serves the whole program. It is told nothing of who asks what: it takes the targets that somebody else has
//! permitted and never names another. What it knows of each it has measured itself, by the target's name, so that a
//! changed configuration loses none of it.
//!
//! A route's [`Way`] says in which groups its targets are tried. [`Router::order`] arranges them by measured latency and load
//! (`choice`), or so that the same beginning of a prompt meets the same target. [`Router::enter`] then gives a [`Ticket`] for
//! one call: past the target's breaker (`breaker`) and through its bounded queue (`room`). The ticket is told what came of the
//! call (`target`), and dropped it says nothing of the target. Retries have a budget of their own (`budget`).
//!
//! [`cache`] keeps answers that may be given again.
//!
//! Moments and random numbers are arguments. Nothing here is slower than a few lookups, except waiting for room.

mod breaker;
mod budget;
pub mod cache;
mod choice;
mod random;
mod room;
mod router;
mod target;
mod way;

pub use router::{NotNow, Router};
pub use target::{Failure, State, TargetState, Ticket};
pub use way::{Breaker, Hedge, Retries, TargetLimits, Way};
