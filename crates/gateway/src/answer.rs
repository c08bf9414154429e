//! The way of one question, from top to bottom in [`Gateway::answer`].
//!
//! ```text
//! route -> label -> retrieve -> decide -> reserve the cost -> record the decision -> call or repeat -> settle the cost
//!       -> record the outcome -> answer
//! ```
//!
//! A route may mask: the request with pseudonyms is decided about and recorded besides (`masked.rs`), and called with second.
//!
//! Nothing is sent before its decision is sequenced in the ledger, and the caller has the answer after the
//! outcome is. The answer is in the records before the ledger commits to it. A caller that hangs up drops the
//! receiver of the events and lets the future finish: spawn it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use trousseau_calls::{CallEnd, Called, Means};
use trousseau_core::chat::{ChatAnswer, ChatRequest};
use trousseau_core::digest::Digest;
use trousseau_core::label::{Class, Label};
use trousseau_core::permit::{Permit, Purpose};
use trousseau_core::principal::{Principal, Tenant};
use trousseau_ledger::Durability;
use trousseau_limits::Reserved;
use trousseau_plan::Plan;
use trousseau_policy::decide::{Decision, Denied};
use trousseau_policy::explanation::{Explanation, Origin};
use trousseau_retrieval::followup::standalone;
use trousseau_retrieval::library::keep_relevant;

use crate::anew::Anew;
use crate::cached::Owner;
use crate::commitment::Secret;
use crate::deciding::{Written, decision_entry};
use crate::entry::{self, Attempt, Event, State};
use crate::error::GatewayError;
use crate::labels::label_passages;
use crate::logs::Log;
use crate::masked::{Entered, as_it_is};
use crate::records::{Closed, EntryId, Made, Opened, Thought};
use crate::service::Gateway;
use crate::settings::Route;

pub use trousseau_calls::{AnswerEvent, Events};

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
    /// The id of the caller's conversation that it belongs to.
    pub conversation: Option<String>,
    /// The record in that conversation that the question follows; none where it is the first.
    pub parent: Option<EntryId>,
    /// Whether nothing of it is to be kept but what the ledger commits to.
    pub forget: bool,
}

/// An answered question.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The answer.
    pub answer: ChatAnswer,
    /// How it was reasoned about, where the model showed that.
    pub thought: Option<Thought>,
    /// The target that made it.
    pub target: String,
    /// The model that made it.
    pub model: String,
    /// The targets that failed before it, each with the code of its failure.
    pub attempts: Vec<Attempt>,
    /// The decision, and how the label came about.
    pub explanation: Explanation,
    /// The decision's entry: the answer's name.
    pub entry: EntryId,
    /// The outcome's entry.
    pub outcome: EntryId,
    /// How many values of each detector were replaced by pseudonyms for whoever made it; nothing where it saw them.
    pub masked: Option<BTreeMap<String, u64>>,
    /// The answer that this one repeats; nothing was called for it then.
    pub repeats: Option<EntryId>,
}

impl Gateway {
    /// Answers one question by the plan that is in force when it begins.
    pub async fn answer(
        &self,
        principal: &Principal,
        asked: Asked,
        events: &Events,
    ) -> Result<Answered, GatewayError> {
        self.answer_by(&self.plan(), principal, asked, events).await
    }

