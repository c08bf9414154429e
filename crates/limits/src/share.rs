//! What one replica may use of what several share, and what the others hold.
//!
//! A replica holds a grant of each thing that a counter limits: what it has used and reserved is never more, so that nobody has to
//! be asked for most requests. A request that needs more draws it before it is let in, where what all replicas hold, or at this
//! one have used, is less than the limit. So all of them together pass a limit by one request at most, as one does alone.

use super::counter::Measure;
use super::period::Span;
use super::refused::What;

/// How many things a counter limits: requests and tokens of a minute, tokens and money of a period.
pub(crate) const THINGS: usize = 4;

/// A share of one thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    /// What the others hold, as was last told.
    pub elsewhere: u64,
    /// What this replica may use, with what it has used and reserved.
    pub grant: u64,
}

/// What is drawn of one counter, or given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draw {
    pub limit: String,
    pub counter: String,
    /// The period of its budget.
    pub span: Span,
    /// What this replica has used and reserved of each thing.
    pub used: [u64; THINGS],
    /// How much more a request needs, where one is waiting.
    pub more: Option<[u64; THINGS]>,
    /// How much there is of each; `None` of what is not limited.
    pub most: [Option<u64>; THINGS],
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Drawn {
    pub shares: [Share; THINGS],
}

/// Where a thing stands among those of a counter.
pub(crate) const fn place(what: What) -> usize {
    match what {
        What::Requests => 0,
        What::Tokens => 1,
        What::BudgetTokens => 2,
        What::BudgetMoney | What::Unpriced | What::Away => 3,
    }
}

impl Measure {
    /// What this replica has used and reserved.
    pub(crate) const fn own(&self) -> u64 {
        self.used
            .saturating_sub(self.elsewhere)
            .saturating_add(self.reserved)
    }
}
