//! How many questions were asked and what they cost, by day, route, target or user. No contents.
//!
//! What an answer cost was noted with it: its tokens, times the price that the card of its target named then.

use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use trousseau_core::principal::Tenant;
use trousseau_retrieval::error::StoreError;

use super::{Records, record};

/// The most rows of a count.
const ROWS: i64 = 1000;

/// The questions that are counted.
const OF: &str =
    "FROM records WHERE tenant = ?1 AND created >= ?2 AND created < ?3 AND (?4 IS NULL OR actor = ?4)";

/// What questions are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The day on which they were asked, in UTC.
    Day,
    /// The route through which they were asked.
    Route,
    /// The target that answered; empty where none did.
    Target,
    /// The user, or the key, that asked.
    User,
}

impl By {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Day, Self::Route, Self::Target, Self::User];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Route => "route",
            Self::Target => "target",
            Self::User => "user",
        }
    }

    const fn expression(self) -> &'static str {
        match self {
            Self::Day => "strftime('%Y-%m-%d', created / 1000, 'unixepoch')",
            Self::Route => "route",
            Self::Target => "coalesce(target, '')",
            Self::User => "actor",
        }
    }
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// The currency's ISO 4217 code.
    pub currency: String,
    /// How much.
    pub amount: f64,
}

/// Whose questions are counted, and from when to when.
#[derive(Clone, Copy, Debug)]
pub struct Counting<'a> {
    /// Only those of this user; all where it is none.
    pub user: Option<&'a str>,
    /// From here on, in milliseconds since 1970.
    pub since: i64,
    /// Before here.
    pub until: i64,
}

/// The questions of one day, route, target or user.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Counted {
    /// The day, as `2026-11-21`, the route, the target or the user.
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
    /// Those of both whose price nobody knew.
    pub unpriced_tokens: u64,
    /// What the others cost, for each currency.
    pub costs: Vec<Cost>,
}

impl Records {
    /// Counts the questions of a tenant; at most 1000 rows, days in their order, others by how many they are.
    pub async fn count(
        &self,
        tenant: &Tenant,
        by: By,
        counting: Counting<'_>,
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
                 coalesce(sum(json_extract(usage, '$.output')), 0) AS completion_tokens,
                 coalesce(sum(iif(json_extract(usage, '$.price') IS NULL,
                     json_extract(usage, '$.input') + json_extract(usage, '$.output'), 0)), 0) AS unpriced_tokens
             {OF} GROUP BY 1 ORDER BY {order} LIMIT {ROWS}",
            by.expression()
        );
        let costs = format!(
            "SELECT {} AS key, json_extract(usage, '$.price.currency') AS currency,
                 sum(json_extract(usage, '$.input') * json_extract(usage, '$.price.input')
                     + json_extract(usage, '$.output') * json_extract(usage, '$.price.output')) / 1e6 AS amount
             {OF} AND json_extract(usage, '$.price') IS NOT NULL GROUP BY 1, 2 ORDER BY 2",
            by.expression()
        );
        let rows = self.rows(tenant, sql, counting).await?;
        let read = rows.iter().map(counted).collect::<Result<Vec<_>, _>>();
        let mut found = read.map_err(|error| self.fault(error))?;
        for row in self.rows(tenant, costs, counting).await? {
            let (key, cost) = cost(&row).map_err(|error| self.fault(error))?;
            if let Some(counted) = found.iter_mut().find(|counted| counted.key == key) {
                counted.costs.push(cost);
            }
        }
        Ok(found)
    }

    async fn rows(
        &self,
        tenant: &Tenant,
        sql: String,
        counting: Counting<'_>,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(tenant.as_str());
        let query = query
            .bind(counting.since)
            .bind(counting.until)
            .bind(counting.user);
        let rows = query.fetch_all(self.readers().await?).await;
        rows.map_err(|error| self.fault(error))
    }
}

fn cost(row: &SqliteRow) -> Result<(String, Cost), sqlx::Error> {
    let (currency, amount) = (row.try_get("currency")?, row.try_get("amount")?);
    Ok((row.try_get("key")?, Cost { currency, amount }))
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
        unpriced_tokens: number("unpriced_tokens")?,
        costs: Vec::new(),
    })
}
