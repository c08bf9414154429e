//! What is decided about, and what a decision's entry is written from.

use std::collections::BTreeMap;

use trousseau_core::chat::ChatRequest;
use trousseau_core::digest::Digest;
use trousseau_core::label::{Class, Label};
use trousseau_core::permit::{Permit, Purpose};
use trousseau_core::principal::Principal;
use trousseau_plan::Plan;
use trousseau_policy::decide::{About, Decision, Request, decide};
use trousseau_policy::explanation::Explanation;

use crate::commitment::{Commitment, Secret};
use crate::entry;
use crate::service::Gateway;
use crate::settings::Route;

/// A label, what the call is for, the digest of what would be sent, the highest class of the documents in it, and the
/// collections that they are from.
pub(crate) type Wanted<'a> = (&'a Label, (Purpose, Digest, Class), &'a [&'a str]);

impl Gateway {
    /// Which targets of a route may see what is wanted.
    pub(crate) fn decide_about(
        &self,
        principal: &Principal,
        plan: &Plan,
        route: &Route,
        (label, (purpose, content, read), collections): Wanted<'_>,
    ) -> Decision {
        let groups: Vec<&str> = principal.groups.iter().map(String::as_str).collect();
        let now = (self.now)();
        let withdrawn = self.withdrawals.in_force(now);
        let wanted = Request {
            label,
            purpose,
            content,
            read,
            clearance: principal.clearance,
            about: About {
                tenant: principal.tenant.as_str(),
                groups: &groups,
                collections,
                time: plan.settings.local_time(now),
                withdrawn: withdrawn.as_deref(),
            },
        };
        decide(&wanted, plan.targets_of(route), &plan.rules, self.today())
    }
}

/// The request, its decision, and the names that stand in the entry.
pub(crate) struct Written<'a> {
    pub request: &'a ChatRequest,
    pub content: Digest,
    pub explanation: &'a Explanation,
    pub route: &'a str,
    pub policy: &'a str,
    pub actor: Commitment,
    pub secret: &'a Secret,
    /// Of the rest of an answer, and of a masked request: the index of the first decision.
    pub continues: Option<u64>,
    /// Of a masked request: how many values of each detector were replaced.
    pub masked: Option<&'a BTreeMap<String, u64>>,
}

/// The entry of a decision.
pub(crate) fn decision_entry<'a>(written: &Written<'a>) -> entry::Decision<'a> {
    let Written {
        request,
        content,
        explanation,
        route,
        policy,
        actor,
        secret,
        continues,
        masked,
    } = *written;
    let decision = &explanation.decision;
    let passages = request.passages.iter().map(|passage| {
        let version = passage.version.to_string();
        let fields = [
            passage.document.as_bytes(),
            version.as_bytes(),
            passage.text.as_bytes(),
        ];
        secret.commit("passage", &Digest::of_fields(fields).0)
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
        continues,
        masked,
        actor,
        route,
        purpose: decision.purpose.name(),
        label: explanation.labelling.label(),
        request: secret.commit("request", &content.0),
        question: secret.commit("question", request.question().as_bytes()),
        passages: passages.collect(),
        permitted: decision.permitted.iter().map(Permit::target).collect(),
        rejected: rejected.collect(),
        policy,
        program: env!("CARGO_PKG_VERSION"),
    }
}
