//! Scores chunks for a question.
