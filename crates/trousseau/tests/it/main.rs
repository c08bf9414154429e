//! The command line as its users meet it: the program is run, and what it writes is read.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test takes for granted fails the test"
)]

mod accounts;
mod catalogue;
mod checks;
mod config;
mod demo;
mod doctor;
mod drill;
mod files;
mod forgetting;
mod guide;
mod harness;
mod json;
mod ledger;
mod limits;
mod model;
mod network;
mod providers;
mod records;
mod reload;
mod replicas;
mod replicas_records;
mod replicas_spending;
mod replicas_withdrawals;
mod resume;
mod serve;
mod service;
mod signin;
mod socket;
mod spending;
mod trial;
mod upstreams;
mod usage;
mod withdraw;
