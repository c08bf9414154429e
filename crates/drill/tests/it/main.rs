//! What a drill tells: of one scene, whole; and what holds whatever the cards, the rules and the cut.

#![expect(clippy::unwrap_used, reason = "what a test takes for granted fails the test")]

mod properties;
mod scene;
mod told;
mod watched;
