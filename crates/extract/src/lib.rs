//! Turns the bytes of a file into blocks of text, in worker processes with limits.
