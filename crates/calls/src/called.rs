//! What came of the calls, and the loop over them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;
use trousseau_core::chat::{ChatAnswer, ChatRequest};
use trousseau_core::error::Explain as _;
use trousseau_core::label::Label;
use trousseau_core::model::ModelError;
use trousseau_core::permit::Permit;
use trousseau_entries::entry::Attempt;
use trousseau_masking::Table;
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

    /// The ways in which a request may be sent that goes on from what was delivered of its answer. The decisions are in the
    /// ledger when they are there; none where nobody may see it, or where they could not be recorded.
    fn anew<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Vec<Sending>>;
}

/// One way in which a request may be sent: as it is, or masked.
#[derive(Clone)]
pub struct Sending {
    /// What is sent.
    pub request: Arc<ChatRequest>,
    /// The permits for it.
    pub permits: Vec<Permit>,
    /// What its tokens stand for, where it is masked.
    pub mask: Option<Arc<Table>>,
}

/// The code of an attempt that was none, since the target cannot be called now.
pub const fn not_now_code(not_now: NotNow) -> &'static str {
    match not_now {
        NotNow::Open { .. } => "target-resting",
        NotNow::Full { .. } => "target-busy",
    }
}

/// A request as it is sent now, and where it may go.
pub(crate) struct Part {
    pub(crate) request: Arc<ChatRequest>,
    pub(crate) permits: Vec<Permit>,
    /// What its tokens stand for, where it is masked.
    pub(crate) mask: Option<Arc<Table>>,
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
    /// How many values of each detector were masked for a target that made some of the answer; nothing where none were.
    pub masked: Option<BTreeMap<String, u64>>,
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

/// The permits for a request, in whatever way it is sent.
fn permits_of(ways: &[Sending]) -> Vec<Permit> {
    ways.iter().flat_map(|way| way.permits.iter().cloned()).collect()
}

impl Called {
    /// Makes the calls of one request in the ways in which it may be sent, one after the other; every failure is kept.
    /// `request` is the one that they are ways of.
    pub async fn by(means: Means<'_>, request: Arc<ChatRequest>, ways: Vec<Sending>) -> Self {
        let mut called = Self::new();
        let (mut permits, mut ways) = (permits_of(&ways), VecDeque::from(ways));
        let mut broken = None;
        means.router.count_request(&means.route.way, Instant::now());
        while let Some(way) = ways.pop_front() {
            let part = Part {
                request: way.request,
                permits: way.permits,
                mask: way.mask,
                broken,
            };
            let broke = match called.rounds(means, &part).await {
                Ended::With(CallEnd::Exhausted) => {
                    broken = part.broken;
                    continue;
                }
                Ended::With(end) => {
                    called.end = end;
                    return called;
                }
                Ended::Broken(broke) => broke,
            };
            match Box::pin(called.continuation(means, (&request, &permits), broke)).await {
                Ok((next, broke)) => {
                    permits = permits_of(&next);
                    (ways, broken) = (VecDeque::from(next), Some(broke));
                }
                Err(Broken { error, .. }) => {
                    called.end = CallEnd::Failed(Box::new(error));
                    return called;
                }
            }
        }
        // Nobody went on: an answer that began ends as it broke.
        if let Some(Broken { error, .. }) = broken {
            called.end = CallEnd::Failed(Box::new(error));
        }
        called
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
            masked: None,
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
        self.come_back(not_now.seconds());
        self.note_code(target, not_now_code(*not_now));
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
