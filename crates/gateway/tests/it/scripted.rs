//! A model that says what its script says, and notes what it was called with.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{self, StreamExt as _};
use serde_json::Value;
use trousseau_core::chat::{ChatEnd, ChatEvent, ChatRequest, FinishReason, Seam, Usage};
use trousseau_core::document::{Citation, Span};
use trousseau_core::label::Label;
use trousseau_core::model::{ChatModel, ChatStream, ModelError, check_permit};
use trousseau_core::permit::Permit;
use trousseau_core::principal::Tenant;

use crate::stage::entries;

/// One step of a script.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// Says more.
    Say(&'static str),
    /// Reasons more.
    Think(&'static str),
    /// Cites the first passage.
    Cite,
    /// Goes on in another's place, which broke off behind these many characters.
    TakeUp(usize),
    /// Ends the answer.
    End,
    /// Ends the answer as an abstention.
    Abstain,
    /// Fails as unavailable.
    Fail,
    /// Refuses the request as wrong.
    Decline,
    /// Fails in this way, of the target of this name.
    FailAs(fn(String) -> ModelError),
    /// Fails so many calls in this way; says nothing later.
    FailTimes(usize, fn(String) -> ModelError),
    /// Fails the first call as still loading; says nothing later.
    Load,
    /// Goes on after half a second.
    Wait,
    /// Never goes on.
    Hang,
}

/// What one call was made with.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) request: Arc<ChatRequest>,
    pub(crate) label: Label,
    /// The default tenant's ledger as it was when the call came.
    pub(crate) entries: Vec<Value>,
}

pub(crate) struct Scripted {
    target: String,
    script: Vec<Step>,
    data: PathBuf,
    calls: Mutex<Vec<Call>>,
}

impl Scripted {
    /// A model behind `target` of the gateway over the folder `data`.
    pub(crate) fn new(target: &str, data: PathBuf, script: &[Step]) -> Arc<Self> {
        Arc::new(Self {
            target: target.to_owned(),
            script: script.to_vec(),
            data,
            calls: Mutex::default(),
        })
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

impl ChatModel for Scripted {
    fn name(&self) -> &str {
        "scripted/1"
    }

    fn chat<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<ChatRequest>,
    ) -> BoxFuture<'a, Result<ChatStream, ModelError>> {
        async move {
            check_permit(permit, &self.target, &request)?;
            self.calls.lock().unwrap().push(Call {
                request: Arc::clone(&request),
                label: permit.label().clone(),
                entries: entries(&self.data, &Tenant::default()),
            });
            let unavailable = ModelError::Unavailable {
                target: self.target.clone(),
                reason: "the script says so".to_owned(),
            };
            let declined = ModelError::Refused {
                target: self.target.clone(),
                status: 400,
                reason: "too long".to_owned(),
            };
            match self.script.first() {
                Some(Step::FailAs(error)) => return Err(error(self.target.clone())),
                Some(Step::FailTimes(times, error)) if self.calls().len() <= *times => {
                    return Err(error(self.target.clone()));
                }
                Some(Step::Load) if self.calls().len() == 1 => {
                    let target = self.target.clone();
                    return Err(ModelError::Loading { target });
                }
                Some(Step::Fail) => return Err(unavailable),
                Some(Step::Decline) => return Err(declined),
                _ => {}
            }
            let permit_target = self.target.clone();
            let steps = stream::iter(self.script.clone()).then(move |step| {
                let request = Arc::clone(&request);
                let (unavailable, declined) = (unavailable.clone(), declined.clone());
                let target = permit_target.clone();
                async move {
                    match step {
                        Step::Say(text) => Ok(ChatEvent::Text(text.to_owned())),
                        Step::Think(text) => Ok(ChatEvent::Reasoning(text.to_owned())),
                        Step::Cite => Ok(ChatEvent::Citation(first_passage(&request))),
                        Step::TakeUp(at) => Ok(ChatEvent::Seam(Seam {
                            from: "nuage".to_owned(),
                            to: target,
                            at,
                            error: "model-cut".to_owned(),
                        })),
                        Step::End => Ok(end(false)),
                        Step::Abstain => Ok(end(true)),
                        Step::Fail => Err(unavailable),
                        Step::Decline => Err(declined),
                        Step::FailAs(error) => Err(error(target)),
                        Step::Load | Step::FailTimes(..) => Ok(ChatEvent::Text(String::new())),
                        Step::Wait => Ok(later().await),
                        Step::Hang => std::future::pending().await,
                    }
                }
            });
            Ok(Box::pin(steps) as ChatStream)
        }
        .boxed()
    }
}

/// Nothing, half a second later.
async fn later() -> ChatEvent {
    tokio::time::sleep(Duration::from_millis(500)).await;
    ChatEvent::Text(String::new())
}

fn end(abstained: bool) -> ChatEvent {
    ChatEvent::End(ChatEnd {
        finish: FinishReason::Stop,
        abstained,
        usage: Usage {
            input: 3,
            output: 2,
            ..Usage::default()
        },
        removed_markers: 0,
    })
}

fn first_passage(request: &ChatRequest) -> Citation {
    let passage = &request.passages[0];
    Citation {
        number: 1,
        document: passage.document.clone(),
        version: passage.version,
        chunk: passage.chunk,
        title: passage.title.clone(),
        path: passage.path.clone(),
        heading: passage.heading.clone(),
        span: Span {
            start: passage.span.start,
            end: passage.span.end,
        },
        text: passage.text.clone(),
    }
}
