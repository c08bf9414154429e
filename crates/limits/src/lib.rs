//! Who may spend what: requests and tokens a minute, tokens and money a day, a week or a month.
//!
//! A [`Limit`] says whose requests it counts and what they may spend together. Before a request is sent, what it may cost at
//! most is reserved in every limit that counts it; afterwards what it did cost takes the place of that. A request is let in
//! where every limit has something left, reservations of others taken off. So requests that run at the same time pass a limit
//! by one request at most, as long as none costs more than was reserved for it.
//!
//! The accounting is pure, with time as an argument: [`tokens`], `money` and `cost` say what a request may cost, `window` counts
//! a minute, `period` knows the calendar, `counter` is what one limit has counted, and `book` holds all counters and reserves in
//! several at once. [`Limits`] is the book of a running program, with a lock around it: budgets outlive the process in a `journal`
//! that is written before anything is sent, and in `limits.sqlite` (`store`), into which the journal is folded from time to time.
//! [`Own`] are the limits that keys were given when they were made. Rates are kept in memory only.
//!
//! Where several replicas hold the same limits, each has a `share` of every counter, which it draws from the `pool` in the database
//! that they have in common, ahead of use, and gives back ([`Limits::share`], [`Limits::admit`], [`Limits::settle_shares`]).

mod admitting;
mod book;
mod cost;
mod counter;
mod journal;
mod limit;
mod limits;
mod money;
mod own;
mod period;
mod pool;
mod refused;
mod share;
mod standing;
mod store;
pub mod tokens;
mod window;

pub use cost::{Asked, Price, Rates, Spent};
pub use limit::{Allowance, Budget, CURRENCY, InvalidAllowance, Limit, Spending, Whose};
pub use limits::{Counting, Limits, Reserved, Turned};
pub use money::Money;
pub use own::Own;
pub use period::{InvalidPeriod, Period, Span};
pub use refused::{Refused, What};
pub use standing::Standing;
pub use store::{FILE, FORMAT};
