//! One who listens to an answer: reads what happened since, waits for what happens, and hears comments meanwhile.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use trousseau_wire::sse;

use super::register::Answer;
use super::words;
use crate::envelope::Asking;
use crate::{HttpError, Server};

/// A listener.
pub(super) struct Listener {
    server: Arc<Server>,
    answer: Arc<Answer>,
    news: watch::Receiver<()>,
    /// Ready when it may no longer listen.
    revoked: Pin<Box<WaitForCancellationFutureOwned>>,
    asking: Asking,
    /// The last event that it has.
    after: usize,
    over: bool,
}

impl Listener {
    /// One that has heard everything up to the event `after`.
    pub(super) fn new(
        server: &Arc<Server>,
        answer: Arc<Answer>,
        ended: CancellationToken,
        (after, asking): (usize, Asking),
    ) -> Self {
        Self {
            server: Arc::clone(server),
            news: answer.listen(),
            answer,
            revoked: Box::pin(ended.cancelled_owned()),
            asking,
            after,
            over: false,
        }
    }

    /// What it hears, as server-sent events.
    pub(super) fn stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
        stream::unfold(self, async |mut listener| {
            let heard = listener.hear().await?;
            Some((Ok(Bytes::from(heard)), listener))
        })
    }

    async fn hear(&mut self) -> Option<String> {
        while !self.over {
            let mut heard = String::new();
            {
                let log = self.answer.log();
                self.after = log.write(self.after, &mut heard);
                self.over = log.is_over() && self.after == log.len();
            }
            if !heard.is_empty() {
                return Some(heard);
            }
            tokio::select! {
                // The answer is held here, and with it the sender.
                _ = self.news.changed(), if !self.over => {}
                () = self.revoked.as_mut() => {
                    self.over = true;
                    let body = words(&self.server, &self.asking, HttpError::Ended.into());
                    return Some(format!("event: error\n{}", sse::event(&body.to_string())));
                }
                () = sleep(self.server.settings.limits.quiet) => return Some(sse::COMMENT.to_owned()),
            }
        }
        None
    }
}
