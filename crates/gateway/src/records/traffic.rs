//! What was asked, as far as a decision depends on it: who asked through which route, under which label, from documents of which
//! collections and classes, how often. No contents.

use std::collections::BTreeSet;

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use trousseau_core::label::{Class, Label};
use trousseau_core::principal::Tenant;
use trousseau_retrieval::columns::{json, parsed};
use trousseau_retrieval::error::StoreError;

use super::{Records, record};

/// The most rows: kinds of requests, not requests.
const ROWS: i64 = 100_000;

/// Requests that are alike for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Who asked.
    pub actor: String,
    /// The route.
    pub route: String,
    /// The label that was decided under.
    pub label: Label,
    /// What the call was for, by the name of its purpose.
    pub purpose: String,
    /// The collections of the documents whose text was sent, in the order of their names.
    pub collections: Vec<String>,
    /// The highest class among these documents; `public` where there were none.
    pub read: Class,
    /// How many requests.
    pub requests: u64,
    /// Their tokens, read and written, where somebody counted.
    pub tokens: u64,
}

impl Records {
    /// What was asked in a tenant from one moment on and before another, both in milliseconds since 1970; at most 100,000 kinds of
    /// requests, the most frequent.
    pub async fn traffic(
        &self,
        tenant: &Tenant,
        (since, until): (i64, i64),
    ) -> Result<Vec<Traffic>, StoreError> {
        let sql = format!(
            "WITH asked AS (
                 SELECT actor, route, label, coalesce(json_extract(decision, '$.decision.purpose'), 'chat') AS purpose,
                     (SELECT json_group_array(name) FROM (SELECT DISTINCT json_extract(value, '$.collection') AS name
                         FROM json_each(r.passages) WHERE name <> '' ORDER BY 1)) AS collections,
                     (SELECT json_group_array(class) FROM (SELECT DISTINCT json_extract(value, '$.label.class') AS class
                         FROM json_each(r.passages) ORDER BY 1)) AS classes,
                     coalesce(json_extract(usage, '$.input') + json_extract(usage, '$.output'), 0) AS tokens
                 FROM records r WHERE tenant = ?1 AND created >= ?2 AND created < ?3)
             SELECT actor, route, label, purpose, collections, classes, count(*) AS requests, sum(tokens) AS tokens
             FROM asked GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY requests DESC LIMIT {ROWS}"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(tenant.as_str());
        let query = query.bind(since).bind(until);
        let rows = query.fetch_all(self.readers().await?).await;
        let rows = rows.map_err(|error| self.fault(error))?;
        let read: Result<Vec<_>, _> = rows.iter().map(traffic).collect();
        read.map_err(|error| self.fault(error))
    }
}

fn traffic(row: &SqliteRow) -> Result<Traffic, sqlx::Error> {
    let classes: BTreeSet<Class> = json(row, "classes")?;
    Ok(Traffic {
        actor: row.try_get("actor")?,
        route: row.try_get("route")?,
        label: parsed(row, "label")?,
        purpose: row.try_get("purpose")?,
        collections: json(row, "collections")?,
        read: classes.last().copied().unwrap_or(Class::Public),
        requests: record::index(row, "requests")?,
        tokens: record::index(row, "tokens")?,
    })
}
