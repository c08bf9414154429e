//! Answers from OpenAI-compatible servers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream;
use serde_json::Value;
use tokio::time::timeout;
use trousseau_core::chat::{ChatEnd, ChatEvent, ChatRequest, FinishReason, Message, Usage};
use trousseau_core::model::{ChatModel, ChatStream, ModelError, check_not_begun, check_permit};
use trousseau_core::permit::Permit;
use trousseau_wire::client::{ChatReader, Continues, chat_body};
use trousseau_wire::sse::Decoder;

use crate::abstention::Wording;
use crate::call::{Answer, Endpoint, Form};
use crate::citing::Citing;
use crate::continuing::Rest;
use crate::egress::{Clients, EgressError};
use crate::failure::Sent;
use crate::joint::Joint;
use crate::prompt::{self, Fences};
use crate::server::Server;

/// How long the end of a stream is waited for behind `[DONE]`, so that its connection can be used again.
const LAST_BYTES: Duration = Duration::from_millis(20);

/// A model behind an OpenAI-compatible server.
///
/// What the caller asks for beside the question (sampling, tools, unknown fields) is passed on as it came. Where the
/// answer must be grounded, the model is given the passages with rules for citing them, and its markers become citations.
/// With tools, it may call one instead of answering; what a tool returns is no passage and cannot be cited. When the
/// caller asks for JSON (`response_format` and its kin), brackets are part of the answer: its markers stay as they are
/// and there are no citations. A grounded request without passages is not sent at all: it is answered with the
/// abstention.
///
/// Where an answer was begun, the server is asked for the rest in the way that its description names; it may repeat the end of
/// what was delivered, which is taken away.
///
/// A stream is whole when it ended with `[DONE]` or after a `finish_reason`; any other end is [`ModelError::Cut`].
/// When the stream of events is dropped, the connection is closed, and the server stops.
pub struct OpenAi {
    endpoint: Arc<Endpoint>,
    wording: Arc<Wording>,
    fences: Fences,
}

impl OpenAi {
    /// A model on `server`, reached through `clients`, with the sentences that it says when it abstains.
    pub fn new(server: Server, clients: impl Into<Clients>, wording: Wording) -> Result<Self, EgressError> {
        Ok(Self {
            endpoint: Arc::new(Endpoint::new(server, clients.into(), "chat/completions")?),
            wording: Arc::new(wording),
            fences: Fences::draw().map_err(EgressError::Random)?,
        })
    }

    async fn begin(&self, permit: &Permit, request: Arc<ChatRequest>) -> Result<ChatStream, ModelError> {
        let server = &self.endpoint.server;
        check_permit(permit, &server.target, &request)?;
        let grounded = request.grounded;
        if grounded && request.passages.is_empty() {
            check_not_begun(&server.target, &request)?;
            return Ok(self.abstain(&request));
        }
        let form = if server.streams && !request.whole {
            Form::Events
        } else {
            Form::Whole
        };
        let prompt = grounded.then(|| prompt::grounded(&request, &self.fences, &self.wording));
        let messages = prompt.as_deref().unwrap_or(&request.messages);
        let rest = self.rest(&request, messages)?;
        let messages = rest.as_ref().map_or(messages, |rest| &rest.messages);
        let way = rest.as_ref().map_or(Continues::No, |rest| rest.way);
        let body = chat_body(&request, messages, &server.model, form == Form::Events)
            .in_dialect(server.dialect)
            .going_on(way);
        let body = self.endpoint.written(&body)?;
        let answer = self.endpoint.post(body, &*request, form).await?;
        let citing = (grounded && !asks_for_json(&request))
            .then(|| Citing::new(Arc::clone(&request), Arc::clone(&self.wording)));
        let limit = server.limits.event;
        let mut reading = Reading {
            endpoint: Arc::clone(&self.endpoint),
            request,
            joint: rest.map(|rest| rest.joint),
            citing,
            events: VecDeque::new(),
        };
        if answer.form == Form::Whole {
            reading.read_whole(answer).await?;
            return Ok(Box::pin(stream::iter(reading.events.into_iter().map(Ok))));
        }
        let state = Streaming {
            reading,
            answer,
            decoder: Decoder::new(limit),
            reader: ChatReader::default(),
            over: false,
        };
        Ok(Box::pin(stream::try_unfold(state, |mut state| async move {
            Ok(state.next().await?.map(|event| (event, state)))
        })))
    }

    /// What is sent for the rest of an answer that was begun. JSON is not gone on with: it is whole or none.
    fn rest(&self, request: &ChatRequest, messages: &[Message]) -> Result<Option<Rest>, ModelError> {
        if request.begun.is_none() {
            return Ok(None);
        }
        let Server {
            target, continues, ..
        } = &self.endpoint.server;
        let rest = Some(*continues)
            .filter(|_| !asks_for_json(request))
            .and_then(|way| Rest::of(request, messages, way, &self.fences));
        if rest.is_none() {
            check_not_begun(target, request)?;
        }
        Ok(rest)
    }

    /// The answer to a request without passages.
    fn abstain(&self, request: &ChatRequest) -> ChatStream {
        let sentence = self.wording.of(prompt::language(request)).to_owned();
        let end = ChatEnd {
            finish: FinishReason::Stop,
            abstained: true,
            usage: Usage::default(),
            removed_markers: 0,
        };
        let events = [ChatEvent::Text(sentence), ChatEvent::End(end)];
        Box::pin(stream::iter(events.map(Ok)))
    }
}

