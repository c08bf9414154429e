//! Answers made of verbatim sentences.
