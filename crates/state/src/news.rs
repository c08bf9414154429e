//! What became another in the database since this replica last looked.

use std::time::{Duration, Instant};

use trousseau_retrieval::error::StoreError;

use crate::postgres::Postgres;

/// How often it is looked whether something became another, whoever rings.
pub const LOOKED: Duration = Duration::from_millis(500);

/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long changes are kept, in the words of the database, and half of it: who has not looked for so long reads everything.
/// The last one stays, whatever its age: its number tells how far the database has come.
const KEPT: &str = "DELETE FROM trousseau.changes WHERE at < now() - interval '1 day'
     AND number < (SELECT max(number) FROM trousseau.changes)";
const HALF: Duration = Duration::from_secs(12 * 3600);

/// How often old changes are forgotten.
const TIDIED: Duration = Duration::from_secs(600);

/// The database's identity and its highest number, and a change that was not heard, if there is one.
type Told = (String, i64, Option<i64>, Option<String>, Option<String>);

/// What became another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Which rows: their kind, and what tells them from others of it. Each once.
    rows: Vec<(String, String)>,
    /// Whether there may be more than `rows`.
    all: bool,
    /// The number of the last.
    last: i64,
}

impl News {
    /// Whether nothing did.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty() && !self.all
    }

    /// Whether everything is to be read again.
    pub const fn is_all(&self) -> bool {
        self.all
    }

    /// The rows of one kind.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        let of_kind = self.rows.iter().filter(move |(what, _)| what == kind);
        of_kind.map(|(_, id)| id.as_str())
    }

    /// Whether rows of one kind may be others.
    pub fn concerns(&self, kind: &str) -> bool {
        self.all || self.of(kind).next().is_some()
    }
}

impl Postgres {
    /// What became another since the last news that were [`heard`](Self::heard). Called twice a second, and when the bell rings:
    /// readiness tells what this finds of the database.
    pub async fn news(&self) -> Result<News, StoreError> {
        let (heard, answered) = self.health(|health| (health.heard, health.answered));
        let asked = sqlx::query_as(
            "SELECT i.id, (SELECT coalesce(max(number), 0) FROM trousseau.changes), c.number, c.what, c.id
             FROM trousseau.identity AS i LEFT JOIN trousseau.changes AS c ON c.number > $1
             ORDER BY c.number LIMIT 10000",
        );
        let asked = asked.bind(heard).persistent(false).fetch_all(&self.pool);
        let read = tokio::time::timeout(PATIENCE.min(self.patience), self.bounded(asked)).await;
        let read: Result<Vec<Told>, _> = read.unwrap_or_else(|_| Err(crate::fault::late(&self.place)));
        let read = read.and_then(|read| self.own(read));
        self.note(read.as_ref().err());
        let read = read?;
        // A database that was put back from a backup counts from an earlier number on.
        let is_older = read.iter().any(|(_, highest, ..)| *highest < heard);
        let heard = if is_older { 0 } else { heard };
        if is_older {
            self.health(|health| health.heard = 0);
        }
        let mut rows = Vec::new();
        let mut last = heard;
        for (_, _, number, what, id) in read {
            let (Some(number), Some(what), Some(id)) = (number, what, id) else {
                continue;
            };
            last = last.max(number);
            rows.push((what, id));
        }
        rows.sort_unstable();
        rows.dedup();
        self.tidy().await;
        Ok(News {
            rows,
            all: is_older || answered.elapsed() > HALF,
            last,
        })
    }

    /// Says that these news were taken up.
    pub fn heard(&self, news: &News) {
        self.health(|health| health.heard = health.heard.max(news.last));
    }

    /// What was read, unless another database is at the address now: nothing of that one is this replica's.
    fn own(&self, read: Vec<Told>) -> Result<Vec<Told>, StoreError> {
        if read.first().is_some_and(|(id, ..)| *id == self.identity) {
            return Ok(read);
        }
        Err(StoreError::Rejected {
            database: self.place.clone(),
            reason: "another database is in its place".to_owned(),
        })
    }

    fn note(&self, fault: Option<&StoreError>) {
        let is_rejected = matches!(fault, Some(StoreError::Rejected { .. }));
        let reason = fault.map(ToString::to_string);
        let was_sound = self.health(|health| {
            health.asked = Instant::now();
            if reason.is_none() {
                health.answered = health.asked;
            }
            std::mem::replace(&mut health.fault, reason.clone()).is_none()
        });
        match (was_sound, reason) {
            (true, Some(reason)) => tracing::error!(reason, "the database of the replicas is away"),
            (false, None) => tracing::info!("the database of the replicas answers again"),
            _ => {}
        }
        if is_rejected {
            self.renew();
        }
    }

    async fn tidy(&self) {
        let is_time = self.health(|health| {
            let is_time = health.tidied.elapsed() > TIDIED;
            if is_time {
                health.tidied = Instant::now();
            }
            is_time
        });
        if is_time && let Err(error) = self.bounded(sqlx::query(KEPT).execute(&self.pool)).await {
            tracing::debug!(%error, "old changes were not forgotten");
        }
    }
}
