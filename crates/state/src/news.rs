//! What became another in the database since this replica last looked.

use std::time::{Duration, Instant};

use trousseau_retrieval::error::StoreError;

use crate::postgres::Postgres;

/// How often it is looked whether something became another, whoever rings.
pub const LOOKED: Duration = Duration::from_millis(500);

/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long changes are kept, in the words of the database, and half of it: who has not looked for so long reads everything.
const KEPT: &str = "DELETE FROM trousseau.changes WHERE at < now() - interval '1 day'";
const HALF: Duration = Duration::from_secs(12 * 3600);

/// How often old changes are forgotten.
const TIDIED: Duration = Duration::from_secs(600);

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
            "SELECT number, what, id FROM trousseau.changes WHERE number > $1 ORDER BY number LIMIT 10000",
        );
        let asked = asked.bind(heard).fetch_all(&self.pool);
        let read = tokio::time::timeout(PATIENCE.min(self.patience), self.bounded(asked)).await;
        let read: Result<Vec<(i64, String, String)>, _> =
            read.unwrap_or_else(|_| Err(crate::fault::late(&self.place)));
        let was_away = self.is_away();
        self.note(read.as_ref().err());
        let read = read?;
        // A database that was put back from a backup counts from an earlier number on.
        let is_older = was_away && read.is_empty() && self.last().await? < heard;
        let heard = if is_older { 0 } else { heard };
        if is_older {
            self.health(|health| health.heard = 0);
        }
        let last = read.last().map_or(heard, |(number, ..)| *number);
        let mut rows: Vec<_> = read.into_iter().map(|(_, what, id)| (what, id)).collect();
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

    /// The number of the last change.
    pub(crate) async fn last(&self) -> Result<i64, StoreError> {
        let last = sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM trousseau.changes");
        self.bounded(last.fetch_one(&self.pool)).await
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
