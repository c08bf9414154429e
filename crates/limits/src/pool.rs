//! Where several replicas draw what they may use: a table in the database that they share, one row for each counter and replica.
//!
//! A draw is one call of a function there, under a lock of the counter. Its answer may be lost; what the row then says is more than
//! what this replica takes itself to have, never less.

use std::sync::Arc;

use trousseau_retrieval::database::Access;
use trousseau_retrieval::error::StoreError;
use trousseau_state::{Postgres, Row, Sql, Steps, Tables};

use super::counter::Cost;
use super::money::Money;
use super::period::Span;
use super::share::{Draw, Drawn, Share, THINGS};

/// How many parts of what is left is drawn ahead of need: the nearer the end, the less.
const AHEAD: i64 = 16;

/// - `draws`: what each replica holds of each counter: requests and tokens of a minute, tokens and money of the period that began
///   at `since`. A number without a sign is kept as far as one with a sign goes.
/// - `draw`: `used` is what the replica has used and reserved, `more` what a request needs beyond that, or nothing; `most` is
///   below 0 where nothing is limited. What a replica that is gone held of a minute is forgotten after that minute.
const STEPS: Steps = Steps {
    store: "limits",
    steps: &["
CREATE TABLE trousseau.draws (
    name          TEXT NOT NULL,
    counter       TEXT NOT NULL,
    replica       TEXT NOT NULL,
    since         BIGINT NOT NULL,
    until         BIGINT NOT NULL,
    requests      BIGINT NOT NULL,
    tokens        BIGINT NOT NULL,
    budget_tokens BIGINT NOT NULL,
    budget_money  BIGINT NOT NULL,
    at            TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (name, counter, replica)
);
CREATE FUNCTION trousseau.draw(
    limit_name TEXT, counter_name TEXT, replica_name TEXT, since_ms BIGINT, until_ms BIGINT,
    used BIGINT[], more BIGINT[], most BIGINT[], ahead BIGINT
) RETURNS TABLE (e1 BIGINT, e2 BIGINT, e3 BIGINT, e4 BIGINT, g1 BIGINT, g2 BIGINT, g3 BIGINT, g4 BIGINT)
LANGUAGE plpgsql AS $$
DECLARE
    elsewhere BIGINT[];
    grants    BIGINT[] := used;
    room      BIGINT;
    granted   BOOLEAN := true;
BEGIN
    PERFORM pg_advisory_xact_lock(1414681427, hashtext(limit_name || chr(10) || counter_name));
    SELECT ARRAY[
        least(coalesce(sum(d.requests) FILTER (WHERE d.at > clock_timestamp() - interval '62 seconds'), 0), 4e18)::BIGINT,
        least(coalesce(sum(d.tokens) FILTER (WHERE d.at > clock_timestamp() - interval '62 seconds'), 0), 4e18)::BIGINT,
        least(coalesce(sum(d.budget_tokens) FILTER (WHERE d.since = since_ms), 0), 4e18)::BIGINT,
        least(coalesce(sum(d.budget_money) FILTER (WHERE d.since = since_ms), 0), 4e18)::BIGINT]
    INTO elsewhere FROM trousseau.draws AS d
    WHERE d.name = limit_name AND d.counter = counter_name AND d.replica <> replica_name;
    FOR i IN 1..4 LOOP
        granted := granted AND (most[i] < 0 OR elsewhere[i] + used[i] < most[i]);
    END LOOP;
    IF granted THEN
        FOR i IN 1..4 LOOP
            room := CASE WHEN most[i] < 0 OR more[i] = 0 THEN 0 ELSE (most[i] - elsewhere[i] - used[i]) / ahead END;
            grants[i] := used[i] + greatest(more[i], room);
        END LOOP;
    END IF;
    INSERT INTO trousseau.draws AS d VALUES
        (limit_name, counter_name, replica_name, since_ms, until_ms, grants[1], grants[2], grants[3], grants[4],
         clock_timestamp())
    ON CONFLICT (name, counter, replica) DO UPDATE SET since = excluded.since, until = excluded.until,
        requests = excluded.requests, tokens = excluded.tokens, budget_tokens = excluded.budget_tokens,
        budget_money = excluded.budget_money, at = excluded.at;
    RETURN QUERY SELECT elsewhere[1], elsewhere[2], elsewhere[3], elsewhere[4],
        grants[1], grants[2], grants[3], grants[4];
END
$$;
"],
};

/// What replicas that have said nothing for so long held is forgotten: longer than any period.
const OVER: &str = "DELETE FROM draws WHERE at < now() - interval '40 days'";

/// The table, as one replica sees it.
#[derive(Debug)]
pub(crate) struct Pool {
    tables: Tables,
    replica: String,
    /// Held by whoever draws: one at a time.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

/// What this replica held of a budget.
pub(crate) struct Held {
    pub limit: String,
    pub counter: String,
    pub span: Span,
    pub cost: Cost,
}

impl Pool {
    pub(crate) async fn open(
        postgres: &Arc<Postgres>,
        replica: &str,
        access: Access,
    ) -> Result<Self, StoreError> {
        let tables = Tables::shared(postgres, &STEPS, access).await?;
        Ok(Self {
            tables,
            replica: replica.to_owned(),
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// Whether the database did not answer the last time.
    pub(crate) fn is_away(&self) -> bool {
        self.tables.postgres().is_some_and(|postgres| postgres.is_away())
    }

    pub(crate) async fn draw(&self, draw: &Draw) -> Result<Drawn, StoreError> {
        let mut sql = Sql::new(
            "SELECT * FROM trousseau.draw(?, ?, ?, ?, ?, ARRAY[?, ?, ?, ?]::BIGINT[], ARRAY[?, ?, ?, ?]::BIGINT[],
                 ARRAY[?, ?, ?, ?]::BIGINT[], ?)",
        )
        .bind(&draw.limit)
        .bind(&draw.counter)
        .bind(&self.replica)
        .bind(draw.span.from)
        .bind(draw.span.until);
        for amount in draw.used.into_iter().chain(draw.more.unwrap_or_default()) {
            sql = sql.bind(signed(amount));
        }
        for most in draw.most {
            sql = sql.bind(most.map_or(-1, signed));
        }
        let row = self.tables.optional(sql.bind(AHEAD)).await?;
        let drawn = row.as_ref().map(read_drawn).transpose();
        let drawn = drawn.map_err(|error| self.tables.fault(error))?;
        drawn.ok_or_else(|| self.tables.fault(sqlx::Error::RowNotFound))
    }

    /// What this replica held of budgets when it last told.
    pub(crate) async fn held(&self) -> Result<Vec<Held>, StoreError> {
        let sql = Sql::new("SELECT * FROM draws WHERE replica = ? AND until > 0").bind(&self.replica);
        let rows = self.tables.all(sql).await?;
        let held: Result<_, _> = rows.iter().map(read_held).collect();
        held.map_err(|error| self.tables.fault(error))
    }

    pub(crate) async fn tidy(&self) -> Result<(), StoreError> {
        let mut transaction = self.tables.begin().await?;
        transaction.run(Sql::new(OVER)).await?;
        transaction.commit().await
    }
}

fn read_drawn(row: &Row) -> Result<Drawn, sqlx::Error> {
    let mut shares = [Share::default(); THINGS];
    let columns = [("e1", "g1"), ("e2", "g2"), ("e3", "g3"), ("e4", "g4")];
    for (share, (elsewhere, grant)) in shares.iter_mut().zip(columns) {
        share.elsewhere = unsigned(row.try_get(elsewhere)?);
        share.grant = unsigned(row.try_get(grant)?);
    }
    Ok(Drawn { shares })
}

fn read_held(row: &Row) -> Result<Held, sqlx::Error> {
    Ok(Held {
        limit: row.try_get("name")?,
        counter: row.try_get("counter")?,
        span: Span {
            from: row.try_get("since")?,
            until: row.try_get("until")?,
        },
        cost: Cost {
            tokens: unsigned(row.try_get("budget_tokens")?),
            money: Money(unsigned(row.try_get("budget_money")?)),
        },
    })
}

/// Sums of some of them are no overflow.
fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX).min(i64::MAX / 4)
}

fn unsigned(amount: i64) -> u64 {
    u64::try_from(amount).unwrap_or(0)
}
