//! The calls of one request: the permitted targets in order, until one answers.
//!
//! A target that fails before its first byte is followed by the next one. After the first byte the answer ends with
//! whatever came: a caller never gets the end of one answer behind the beginning of another.

use std::sync::Arc;

use futures_util::StreamExt as _;
use trousseau_core::chat::{ChatAnswer, ChatEvent, ChatRequest};
use trousseau_core::error::Explain as _;
use trousseau_core::label::Label;
use trousseau_core::model::{ChatModel, ModelError};
use trousseau_core::permit::Permit;
use trousseau_policy::detect::Watch;

use crate::answer::{AnswerEvent, Events};
use crate::entry::Attempt;
use crate::service::Gateway;

/// What came of the calls.
pub(crate) struct Called {
    /// The targets that failed, each with the code of its failure.
    pub attempts: Vec<Attempt>,
    /// The target whose answer this is, and its model.
    pub made_by: Option<(String, String)>,
    /// The answer, as far as it came.
    pub answer: ChatAnswer,
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

impl Gateway {
    /// Tries the permitted targets in order; every failure is kept.
    pub(crate) async fn call(
        &self,
        permits: &[Permit],
        request: Arc<ChatRequest>,
        events: &Events,
    ) -> Called {
        let mut called = Called {
            attempts: Vec::new(),
            made_by: None,
            answer: ChatAnswer::default(),
            label: Label::default(),
            end: CallEnd::Exhausted,
            retry_after: None,
        };
        for permit in permits {
            let target = permit.target();
            let Some(model) = self.models.get(target) else {
                let error = ModelError::Unavailable {
                    target: target.to_owned(),
                    reason: "this program has no client for it".to_owned(),
                };
                called.note(target, &error);
                continue;
            };
            let mut watch = Watch::new(&self.settings.detectors, self.settings.hold_back);
            let answer = (&mut called.answer, &mut watch);
            let stopped = collect(model.as_ref(), permit, &request, events, answer).await;
            called.label.raise(watch.label());
            let end = match stopped {
                Ok(()) => CallEnd::Whole,
                Err(Stopped::HungUp) => CallEnd::HungUp,
                Err(Stopped::Failed(error)) => {
                    called.note(target, &error);
                    if called.answer.is_empty() && error.fails_over() {
                        continue;
                    }
                    CallEnd::Failed(Box::new(error))
                }
            };
            if matches!(end, CallEnd::Whole) || !called.answer.is_empty() {
                called.made_by = Some((target.to_owned(), model.name().to_owned()));
            }
            called.end = end;
            return called;
        }
        called
    }
}

impl Called {
    fn note(&mut self, target: &str, error: &ModelError) {
        tracing::warn!(target, %error, "a target failed");
        if let ModelError::RateLimited {
            retry_after: Some(seconds),
            ..
        } = error
        {
            self.retry_after = Some(self.retry_after.map_or(*seconds, |sooner| sooner.min(*seconds)));
        }
        self.attempts.push(Attempt {
            target: target.to_owned(),
            error: error.code().to_owned(),
        });
    }
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

/// Makes one call and collects its answer, passing the events on as they come.
async fn collect(
    model: &dyn ChatModel,
    permit: &Permit,
    request: &Arc<ChatRequest>,
    events: &Events,
    (answer, watch): (&mut ChatAnswer, &mut Watch),
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
        match next.transpose()? {
            Some(event) => {
                for event in watch.push(event) {
                    answer.push(event.clone());
                    if matches!(event, ChatEvent::End(_)) {
                        return Ok(());
                    }
                    let sent = events.send(AnswerEvent::Part(event)).await;
                    sent.map_err(|_| Stopped::HungUp)?;
                }
            }
            None => {
                return Err(Stopped::Failed(ModelError::Cut {
                    target: permit.target().to_owned(),
                }));
            }
        }
    }
}
