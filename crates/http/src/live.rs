//! `/api/answers`: answers that go on whether or not somebody listens, so that a page that is reloaded, or opened twice,
//! shows the same answer and misses nothing of it.
//!
//! What happens on the way is kept in memory ([`log`]), bounded in bytes, until some minutes after the end; the record of
//! the answer is kept as that of every other. Only who asked sees it ([`register`]), any number of times at once, from
//! the event that was seen last ([`listening`]). It ends with the key or the session in whose name it was asked.

mod listening;
mod log;
mod register;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Extensions;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, StatusCode, Uri};
use serde_json::{Value, json};
use trousseau_core::permit::Permit;
use trousseau_gateway::answer::{AnswerEvent, Answered};
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::records::own::language_of;
use trousseau_policy::explanation::Explanation;
use trousseau_wire::Fault;

use super::chat::{self, Answering};
use super::envelope::Asking;
use super::query::{Pairs, invalid};
use super::refusal::Refusal;
use super::report::report;
use super::segment::Segments;
use super::{Caller, HttpError, Server};
use listening::Listener;
use log::{ANSWER_BYTES, Kind};
use register::{Answer, New};

pub(super) use register::Register;

/// How many events are taken in at once, when more wait already.
const GATHERED: usize = 64;

/// The last event that a client saw (WHATWG HTML, section 9.2.4).
const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// `POST /api/answers`: begins one, and says under which id it can be listened to.
pub(super) async fn begin(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let asked = chat::read(&server, &caller, request).await?;
    if !asked.call.request.tools.is_empty() {
        return Err(Fault::unsupported("tools").into());
    }
    let options = &asked.call.options;
    if let Some(id) = &options.conversation {
        server.gateway.conversation(&caller.principal, id).await?;
    }
    let state = if asked.grounded { "searching" } else { "waiting" };
    let new = New {
        owner: &caller.principal,
        conversation: options.conversation.clone(),
        parent: options.parent.clone(),
        question: asked.call.request.question().to_owned(),
        created: (server.gateway.now)().as_millisecond(),
    };
    let answer = server.live.begin(new)?;
    let language = language_of(&answer.question);
    let body = json!({ "id": answer.id, "conversation": answer.conversation, "language": language });
    // One value is small.
    let _fits = answer.tell([(Kind::State, json!({ "state": state }).to_string())]);
    let asking = asked.asking.clone();
    let answering = Answering::begin(&server, caller, asked);
    let keeping = keep(Arc::clone(&server), answer, answering, asking);
    server.live.tasks.spawn(keeping);
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

/// `GET /api/answers`: those of the caller that are being made, of one `conversation` or of all, oldest first.
pub(super) async fn list(
    State(server): State<Arc<Server>>,
    caller: Caller,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    let mut pairs = Pairs::of(&uri)?;
    let conversation = pairs.take("conversation");
    pairs.end()?;
    let running = server.live.running(&caller.principal, conversation.as_deref());
    let items = running.iter().map(|answer| {
        json!({
            "id": answer.id,
            "conversation": answer.conversation,
            "parent": answer.parent,
            "question": answer.question,
            "created": answer.created,
        })
    });
    Ok(Json(json!({ "items": items.collect::<Value>() })))
}

/// `GET /api/answers/{answer}/events`: what happened since the event that was seen last, then what happens.
pub(super) async fn events(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
    uri: Uri,
    headers: HeaderMap,
    extensions: Extensions,
) -> Result<Response, Refusal> {
    let mut pairs = Pairs::of(&uri)?;
    let asked = pairs.take("after");
    pairs.end()?;
    let sent = headers.get(LAST_EVENT).and_then(|value| value.to_str().ok());
    let after = match sent.or(asked.as_deref()) {
        None => 0,
        Some(text) => text
            .parse()
            .map_err(|_| invalid("after", "the number of an event"))?,
    };
    let answer = server.live.find(&caller.principal, &id)?;
    let asking = extensions.get::<Asking>().cloned().unwrap_or_default();
    // Tells a browser's `EventSource` that there is nothing to come back for.
    if answer.is_over_at(after) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let listener = Listener::new(&server, answer, caller.ended, (after, asking));
    let mut response = Response::new(Body::from_stream(listener.stream()));
    chat::describe_stream(response.headers_mut());
    Ok(response)
}

/// `DELETE /api/answers/{answer}`: stops the model; what came so far is recorded.
pub(super) async fn stop(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Refusal> {
    server.live.find(&caller.principal, &id)?.stop.cancel();
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps what happens until the end, whoever listens.
async fn keep(server: Arc<Server>, answer: Arc<Answer>, mut answering: Answering, asking: Asking) {
    let mut first = None;
    let cut = loop {
        let mut came = Vec::with_capacity(GATHERED);
        tokio::select! {
            _ = answering.events.recv_many(&mut came, GATHERED) => {}
            () = answering.revoked.as_mut() => break Some(HttpError::Ended),
            () = answer.stop.cancelled() => break Some(HttpError::Stopped),
        }
        if came.is_empty() {
            break None;
        }
        if came.iter().any(|event| matches!(event, AnswerEvent::Part(_))) {
            first.get_or_insert_with(|| answering.began.elapsed());
        }
        if answer.tell(came.into_iter().flat_map(told)).is_err() {
            let limit = ANSWER_BYTES as u64;
            break Some(HttpError::LongAnswer { limit });
        }
    };
    // Without its receiver the model is stopped.
    drop(answering.events);
    let ended = answering.end.await;
    if let Ok(ended) = &ended {
        server.note_ended(&answering.route, ended, first);
    }
    let (kind, data) = match (cut, ended) {
        (_, Ok(Ok(answered))) => (Kind::End, end(&answering.route, &answered)),
        (cut, Ok(Err(error))) => (Kind::Error, failure(&server, &asking, cut, error)),
        (_, Err(_)) => (Kind::Error, words(&server, &asking, HttpError::Failed.into())),
    };
    answer.finish(kind, &data.to_string());
    server.live.settle();
}

/// Where a request may go with pseudonyms in it, beside where it may go as it is.
fn masked(explanation: &Explanation) -> Vec<&str> {
    let masked = explanation.masked.iter();
    masked
        .flat_map(|masked| masked.decision.permitted.iter().map(Permit::target))
        .collect()
}

/// The events that tell of a step on the way.
fn told(event: AnswerEvent) -> Vec<(Kind, String)> {
    use trousseau_core::chat::ChatEvent;
    match event {
        AnswerEvent::Decided { entry, explanation } => {
            let decision = &explanation.decision;
            let decided = json!({
                "entry": entry.to_string(),
                "label": explanation.labelling.label(),
                "permitted": decision.permitted.iter().map(Permit::target).collect::<Vec<_>>(),
                "rejected": decision.rejected,
                "masked": masked(&explanation),
            });
            let waiting = json!({ "state": "waiting" });
            vec![
                (Kind::Decided, decided.to_string()),
                (Kind::State, waiting.to_string()),
            ]
        }
        AnswerEvent::Loading { target } => {
            let loading = json!({ "state": "loading", "target": target });
            vec![(Kind::State, loading.to_string())]
        }
        AnswerEvent::Queued { target } => {
            let queued = json!({ "state": "queued", "target": target });
            vec![(Kind::State, queued.to_string())]
        }
        AnswerEvent::Part(ChatEvent::Text(text)) => vec![(Kind::Text, text)],
        AnswerEvent::Part(ChatEvent::Reasoning(text)) => vec![(Kind::Reasoning, text)],
        AnswerEvent::Part(ChatEvent::Citation(citation)) => {
            vec![(Kind::Citation, json!(citation).to_string())]
        }
        AnswerEvent::Part(ChatEvent::Seam(seam)) => vec![(Kind::Seam, json!(seam).to_string())],
        // No tool was offered, and what a server adds of its own is for programs.
        AnswerEvent::Part(ChatEvent::ToolCall(_) | ChatEvent::Extra(_) | ChatEvent::End(_)) => Vec::new(),
    }
}

/// The last event of a whole answer.
fn end(route: &str, answered: &Answered) -> Value {
    let end = answered.answer.end.as_ref();
    let usage = end.and_then(|end| end.counted()).map(|usage| {
        json!({
            "prompt_tokens": usage.input,
            "completion_tokens": usage.output,
            "total_tokens": usage.input.saturating_add(usage.output),
        })
    });
    json!({
        "finish_reason": end.map_or("stop", |end| end.finish.name()),
        "usage": usage,
        "reasoning": answered.thought,
        "language": language_of(&answered.answer.text),
        "trousseau": report(route, answered),
    })
}

/// The last event of an answer that did not come to its end: why it was cut off, or what failed.
fn failure(server: &Server, asking: &Asking, cut: Option<HttpError>, error: GatewayError) -> Value {
    let refusal = match (cut, error) {
        (Some(cut), GatewayError::HungUp { entry }) => {
            Refusal::from(cut).detail("entry", entry.to_string().into())
        }
        (Some(cut), _) => cut.into(),
        (None, error) => error.into(),
    };
    words(server, asking, refusal)
}

fn words(server: &Server, asking: &Asking, refusal: Refusal) -> Value {
    refusal.log(&asking.id);
    refusal.body(server.texts.as_ref(), asking.language, &asking.id)
}
