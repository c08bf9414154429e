//! Which of the two languages a text is in.
