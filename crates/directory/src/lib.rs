//! People and groups of an LDAP directory, Active Directory among them: who somebody is, whether a password is theirs, and which
//! groups they are in.
//!
//! From the wire inwards: `ber` writes and reads the encoding (X.690) with a limit on every length, `message` the few messages
//! that are needed (RFC 4511), and `connection` is one connection with its TLS and its deadline. [`Filter`] is a search filter as
//! the configuration writes it (RFC 4515): it is read once, and what somebody types is put into it as a value afterwards, so that
//! it never passes through its text. `name` reads distinguished names (RFC 4514).
//!
//! [`Directory`] puts them together: [`Directory::authenticate`] for a sign-in, [`Directory::look_up`] for somebody who signed in
//! before, [`Directory::probe`] for whoever wants to know whether all of it works. Each opens a connection of its own at the first
//! server that answers (`servers`), reads one person (`person`) and the person's groups (`groups`), and closes it.
//!
//! Nothing is ever written to a directory, no referral is followed, and no empty password is sent to it: an empty password asks
//! for no proof at all (RFC 4513, section 5.1.2).

mod ber;
mod connection;
mod directory;
mod error;
mod filter;
mod groups;
mod message;
mod name;
mod person;
mod servers;
mod settings;

pub use directory::Directory;
pub use error::DirectoryError;
pub use filter::{Filter, InvalidFilter};
pub use name::folded;
pub use person::{Group, Person, Standing};
pub use settings::{Address, GroupSearch, InvalidAddress, Kind, Nested, Settings, Transport};
