//! What the detectors find, what they leave alone, and that a stream says what the whole text says.

mod own;
mod published;
mod specimens;
mod stream;