    /// Answers one question by `plan`, to its end.
    pub async fn answer_by(
        &self,
        plan: &Plan,
        principal: &Principal,
        asked: Asked,
        events: &Events,
    ) -> Result<Answered, GatewayError> {
        let route = plan.route_for(principal, asked.route.as_deref())?;
        self.check_limits(plan, principal)?;
        check_question(asked.request.question(), plan.settings.limits.question_bytes)?;
        if asked.forget && !plan.settings.incognito && !plan.settings.forgets {
            return Err(GatewayError::MustKeep);
        }
        if let Some(id) = &asked.conversation {
            self.conversation(principal, id).await?;
        }
        if let Some(parent) = &asked.parent {
            self.check_parent(principal, asked.conversation.as_deref(), parent)
                .await?;
        }
        let mut request = asked.request;
        let mut labelling = self
            .label(principal, (plan, route), asked.label.as_ref(), &request)
            .await?;
        if route.grounded {
            let collections = within(route.collections.as_deref(), asked.collections.as_deref());
            request.grounded = true;
            request.standalone = standalone(&request.messages);
            request.passages = self
                .library
                .search(
                    principal,
                    request.standalone(),
                    collections.as_deref(),
                    route.passages,
                )
                .await?;
            keep_relevant(&mut request.passages);
            request.rarities = self
                .library
                .rarities(principal, request.standalone(), collections.as_deref())
                .await?;
            label_passages(&mut labelling, &request);
        }
        let content = request.digest();
        let used: Vec<&str> = collections_of(&request);
        let label = labelling.label();
        let decision = self.decide(principal, (plan, route), label, (&request, content, &used));
        let (mut disguise, masked) = self
            .disguise(principal, (plan, route), &request, (&labelling, &decision, &used))
            .unzip();
        let masked = masked.map(Box::new);
        let explanation = Explanation {
            labelling,
            decision,
            masked,
        };
        let mut reserved = self
            .reserve_cost(plan, principal, (&mut request, &explanation), disguise.as_ref())
            .await?;
        if let Some(disguise) = &mut disguise {
            disguise.sample_as(&request);
        }
        let decided = Decided {
            plan,
            route,
            request: &request,
            content,
            explanation: &explanation,
            conversation: asked.conversation.as_deref(),
            parent: asked.parent.as_ref(),
            keeps: !asked.forget && !plan.settings.forgets,
        };
        let open = self.record_decision(principal, &decided).await?;
        let told = AnswerEvent::Decided {
            entry: open.entry(),
            explanation: Box::new(explanation.clone()),
        };
        let _hung_up = events.send(told).await;
        let permits: Vec<Permit> = explanation.permits().cloned().collect();
        if permits.is_empty() {
            let denied = explanation.decision.into_denied();
            return Err(self.refuse(open, denied).await?);
        }
        let mut ways = Vec::with_capacity(2);
        let request = Arc::new(request);
        ways.extend(as_it_is(&request, explanation.decision.permitted.clone()));
        if let Some(disguised) = disguise.zip(explanation.masked.as_deref().cloned())
            && !disguised.1.decision.is_denial()
        {
            let entered = Entered {
                principal,
                plan,
                route,
                open: &open,
            };
            ways.push(self.record_disguise(disguised, entered).await?);
        }
        let place = match open.keeps {
            true => self
                .answers
                .place((plan, route), &open.tenant, &request, (&explanation, &permits))?,
            false => None,
        };
        let missed = match place.as_ref().map(|place| place.find(&permits)) {
            Some(Ok(kept)) => return self.repeat(open, &kept, explanation, events).await,
            Some(Err(epoch)) => place.map(|place| (place, (epoch, open.created))),
            None => None,
        };
        let anew = Anew {
            gateway: self,
            principal,
            plan,
            route,
            stated: asked.label.as_ref(),
            open: &open,
        };
        let means = Means {
            plan,
            route,
            router: &self.router,
            decides: &anew,
            events,
        };
        reserved.sending();
        let called = Called::by(means, request, ways).await;
        let found = called.label.clone();
        let answered = self.finish(plan, open, (called, reserved), explanation).await?;
        if let Some((place, since)) = missed {
            let conversation = asked.conversation.as_deref();
            let owner = Owner {
                principal,
                conversation,
            };
            place.keep(&answered, (&owner, found), since);
        }
        Ok(answered)
    }

    /// Shows what would be decided for a request, without recording or sending anything.
    pub async fn explain(
        &self,
        principal: &Principal,
        asked: &Asked,
        collections: &[String],
    ) -> Result<Explanation, GatewayError> {
        let plan = self.plan();
        let route = plan.route_for(principal, asked.route.as_deref())?;
        let mut labelling = self
            .label(principal, (&plan, route), asked.label.as_ref(), &asked.request)
            .await?;
        for name in collections {
            let label = plan.settings.collection(name).label;
            labelling.raise(Origin::Collection { name: name.clone() }, &label);
        }
        let content = asked.request.digest();
        let used: Vec<&str> = collections.iter().map(String::as_str).collect();
        let (by, label) = ((&*plan, route), labelling.label());
        let decision = self.decide(principal, by, label, (&asked.request, content, &used));
        let about = (&labelling, &decision, used.as_slice());
        let masked = self.disguise(principal, (&plan, route), &asked.request, about);
        Ok(Explanation {
            masked: masked.map(|(_, masked)| Box::new(masked)),
            labelling,
            decision,
        })
    }

