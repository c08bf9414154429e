//! Letting requests in where several replicas hold the same limits: what a request needs is drawn before it is let in.
//!
//! While the database is away, what is drawn already may be used; what is not is refused, for nobody can say that it is there.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use trousseau_retrieval::database::Access;
use trousseau_retrieval::error::StoreError;
use trousseau_state::Postgres;

use super::book::Short;
use super::cost::Asked;
use super::limit::{Allowance, Limit, Spending, Whose};
use super::limits::{Counting, Limits, Reserved};
use super::pool::Pool;
use super::refused::{Refused, What};

/// How often is drawn for one request: again where a period, or a second of a minute, has ended meanwhile.
const TRIES: usize = 4;

/// After how many seconds whoever is refused because the database is away tries again.
const AWAY: u64 = 5;

impl Limits {
    /// As [`Limits::open`], for one replica among several: `replica` is its name, which no other has.
    pub async fn share(
        data: &Path,
        access: Access,
        (postgres, replica): (&Arc<Postgres>, &str),
    ) -> Result<Self, StoreError> {
        let pool = Pool::open(postgres, replica, access).await?;
        let held = pool.held().await?;
        let mut limits = Self::open(data, access).await?;
        {
            let mut state = limits.hold();
            for one in held {
                // What is kept here is exact; a folder that was lost is made up for by what was drawn.
                let counter = (one.limit.as_str(), one.counter.as_str());
                state.book.restore_unknown(counter, one.span, one.cost);
            }
            state.book.share();
        }
        limits.pool = Some(pool);
        Ok(limits)
    }

    /// Whether several replicas hold the limits: then a request is let in by [`Limits::admit`].
    pub const fn is_shared(&self) -> bool {
        self.pool.is_some()
    }

    /// Lets a request in that may cost so much, as [`Limits::reserve`]; where several replicas hold the limits, it draws first
    /// what this one has no grant for.
    pub async fn admit(
        self: &Arc<Self>,
        counting: Counting,
        spending: &Spending,
        asked: &Asked<'_>,
        now: Timestamp,
    ) -> Result<Reserved, Box<Refused>> {
        let Some(pool) = &self.pool else {
            return self.reserve(counting, spending, asked, now);
        };
        let first = counting.0.first().map(|applied| Arc::clone(&applied.limit));
        let away = || refused(first.as_deref(), spending, What::Away);
        let reserve = || self.reserve_in(&mut self.hold(), counting.clone(), spending, (asked, now));
        for attempt in 0..TRIES {
            match reserve() {
                Ok(reserved) => return Ok(reserved),
                Err(Short::Refused(refused)) => return Err(refused),
                Err(Short::Uncovered) => {}
            }
            if pool.is_away() {
                return Err(away());
            }
            let _turn = pool.turn.lock().await;
            // Whoever was before may have drawn for this one as well.
            if attempt == 0
                && let Ok(reserved) = reserve()
            {
                return Ok(reserved);
            }
            let draws = self.hold().book.draws(&counting.0, asked, now, &spending.zone);
            let mut drawn = Vec::with_capacity(draws.len());
            for draw in draws {
                match pool.draw(&draw).await {
                    Ok(told) => drawn.push((draw, told)),
                    Err(error) => {
                        tracing::warn!(%error, "nothing could be drawn of what replicas share");
                        return Err(away());
                    }
                }
            }
            // In one step, so that nobody else uses what was drawn for this request.
            let mut state = self.hold();
            for (draw, told) in drawn {
                state.book.take(&draw, told);
            }
            match self.reserve_in(&mut state, counting.clone(), spending, (asked, now)) {
                Ok(reserved) => return Ok(reserved),
                Err(Short::Refused(refused)) => return Err(refused),
                Err(Short::Uncovered) => {}
            }
        }
        Err(refused(first.as_deref(), spending, What::Requests))
    }

    /// Tells the other replicas what was used since the last time, gives back what was not, and hears what they hold. To be
    /// called about once a second.
    pub async fn settle_shares(&self, now: Timestamp) -> Result<(), StoreError> {
        let Some(pool) = self.pool.as_ref().filter(|pool| !pool.is_away()) else {
            return Ok(());
        };
        let at = now.as_millisecond();
        let unsettled = self.hold().book.unsettled(at);
        for (limit, counter) in unsettled {
            let _turn = pool.turn.lock().await;
            let Some(draw) = self.hold().book.settlement((&limit, &counter), at) else {
                continue;
            };
            match pool.draw(&draw).await {
                Ok(drawn) => self.hold().book.take(&draw, drawn),
                Err(error) => {
                    self.hold().book.again(&draw);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Forgets what replicas held that have said nothing for longer than any period. To be called about once an hour.
    pub async fn tidy_shares(&self) -> Result<(), StoreError> {
        match &self.pool {
            Some(pool) if !pool.is_away() => pool.tidy().await,
            _ => Ok(()),
        }
    }
}

/// Why a request is not let in, of a limit that counts it.
pub(crate) fn refused(limit: Option<&Limit>, spending: &Spending, what: What) -> Box<Refused> {
    let mut refused = Refused::of(limit.unwrap_or(&NOBODY), what, &spending.zone);
    if what == What::Away {
        refused.wait = AWAY;
    }
    Box::new(refused)
}

/// A limit of nobody.
const NOBODY: Limit = Limit {
    name: String::new(),
    whose: Whose::Everyone,
    each: false,
    allowance: Allowance {
        requests_per_minute: None,
        tokens_per_minute: None,
        budget: None,
    },
};
