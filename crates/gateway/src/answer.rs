//! The way of one question, from top to bottom in [`Gateway::answer`].
//!
//! ```text
//! route -> label -> retrieve -> decide -> record the decision -> call -> record the outcome -> answer
//! ```
//!
//! Nothing is sent before its decision is sequenced in the ledger, and the caller has the answer after the
//! outcome is. The answer is in the records before the ledger commits to it. A caller that hangs up must not end
//! the future half-way: spawn it, and let it finish.

use std::sync::Arc;

use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use trousseau_core::chat::{ChatAnswer, ChatEvent, ChatModel, ChatRequest, ModelError};
use trousseau_core::document::Citation;
use trousseau_core::error::Explain as _;
use trousseau_core::label::{Class, Label};
use trousseau_core::permit::{Permit, Purpose};
use trousseau_core::principal::{Principal, Tenant};
use trousseau_ledger::Durability;
use trousseau_policy::decide::{Decision, Denied, Request, decide};
use trousseau_policy::explanation::{Explanation, Labelling, Origin};
use trousseau_retrieval::library::keep_relevant;

use crate::commitment::Secret;
use crate::entry::{self, Attempt, Event, State};
use crate::error::GatewayError;
use crate::labels::label_passages;
use crate::logs::Log;
use crate::records::{Closed, EntryId, Made, Opened};
use crate::service::Gateway;
use crate::settings::Route;

/// What is asked, beside who asks.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The conversation; passages are added on the way.
    pub request: ChatRequest,
    /// The route, or the first one.
    pub route: Option<String>,
    /// Searches only these collections, within those of the route.
    pub collections: Option<Vec<String>>,
    /// A label that the caller states; it can only raise.
    pub label: Option<Label>,
}

/// What happens on the way, as it happens. A receiver that is dropped is no reason to stop.
#[derive(Clone, Debug)]
pub enum AnswerEvent {
    /// It is decided where the request may run, and the decision is in the ledger.
    Decided {
        /// The decision's entry.
        entry: EntryId,
        /// The decision and how the label came about.
        explanation: Box<Explanation>,
    },
    /// More of the answer's text.
    Text(String),
    /// What a marker of the text points to.
    Citation(Citation),
    /// A target failed after part of its answer was sent; what was sent does not stand.
    Withdrawn,
}

/// Where events go.
pub type Events = mpsc::UnboundedSender<AnswerEvent>;

/// An answered question.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The answer.
    pub answer: ChatAnswer,
    /// The target that made it.
    pub target: String,
    /// The decision, and how the label came about.
    pub explanation: Explanation,
    /// The decision's entry: the answer's name.
    pub entry: EntryId,
    /// The outcome's entry.
    pub outcome: EntryId,
}

impl Gateway {
    /// Answers one question.
    pub async fn answer(
        &self,
        principal: &Principal,
        asked: Asked,
        events: &Events,
    ) -> Result<Answered, GatewayError> {
        let route = self.route(asked.route.as_deref())?;
        self.check_question(asked.request.question())?;
        let mut request = asked.request;
        let mut labelling = self
            .label(principal, route, asked.label.as_ref(), &request)
            .await?;
        if route.grounded {
            let collections = within(route.collections.as_deref(), asked.collections.as_deref());
            request.grounded = true;
            request.passages = self
                .library
                .search(
                    principal,
                    request.question(),
                    collections.as_deref(),
                    route.passages,
                )
                .await?;
            keep_relevant(&mut request.passages);
            request.rarities = self
                .library
                .rarities(principal, request.question(), collections.as_deref())
                .await?;
            label_passages(&mut labelling, &request);
        }
        let decision = self.decide(principal, route, &labelling, &request);
        let explanation = Explanation { labelling, decision };
        let log = self
            .logs
            .log(&principal.tenant, &self.records, (self.now)())
            .await?;
        let open = self
            .record_decision(principal, route, &request, &explanation, log)
            .await?;
        let told = AnswerEvent::Decided {
            entry: open.entry(),
            explanation: Box::new(explanation.clone()),
        };
        let _hung_up = events.send(told);
        let permits = match explanation.decision.clone().into_permits() {
            Ok(permits) => permits,
            Err(denied) => return Err(self.refuse(open, denied).await?),
        };
        match self.call(&permits, Arc::new(request), events).await {
            Ok(called) => self.finish(open, called, explanation).await,
            Err(attempts) => Err(self.give_up(open, attempts).await?),
        }
    }

    /// Shows what would be decided for a request, without recording or sending anything.
    pub async fn explain(
        &self,
        principal: &Principal,
        asked: &Asked,
        collections: &[String],
    ) -> Result<Explanation, GatewayError> {
        let route = self.route(asked.route.as_deref())?;
        let mut labelling = self
            .label(principal, route, asked.label.as_ref(), &asked.request)
            .await?;
        for name in collections {
            let label = self.settings.collection(name).label;
            labelling.raise(Origin::Collection { name: name.clone() }, &label);
        }
        let decision = self.decide(principal, route, &labelling, &asked.request);
        Ok(Explanation { labelling, decision })
    }

