//! An answer as it comes: read for what raises its label, collected, passed on.

use std::sync::Arc;
use std::time::Instant;

use futures_util::StreamExt as _;
use trousseau_core::chat::{ChatEvent, Seam};
use trousseau_core::error::Explain as _;
use trousseau_core::model::ModelError;
use trousseau_masking::Restoring;
use trousseau_policy::detect;

use crate::begin::{Begun, cut, failure, withdrawn};
use crate::called::{Broken, Called, Means, Part};
use crate::event::AnswerEvent;

/// Why an answer did not come to its end.
pub(crate) enum Stopped {
    HungUp,
    Failed(ModelError),
}

/// What is read of an answer, and where it goes.
struct Reading<'a> {
    means: Means<'a>,
    /// Puts values back where they were masked.
    restoring: Option<Restoring>,
    watch: detect::Watch,
    /// Where the answer goes on from another's: told before the first of it that is delivered.
    seam: Option<Seam>,
}

impl Called {
    /// Reads an answer that has begun, to its end.
    pub(crate) async fn read(&mut self, means: Means<'_>, part: &Part, begun: Begun) -> Result<(), Stopped> {
        let Begun {
            permit,
            model,
            mut stream,
            first,
            ticket,
            since,
        } = begun;
        self.began = since;
        let (detectors, hold) = (&means.plan.settings.detectors, means.plan.hold_back(means.route));
        let mut reading = Reading {
            means,
            restoring: part
                .mask
                .as_ref()
                .map(|table| Restoring::new(Arc::clone(table), &part.request)),
            watch: match &part.request.begun {
                None => detect::Watch::new(detectors, hold),
                Some(_) => detect::Watch::going_on(detectors, hold, &self.answer.text),
            },
            seam: part.broken.as_ref().map(|Broken { target, error }| Seam {
                from: target.clone(),
                to: permit.target().to_owned(),
                at: self.answer.text.chars().count(),
                error: error.code().to_owned(),
            }),
        };
        let mut next = Some(Ok(first));
        let mut out = means.decides.withdrawn(&permit);
        let read = loop {
            let event = match next.unwrap_or_else(|| Err(cut(&permit))) {
                Ok(event) => event,
                Err(error) => break Err(Stopped::Failed(error)),
            };
            match self.take(&mut reading, event).await {
                Err(stopped) => break Err(stopped),
                Ok(true) => break Ok(()),
                Ok(false) => {}
            }
            next = tokio::select! {
                next = stream.next() => next,
                () = &mut out => Some(Err(withdrawn(&permit))),
                () = means.events.closed() => break Err(Stopped::HungUp),
            };
        };
        match &read {
            Ok(()) => ticket.succeed(Instant::now()),
            Err(Stopped::Failed(error)) => ticket.fail(failure(error), Instant::now()),
            Err(Stopped::HungUp) => drop(ticket),
        }
        self.label.raise(reading.watch.close());
        self.thought = self.watch.thought(self.began.elapsed());
        if read.is_ok() || !self.answer.is_empty() {
            self.made_by = Some((permit.target().to_owned(), model.name().to_owned()));
            self.masked = part
                .mask
                .as_ref()
                .map(|table| table.counts())
                .or(self.masked.take());
        }
        read
    }

    /// Takes in one event, and passes on what may be delivered now; tells whether that was the end.
    async fn take(&mut self, reading: &mut Reading<'_>, event: ChatEvent) -> Result<bool, Stopped> {
        self.watch.note(&event, self.began.elapsed());
        let Some(restoring) = &mut reading.restoring else {
            return self.take_restored(reading, event).await;
        };
        for event in restoring.push(event) {
            if self.take_restored(reading, event).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn take_restored(&mut self, reading: &mut Reading<'_>, event: ChatEvent) -> Result<bool, Stopped> {
        for event in reading.watch.push(event) {
            if let Some(seam) = reading.seam.take() {
                self.deliver(reading.means, ChatEvent::Seam(seam)).await?;
            }
            if matches!(event, ChatEvent::End(_)) {
                self.answer.push(event);
                return Ok(true);
            }
            self.deliver(reading.means, event).await?;
        }
        Ok(false)
    }

    async fn deliver(&mut self, means: Means<'_>, event: ChatEvent) -> Result<(), Stopped> {
        self.answer.push(event.clone());
        let sent = means.events.send(AnswerEvent::Part(event)).await;
        sent.map_err(|_| Stopped::HungUp)
    }

    /// How much has been delivered: of text, reasoning, tool calls, citations.
    pub(crate) fn extent(&self) -> [usize; 4] {
        let answer = &self.answer;
        [
            answer.text.len(),
            answer.reasoning.len(),
            answer.tool_calls.len(),
            answer.citations.len(),
        ]
    }
}
