//! Documents kept and found, with real SQLite files and a real index.

mod access;
mod damage;
mod index;
mod stock;
