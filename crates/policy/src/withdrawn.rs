//! What was withdrawn while the service runs: it may see nothing, whatever the rules say.

use std::collections::BTreeSet;

use crate::jurisdiction::Country;

/// What is out now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withdrawn {
    /// Names of upstreams.
    pub upstreams: BTreeSet<String>,
    /// Providers by their names on cards, in small letters.
    pub providers: BTreeSet<String>,
    /// Countries: whatever a card ties to one of them, or does not tie to any.
    pub countries: BTreeSet<Country>,
}
