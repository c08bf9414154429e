//! `POST /v1/chat/completions`.
//!
//! The answer is made in a task of its own, so that a client that hangs up stops the model and its outcome is
//! recorded all the same. A stream waits for the first piece of the answer as long as it may say nothing: what
//! fails before that is still told with its HTTP status.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::WaitForCancellationFutureOwned;
use trousseau_core::chat::ChatEvent;
use trousseau_core::label::Label;
use trousseau_plan::Plan;
use trousseau_wire::Fault;
use trousseau_wire::server::{Chat, ChatCall, Head, Shape, chat};

use super::envelope::Asking;
use super::feed::Feed;
use super::records::named_entry;
use super::refusal::Refusal;
use super::report::report;
use super::{Caller, HttpError, Server, body};
use trousseau_gateway::answer::{self as gateway, AnswerEvent, Answered};
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::records::EntryId;

/// How many events may wait for a client that reads slowly; then the model waits.
const WAITING: usize = 64;

/// Raises the label of what is asked.
const LABEL: HeaderName = HeaderName::from_static("x-trousseau-label");

/// Answers a question, whole or as a stream.
pub(super) async fn complete(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let asked = read(&server, &caller, request).await?;
    let head = asked.head(&server, "chatcmpl");
    let shape = Chat::new(head, asked.call.include_usage);
    answer(&server, caller, asked, Box::new(shape)).await
}

/// Answers in this form, whole or as a stream.
pub(super) async fn answer(
    server: &Arc<Server>,
    caller: Caller,
    mut asked: Asked,
    shape: Box<dyn Shape>,
) -> Result<Response, Refusal> {
    let (stream, asking) = (asked.call.stream, asked.asking.clone());
    asked.call.request.whole = !stream;
    let answering = Answering::begin(server, caller, asked);
    if stream {
        answering.stream(server, shape, asking).await
    } else {
        answering.whole(server, shape).await
    }
}

/// A request that reads well.
pub(super) struct Asked {
    pub(super) asking: Asking,
    /// What it is answered by, whatever is reloaded meanwhile.
    plan: Arc<Plan>,
    /// The route, by the name as it is configured, which is also what the metrics go by.
    pub(super) route: String,
    /// Whether that route answers from documents.
    pub(super) grounded: bool,
    pub(super) call: ChatCall,
    /// The record that the question follows.
    parent: Option<EntryId>,
}

impl Asked {
    /// What stands at the head of an answer in OpenAI's older forms.
    pub(super) fn head(&self, server: &Server, kind: &str) -> Head {
        Head {
            id: format!("{kind}-{}", self.asking.id),
            created: (server.gateway.now)().as_second(),
            model: self.call.model.clone(),
        }
    }
}

/// Reads a request for an answer through a route that the caller may use.
pub(super) async fn read(server: &Server, caller: &Caller, request: Request) -> Result<Asked, Refusal> {
    let (parts, call) = read_as(server, request, chat).await?;
    admit(server, caller, &parts, call)
}

/// Reads a request by its form; its bytes are gone then.
pub(super) async fn read_as<T>(
    server: &Server,
    request: Request,
    form: fn(&[u8]) -> Result<T, Fault>,
) -> Result<(Parts, T), Refusal> {
    let (parts, body) = request.into_parts();
    let limits = &server.settings.limits;
    let bytes = body::read(&parts.headers, body, limits.body_bytes, limits.body).await?;
    let read = form(&bytes)?;
    Ok((parts, read))
}

/// A question to a route that the caller may use.
pub(super) fn admit(
    server: &Server,
    caller: &Caller,
    parts: &Parts,
    mut call: ChatCall,
) -> Result<Asked, Refusal> {
    if let Some(label) = stated_label(&parts.headers)? {
        call.options.label.get_or_insert_default().raise(&label);
    }
    let plan = server.gateway.plan();
    let route = plan.route_for(&caller.principal, Some(&call.model));
    let (route, grounded) = route.map(|route| (route.name.clone(), route.grounded))?;
    let asking = parts.extensions.get::<Asking>().cloned().unwrap_or_default();
    let parent = call.options.parent.as_deref().map(named_entry).transpose()?;
    Ok(Asked {
        asking,
        plan,
        route,
        grounded,
        call,
        parent,
    })
}

