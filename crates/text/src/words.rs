//! Words, and the terms they are indexed and compared by.
