//! Detects data classes in text and decides where a request may run.
