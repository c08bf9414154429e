//! A statement in the part of SQL that SQLite and PostgreSQL understand alike, with its values.
//!
//! Places for values are `?` or `?1`, as SQLite writes them. Numbers are 64 bits, times milliseconds since 1970; texts, bytes
//! and nothing are the rest. A name that one of the two keeps for itself (`user`) stands in double quotes, and what is compared
//! without regard to case is compared as `lower(column)` with a value that was folded before.

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Postgres, Sqlite};

/// A value of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number, or nothing in a column of numbers.
    Number(Option<i64>),
    /// A text, or nothing in a column of texts.
    Text(Option<String>),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A statement and its values.
#[derive(Clone, Debug)]
pub struct Sql {
    text: &'static str,
    values: Vec<Value>,
}

impl Sql {
    /// A statement without values yet.
    pub const fn new(text: &'static str) -> Self {
        Self {
            text,
            values: Vec::new(),
        }
    }

    /// The same with one more value, for the next place.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    pub(crate) fn for_sqlite(self) -> Query<'static, Sqlite, SqliteArguments> {
        let mut query = sqlx::query(self.text);
        for value in self.values {
            query = match value {
                Value::Number(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
                Value::Bytes(bytes) => query.bind(bytes),
            };
        }
        query
    }

    pub(crate) fn for_postgres(self) -> Query<'static, Postgres, PgArguments> {
        // The text is one of the program's own, with other signs for its places. It is prepared anew each time: a newer replica
        // may have added a column since.
        let mut query = sqlx::query(AssertSqlSafe(numbered(self.text))).persistent(false);
        for value in self.values {
            query = match value {
                Value::Number(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
                Value::Bytes(bytes) => query.bind(bytes),
            };
        }
        query
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<&i64> for Value {
    fn from(number: &i64) -> Self {
        Self::Number(Some(*number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<&Option<String>> for Value {
    fn from(text: &Option<String>) -> Self {
        Self::Text(text.clone())
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

/// The text with PostgreSQL's signs for its places: `$1` for `?1`, and for `?` the number behind the highest before it.
fn numbered(text: &str) -> String {
    let mut numbered = String::with_capacity(text.len() + 16);
    let mut highest = 0;
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(_) | None => {}
        }
        if c != '?' || quote.is_some() {
            numbered.push(c);
            continue;
        }
        let mut number: usize = 0;
        while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
            number = number.saturating_mul(10).saturating_add(digit as usize);
            chars.next();
        }
        if number == 0 {
            number = highest + 1;
        }
        highest = highest.max(number);
        numbered.push('$');
        numbered.push_str(&number.to_string());
    }
    numbered
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn places_are_numbered_as_sqlite_numbers_them() {
        for (text, expected) in [
            ("SELECT 1", "SELECT 1"),
            ("a = ? AND b = ?", "a = $1 AND b = $2"),
            ("(?1, ?2, ?2, ?3)", "($1, $2, $2, $3)"),
            ("?3 ? ?1 ?", "$3 $4 $1 $5"),
            ("'?' = ? AND \"?\" = 'it''s ?'", "'?' = $1 AND \"?\" = 'it''s ?'"),
            ("?12é?", "$12é$13"),
        ] {
            assert_eq!(numbered(text), expected);
        }
    }

    proptest! {
        #[test]
        fn nothing_but_places_is_changed(parts in prop::collection::vec("[a-zé =(),0-9]{0,8}", 1..9)) {
            let parts: Vec<String> = parts.iter().map(|part| format!(" {part}")).collect();
            let text = parts.join("?");
            let numbered = numbered(&text);
            let mut rest = numbered.as_str();
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    rest = rest.strip_prefix(&format!("${at}")).unwrap();
                }
                rest = rest.strip_prefix(part.as_str()).unwrap();
            }
            prop_assert_eq!(rest, "");
        }
    }
}
