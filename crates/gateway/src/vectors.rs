//! The way of texts that are turned into vectors or weighed against a question: the twin of [`answer`](crate::answer), from
//! top to bottom in [`Gateway::measure`].
//!
//! ```text
//! route -> label -> decide -> reserve the cost -> record the decision -> call -> settle the cost -> record the outcome -> answer
//! ```
//!
//! What was asked is kept as a question is: each text a message, a reranking's question the last. Vectors are not kept:
//! they are many times as long as their texts, give them away, and can be made again. How many came stands in the place of
//! the answer; there also stand the relevances of a reranking.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::BoxFuture;
use trousseau_calls::{failure, not_now_code};
use trousseau_core::chat::{ChatAnswer, ChatEnd, ChatRequest, FinishReason, Message, Usage};
use trousseau_core::digest::Digest;
use trousseau_core::embedding::{EmbeddingRequest, Vectors};
use trousseau_core::error::Explain as _;
use trousseau_core::label::{Class, Label};
use trousseau_core::model::ModelError;
use trousseau_core::permit::{Permit, Purpose};
use trousseau_core::principal::Principal;
use trousseau_core::reranking::RerankingRequest;
use trousseau_limits::Reserved;
use trousseau_plan::Plan;
use trousseau_policy::explanation::Explanation;
use trousseau_routing::Router;

use crate::answer::{Answered, Decided, Open, check_question};
use crate::entry::{self, Attempt, State};
use crate::error::GatewayError;
use crate::labels::label_asker;
use crate::records::Made;
use crate::service::Gateway;

/// What is to be measured, beside who asks.
#[derive(Debug)]
pub struct Measuring<M> {
    /// The texts.
    pub request: Arc<M>,
    /// The route.
    pub route: String,
    /// A label that the caller states; it can only raise.
    pub label: Option<Label>,
    /// Whether nothing of it is to be kept but what the ledger commits to.
    pub forget: bool,
}

/// A call to a model, and the model's name.
pub type Call<'a, T> = (String, BoxFuture<'a, Result<T, ModelError>>);

/// What can be measured: its texts are labelled, decided upon and sent together.
pub trait Measure: Send + Sync + 'static {
    /// What the call is for.
    const PURPOSE: Purpose;
    /// What is found.
    type Found: Send + 'static;

    /// The digest of everything that would be sent.
    fn digest(&self) -> Digest;

    /// Every text that would be sent; a question last.
    fn texts(&self) -> Vec<&str>;

    /// The call of a permitted target, where this program has a client for it.
    fn call<'a>(self: Arc<Self>, plan: &'a Plan, permit: &'a Permit) -> Option<Call<'a, Self::Found>>;

    /// What is kept of what was found, as JSON, and what it cost.
    fn kept(found: &Self::Found) -> (String, Usage);
}

impl Gateway {
    /// Measures texts by `plan`, to the end. The answer holds what is kept of it.
    pub async fn measure<M: Measure>(
        &self,
        plan: &Plan,
        principal: &Principal,
        asked: Measuring<M>,
    ) -> Result<(Answered, M::Found), GatewayError> {
        let route = plan.route_for(principal, Some(&asked.route))?;
        self.check_limits(plan, principal)?;
        let texts = asked.request.texts();
        for text in &texts {
            check_question(text, plan.settings.limits.question_bytes)?;
        }
        if asked.forget && !plan.settings.incognito && !plan.settings.forgets {
            return Err(GatewayError::MustKeep);
        }
        let mut labelling = label_asker(principal, route, asked.label.as_ref());
        for text in &texts {
            labelling.raise_findings(text, &plan.settings.detectors.detect(text));
        }
        let content = asked.request.digest();
        let what = (M::PURPOSE, content, Class::Public);
        let decision = self.decide_about(principal, plan, route, (labelling.label(), what, &[]));
        let explanation = Explanation::new(labelling, decision);
        let mut kept = ChatRequest {
            messages: texts.into_iter().map(Message::user).collect(),
            ..ChatRequest::default()
        };
        // Nothing is written in answer.
        kept.sampling.max_tokens = Some(0);
        let mut reserved = self
            .reserve_cost(plan, principal, (&mut kept, &explanation), None)
            .await?;
        let decided = Decided {
            plan,
            route,
            request: &kept,
            content,
            explanation: &explanation,
            conversation: None,
            parent: None,
            keeps: !asked.forget && !plan.settings.forgets,
        };
        let open = self.record_decision(principal, &decided).await?;
        let permits = match explanation.decision.clone().into_permits() {
            Ok(permits) => permits,
            Err(denied) => return Err(self.refuse(open, denied).await?),
        };
        reserved.sending();
        let still = |permit: &Permit| {
            let now = self.decide_about(principal, plan, route, (permit.label(), what, &[]));
            now.permit(permit.target()).is_some()
        };
        let tried = Tried::by((plan, &self.router), (&permits, still), &asked.request).await;
        self.keep_measured(plan, open, (tried, reserved), explanation)
            .await
    }