    pub(crate) fn decide(
        &self,
        principal: &Principal,
        (plan, route): (&Plan, &Route),
        label: &Label,
        (request, content, collections): (&ChatRequest, Digest, &[&str]),
    ) -> Decision {
        let read = request.passages.iter().map(|passage| passage.label.class).max();
        let what = (Purpose::Chat, content, read.unwrap_or(Class::Public));
        self.decide_about(principal, plan, route, (label, what, collections))
    }

    /// Sequences the decision, then keeps what it was about, where anything is kept.
    pub(crate) async fn record_decision(
        &self,
        principal: &Principal,
        decided: &Decided<'_>,
    ) -> Result<Open, GatewayError> {
        let Decided {
            plan,
            route,
            request,
            explanation,
            ..
        } = *decided;
        let (tenant, now) = (&principal.tenant, (self.now)());
        let log = self.logs.log(tenant, &self.records, now).await?;
        let secret = Secret::generate()?;
        let policy = plan.policy.to_string();
        let event = Event::Decision(decision_entry(&Written {
            request,
            content: decided.content,
            explanation,
            route: &route.name,
            policy: &policy,
            actor: log.pseudonym(tenant, &self.records, &principal.user).await?,
            secret: &secret,
            continues: None,
            masked: None,
        }));
        let durability = durability(route, explanation.labelling.label());
        let index = log.append_decision(now, event, durability).await?;
        let open = Open {
            tenant: tenant.clone(),
            durability,
            index,
            secret,
            log,
            keeps: decided.keeps,
            created: now.as_millisecond(),
        };
        if open.keeps {
            self.keep_decided(principal, decided, (&open, now)).await?;
        }
        Ok(open)
    }

    async fn keep_decided(
        &self,
        principal: &Principal,
        decided: &Decided<'_>,
        (open, now): (&Open, Timestamp),
    ) -> Result<(), GatewayError> {
        let Decided {
            route,
            request,
            explanation,
            ..
        } = *decided;
        let entry = open.entry();
        let opened = Opened {
            entry: &entry,
            actor: &principal.user,
            conversation: decided.conversation,
            parent: decided.parent,
            route: &route.name,
            label: explanation.labelling.label(),
            secret: &open.secret,
            question: request.question(),
            messages: &request.messages,
            passages: &request.passages,
            decision: serde_json::to_string(explanation)?,
            created: now.as_millisecond(),
        };
        let kept = self.records.open_record(&open.tenant, opened, open.durability);
        Ok(kept.await?)
    }

