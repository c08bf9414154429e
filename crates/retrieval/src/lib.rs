//! Documents kept and found: durable tasks, chunks, the store, lexical search, the extractive answerer.
