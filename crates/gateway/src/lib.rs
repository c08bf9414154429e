//! The service: the way of one question, the way of one document, the records.