    /// Keeps what the calls brought, sequences the outcome, and tells the caller.
    async fn finish(
        &self,
        plan: &Plan,
        open: Open,
        (called, reserved): (Called, Reserved),
        explanation: Explanation,
    ) -> Result<Answered, GatewayError> {
        let Called {
            attempts,
            made_by,
            answer,
            thought,
            label,
            end,
            masked,
            retry_after,
            ..
        } = called;
        let label = explanation.labelling.label().join(&label);
        let state = match &end {
            CallEnd::Whole if answer.abstained() => State::Abstained,
            CallEnd::Whole => State::Answered,
            CallEnd::HungUp => State::Cancelled,
            CallEnd::Exhausted | CallEnd::Failed(_) => State::Failed,
        };
        let (target, model) = made_by.unzip();
        self.settle_cost(reserved, plan, (target.as_deref(), &answer));
        let came = matches!(end, CallEnd::Whole) || !answer.is_empty();
        let made = Made {
            made_by: target.as_deref().zip(model.as_deref()),
            attempts: &attempts,
            answer: came.then_some(&answer),
            thought,
            label: Some(&label),
            price: target.as_deref().and_then(|target| plan.price(target)),
        };
        self.keep_answer(&open, &made).await?;
        let outcome = entry::Outcome {
            decision: open.index,
            state,
            target: target.as_deref(),
            model: model.as_deref(),
            label: Some(&label).filter(|label| *label != explanation.labelling.label()),
            attempts: &attempts,
            answer: came.then(|| open.secret.commit("answer", answer.text.as_bytes())),
            citations: answer.citations.len(),
            seams: &answer.seams,
            usage: answer.end.as_ref().and_then(|end| end.counted()),
            repeats: None,
        };
        let index = self.close_decision(&open, outcome).await?;
        let entry = open.entry();
        match end {
            CallEnd::Whole => Ok(Answered {
                answer,
                thought,
                target: target.unwrap_or_default(),
                model: model.unwrap_or_default(),
                attempts,
                explanation,
                outcome: open.log.entry(index),
                entry,
                masked,
                repeats: None,
            }),
            CallEnd::Exhausted => Err(GatewayError::Exhausted {
                attempts,
                retry_after,
                entry,
            }),
            CallEnd::Failed(error) if answer.is_empty() => Err(GatewayError::Declined { error, entry }),
            CallEnd::Failed(error) => Err(GatewayError::Broken { error, entry }),
            CallEnd::HungUp => Err(GatewayError::HungUp { entry }),
        }
    }

    /// Keeps what the calls brought, where anything is kept.
    pub(crate) async fn keep_answer(&self, open: &Open, made: &Made<'_>) -> Result<(), GatewayError> {
        if open.keeps {
            let (records, entry) = (&self.records, open.entry());
            records
                .keep_made(&open.tenant, &entry, made, open.durability)
                .await?;
        }
        Ok(())
    }

    pub(crate) async fn refuse(&self, open: Open, denied: Denied) -> Result<GatewayError, GatewayError> {
        let outcome = entry::Outcome::without_answer(open.index, State::Refused, &[]);
        self.close_decision(&open, outcome).await?;
        let (denied, entry) = (Box::new(denied), open.entry());
        Ok(GatewayError::Denied { denied, entry })
    }

    /// Sequences the outcome, then notes it in the record; returns its index.
    pub(crate) async fn close_decision(
        &self,
        open: &Open,
        outcome: entry::Outcome<'_>,
    ) -> Result<u64, GatewayError> {
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
        log.close_decision(tenant, &self.records, closed).await?;
        Ok(index)
    }
}

/// A request, and what was decided about it.
pub(crate) struct Decided<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) route: &'a Route,
    pub(crate) request: &'a ChatRequest,
    pub(crate) content: Digest,
    pub(crate) explanation: &'a Explanation,
    pub(crate) conversation: Option<&'a str>,
    pub(crate) parent: Option<&'a EntryId>,
    pub(crate) keeps: bool,
}

/// A decided request whose outcome is owed.
pub(crate) struct Open {
    pub tenant: Tenant,
    pub durability: Durability,
    /// The decision's entry.
    pub index: u64,
    pub secret: Secret,
    pub log: Arc<Log>,
    /// Whether its content is kept.
    pub keeps: bool,
    /// When it was decided, in milliseconds since 1970.
    created: i64,
}

impl Open {
    pub(crate) fn entry(&self) -> EntryId {
        self.log.entry(self.index)
    }
}

/// The collections that the passages of a request are from, each once.
pub(crate) fn collections_of(request: &ChatRequest) -> Vec<&str> {
    let names = request.passages.iter().map(|passage| passage.collection.as_str());
    let names: BTreeSet<&str> = names.collect();
    names.into_iter().collect()
}

pub(crate) fn check_question(question: &str, limit: usize) -> Result<(), GatewayError> {
    if question.trim().is_empty() {
        return Err(GatewayError::EmptyQuestion);
    }
    match question.len() {
        found if found > limit => Err(GatewayError::LongQuestion { found, limit }),
        _ => Ok(()),
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
pub(crate) fn durability(route: &Route, label: &Label) -> Durability {
    if label.class >= Class::Sensitive {
        Durability::Request
    } else {
        route.durability
    }
}
