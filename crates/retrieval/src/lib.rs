//! Documents kept and found.
//!
//! A file enters through [`source`], which lists folders and loads bytes; [`extraction`] has it read by a worker
//! process; [`chunk`] cuts its blocks into chunks; [`store`], the truth, keeps it in
//! one transaction of [`database`]. [`library`] brings the derived indexes up to date from the store's
//! outbox and answers searches: [`lexical`] finds candidates, [`rank`] scores them, the store checks each
//! against the truth before it leaves. A question that hangs on the one before it is searched with its subject
//! ([`followup`]). What people upload lies in [`uploads`] until they delete it. [`pace`] says whether a task may make a
//! small write itself.
//!
//! This crate neither labels nor records, and never calls a model over the network: the gateway does.

pub mod chunk;
pub mod columns;
pub mod database;
pub mod error;
pub mod extraction;
pub mod followup;
pub mod lexical;
pub mod library;
pub mod pace;
pub mod rank;
pub mod source;
pub mod store;
pub mod uploads;
pub mod window;
