//! The body of a streamed answer: events as the model makes them, comments while it makes none, and an end that
//! is either whole or says that it is not.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::time::{Instant, Sleep, sleep};
use trousseau_core::chat::ChatEvent;
use trousseau_wire::server::Chunks;
use trousseau_wire::sse;

use super::chat::Answering;
use super::envelope::Asking;
use super::refusal::Refusal;
use super::report::report;
use super::{HttpError, Server};
use trousseau_gateway::answer::{AnswerEvent, Answered};

/// How much is gathered before it is sent, in bytes, when more waits already.
const GATHERED: usize = 16 << 10;

/// The body. Dropping it drops the receiver of the events, which stops the model.
pub(super) struct Feed {
    server: Arc<Server>,
    asking: Asking,
    chunks: Chunks,
    /// What is written and not yet taken.
    ready: String,
    /// The answer, as long as more of it may come.
    coming: Option<Answering>,
    first: Option<Duration>,
    quiet: Pin<Box<Sleep>>,
}

impl Feed {
    pub(super) fn new(server: &Arc<Server>, chunks: Chunks, asking: Asking) -> Self {
        Self {
            quiet: Box::pin(sleep(server.settings.limits.quiet)),
            server: Arc::clone(server),
            asking,
            chunks,
            ready: String::new(),
            coming: None,
            first: None,
        }
    }

    /// Goes on with what is still to come.
    pub(super) fn follow(&mut self, answering: Answering) {
        self.coming = Some(answering);
    }

    /// Takes in a piece of the answer, which came so long after it was asked for.
    pub(super) fn part(&mut self, part: &ChatEvent, after: Duration) {
        self.first.get_or_insert(after);
        if let Some(chunk) = self.chunks.push(part) {
            self.ready.push_str(&sse::event(&chunk));
        }
    }

    /// Says nothing, audibly.
    pub(super) fn comment(&mut self) {
        self.ready.push_str(sse::COMMENT);
    }

    /// Writes the end: the last chunks of a whole answer, or an error event without `[DONE]`.
    pub(super) fn finish(&mut self, route: &str, ended: Result<Answered, Refusal>) {
        match ended {
            Ok(answered) => {
                let trousseau = report(route, &answered);
                for chunk in self.chunks.end(&answered.answer, &trousseau) {
                    self.ready.push_str(&sse::event(&chunk));
                }
                self.ready.push_str(&sse::event(sse::DONE));
            }
            Err(refusal) => {
                refusal.log(&self.asking.id);
                let texts = self.server.texts.as_ref();
                let body = refusal.body(texts, self.asking.language, &self.asking.id);
                self.ready.push_str("event: error\n");
                self.ready.push_str(&sse::event(&body.to_string()));
            }
        }
    }

    /// Takes in everything that has come; ready when there is nothing more to come.
    fn gather(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Some(answering) = &mut self.coming {
            if self.ready.len() >= GATHERED {
                return Poll::Pending;
            }
            if answering.revoked.as_mut().poll(context).is_ready() {
                self.coming = None;
                self.finish("", Err(HttpError::Ended.into()));
                break;
            }
            let next = ready!(answering.events.poll_recv(context));
            let after = answering.began.elapsed();
            match next {
                Some(AnswerEvent::Part(part)) => self.part(&part, after),
                Some(
                    AnswerEvent::Decided { .. } | AnswerEvent::Loading { .. } | AnswerEvent::Queued { .. },
                ) => {}
                None => {
                    let ended = ready!(Pin::new(&mut answering.end).poll(context));
                    let route = std::mem::take(&mut answering.route);
                    self.coming = None;
                    let ended = match ended {
                        Ok(ended) => {
                            self.server.note_ended(&route, &ended, self.first);
                            ended.map_err(Refusal::from)
                        }
                        Err(_) => Err(HttpError::Failed.into()),
                    };
                    self.finish(&route, ended);
                }
            }
        }
        Poll::Ready(())
    }
}

impl Body for Feed {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let over = self.gather(context);
        if self.ready.is_empty() {
            if over.is_ready() {
                return Poll::Ready(None);
            }
            ready!(self.quiet.as_mut().poll(context));
            self.comment();
        }
        let next = Instant::now() + self.server.settings.limits.quiet;
        self.quiet.as_mut().reset(next);
        let bytes = Bytes::from(std::mem::take(&mut self.ready));
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}
