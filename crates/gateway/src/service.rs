//! The gateway's parts, put together by the composition root.

use std::sync::Arc;

use jiff::Timestamp;
use trousseau_limits::Limits;
use trousseau_plan::{InForce, Plan};
use trousseau_policy::date::Date;
use trousseau_retrieval::extraction::Extraction;
use trousseau_retrieval::library::Library;

use crate::error::GatewayError;
use crate::logs::Logs;
use crate::records::Records;

/// The service behind every interface: the answer path and the ingest path.
pub struct Gateway {
    /// What requests that begin now are answered by.
    pub plan: InForce,
    /// The documents.
    pub library: Library,
    /// The records.
    pub records: Records,
    /// The ledgers.
    pub logs: Logs,
    /// Who may spend what, and has.
    pub limits: Arc<Limits>,
    /// The worker processes that read files.
    pub extraction: Extraction,
    /// The clock.
    pub now: fn() -> Timestamp,
}

impl Gateway {
    /// What a request that begins now is answered by, to its end.
    pub fn plan(&self) -> Arc<Plan> {
        self.plan.get()
    }

    /// The present day, in UTC.
    pub fn today(&self) -> Date {
        date((self.now)())
    }

    /// Ends the worker processes, publishes the checkpoints and closes every file.
    pub async fn close(self) -> Result<(), GatewayError> {
        self.extraction.shut_down().await;
        if let Err(error) = self.limits.close((self.now)()).await {
            tracing::warn!(%error, "what was spent is in the journal of limits until the next start");
        }
        self.logs.close().await?;
        self.records.close().await;
        self.library.close().await;
        Ok(())
    }
}

/// The day of a moment, in UTC.
pub fn date(moment: Timestamp) -> Date {
    let day = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
    let (month, date) = (day.month().unsigned_abs(), day.day().unsigned_abs());
    Date::new(day.year().unsigned_abs(), month, date).unwrap_or(Date::LAST)
}
