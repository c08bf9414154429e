//! The beginning of an answer: one target asked for it, and a second one beside it where the first is slow.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tokio::time::sleep;
use trousseau_core::chat::{ChatEvent, ChatRequest};
use trousseau_core::digest::Digest;
use trousseau_core::model::{ChatModel, ChatStream, ModelError};
use trousseau_core::permit::Permit;
use trousseau_routing::{Failure, NotNow, TargetLimits, Ticket};

use crate::called::{Called, Means, Part};
use crate::event::AnswerEvent;

/// After which time in a queue whoever asked is told.
const NOTICED: Duration = Duration::from_millis(300);

/// How much of a request counts as its beginning, in bytes.
const PREFIX: usize = 4096;

/// An answer of which the first event has come.
pub(crate) struct Begun {
    pub(crate) permit: Permit,
    pub(crate) model: Arc<dyn ChatModel>,
    pub(crate) stream: ChatStream,
    pub(crate) first: ChatEvent,
    pub(crate) ticket: Ticket,
    /// When the call was made.
    pub(crate) since: Instant,
}

/// What came of asking.
pub(crate) enum Beginning {
    Begun(Box<Begun>),
    /// The targets that were asked, none of which began.
    Failed(Vec<(Permit, Hitch)>),
    HungUp,
}

/// Why a target did not begin.
pub(crate) enum Hitch {
    /// It was asked and failed.
    Failed(ModelError),
    /// It was not asked.
    NotNow(NotNow),
    /// It may not be asked any more.
    Denied,
}

type Outset = Result<Box<Begun>, (Permit, Hitch)>;

impl Called {
    /// Asks `first`, and `second` beside it where the route hedges and the first event is late. Whichever begins first
    /// answers; the other call is given up.
    pub(crate) async fn begin(
        &mut self,
        means: Means<'_>,
        part: &Part,
        (first, second): (&Permit, Option<&Permit>),
    ) -> Beginning {
        let mut one = pin!(begin_at(means, part, first));
        let hedge = means.route.way.hedge.as_ref().zip(second);
        let late = hedge
            .and_then(|(hedge, second)| Some((means.router.hedge_after(hedge, first.target())?, second)));
        if let Some((after, second)) = late {
            tokio::select! {
                outset = &mut one => return self.beginning(Vec::new(), outset),
                () = means.events.closed() => return Beginning::HungUp,
                () = sleep(after) => {}
            }
            if means.router.may_retry(&means.route.way, Instant::now()) {
                // Rare, and large: not within every request's own future.
                return Box::pin(self.begin_beside(means, part, (one, first), second)).await;
            }
        }
        tokio::select! {
            outset = one => self.beginning(Vec::new(), outset),
            () = means.events.closed() => Beginning::HungUp,
        }
    }

    /// Asks `second` beside the call that is under way at `first`.
    async fn begin_beside(
        &mut self,
        means: Means<'_>,
        part: &Part,
        (mut one, first): (Pin<&mut impl Future<Output = Outset>>, &Permit),
        second: &Permit,
    ) -> Beginning {
        let mut two = pin!(begin_at(means, part, second));
        let (outset, is_first) = tokio::select! {
            outset = &mut one => (outset, true),
            outset = &mut two => (outset, false),
            () = means.events.closed() => return Beginning::HungUp,
        };
        let failure = match outset {
            Ok(begun) => {
                // The other has had the request all the same.
                let other = if is_first { second } else { first };
                self.note_code(other.target(), "call-hedged");
                return Beginning::Begun(begun);
            }
            Err(failure) => failure,
        };
        let other = async move { if is_first { two.await } else { one.await } };
        tokio::select! {
            outset = other => self.beginning(vec![failure], outset),
            () = means.events.closed() => Beginning::HungUp,
        }
    }

    /// What came of the last of the targets that were asked; those before it failed.
    fn beginning(&mut self, mut failures: Vec<(Permit, Hitch)>, outset: Outset) -> Beginning {
        for (permit, hitch) in failures.iter().chain(outset.as_ref().err()) {
            match hitch {
                Hitch::Failed(error) => self.note(permit.target(), error),
                Hitch::NotNow(not_now) => self.note_not_now(permit.target(), not_now),
                Hitch::Denied => {
                    self.note_code(permit.target(), "policy-denied");
                }
            }
        }
        match outset {
            Ok(begun) => Beginning::Begun(begun),
            Err(failure) => {
                failures.push(failure);
                Beginning::Failed(failures)
            }
        }
    }
}

