//! How many questions were asked and what they cost, by day, route or target. No contents, and nobody's name.

use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use trousseau_core::principal::Tenant;
use trousseau_retrieval::error::StoreError;

use super::{Records, record};

/// The most rows of a count.
const ROWS: i64 = 1000;

/// What questions are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The day on which they were asked, in UTC.
    Day,
    /// The route through which they were asked.
    Route,
    /// The target that answered; empty where none did.
    Target,
}

impl By {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Day, Self::Route, Self::Target];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Route => "route",
            Self::Target => "target",
        }
    }

    const fn expression(self) -> &'static str {
        match self {
            Self::Day => "strftime('%Y-%m-%d', created / 1000, 'unixepoch')",
            Self::Route => "route",
            Self::Target => "coalesce(target, '')",
        }
    }
}

/// The questions of one day, route or target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The day, as `2026-11-21`, the route or the target.
    pub key: String,
    /// How many there were.
    pub questions: u64,
    /// Those with an answer.
    pub answered: u64,
    /// Those that nothing supported an answer to.
    pub abstained: u64,
    /// Those that no target might see.
    pub refused: u64,
    /// Those that every target failed to answer.
    pub failed: u64,
    /// Those that were stopped.
    pub cancelled: u64,
    /// Those that the program ended before.
    pub interrupted: u64,
    /// Tokens read, where somebody counted.
    pub prompt_tokens: u64,
    /// Tokens written, where somebody counted.
    pub completion_tokens: u64,
}

impl Records {
    /// Counts the questions of a tenant asked from `since` on and before `until`, in milliseconds since 1970; at most 1000
    /// rows, days in their order, others by how many they are.
    pub async fn count(
        &self,
        tenant: &Tenant,
        by: By,
        (since, until): (i64, i64),
    ) -> Result<Vec<Counted>, StoreError> {
        let order = if by == By::Day {
            "key"
        } else {
            "questions DESC, key"
        };
        let sql = format!(
            "SELECT {} AS key, count(*) AS questions, sum(state = 'answered') AS answered,
                 sum(state = 'abstained') AS abstained, sum(state = 'refused') AS refused,
                 sum(state = 'failed') AS failed, sum(state = 'cancelled') AS cancelled,
                 sum(state = 'interrupted') AS interrupted,
                 coalesce(sum(json_extract(usage, '$.input')), 0) AS prompt_tokens,
                 coalesce(sum(json_extract(usage, '$.output')), 0) AS completion_tokens
             FROM records WHERE tenant = ? AND created >= ? AND created < ?
             GROUP BY 1 ORDER BY {order} LIMIT {ROWS}",
            by.expression()
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(tenant.as_str())
            .bind(since)
            .bind(until)
            .fetch_all(self.readers().await?)
            .await
            .map_err(|error| self.fault(error))?;
        let read = rows.iter().map(counted).collect::<Result<_, _>>();
        read.map_err(|error| self.fault(error))
    }
}

fn counted(row: &SqliteRow) -> Result<Counted, sqlx::Error> {
    let number = |column: &str| record::index(row, column);
    Ok(Counted {
        key: row.try_get("key")?,
        questions: number("questions")?,
        answered: number("answered")?,
        abstained: number("abstained")?,
        refused: number("refused")?,
        failed: number("failed")?,
        cancelled: number("cancelled")?,
        interrupted: number("interrupted")?,
        prompt_tokens: number("prompt_tokens")?,
        completion_tokens: number("completion_tokens")?,
    })
}
