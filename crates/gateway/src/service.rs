//! The gateway's parts, put together by the composition root.

use std::sync::Arc;

use jiff::Timestamp;
use trousseau_limits::Limits;
use trousseau_plan::{InForce, Plan};
use trousseau_policy::date::Date;
use trousseau_retrieval::extraction::Extraction;
use trousseau_retrieval::library::Library;
use trousseau_routing::Router;
use trousseau_withdrawals::Withdrawals;

use crate::cached::Answers;
use crate::error::GatewayError;
use crate::logs::Logs;
use crate::records::Records;

/// The service behind every interface: the answer path and the ingest path.
pub struct Gateway {
    /// What requests that begin now are answered by.
    pub plan: InForce,
    /// How the targets have been doing.
    pub router: Arc<Router>,
    /// What is out, whatever the plan permits.
    pub withdrawals: Arc<Withdrawals>,
    /// The answers that may be given again.
    pub answers: Answers,
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

    /// Has requests that begin from now on be answered by `plan`; those that run keep theirs. Answers of the plan before are
    /// not given again, and targets that are gone are forgotten.
    pub fn put(&self, plan: Plan) {
        let targets: Vec<&str> = plan.targets.iter().map(|target| target.name.as_str()).collect();
        self.router.keep_only(&targets);
        self.plan.put(plan);
        self.answers.clear();
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
