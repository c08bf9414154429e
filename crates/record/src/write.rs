//! What is written of a request: its record as it goes on, and how it ended.

use std::sync::Arc;

use crate::frame::Framed;
use crate::record::Closed;
use crate::rows::{KeepRow, OpenRow};
use trousseau_core::principal::Tenant;

use crate::owed::Owed;

/// One write.
#[derive(Debug)]
pub enum Write {
    /// A decision, before anything is sent.
    Open(Box<OpenRow>),
    /// What the calls brought.
    Keep(Box<KeepRow>),
    /// How it ended. It is not in the journal, because the ledger says it.
    Close(Box<CloseRow>),
}

impl From<Framed> for Write {
    fn from(framed: Framed) -> Self {
        match framed {
            Framed::Open(row) => Self::Open(row),
            Framed::Keep(row) => Self::Keep(row),
        }
    }
}

/// See [`Closed`].
#[derive(Debug)]
pub struct CloseRow {
    pub tenant: Tenant,
    pub closed: Closed,
    /// The decisions of its ledger whose outcome is owed, this one among them.
    pub owed: Arc<Owed>,
}

impl CloseRow {
    /// It is written.
    pub fn settle(&self) {
        self.owed.remove(self.closed.entry.index);
    }
}
