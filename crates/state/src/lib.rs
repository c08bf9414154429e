//! The tables that several replicas may share: in a SQLite file of one data folder, or in one PostgreSQL database.
//!
//! Whoever keeps something here writes its statements once, in the part of SQL that both understand (`sql`), and gets rows
//! that read the same (`row`). [`Tables`] are one store's: a file with one writer, or the tables of a [`Postgres`] that all
//! stores of a replica share. A [`Transaction`] is alone with its store in both: SQLite has one writer, and in PostgreSQL it
//! holds a lock that is its store's on every replica.
//!
//! What a replica holds in memory it hears of by a `bell`: triggers of the database write down which row is another, and ring.
//! [`Postgres::news`] tells what was written down since the last time; a bell that nobody hears is made up for by looking
//! twice a second. What a replica holds of the database for as long as it runs is [`Held`].

mod bell;
mod fault;
mod held;
mod news;
mod postgres;
mod row;
mod sql;
mod tables;

pub use bell::Bell;
pub use held::Held;
pub use news::{LOOKED, News};
pub use postgres::{Password, Place, Postgres, Steps};
pub use row::Row;
pub use sql::{Sql, Value};
pub use tables::{Tables, Transaction};