    fn check_question(&self, question: &str) -> Result<(), GatewayError> {
        let limit = self.settings.limits.question_bytes;
        if question.trim().is_empty() {
            return Err(GatewayError::EmptyQuestion);
        }
        if question.len() > limit {
            let found = question.len();
            return Err(GatewayError::LongQuestion { found, limit });
        }
        Ok(())
    }

    fn decide(
        &self,
        principal: &Principal,
        route: &Route,
        labelling: &Labelling,
        request: &ChatRequest,
    ) -> Decision {
        let read = request.passages.iter().map(|passage| passage.label.class).max();
        let wanted = Request {
            label: labelling.label(),
            purpose: Purpose::Chat,
            content: request.digest(),
            read: read.unwrap_or(Class::Public),
            clearance: principal.clearance,
        };
        decide(&wanted, self.targets_of(route), &self.rules, self.today())
    }

    /// Sequences the decision, then keeps what it was about.
    async fn record_decision(
        &self,
        principal: &Principal,
        route: &Route,
        request: &ChatRequest,
        explanation: &Explanation,
        log: Arc<Log>,
    ) -> Result<Open, GatewayError> {
        let now = (self.now)();
        let secret = Secret::generate()?;
        let policy = self.policy_digest().to_string();
        let event = Event::Decision(decision_entry(&Written {
            request,
            explanation,
            route: &route.name,
            policy: &policy,
            actor: log.pseudonym(&principal.user),
            secret: &secret,
        }));
        let durability = durability(route, explanation.labelling.label());
        let index = log.append_decision(now, event, durability).await?;
        let entry = log.entry(index);
        let decision = serde_json::to_value(explanation)?;
        let opened = Opened {
            entry: &entry,
            actor: &principal.user,
            route: &route.name,
            label: explanation.labelling.label(),
            secret: &secret,
            question: request.question(),
            messages: &request.messages,
            passages: &request.passages,
            decision: &decision,
            created: now.as_millisecond(),
        };
        self.records.open_record(&principal.tenant, &opened).await?;
        Ok(Open {
            tenant: principal.tenant.clone(),
            durability,
            index,
            secret,
            log,
        })
    }

    /// Tries the permitted targets in order; every failure is kept.
    async fn call(
        &self,
        permits: &[Permit],
        request: Arc<ChatRequest>,
        events: &Events,
    ) -> Result<Called, Vec<Attempt>> {
        let mut attempts = Vec::new();
        for permit in permits {
            let target = permit.target();
            let tried = match self.models.get(target) {
                Some(model) => collect(model.as_ref(), permit, Arc::clone(&request), events).await,
                None => Err(ModelError::Unavailable {
                    target: target.to_owned(),
                    reason: "this program has no client for it".to_owned(),
                }),
            };
            match tried {
                Ok((answer, model)) => {
                    let target = target.to_owned();
                    return Ok(Called {
                        answer,
                        target,
                        model,
                        attempts,
                    });
                }
                Err(error) => {
                    tracing::warn!(target, %error, "a target failed");
                    attempts.push(Attempt {
                        target: target.to_owned(),
                        error: error.code().to_owned(),
                    });
                }
            }
        }
        Err(attempts)
    }

    async fn finish(
        &self,
        open: Open,
        called: Called,
        explanation: Explanation,
    ) -> Result<Answered, GatewayError> {
        let Called {
            answer,
            target,
            model,
            attempts,
        } = called;
        let state = if answer.end.abstained {
            State::Abstained
        } else {
            State::Answered
        };
        let made = Made {
            made_by: Some((&target, &model)),
            attempts: &attempts,
            answer: Some(&answer),
        };
        self.records.keep_made(&open.tenant, &open.entry(), &made).await?;
        let outcome = entry::Outcome {
            decision: open.index,
            state,
            target: Some(&target),
            model: Some(&model),
            attempts: &attempts,
            answer: Some(open.secret.commit("answer", answer.text.as_bytes())),
            citations: answer.citations.len(),
            usage: Some(answer.end.usage),
        };
        let index = self.close_decision(&open, outcome).await?;
        Ok(Answered {
            answer,
            target,
            explanation,
            entry: open.entry(),
            outcome: open.log.entry(index),
        })
    }

    async fn refuse(&self, open: Open, denied: Denied) -> Result<GatewayError, GatewayError> {
        let outcome = entry::Outcome::without_answer(open.index, State::Refused, &[]);
        self.close_decision(&open, outcome).await?;
        let (denied, entry) = (Box::new(denied), open.entry());
        Ok(GatewayError::Denied { denied, entry })
    }

