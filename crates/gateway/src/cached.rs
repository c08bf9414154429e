//! Answers that are given again, on routes whose operator wants it.
//!
//! A request is answered from here only after everything that comes before a call: the search ran for this very principal, the
//! decision was made anew and is in the ledger. The answer must have been made under the same plan, for the same tenant, label,
//! decision, request and passages, by a target that may see this request too. It is an answer of its own: its events go to the
//! caller, it is recorded, and its outcome names the answer that it repeats.
//!
//! Only whole answers are kept, in memory. What is erased leaves, and what is not to be kept never comes in.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Map, Value};
use trousseau_core::chat::{
    ChatAnswer, ChatEnd, ChatEvent, ChatRequest, FinishReason, ToolCall, ToolCallDelta, Usage,
};
use trousseau_core::digest::Digest;
use trousseau_core::label::Label;
use trousseau_core::permit::Permit;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_plan::Plan;
use trousseau_policy::explanation::Explanation;
use trousseau_record::Thought;
use trousseau_routing::cache::{Cache, Epoch, Key};

use crate::answer::{AnswerEvent, Answered, Events, Open};
use crate::entry::{self, State};
use crate::error::GatewayError;
use crate::records::{EntryId, Made};
use crate::service::Gateway;
use crate::settings::{Bounds, Route};

/// The answers that are kept, by the route they were given through.
#[derive(Default)]
pub struct Answers(Mutex<HashMap<String, Arc<Cache<Kept>>>>);

/// An answer that may be given again, and whose it is.
pub(crate) struct Kept {
    pub(crate) tenant: Tenant,
    pub(crate) user: String,
    pub(crate) conversation: Option<String>,
    /// When it was decided upon, in milliseconds since 1970.
    pub(crate) created: i64,
    /// The decision's entry.
    pub(crate) entry: EntryId,
    answer: ChatAnswer,
    thought: Option<Thought>,
    target: String,
    model: String,
    masked: Option<BTreeMap<String, u64>>,
    /// The label of what was found in it.
    label: Label,
}

/// Where the answer to a request would be.
pub(crate) struct Place {
    cache: Arc<Cache<Kept>>,
    key: Key,
    bounds: Bounds,
}

/// Whose a request is.
pub(crate) struct Owner<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) conversation: Option<&'a str>,
}

impl Answers {
    /// Forgets everything, also for requests that run.
    pub fn clear(&self) {
        for cache in self.caches() {
            cache.clear();
        }
    }

    /// Forgets the answers that `is` says are gone, also for requests that run.
    pub(crate) fn forget(&self, is: impl Fn(&Kept) -> bool) {
        for cache in self.caches() {
            cache.forget(&is);
        }
    }

    fn caches(&self) -> Vec<Arc<Cache<Kept>>> {
        let caches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        caches.values().cloned().collect()
    }

    /// Where the answer to a request is or goes; nowhere where its route gives none again.
    pub(crate) fn place(
        &self,
        (plan, route): (&Plan, &Route),
        tenant: &Tenant,
        request: &ChatRequest,
        (explanation, permits): (&Explanation, &[Permit]),
    ) -> Result<Option<Place>, serde_json::Error> {
        let Some(bounds) = route.cache else {
            return Ok(None);
        };
        let models = permits.iter().map(|permit| {
            let model = plan.models.get(permit.target());
            (permit.target(), model.map_or("", |model| model.name()))
        });
        // All of the request: parameters that are not sent as text, and of each passage its document and version too.
        let request = ChatRequest {
            whole: false,
            ..request.clone()
        };
        let fields = [
            plan.serial().to_be_bytes().to_vec(),
            plan.policy.0.to_vec(),
            tenant.as_str().as_bytes().to_vec(),
            route.name.as_bytes().to_vec(),
            serde_json::to_vec(explanation.labelling.label())?,
            // Whose permits are for what was masked.
            serde_json::to_vec(&masked_of(explanation))?,
            serde_json::to_vec(&models.collect::<Vec<_>>())?,
            serde_json::to_vec(&request)?,
        ];
        let mut caches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cache = caches.entry(route.name.clone()).or_default();
        Ok(Some(Place {
            cache: Arc::clone(cache),
            key: Digest::of_fields(fields.iter().map(Vec::as_slice)).0,
            bounds,
        }))
    }
}

impl Place {
    /// The answer, made by a target that is permitted now; else what [`Place::keep`] asks for.
    pub(crate) fn find(&self, permits: &[Permit]) -> Result<Arc<Kept>, Epoch> {
        let kept = self.cache.find(&self.key, self.bounds.age, Instant::now())?;
        // The permitted targets are in the key. Whoever changes that finds this.
        if permits.iter().any(|permit| permit.target() == kept.target) {
            return Ok(kept);
        }
        Err(self.cache.epoch())
    }

