//! OpenAI's wire format, and its conversion to and from `trousseau-core`. No I/O.
