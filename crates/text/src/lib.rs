//! Text analysis for French and English. Pure functions of their text: no I/O, no state, one pass.
//!
//! [`language`] says which of the two languages a text is in. [`words`] cuts it into words; [`terms`] makes of them
//! what documents are indexed and compared by: elisions split off, accents folded, stopwords left out,
//! stems, numbers and references in one spelling. [`sentences`] finds where sentences begin and end, and
//! [`quantities`] reads numbers, dates, amounts and durations. [`prefixes`] finds words from their beginning.

pub mod fold;
pub mod language;
pub mod prefixes;
pub mod quantities;
pub mod sentences;
mod stems;
pub mod stopwords;
pub mod terms;
pub mod words;