    /// Keeps a whole answer, unless something was forgotten since `epoch`. `label` is of what was found in it.
    pub(crate) fn keep(&self, answered: &Answered, (owner, label): (&Owner<'_>, Label), since: (Epoch, i64)) {
        let (epoch, created) = since;
        let finish = answered.answer.end.as_ref().map(|end| end.finish);
        // Of an answer with a seam, the permits for the target behind it say nothing of the one before.
        let one_target = answered.answer.seams.is_empty();
        if !one_target || !matches!(finish, Some(FinishReason::Stop | FinishReason::ToolCalls)) {
            return;
        }
        let kept = Kept {
            tenant: owner.principal.tenant.clone(),
            user: owner.principal.user.clone(),
            conversation: owner.conversation.map(str::to_owned),
            created,
            entry: answered.entry.clone(),
            answer: answered.answer.clone(),
            thought: answered.thought,
            target: answered.target.clone(),
            model: answered.model.clone(),
            masked: answered.masked.clone(),
            label,
        };
        let bytes = kept.bytes();
        let now = Instant::now();
        self.cache
            .keep(self.key, (Arc::new(kept), bytes), self.bounds, (epoch, now));
    }
}

impl Kept {
    /// What it takes, about.
    fn bytes(&self) -> usize {
        let written = serde_json::to_vec(&self.answer);
        written.map_or(usize::MAX, |written| size_of::<Self>() + written.len())
    }

    /// The answer as one that nothing was spent on.
    fn again(&self) -> ChatAnswer {
        let details = Map::from_iter([("cached".to_owned(), Value::Bool(true))]);
        let usage = Usage {
            details,
            ..Usage::default()
        };
        let end = self.answer.end.clone();
        ChatAnswer {
            end: end.map(|end| ChatEnd { usage, ..end }),
            ..self.answer.clone()
        }
    }
}

impl Gateway {
    /// Gives a kept answer again: to the caller, the records and the ledger.
    pub(crate) async fn repeat(
        &self,
        open: Open,
        kept: &Kept,
        explanation: Explanation,
        events: &Events,
    ) -> Result<Answered, GatewayError> {
        let (answer, entry) = (kept.again(), open.entry());
        for part in parts(&answer) {
            if events.send(AnswerEvent::Part(part)).await.is_err() {
                let outcome = entry::Outcome::without_answer(open.index, State::Cancelled, &[]);
                self.close_decision(&open, outcome).await?;
                return Err(GatewayError::HungUp { entry });
            }
        }
        let label = explanation.labelling.label().join(&kept.label);
        let made = Made {
            made_by: Some((&kept.target, &kept.model)),
            answer: Some(&answer),
            thought: kept.thought,
            label: Some(&label),
            ..Made::default()
        };
        if open.keeps {
            self.records
                .keep_made(&open.tenant, &entry, &made, open.durability)
                .await?;
        }
        let repeats = kept.entry.to_string();
        let outcome = entry::Outcome {
            decision: open.index,
            state: if answer.abstained() {
                State::Abstained
            } else {
                State::Answered
            },
            target: Some(&kept.target),
            model: Some(&kept.model),
            label: Some(&label).filter(|label| *label != explanation.labelling.label()),
            attempts: &[],
            answer: Some(open.secret.commit("answer", answer.text.as_bytes())),
            citations: answer.citations.len(),
            seams: &[],
            usage: answer.end.as_ref().and_then(|end| end.counted()),
            repeats: Some(&repeats),
        };
        let index = self.close_decision(&open, outcome).await?;
        Ok(Answered {
            answer,
            thought: kept.thought,
            target: kept.target.clone(),
            model: kept.model.clone(),
            attempts: Vec::new(),
            explanation,
            outcome: open.log.entry(index),
            entry,
            masked: kept.masked.clone(),
            repeats: Some(kept.entry.clone()),
        })
    }
}

/// What was decided about a request with pseudonyms: their number, its label, and who may see it.
fn masked_of(explanation: &Explanation) -> Option<(&BTreeMap<String, u64>, &Label, Vec<&str>)> {
    let masked = explanation.masked.as_deref()?;
    let permitted = masked.decision.permitted.iter().map(Permit::target);
    Some((&masked.values, masked.labelling.label(), permitted.collect()))
}

/// The events of an answer that is there, but its end.
fn parts(answer: &ChatAnswer) -> Vec<ChatEvent> {
    let mut parts = Vec::new();
    if !answer.reasoning.is_empty() {
        parts.push(ChatEvent::Reasoning(answer.reasoning.clone()));
    }
    if !answer.text.is_empty() {
        parts.push(ChatEvent::Text(answer.text.clone()));
    }
    let calls = answer.tool_calls.iter().enumerate();
    parts.extend(calls.map(|(index, call)| ChatEvent::ToolCall(whole(index, call))));
    parts.extend(answer.citations.iter().cloned().map(ChatEvent::Citation));
    if !answer.extra.is_empty() {
        parts.push(ChatEvent::Extra(answer.extra.clone()));
    }
    parts
}

fn whole(index: usize, call: &ToolCall) -> ToolCallDelta {
    ToolCallDelta {
        index,
        id: Some(call.id.clone()),
        name: Some(call.name.clone()),
        arguments: call.arguments.clone(),
        extra: call.extra.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_put_together_again_from_its_parts() {
        let answer = ChatAnswer {
            text: "Oui. [1]".to_owned(),
            reasoning: "Hm.".to_owned(),
            tool_calls: ["a", "b"]
                .map(|id| ToolCall {
                    id: id.to_owned(),
                    name: "search".to_owned(),
                    arguments: "{}".to_owned(),
                    ..ToolCall::default()
                })
                .to_vec(),
            ..ChatAnswer::default()
        };
        let mut again = ChatAnswer::default();
        for part in parts(&answer) {
            again.push(part);
        }
        assert_eq!(again, answer);
    }
}