    /// Keeps what the calls brought, sequences the outcome, and tells the caller.
    async fn keep_measured<T: Send>(
        &self,
        plan: &Plan,
        open: Open,
        (tried, reserved): (Tried<T>, Reserved),
        explanation: Explanation,
    ) -> Result<(Answered, T), GatewayError> {
        let Tried {
            attempts,
            ended,
            retry_after,
        } = tried;
        let (target, model) = match &ended {
            Ok(made) => (Some(made.target.as_str()), Some(made.model.as_str())),
            Err(_) => (None, None),
        };
        let answer = ended.as_ref().ok().map(|made| &made.answer);
        let nothing = ChatAnswer::default();
        self.settle_cost(reserved, plan, (target, answer.unwrap_or(&nothing)));
        let made = Made {
            made_by: target.zip(model),
            attempts: &attempts,
            answer,
            thought: None,
            label: Some(explanation.labelling.label()),
            price: target.and_then(|target| plan.price(target)),
        };
        self.keep_answer(&open, &made).await?;
        let outcome = entry::Outcome {
            decision: open.index,
            state: if answer.is_some() {
                State::Answered
            } else {
                State::Failed
            },
            target,
            model,
            label: None,
            attempts: &attempts,
            answer: answer.map(|answer| open.secret.commit("answer", answer.text.as_bytes())),
            citations: 0,
            seams: &[],
            usage: answer.and_then(|answer| answer.end.as_ref()?.counted()),
            repeats: None,
        };
        let index = self.close_decision(&open, outcome).await?;
        let entry = open.entry();
        match ended {
            Ok(made) => {
                let answered = Answered {
                    answer: made.answer,
                    thought: None,
                    target: made.target,
                    model: made.model,
                    attempts,
                    explanation,
                    outcome: open.log.entry(index),
                    entry,
                    masked: None,
                    repeats: None,
                };
                Ok((answered, made.found))
            }
            Err(Some(error)) => Err(GatewayError::Declined { error, entry }),
            Err(None) => Err(GatewayError::Exhausted {
                attempts,
                retry_after,
                entry,
            }),
        }
    }
}

/// What came of the calls.
struct Tried<T> {
    /// The targets that failed, each with the code of its failure.
    attempts: Vec<Attempt>,
    /// What was found; or the failure that no other target mends, or none where all of them failed.
    ended: Result<Found<T>, Option<Box<ModelError>>>,
    /// After how many seconds one of the targets that failed may be asked again, where one says so.
    retry_after: Option<u64>,
}

/// What a target found.
struct Found<T> {
    target: String,
    model: String,
    found: T,
    /// What is kept of it.
    answer: ChatAnswer,
}

