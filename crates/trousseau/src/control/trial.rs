//! One call of a server that is not in the configuration, to see whether it answers.
//!
//! It goes the way of every question: labelled, decided, entered in the ledger, sent with a permit by the configured way
//! out. Only the plan is another one, with that server alone in it, and nothing but the ledger keeps anything of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::sync::mpsc;
use trousseau_config::{AdditionError, Config, Remote};
use trousseau_core::chat::{ChatEvent, ChatRequest, Message};
use trousseau_core::label::Label;
use trousseau_core::model::{ChatModel, ChatStream, ModelError, Phase};
use trousseau_core::permit::Permit;
use trousseau_core::principal::Principal;
use trousseau_gateway::answer::Asked;
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::settings::{Limits, Route, Settings, Way};
use trousseau_http::control::{NewUpstream, Trial, TrialOutcome};
use trousseau_ledger::Durability;
use trousseau_plan::{Models, Plan};
use trousseau_policy::decide::Target;
use trousseau_upstream::secret::Secret;
use trousseau_upstream::{Offered, OpenAi};

use super::{Steward, remote};
use crate::app::models;
use crate::failure::Failure;

/// What a server is asked. It says nothing of anybody.
const SENTENCE: &str = "Comptez de un à cinq, en chiffres.";

/// How long a server may take that is tried, at each step and for all of it.
const STEP: Duration = Duration::from_secs(30);
const ALL: Duration = Duration::from_secs(60);

/// The most characters of its answer that are told.
const TOLD: usize = 300;

impl Steward {
    /// Calls a server once; a second time, for a whole answer, where it cannot stream.
    pub(super) async fn attempt(&self, by: &Principal, new: NewUpstream) -> Result<Trial, Failure> {
        let (_, config) = self.plan(&new).await?;
        let mut trial = self.call(by, &new, &config, new.stream.unwrap_or(true)).await?;
        let cannot_stream = matches!(trial.outcome, TrialOutcome::Failed) && new.stream.is_none();
        if cannot_stream {
            let whole = self.call(by, &new, &config, false).await?;
            if whole.outcome == TrialOutcome::Ready {
                trial = whole;
            }
        }
        Ok(trial)
    }

    async fn call(
        &self,
        by: &Principal,
        new: &NewUpstream,
        config: &Config,
        streams: bool,
    ) -> Result<Trial, Failure> {
        let Some(remote) = remote(config, &new.name) else {
            return Err(AdditionError::Form { key: "upstream" }.into());
        };
        let target = config.targets.iter().find(|target| target.name == new.name);
        let secret = new
            .key
            .as_ref()
            .map(|key| Secret::value(key.reveal(), "key"))
            .transpose()?;
        let tried = Arc::new(Tried::new((&new.name, *remote), config, (secret, streams))?);
        let plan = plan(target, config, &tried)?;
        // Whoever tries it may be bound to labels that a public sentence does not have.
        let by = Principal {
            label_floor: Label::default(),
            routes: None,
            ..by.clone()
        };
        let asked = Asked {
            request: ChatRequest {
                messages: vec![Message::user(SENTENCE)],
                whole: !streams,
                ..ChatRequest::default()
            },
            ..Asked::default()
        };
        let (events, mut told) = mpsc::channel(64);
        let gateway = &self.0.gateway;
        let answering = async move { gateway.answer_by(&plan, &by, asked, &events).await };
        let hearing = async { while told.recv().await.is_some() {} };
        let (answered, ()) = tokio::join!(Box::pin(answering), hearing);
        let seen = tried.take();
        Ok(match answered {
            Ok(answered) => seen.ready(&answered.answer.text, streams),
            Err(GatewayError::Denied { denied, .. }) => Trial {
                rejected: denied.rejected,
                ..seen.failed(TrialOutcome::Denied)
            },
            Err(error) if seen.error.is_none() => return Err(error.into()),
            Err(_) => {
                let outcome = seen.outcome(&new.model);
                seen.failed(outcome)
            }
        })
    }
}

/// The plan of a trial: one route over the one target, by the rules that are in force.
fn plan(target: Option<&Target>, config: &Config, tried: &Arc<Tried>) -> Result<Plan, GatewayError> {
    let name = target.map(|target| target.name.clone()).unwrap_or_default();
    let settings = Settings {
        routes: vec![Route {
            name: "trial".to_owned(),
            targets: vec![name.clone()],
            way: Way::in_order("trial", [name.as_str()]),
            continues: false,
            hold_back: None,
            mask: None,
            grounded: false,
            collections: None,
            label_floor: Label::default(),
            passages: 1,
            durability: Durability::Request,
            cache: None,
        }],
        replica: config.settings.replica.clone(),
        origin: config.settings.origin.clone(),
        limits: Limits::default(),
        // Nothing of it is a question that somebody asked.
        forgets: true,
        ..Settings::default()
    };
    let decides = (target.cloned().into_iter().collect(), config.rules.clone());
    let model: Arc<dyn ChatModel> = Arc::clone(tried) as _;
    Plan::new(settings, decides, Models::from([(name, model)])).map_err(GatewayError::Entry)
}

/// A server that is tried, and what was seen of it.
struct Tried {
    model: OpenAi,
    offered: Offered,
    seen: Arc<Mutex<Seen>>,
}

/// What was seen of a server.
#[derive(Default)]
struct Seen {
    models: Option<Vec<String>>,
    /// Whether anything came back from it at all.
    reached: bool,
    first: Option<Duration>,
    last: Option<Duration>,
    pieces: usize,
    error: Option<ModelError>,
}