/// Says that a response is a stream of events.
pub(super) fn describe_stream(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        // nginx, and others after it, pass on what they get at once.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The label that the client states, which can only raise.
pub(super) fn stated_label(headers: &HeaderMap) -> Result<Option<Label>, HttpError> {
    let Some(value) = headers.get(LABEL) else {
        return Ok(None);
    };
    let invalid = |reason: String| HttpError::Header {
        name: "x-trousseau-label",
        reason,
    };
    let text = value.to_str().map_err(|error| invalid(error.to_string()))?;
    let label = text.parse::<Label>();
    label.map(Some).map_err(|error| invalid(error.to_string()))
}

/// An answer that is being made.
pub(super) struct Answering {
    pub(super) route: String,
    pub(super) began: Instant,
    pub(super) events: mpsc::Receiver<AnswerEvent>,
    pub(super) end: oneshot::Receiver<Result<Answered, GatewayError>>,
    /// Ready when the caller may no longer be answered.
    pub(super) revoked: Pin<Box<WaitForCancellationFutureOwned>>,
    /// The decision's entry, until the answer is begun.
    decided: Option<EntryId>,
}

impl Answering {
    /// Has the answer made in a task of its own.
    pub(super) fn begin(server: &Arc<Server>, caller: Caller, asked: Asked) -> Self {
        let Asked {
            plan,
            route,
            call,
            parent,
            ..
        } = asked;
        let (sender, events) = mpsc::channel(WAITING);
        let (ending, end) = oneshot::channel();
        let service = Arc::clone(&server.gateway);
        let asked = gateway::Asked {
            request: call.request,
            route: Some(route.clone()),
            collections: call.options.collections,
            label: call.options.label,
            conversation: call.options.conversation,
            parent,
            forget: call.options.forget,
        };
        let ended = Box::pin(caller.ended.cancelled_owned());
        let principal = caller.principal;
        server.answers.spawn(async move {
            let answered = service.answer_by(&plan, &principal, asked, &sender).await;
            // A client that is gone hears of nothing.
            let _gone = ending.send(answered);
        });
        Self {
            route,
            began: Instant::now(),
            events,
            end,
            revoked: ended,
            decided: None,
        }
    }

    /// The whole answer.
    async fn whole(mut self, server: &Server, mut shape: Box<dyn Shape>) -> Result<Response, Refusal> {
        let mut first = None;
        while let Some(event) = self.next().await? {
            if matches!(event, AnswerEvent::Part(_)) {
                first.get_or_insert_with(|| self.began.elapsed());
            }
        }
        let ended = self.end.await.map_err(|_| HttpError::Failed)?;
        server.note_ended(&self.route, &ended, first);
        let answered = ended?;
        let trousseau = report(&self.route, &answered);
        let entry = answered.entry.to_string();
        let body = shape.whole(&entry, &answered.answer, &trousseau);
        Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
    }

    /// The answer as a stream of events.
    async fn stream(
        mut self,
        server: &Arc<Server>,
        shape: Box<dyn Shape>,
        asking: Asking,
    ) -> Result<Response, Refusal> {
        let waited = timeout(server.settings.limits.quiet, self.first_part()).await;
        let mut feed = Feed::new(server, shape, asking);
        if let Some(entry) = self.decided.take() {
            feed.begin(&entry);
        }
        match waited {
            Ok(Err(error)) => return Err(error.into()),
            Ok(Ok(Some(part))) => {
                feed.part(&part, self.began.elapsed());
                feed.follow(self);
            }
            Ok(Ok(None)) => {
                let ended = (&mut self.end).await.map_err(|_| HttpError::Failed)?;
                server.note_ended(&self.route, &ended, None);
                feed.finish(&self.route, Ok(ended?));
            }
            Err(_) => {
                feed.comment();
                feed.follow(self);
            }
        }
        let mut response = Response::new(Body::new(feed));
        describe_stream(response.headers_mut());
        Ok(response)
    }

    /// The first piece of the answer; `None` when it ended without one.
    async fn first_part(&mut self) -> Result<Option<ChatEvent>, HttpError> {
        while let Some(event) = self.next().await? {
            match event {
                AnswerEvent::Part(part) => return Ok(Some(part)),
                AnswerEvent::Decided { entry, .. } => self.decided = Some(entry),
                AnswerEvent::Loading { .. } | AnswerEvent::Queued { .. } => {}
            }
        }
        Ok(None)
    }

    /// The next event; fails when the caller may no longer be answered.
    async fn next(&mut self) -> Result<Option<AnswerEvent>, HttpError> {
        tokio::select! {
            event = self.events.recv() => Ok(event),
            () = self.revoked.as_mut() => Err(HttpError::Ended),
        }
    }
}
