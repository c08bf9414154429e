//! What came of the calls, and the loop over them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;
use trousseau_core::chat::{ChatAnswer, ChatRequest};
use trousseau_core::error::Explain as _;
use trousseau_core::label::Label;
use trousseau_core::model::ModelError;
use trousseau_core::permit::Permit;
use trousseau_entries::entry::Attempt;
use trousseau_plan::Plan;
use trousseau_plan::settings::Route;
use trousseau_record::{Thought, Watch};
use trousseau_routing::{NotNow, Router};

use crate::event::Events;
use crate::round::Ended;

/// What the calls are made by.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// The plan of the request.
    pub plan: &'a Plan,
    /// Its route.
    pub route: &'a Route,
    /// How the targets have been doing.
    pub router: &'a Router,
    /// Who decides anew.
    pub decides: &'a dyn Decides,
    /// Where events go.
    pub events: &'a Events,
}

/// Whoever decides what may be sent.
pub trait Decides: Send + Sync {
    /// Which of the permits for a request hold still. Nothing is added to them.
    fn still(&self, permits: &[Permit], request: &ChatRequest) -> Vec<Permit>;

    /// Ends when the target of a permit is withdrawn with what runs there; for most requests never.
    fn withdrawn<'a>(&'a self, permit: &'a Permit) -> BoxFuture<'a, ()>;

    /// The permits for a request that goes on from what was delivered of its answer. The decision is in the ledger when they
    /// are there; nothing where nobody may see it, or where it could not be recorded.
    fn anew<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Vec<Permit>>;
}

/// A request as it is sent now, and where it may go.
pub(crate) struct Part {
    pub(crate) request: Arc<ChatRequest>,
    pub(crate) permits: Vec<Permit>,
    /// Where the request goes on from an answer that broke off: what broke it.
    pub(crate) broken: Option<Broken>,
}

/// A stream that broke after something of it had been delivered.
pub(crate) struct Broken {
    pub(crate) target: String,
    pub(crate) error: ModelError,
}

/// What came of the calls.
pub struct Called {
    /// The targets that failed or were not asked, each with the code of why.
    pub attempts: Vec<Attempt>,
    /// The target whose answer this is, and its model; the last of them where one continued another's.
    pub made_by: Option<(String, String)>,
    /// The answer, as far as it came.
    pub answer: ChatAnswer,
    /// How it was reasoned about, where the model showed that.
    pub thought: Option<Thought>,
    pub(crate) watch: Watch,
    /// When the last call was made.
    pub(crate) began: Instant,
    /// The label of what was found in it.
    pub label: Label,
    /// How it ended.
    pub end: CallEnd,
    /// After how many seconds one of the targets may be asked again, where one says so.
    pub retry_after: Option<u64>,
}

/// How the calls ended.
pub enum CallEnd {
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
    /// Makes the calls of one request; every failure is kept.
    pub async fn by(means: Means<'_>, permits: Vec<Permit>, request: Arc<ChatRequest>) -> Self {
        let mut called = Self::new();
        let mut part = Part {
            request,
            permits,
            broken: None,
        };
        means.router.count_request(&means.route.way, Instant::now());
        loop {
            let broken = match (called.rounds(means, &part).await, part.broken) {
                // Nobody went on: the answer ends as it broke.
                (Ended::With(CallEnd::Exhausted), Some(Broken { error, .. })) => {
                    called.end = CallEnd::Failed(Box::new(error));
                    return called;
                }
                (Ended::With(end), _) => {
                    called.end = end;
                    return called;
                }
                (Ended::Broken(broken), _) => broken,
            };
            let asked = (&*part.request, part.permits.as_slice());
            match Box::pin(called.continuation(means, asked, broken)).await {
                Ok(next) => part = next,
                Err(Broken { error, .. }) => {
                    called.end = CallEnd::Failed(Box::new(error));
                    return called;
                }
            }
        }
    }

    fn new() -> Self {
        Self {
            attempts: Vec::new(),
            made_by: None,
            answer: ChatAnswer::default(),
            thought: None,
            watch: Watch::default(),
            began: Instant::now(),
            label: Label::default(),
            end: CallEnd::Exhausted,
            retry_after: None,
        }
    }

    /// Notes that a target failed.
    pub(crate) fn note(&mut self, target: &str, error: &ModelError) {
        if let ModelError::RateLimited {
            retry_after: Some(seconds),
            ..
        } = error
        {
            self.come_back(*seconds);
        }
        if self.note_code(target, error.code()) {
            tracing::warn!(target, %error, "a target failed");
        }
    }

    /// Notes that a target was not asked now.
    pub(crate) fn note_not_now(&mut self, target: &str, not_now: &NotNow) {
        let (code, seconds) = match not_now {
            NotNow::Open { seconds } => ("target-resting", *seconds),
            NotNow::Full { seconds } => ("target-busy", *seconds),
        };
        self.come_back(seconds);
        self.note_code(target, code);
    }

    /// Notes what came of a target, once: one that is waited for is asked again and again.
    pub(crate) fn note_code(&mut self, target: &str, code: &'static str) -> bool {
        let attempt = Attempt {
            target: target.to_owned(),
            error: code.to_owned(),
        };
        let new = !self.attempts.contains(&attempt);
        if new {
            self.attempts.push(attempt);
        }
        new
    }

    fn come_back(&mut self, seconds: u64) {
        self.retry_after = Some(self.retry_after.map_or(seconds, |sooner| sooner.min(seconds)));
    }

    /// How long one of the targets that failed wants to be left alone.
    pub(crate) fn left_alone(&self) -> Option<Duration> {
        self.retry_after.map(Duration::from_secs)
    }
}
