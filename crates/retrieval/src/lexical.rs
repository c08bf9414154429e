//! The lexical index.