impl ChatModel for OpenAi {
    fn name(&self) -> &str {
        &self.endpoint.server.model
    }

    fn chat<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<ChatRequest>,
    ) -> BoxFuture<'a, Result<ChatStream, ModelError>> {
        self.begin(permit, request).boxed()
    }
}

impl Sent for ChatRequest {
    fn visit(&self, visit: &mut dyn FnMut(&str)) {
        self.visit_texts(visit);
        for passage in &self.passages {
            visit(&passage.title);
            visit(&passage.text);
        }
    }
}

/// Whether the answer is to be JSON, in OpenAI's way or in those of vLLM and llama.cpp.
fn asks_for_json(request: &ChatRequest) -> bool {
    const KIN: [&str; 6] = [
        "guided_json",
        "guided_grammar",
        "guided_regex",
        "structured_outputs",
        "json_schema",
        "grammar",
    ];
    let format = request
        .extra
        .get("response_format")
        .and_then(|format| format.get("type"));
    let json = format.and_then(Value::as_str).is_some_and(|kind| kind != "text");
    json || KIN
        .iter()
        .any(|name| request.extra.get(*name).is_some_and(|value| !value.is_null()))
}

/// What becomes of a server's answer.
struct Reading {
    endpoint: Arc<Endpoint>,
    request: Arc<ChatRequest>,
    /// Of the rest of an answer: as long as text of it may still be held back.
    joint: Option<Joint>,
    citing: Option<Citing>,
    events: VecDeque<ChatEvent>,
}

impl Reading {
    fn take(&mut self, events: Vec<ChatEvent>) {
        for event in events {
            match (&mut self.joint, event) {
                (Some(joint), ChatEvent::Text(more)) => {
                    let mut text = String::with_capacity(more.len());
                    joint.push(&more, &mut text);
                    self.cite_text(text);
                }
                (_, event) => {
                    // Nothing is held back behind what comes after the text.
                    if matches!(event, ChatEvent::ToolCall(_) | ChatEvent::End(_))
                        && let Some(mut joint) = self.joint.take()
                    {
                        let mut text = String::new();
                        joint.finish(&mut text);
                        self.cite_text(text);
                    }
                    self.cite(event);
                }
            }
        }
    }

    fn cite_text(&mut self, text: String) {
        if !text.is_empty() {
            self.cite(ChatEvent::Text(text));
        }
    }

    fn cite(&mut self, event: ChatEvent) {
        match &mut self.citing {
            Some(citing) => citing.take(event, &mut self.events),
            None => self.events.push_back(event),
        }
    }

    async fn read_whole(&mut self, answer: Answer) -> Result<(), ModelError> {
        let (endpoint, request) = (Arc::clone(&self.endpoint), Arc::clone(&self.request));
        let secrets = answer.secrets().to_vec();
        let body = answer.body(&endpoint, &*request).await?;
        let events =
            ChatReader::whole(&body).map_err(|fault| endpoint.blame(&secrets, &*request).fault(fault))?;
        self.take(events);
        Ok(())
    }
}

/// An answer that comes as it is made.
struct Streaming {
    reading: Reading,
    answer: Answer,
    decoder: Decoder,
    reader: ChatReader,
    /// Whether the end has come.
    over: bool,
}

impl Streaming {
    async fn next(&mut self) -> Result<Option<ChatEvent>, ModelError> {
        loop {
            if let Some(event) = self.reading.events.pop_front() {
                if matches!(event, ChatEvent::End(_)) {
                    self.see_off().await;
                }
                return Ok(Some(event));
            }
            if self.over {
                return Ok(None);
            }
            self.read().await?;
        }
    }

    /// Reads the next piece of the body.
    async fn read(&mut self) -> Result<(), ModelError> {
        let piece = self
            .answer
            .piece(&self.reading.endpoint, &*self.reading.request)
            .await;
        let Ok(Some(piece)) = piece else {
            // A connection that breaks behind a whole answer takes nothing from it.
            self.over = true;
            let last = self.reader.end();
            if last.is_empty() {
                piece?;
                return Err(self.blame(|blame| blame.cut()));
            }
            self.reading.take(last);
            return Ok(());
        };
        let read = self
            .decoder
            .push(&piece)
            .map_err(|fault| self.blame(|blame| blame.fault(fault)))?;
        for data in read {
            let events = self
                .reader
                .chunk(&data)
                .map_err(|fault| self.blame(|blame| blame.fault(fault)))?;
            self.over |= matches!(events.last(), Some(ChatEvent::End(_)));
            self.reading.take(events);
        }
        Ok(())
    }

    fn blame(&self, error: impl FnOnce(crate::failure::Blame<'_>) -> ModelError) -> ModelError {
        let secrets = self.answer.secrets();
        error(self.reading.endpoint.blame(secrets, &*self.reading.request))
    }

    /// Waits a moment for the end of the body: a connection whose body was read whole can be used again.
    async fn see_off(&mut self) {
        let (endpoint, request) = (&self.reading.endpoint, &self.reading.request);
        let _end = timeout(LAST_BYTES, self.answer.piece(endpoint, &**request)).await;
    }
}
