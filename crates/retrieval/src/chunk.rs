//! Cuts blocks into chunks.