/// Asks one target, and waits for the first event of its answer.
async fn begin_at(means: Means<'_>, part: &Part, permit: &Permit) -> Outset {
    let hitch = |hitch| (permit.clone(), hitch);
    let target = permit.target();
    let Some(model) = means.plan.models.get(target) else {
        let error = ModelError::Unavailable {
            target: target.to_owned(),
            reason: "this program has no client for it".to_owned(),
        };
        return Err(hitch(Hitch::Failed(error)));
    };
    let limits = means.plan.settings.limits_of(target);
    let entered = enter(means, target, &limits).await;
    let mut ticket = entered.map_err(|not_now| hitch(Hitch::NotNow(not_now)))?;
    // Since it was decided, time has passed in a queue, or with others that failed.
    if means
        .decides
        .still(std::slice::from_ref(permit), &part.request)
        .is_empty()
    {
        return Err(hitch(Hitch::Denied));
    }
    let since = Instant::now();
    let first = tokio::select! {
        first = first_event(model.as_ref(), permit, &part.request) => first,
        () = means.decides.withdrawn(permit) => Err(withdrawn(permit)),
    };
    match first {
        Ok((stream, first)) => {
            ticket.first_byte(Instant::now());
            Ok(Box::new(Begun {
                permit: permit.clone(),
                model: Arc::clone(model),
                stream,
                first,
                ticket,
                since,
            }))
        }
        Err(error) => {
            ticket.fail(failure(&error), Instant::now());
            Err(hitch(Hitch::Failed(error)))
        }
    }
}

/// Goes in where there is room at a target, else waits for it; whoever asked hears of a wait that is long enough to notice.
async fn enter(means: Means<'_>, target: &str, limits: &TargetLimits) -> Result<Ticket, NotNow> {
    let mut entering = pin!(means.router.enter(target, limits, Instant::now()));
    tokio::select! {
        biased;
        entered = &mut entering => return entered,
        () = sleep(NOTICED) => {}
    }
    let target = target.to_owned();
    let _hung_up = means.events.send(AnswerEvent::Queued { target }).await;
    entering.await
}

async fn first_event(
    model: &dyn ChatModel,
    permit: &Permit,
    request: &Arc<ChatRequest>,
) -> Result<(ChatStream, ChatEvent), ModelError> {
    let mut stream = model.chat(permit, Arc::clone(request)).await?;
    match stream.next().await {
        Some(first) => Ok((stream, first?)),
        None => Err(cut(permit)),
    }
}

pub(crate) fn withdrawn(permit: &Permit) -> ModelError {
    ModelError::Withdrawn {
        target: permit.target().to_owned(),
    }
}

pub(crate) fn cut(permit: &Permit) -> ModelError {
    ModelError::Cut {
        target: permit.target().to_owned(),
    }
}

/// What a failure says of the target, for those who ask it next.
pub(crate) fn failure(error: &ModelError) -> Failure {
    match error {
        ModelError::Unavailable { .. } | ModelError::Misconfigured { .. } => Failure::Unavailable,
        ModelError::RateLimited { retry_after, .. } => Failure::RateLimited {
            retry_after: retry_after.map(Duration::from_secs),
        },
        ModelError::TimedOut { .. } => Failure::TimedOut,
        ModelError::Malformed { .. } | ModelError::Cut { .. } => Failure::Broken,
        ModelError::Loading { .. }
        | ModelError::Withdrawn { .. }
        | ModelError::Refused { .. }
        | ModelError::Unsupported { .. }
        | ModelError::NotPermitted { .. } => Failure::NotItsFault,
    }
}

/// What the beginnings of two requests have in common where a server has read them before: tools and messages, in order.
pub(crate) fn prefix(request: &ChatRequest) -> u64 {
    let mut beginning = String::with_capacity(PREFIX);
    let tools = request
        .tools
        .definitions
        .iter()
        .map(|tool| std::borrow::Cow::Owned(tool.to_string()));
    let messages = request
        .messages
        .iter()
        .map(|message| std::borrow::Cow::Borrowed(message.content.as_str()));
    for text in tools.chain(messages) {
        beginning.push_str(&text);
        beginning.push('\0');
        if beginning.len() >= PREFIX {
            break;
        }
    }
    beginning.truncate(beginning.floor_char_boundary(PREFIX));
    let digest = Digest::of(beginning.as_bytes());
    digest
        .0
        .iter()
        .take(8)
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}
