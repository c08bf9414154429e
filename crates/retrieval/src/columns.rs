//! Columns that hold more than SQLite's own types: JSON, values in their written form, 32 bytes.

use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// A row whose columns hold texts and bytes.
pub trait Fields {
    /// The text in a column.
    fn text(&self, column: &str) -> Result<&str, sqlx::Error>;

    /// The bytes in a column.
    fn bytes(&self, column: &str) -> Result<&[u8], sqlx::Error>;
}

impl Fields for SqliteRow {
    fn text(&self, column: &str) -> Result<&str, sqlx::Error> {
        self.try_get(column)
    }

    fn bytes(&self, column: &str) -> Result<&[u8], sqlx::Error> {
        self.try_get(column)
    }
}

/// Reads a column that holds JSON this program wrote.
pub fn json<T: DeserializeOwned>(row: &impl Fields, column: &str) -> Result<T, sqlx::Error> {
    serde_json::from_str(row.text(column)?).map_err(|error| decode(column, error))
}

/// Reads a column that holds a value in its written form.
pub fn parsed<T>(row: &impl Fields, column: &str) -> Result<T, sqlx::Error>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    let text = row.text(column)?;
    text.parse().map_err(|error| decode(column, error))
}

/// Reads a column that holds one of the words an enumeration is serialised as.
pub fn word<T: DeserializeOwned>(row: &impl Fields, column: &str) -> Result<T, sqlx::Error> {
    let text = row.text(column)?;
    serde_json::from_value(text.into()).map_err(|error| decode(column, error))
}

/// Reads a column of 32 bytes.
pub fn bytes32(row: &impl Fields, column: &str) -> Result<[u8; 32], sqlx::Error> {
    let bytes = row.bytes(column)?;
    bytes.try_into().map_err(|error| decode(column, error))
}

/// Writes a value as JSON.
pub fn to_json(value: &impl Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn decode(column: &str, error: impl std::fmt::Display) -> sqlx::Error {
    sqlx::Error::Decode(format!("{column}: {error}").into())
}
