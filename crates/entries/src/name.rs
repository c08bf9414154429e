//! The name of an entry: which ledger, and where in it.

/// Which ledger, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    /// The replica whose ledger it is.
    pub replica: String,
    /// The index of the entry.
    pub index: u64,
}

impl std::fmt::Display for EntryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.replica, self.index)
    }
}

/// A text that names no entry: `main/12` does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of an entry: write REPLICA/INDEX")]
pub struct InvalidEntryId(pub String);

impl std::str::FromStr for EntryId {
    type Err = InvalidEntryId;

    fn from_str(text: &str) -> Result<Self, InvalidEntryId> {
        let invalid = || InvalidEntryId(text.to_owned());
        let (replica, index) = text.rsplit_once('/').ok_or_else(invalid)?;
        let index: u64 = index.parse().map_err(|_| invalid())?;
        if replica.is_empty() || i64::try_from(index).is_err() {
            return Err(invalid());
        }
        let replica = replica.to_owned();
        Ok(Self { replica, index })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_entry_reads_back() {
        let id: EntryId = "main/12".parse().unwrap();
        assert_eq!((id.replica.as_str(), id.index), ("main", 12));
        assert_eq!(id.to_string(), "main/12");
        for wrong in ["12", "main/", "/12", "main/-1", "main/9223372036854775808", ""] {
            assert!(wrong.parse::<EntryId>().is_err(), "{wrong}");
        }
    }
}