impl Tried {
    fn new(
        (name, mut remote): (&str, Remote),
        config: &Config,
        (secret, streams): (Option<Secret>, bool),
    ) -> Result<Self, Failure> {
        remote.key = None;
        remote.stream = streams;
        let timeouts = &mut remote.timeouts;
        (timeouts.first_byte, timeouts.idle, timeouts.total) = (STEP, STEP, ALL);
        let (model, offered) = models::trial((name, &remote), secret, &config.egress)?;
        Ok(Self {
            model,
            offered,
            seen: Arc::default(),
        })
    }

    fn take(&self) -> Seen {
        std::mem::take(&mut *hold(&self.seen))
    }
}

fn hold(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ChatModel for Tried {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn chat<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<ChatRequest>,
    ) -> BoxFuture<'a, Result<ChatStream, ModelError>> {
        async move {
            let listed = self.offered.names(permit).await;
            let hopeless = match &listed {
                Ok(_) => false,
                Err(error) => is_unreachable(error) || is_key(error),
            };
            {
                let mut seen = hold(&self.seen);
                seen.reached = !listed.as_ref().is_err_and(is_unreachable);
                if hopeless {
                    seen.error = listed.as_ref().err().cloned();
                }
                seen.models = listed.as_ref().ok().cloned();
            }
            if hopeless {
                listed?;
            }
            let began = Instant::now();
            let seen = Arc::clone(&self.seen);
            let note = move |event: &Result<ChatEvent, ModelError>| {
                let mut seen = hold(&seen);
                match event {
                    Ok(ChatEvent::End(_)) => seen.last = Some(began.elapsed()),
                    Ok(_) => {
                        seen.pieces += 1;
                        seen.first.get_or_insert_with(|| began.elapsed());
                    }
                    Err(error) => seen.error = Some(error.clone()),
                }
            };
            match self.model.chat(permit, request).await {
                Ok(stream) => Ok(Box::pin(stream.inspect(note)) as ChatStream),
                Err(error) => {
                    note(&Err(error.clone()));
                    Err(error)
                }
            }
        }
        .boxed()
    }
}

/// Whether nobody was reached. A server that was reached and says 503 is unavailable too, in words of its own.
const fn is_unreachable(error: &ModelError) -> bool {
    matches!(
        error,
        ModelError::Unavailable { .. }
            | ModelError::TimedOut {
                phase: Phase::Connect | Phase::FirstByte,
                ..
            }
    )
}

const fn is_key(error: &ModelError) -> bool {
    matches!(
        error,
        ModelError::Misconfigured {
            status: 401 | 403,
            ..
        }
    )
}

impl Seen {
    fn ready(self, answer: &str, streams: bool) -> Trial {
        let whole = answer.chars().count() <= TOLD;
        let mut told: String = answer.chars().take(TOLD).collect();
        if !whole {
            told.push('…');
        }
        Trial {
            streams: Some(streams && self.pieces > 0),
            answer: Some(told),
            ..self.failed(TrialOutcome::Ready)
        }
    }

    fn failed(self, outcome: TrialOutcome) -> Trial {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Trial {
            outcome,
            models: self.models,
            streams: None,
            first_token_ms: self.first.map(milliseconds),
            total_ms: self.last.map(milliseconds),
            answer: None,
            error: self.error.map(|error| Box::new(error) as Box<_>),
            rejected: Vec::new(),
        }
    }

    /// What an error means for whoever tries a server that ought to offer `model`.
    fn outcome(&self, model: &str) -> TrialOutcome {
        let Some(error) = &self.error else {
            return TrialOutcome::Failed;
        };
        let is_offered = self
            .models
            .as_ref()
            .map(|models| models.iter().any(|name| name == model));
        match error {
            error if is_key(error) => TrialOutcome::KeyRefused,
            error if is_unreachable(error) && !self.reached => TrialOutcome::Unreachable,
            ModelError::Misconfigured { .. } | ModelError::Refused { .. } if is_offered == Some(false) => {
                TrialOutcome::UnknownModel
            }
            ModelError::Misconfigured { status: 404, .. } if self.models.is_some() => {
                TrialOutcome::UnknownModel
            }
            _ => TrialOutcome::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_has_one_word() {
        let misconfigured = |status| ModelError::Misconfigured {
            target: "t".to_owned(),
            status,
            reason: String::new(),
        };
        let unavailable = ModelError::Unavailable {
            target: "t".to_owned(),
            reason: String::new(),
        };
        let cut = ModelError::Cut {
            target: "t".to_owned(),
        };
        for (error, models, reached, expected) in [
            (misconfigured(401), None, true, TrialOutcome::KeyRefused),
            (
                misconfigured(403),
                Some(vec!["m"]),
                true,
                TrialOutcome::KeyRefused,
            ),
            (
                misconfigured(400),
                Some(vec!["other"]),
                true,
                TrialOutcome::UnknownModel,
            ),
            (
                misconfigured(404),
                Some(vec!["m"]),
                true,
                TrialOutcome::UnknownModel,
            ),
            (misconfigured(404), None, true, TrialOutcome::Failed),
            (unavailable.clone(), None, false, TrialOutcome::Unreachable),
            (unavailable, Some(vec!["m"]), true, TrialOutcome::Failed),
            (cut, None, true, TrialOutcome::Failed),
        ] {
            let told = format!("{error:?}");
            let seen = Seen {
                models: models.map(|names| names.into_iter().map(str::to_owned).collect()),
                reached,
                error: Some(error),
                ..Seen::default()
            };
            assert_eq!(seen.outcome("m"), expected, "{told}");
        }
    }
}
