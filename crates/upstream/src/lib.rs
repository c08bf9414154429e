//! Models over HTTP: OpenAI-compatible servers behind the core's traits.