impl<T> Tried<T> {
    /// Tries the permitted targets in order, each where it has room and `still` may see the texts; every failure is kept.
    async fn by<M: Measure<Found = T>>(
        (plan, router): (&Plan, &Router),
        (permits, still): (&[Permit], impl Fn(&Permit) -> bool + Sync),
        request: &Arc<M>,
    ) -> Self {
        let mut tried = Self {
            attempts: Vec::new(),
            ended: Err(None),
            retry_after: None,
        };
        for permit in permits {
            let target = permit.target().to_owned();
            let limits = plan.settings.limits_of(&target);
            let ticket = match router.enter(&target, &limits, Instant::now()).await {
                Ok(ticket) => ticket,
                Err(not_now) => {
                    tried.come_back(not_now.seconds());
                    tried.note(target, not_now_code(not_now));
                    continue;
                }
            };
            // Since it was decided, time has passed in a queue, or with others that failed.
            if !still(permit) {
                tried.note(target, "policy-denied");
                continue;
            }
            let called = match Arc::clone(request).call(plan, permit) {
                Some((model, calling)) => calling.await.map(|found| (model, found)),
                None => Err(ModelError::Unavailable {
                    target: target.clone(),
                    reason: "this program has no client for it".to_owned(),
                }),
            };
            match called {
                Ok((model, found)) => {
                    ticket.succeed(Instant::now());
                    let answer = kept::<M>(&found);
                    tried.ended = Ok(Found {
                        target,
                        model,
                        found,
                        answer,
                    });
                    return tried;
                }
                Err(error) => {
                    ticket.fail(failure(&error), Instant::now());
                    tried.note_failure(target, &error);
                    if !error.fails_over() {
                        tried.ended = Err(Some(Box::new(error)));
                        return tried;
                    }
                }
            }
        }
        tried
    }

    fn note_failure(&mut self, target: String, error: &ModelError) {
        if let ModelError::RateLimited {
            retry_after: Some(seconds),
            ..
        } = error
        {
            self.come_back(*seconds);
        }
        tracing::warn!(target, %error, "a target failed");
        self.note(target, error.code());
    }

    fn note(&mut self, target: String, code: &str) {
        let error = code.to_owned();
        self.attempts.push(Attempt { target, error });
    }

    fn come_back(&mut self, seconds: u64) {
        self.retry_after = Some(self.retry_after.map_or(seconds, |sooner| sooner.min(seconds)));
    }
}

fn kept<M: Measure>(found: &M::Found) -> ChatAnswer {
    let (text, usage) = M::kept(found);
    ChatAnswer {
        text,
        end: Some(ChatEnd {
            finish: FinishReason::Stop,
            abstained: false,
            usage,
            removed_markers: 0,
        }),
        ..ChatAnswer::default()
    }
}

impl Measure for EmbeddingRequest {
    const PURPOSE: Purpose = Purpose::Embedding;
    type Found = Vectors;

    fn digest(&self) -> Digest {
        self.digest()
    }

    fn texts(&self) -> Vec<&str> {
        self.texts.iter().map(String::as_str).collect()
    }

    fn call<'a>(self: Arc<Self>, plan: &'a Plan, permit: &'a Permit) -> Option<Call<'a, Vectors>> {
        let embedder = plan.embedders.get(permit.target())?;
        Some((embedder.name().to_owned(), embedder.embed(permit, self)))
    }

    fn kept(found: &Vectors) -> (String, Usage) {
        let (count, dimensions) = (found.iter().len(), found.dimensions);
        let kept = serde_json::json!({ "vectors": count, "dimensions": dimensions });
        (kept.to_string(), found.usage.clone())
    }
}

impl Measure for RerankingRequest {
    const PURPOSE: Purpose = Purpose::Reranking;
    type Found = Vec<f32>;

    fn digest(&self) -> Digest {
        self.digest()
    }

    fn texts(&self) -> Vec<&str> {
        let texts = self.texts.iter().map(String::as_str);
        texts.chain([self.question.as_str()]).collect()
    }

    fn call<'a>(self: Arc<Self>, plan: &'a Plan, permit: &'a Permit) -> Option<Call<'a, Vec<f32>>> {
        let reranker = plan.rerankers.get(permit.target())?;
        Some((reranker.name().to_owned(), reranker.rerank(permit, self)))
    }

    fn kept(found: &Vec<f32>) -> (String, Usage) {
        let kept = serde_json::json!({ "relevances": found });
        (kept.to_string(), Usage::default())
    }
}
