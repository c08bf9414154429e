//! The calls of one request: the permitted targets in order, until one answers.
//!
//! A target that fails before its first byte is followed by the next one. After the first byte the answer ends with
//! whatever came: a caller never gets the end of one answer behind the beginning of another. Where no target answers and
//! one says that it is loading its model, it is asked again for a while.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tokio::time::sleep;
use trousseau_core::chat::{ChatAnswer, ChatEvent, ChatRequest};
use trousseau_core::error::Explain as _;
use trousseau_core::label::Label;
use trousseau_core::model::{ChatModel, ModelError};
use trousseau_core::permit::Permit;
use trousseau_plan::Plan;
use trousseau_policy::detect;
use trousseau_record::{Thought, Watch};

use crate::answer::{AnswerEvent, Events};
use crate::entry::Attempt;

/// After how long a model that is being loaded is asked again.
const LOADING: Duration = Duration::from_secs(1);

/// What came of the calls.
pub(crate) struct Called {
    /// The targets that failed, each with the code of its failure.
    pub attempts: Vec<Attempt>,
    /// The target whose answer this is, and its model.
    pub made_by: Option<(String, String)>,
    /// The answer, as far as it came.
    pub answer: ChatAnswer,
    /// How it was reasoned about, where the model showed that.
    pub thought: Option<Thought>,
    watch: Watch,
    /// When the last call was made.
    began: Instant,
    /// The label of what was found in it.
    pub label: Label,
    /// How it ended.
    pub end: CallEnd,
    /// After how many seconds one of the targets that failed may be asked again, where one says so.
    pub retry_after: Option<u64>,
}

/// How the calls ended.
pub(crate) enum CallEnd {
    /// With a whole answer.
    Whole,
    /// Every target failed before its first byte.
    Exhausted,
    /// The last attempt failed in a way that no other target mends: the request is wrong, or part of an answer was
    /// sent.
    Failed(Box<ModelError>),
    /// Whoever asked is gone.
    HungUp,
}

impl Called {
    /// Tries the permitted targets in order; every failure is kept.
    pub(crate) async fn by(
        plan: &Plan,
        permits: &[Permit],
        request: Arc<ChatRequest>,
        events: &Events,
    ) -> Self {
        let mut called = Self {
            attempts: Vec::new(),
            made_by: None,
            answer: ChatAnswer::default(),
            thought: None,
            watch: Watch::default(),
            began: Instant::now(),
            label: Label::default(),
            end: CallEnd::Exhausted,
            retry_after: None,
        };
        let until = Instant::now() + plan.settings.limits.loading;
        let mut wanted: Vec<&Permit> = permits.iter().collect();
        let mut told = false;
        loop {
            let mut loading = Vec::new();
            for permit in wanted {
                match called.attempt(plan, permit, &request, events).await {
                    Tried::Ended(end) => {
                        called.end = end;
                        return called;
                    }
                    Tried::Loading => loading.push(permit),
                    Tried::Failed => {}
                }
            }
            // Only where no other place answers is a model waited for.
            let Some(first) = loading.first().filter(|_| Instant::now() < until) else {
                return called;
            };
            if !told {
                let target = first.target().to_owned();
                let _hung_up = events.send(AnswerEvent::Loading { target }).await;
                told = true;
            }
            tokio::select! {
                () = sleep(LOADING) => {}
                () = events.closed() => {
                    called.end = CallEnd::HungUp;
                    return called;
                }
            }
            wanted = loading;
        }
    }

    /// Tries one target.
    async fn attempt(
        &mut self,
        plan: &Plan,
        permit: &Permit,
        request: &Arc<ChatRequest>,
        events: &Events,
    ) -> Tried {
        let target = permit.target();
        let Some(model) = plan.models.get(target) else {
            let error = ModelError::Unavailable {
                target: target.to_owned(),
                reason: "this program has no client for it".to_owned(),
            };
            self.note(target, &error);
            return Tried::Failed;
        };
        self.began = Instant::now();
        let mut reading = detect::Watch::new(&plan.settings.detectors, plan.settings.hold_back);
        let calling = (model.as_ref(), permit, request);
        let collected = self.collect(calling, &mut reading, events).await;
        self.label.raise(reading.label());
        self.thought = self.watch.thought(self.began.elapsed());
        let end = match collected {
            Ok(()) => CallEnd::Whole,
            Err(Stopped::HungUp) => CallEnd::HungUp,
            Err(Stopped::Failed(error)) => {
                self.note(target, &error);
                if self.answer.is_empty() && error.fails_over() {
                    return match error {
                        ModelError::Loading { .. } => Tried::Loading,
                        _ => Tried::Failed,
                    };
                }
                CallEnd::Failed(Box::new(error))
            }
        };
        if matches!(end, CallEnd::Whole) || !self.answer.is_empty() {
            self.made_by = Some((target.to_owned(), model.name().to_owned()));
        }
        Tried::Ended(end)
    }

    /// Makes one call and collects its answer, passing the events on as they come and are read.
    async fn collect(
        &mut self,
        (model, permit, request): (&dyn ChatModel, &Permit, &Arc<ChatRequest>),
        reading: &mut detect::Watch,
        events: &Events,
    ) -> Result<(), Stopped> {
        let mut stream = tokio::select! {
            stream = model.chat(permit, Arc::clone(request)) => stream?,
            () = events.closed() => return Err(Stopped::HungUp),
        };
        loop {
            let next = tokio::select! {
                next = stream.next() => next,
                () = events.closed() => return Err(Stopped::HungUp),
            };
            let Some(event) = next.transpose()? else {
                return Err(Stopped::Failed(ModelError::Cut {
                    target: permit.target().to_owned(),
                }));
            };
            self.watch.note(&event, self.began.elapsed());
            for event in reading.push(event) {
                self.answer.push(event.clone());
                if matches!(event, ChatEvent::End(_)) {
                    return Ok(());
                }
                let sent = events.send(AnswerEvent::Part(event)).await;
                sent.map_err(|_| Stopped::HungUp)?;
            }
        }
    }

    fn note(&mut self, target: &str, error: &ModelError) {
        if let ModelError::RateLimited {
            retry_after: Some(seconds),
            ..
        } = error
        {
            self.retry_after = Some(self.retry_after.map_or(*seconds, |sooner| sooner.min(*seconds)));
        }
        let attempt = Attempt {
            target: target.to_owned(),
            error: error.code().to_owned(),
        };
        // A model that is waited for is asked again and again.
        if !self.attempts.contains(&attempt) {
            tracing::warn!(target, %error, "a target failed");
            self.attempts.push(attempt);
        }
    }
}

/// What came of one try.
enum Tried {
    Ended(CallEnd),
    /// The model is not there yet.
    Loading,
    Failed,
}

/// Why an answer did not come to its end.
enum Stopped {
    HungUp,
    Failed(ModelError),
}

impl From<ModelError> for Stopped {
    fn from(error: ModelError) -> Self {
        Self::Failed(error)
    }
}
