//! The command line as its users meet it: the program is run, and what it writes is read.

mod catalogue;
mod config;
mod demo;
mod doctor;
mod files;
mod guide;
mod harness;
mod json;
mod ledger;
mod limits;
mod resume;
mod usage;
