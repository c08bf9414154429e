//! Rounds over the permitted targets, until one has answered.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use trousseau_core::chat::ChatRequest;
use trousseau_core::model::ModelError;
use trousseau_core::permit::Permit;

use crate::begin::{Beginning, Begun, Hitch, prefix};
use crate::called::{Broken, CallEnd, Called, Means, Part};
use crate::event::AnswerEvent;
use crate::reading::Stopped;

/// After how long a model that is being loaded is asked again.
const LOADING: Duration = Duration::from_secs(1);

/// How the rounds ended.
pub(crate) enum Ended {
    With(CallEnd),
    /// A stream broke after something of it had been delivered.
    Broken(Broken),
}

/// What came of one round in which no target answered.
#[derive(Default)]
struct Round {
    /// The targets that are loading their models.
    loading: Vec<Permit>,
    /// Those that failed in a way that may pass.
    passing: Vec<Permit>,
}

impl Called {
    /// Asks in rounds until a target has answered, a stream breaks, or there is nobody left to ask.
    pub(crate) async fn rounds(&mut self, means: Means<'_>, part: &Part) -> Ended {
        let until = Instant::now() + means.plan.settings.limits.loading;
        let mut wanted = part.permits.clone();
        let (mut told, mut tried) = (false, 0);
        loop {
            let round = match self.round(means, part, &wanted).await {
                Ok(round) => round,
                Err(ended) => return ended,
            };
            // Only where no other place answers is a model waited for.
            let (next, pause) = match round.loading.first() {
                Some(first) if Instant::now() < until => {
                    if !told {
                        let target = first.target().to_owned();
                        let _hung_up = means.events.send(AnswerEvent::Loading { target }).await;
                        told = true;
                    }
                    (round.loading, LOADING)
                }
                _ => {
                    let Some(pause) = self.pause(means, &round, tried) else {
                        return Ended::With(CallEnd::Exhausted);
                    };
                    tried += 1;
                    (round.passing, pause)
                }
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = means.events.closed() => return Ended::With(CallEnd::HungUp),
            }
            wanted = means.decides.still(&next, &part.request);
        }
    }

    /// How long to wait before the targets whose failures may pass are tried once more; nothing where they are not.
    fn pause(&self, means: Means<'_>, round: &Round, tried: u32) -> Option<Duration> {
        let retries = &means.route.way.retries;
        let pause = means.router.pause(retries, tried, self.left_alone());
        let again = tried < retries.most
            && !round.passing.is_empty()
            && pause <= retries.cap
            && means.router.may_retry(&means.route.way, Instant::now());
        again.then_some(pause)
    }

    /// Asks each of the permitted targets once, in the router's order, until one has answered.
    async fn round(&mut self, means: Means<'_>, part: &Part, permits: &[Permit]) -> Result<Round, Ended> {
        let mut round = Round::default();
        let mut left = self.ordered(means, &part.request, permits);
        while !left.is_empty() {
            let permit = left.remove(0);
            let second = left.first().cloned();
            match self.begin(means, part, (&permit, second.as_ref())).await {
                Beginning::HungUp => return Err(Ended::With(CallEnd::HungUp)),
                Beginning::Begun(begun) => {
                    let permit = begun.permit.clone();
                    let error = self.read_to_end(means, part, *begun).await?;
                    left.retain(|other| other.target() != permit.target());
                    round.sort(permit, &error, part)?;
                }
                Beginning::Failed(failures) => {
                    for (permit, hitch) in failures {
                        left.retain(|other| other.target() != permit.target());
                        round.sort_hitch(permit, hitch, part)?;
                    }
                }
            }
        }
        Ok(round)
    }

    /// The permits in the order in which their targets are asked now. Those that the router leaves out are noted.
    fn ordered(&mut self, means: Means<'_>, request: &ChatRequest, permits: &[Permit]) -> Vec<Permit> {
        let way = &means.route.way;
        let prefix = way.sticky.then(|| prefix(request));
        let names: Vec<&str> = permits.iter().map(Permit::target).collect();
        let order = means.router.order(way, &names, prefix, Instant::now());
        for name in names.iter().filter(|name| !order.contains(name)) {
            self.note_code(name, "target-resting");
        }
        let found = order
            .iter()
            .map(|name| permits.iter().find(|permit| permit.target() == *name));
        found.flatten().cloned().collect()
    }

    /// Reads an answer that has begun. What is given back is why it failed before anything of it was delivered: another
    /// target may begin anew.
    async fn read_to_end(
        &mut self,
        means: Means<'_>,
        part: &Part,
        begun: Begun,
    ) -> Result<ModelError, Ended> {
        let permit = begun.permit.clone();
        let delivered = self.extent();
        match self.read(means, part, begun).await {
            Ok(()) => Err(Ended::With(CallEnd::Whole)),
            Err(Stopped::HungUp) => Err(Ended::With(CallEnd::HungUp)),
            Err(Stopped::Failed(error)) => {
                self.note(permit.target(), &error);
                if self.extent() == delivered {
                    return Ok(error);
                }
                let target = permit.target().to_owned();
                Err(Ended::Broken(Broken { target, error }))
            }
        }
    }
}

impl Round {
    fn sort_hitch(&mut self, permit: Permit, hitch: Hitch, part: &Part) -> Result<(), Ended> {
        match hitch {
            Hitch::Failed(error) => self.sort(permit, &error, part)?,
            Hitch::NotNow(_) => self.passing.push(permit),
            Hitch::Denied => {}
        }
        Ok(())
    }

    /// Keeps a target whose failure may pass; ends the rounds where the request itself is wrong. A continuation that one
    /// target refuses may suit another.
    fn sort(&mut self, permit: Permit, error: &ModelError, part: &Part) -> Result<(), Ended> {
        match error {
            ModelError::Loading { .. } => self.loading.push(permit),
            ModelError::Unavailable { .. }
            | ModelError::TimedOut { .. }
            | ModelError::RateLimited { .. }
            | ModelError::Malformed { .. }
            | ModelError::Cut { .. } => self.passing.push(permit),
            ModelError::Refused { .. } if part.broken.is_none() => {
                return Err(Ended::With(CallEnd::Failed(Box::new(error.clone()))));
            }
            ModelError::Refused { .. }
            | ModelError::Withdrawn { .. }
            | ModelError::Misconfigured { .. }
            | ModelError::Unsupported { .. }
            | ModelError::NotPermitted { .. } => {}
        }
        Ok(())
    }
}
