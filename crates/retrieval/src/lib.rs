//! Documents kept and found.

pub mod chunk;
pub mod extractive;
pub mod lexical;
pub mod rank;
