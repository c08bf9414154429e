//! Text analysis for French and English.

pub mod language;
pub mod quantities;
pub mod sentences;
pub mod words;
