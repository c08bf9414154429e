//! A row of either database.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type};
use trousseau_retrieval::columns::Fields;

/// A row that a statement gave.
pub enum Row {
    /// From a file.
    Sqlite(SqliteRow),
    /// From a server.
    Postgres(PgRow),
}

impl std::fmt::Debug for Row {
    /// A row may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Row(..)")
    }
}

impl Row {
    /// The value of a column.
    ///
    /// # Errors
    ///
    /// Where there is no such column, or its value is of another type.
    pub fn try_get<'r, T>(&'r self, column: &str) -> Result<T, sqlx::Error>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }
}

impl Fields for Row {
    fn text(&self, column: &str) -> Result<&str, sqlx::Error> {
        self.try_get(column)
    }

    fn bytes(&self, column: &str) -> Result<&[u8], sqlx::Error> {
        self.try_get(column)
    }
}
