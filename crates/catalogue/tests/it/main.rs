//! The catalogue as it comes with the program, and how cards are made from it.

#![expect(clippy::unwrap_used, reason = "what a test takes for granted fails the test")]

mod cards;
mod data;
