//! OpenAI's wire format, and its conversion to and from `trousseau-core`. No I/O.
//!
//! Two sides meet here. As a *client* this program writes requests to upstream servers and reads what they answer; as a
//! *server* it reads what clients of OpenAI's API send and answers in their form. Both read foreign bytes, with limits,
//! and both pass on fields that they do not know. Between them stands the core's vocabulary.