    async fn give_up(&self, open: Open, attempts: Vec<Attempt>) -> Result<GatewayError, GatewayError> {
        let entry = open.entry();
        let made = Made {
            attempts: &attempts,
            ..Made::default()
        };
        self.records.keep_made(&open.tenant, &entry, &made).await?;
        let outcome = entry::Outcome::without_answer(open.index, State::Failed, &attempts);
        self.close_decision(&open, outcome).await?;
        Ok(GatewayError::Exhausted { attempts, entry })
    }

    /// Sequences the outcome, then notes it in the record; returns its index.
    async fn close_decision(&self, open: &Open, outcome: entry::Outcome<'_>) -> Result<u64, GatewayError> {
        let (now, state) = ((self.now)(), outcome.state);
        let event = Event::Outcome(outcome);
        let index = open.log.append(now, event, open.durability).await?;
        let closed = Closed {
            entry: open.entry(),
            outcome: index,
            state,
            finished: now,
        };
        let (log, tenant) = (&open.log, &open.tenant);
        log.close_decision(tenant, &self.records, &closed).await?;
        Ok(index)
    }
}

/// A decided request whose outcome is owed.
struct Open {
    tenant: Tenant,
    durability: Durability,
    index: u64,
    secret: Secret,
    log: Arc<Log>,
}

impl Open {
    fn entry(&self) -> EntryId {
        self.log.entry(self.index)
    }
}

/// A whole answer, and who made it.
struct Called {
    answer: ChatAnswer,
    target: String,
    model: String,
    attempts: Vec<Attempt>,
}

/// Makes one call and collects its answer, passing the events on as they come.
async fn collect(
    model: &dyn ChatModel,
    permit: &Permit,
    request: Arc<ChatRequest>,
    events: &Events,
) -> Result<(ChatAnswer, String), ModelError> {
    let mut stream = model.chat(permit, request).await?;
    let mut text = String::new();
    let mut citations = Vec::new();
    while let Some(event) = stream.next().await {
        let event = event.inspect_err(|_| withdraw(&text, &citations, events))?;
        match event {
            ChatEvent::Text(more) => {
                text.push_str(&more);
                let _hung_up = events.send(AnswerEvent::Text(more));
            }
            ChatEvent::Citation(citation) => {
                citations.push(citation.clone());
                let _hung_up = events.send(AnswerEvent::Citation(citation));
            }
            ChatEvent::Reasoning(_) => {}
            ChatEvent::End(end) => {
                let answer = ChatAnswer { text, citations, end };
                return Ok((answer, model.name().to_owned()));
            }
        }
    }
    withdraw(&text, &citations, events);
    Err(ModelError::Cut {
        target: permit.target().to_owned(),
    })
}

fn withdraw(text: &str, citations: &[Citation], events: &Events) {
    if !text.is_empty() || !citations.is_empty() {
        let _hung_up = events.send(AnswerEvent::Withdrawn);
    }
}

/// The collections both the route and the caller allow; all when neither names any.
fn within(route: Option<&[String]>, asked: Option<&[String]>) -> Option<Vec<String>> {
    match (route, asked) {
        (None, None) => None,
        (Some(names), None) | (None, Some(names)) => Some(names.to_vec()),
        (Some(route), Some(asked)) => Some(
            asked
                .iter()
                .filter(|name| route.contains(name))
                .cloned()
                .collect(),
        ),
    }
}

/// What is sensitive is on disk before it is answered, whatever the route says.
fn durability(route: &Route, label: &Label) -> Durability {
    if label.class >= Class::Sensitive {
        Durability::Request
    } else {
        route.durability
    }
}

/// What a decision's entry is written from.
struct Written<'a> {
    request: &'a ChatRequest,
    explanation: &'a Explanation,
    route: &'a str,
    policy: &'a str,
    actor: crate::commitment::Commitment,
    secret: &'a Secret,
}

fn decision_entry<'a>(written: &Written<'a>) -> entry::Decision<'a> {
    let Written {
        request,
        explanation,
        route,
        policy,
        actor,
        secret,
    } = *written;
    let decision = &explanation.decision;
    let passages = request.passages.iter().map(|passage| {
        let version = passage.version.to_string();
        let fields = [
            passage.document.as_bytes(),
            version.as_bytes(),
            passage.text.as_bytes(),
        ];
        secret.commit("passage", &trousseau_core::digest::Digest::of_fields(fields).0)
    });
    let rejected = decision.rejected.iter().map(|rejection| entry::Rejected {
        target: &rejection.target,
        reasons: rejection
            .reasons
            .iter()
            .map(|reason| reason.code.name())
            .collect(),
    });
    entry::Decision {
        actor,
        route,
        purpose: decision.purpose.name(),
        label: explanation.labelling.label(),
        request: secret.commit("request", &request.digest().0),
        question: secret.commit("question", request.question().as_bytes()),
        passages: passages.collect(),
        permitted: decision.permitted.iter().map(Permit::target).collect(),
        rejected: rejected.collect(),
        policy,
        program: env!("CARGO_PKG_VERSION"),
    }
}
