//! What a decision's entry is written from.

use trousseau_core::chat::ChatRequest;
use trousseau_core::digest::Digest;
use trousseau_core::permit::Permit;
use trousseau_policy::explanation::Explanation;

use crate::commitment::{Commitment, Secret};
use crate::entry;

/// The request, its decision, and the names that stand in the entry.
pub(crate) struct Written<'a> {
    pub request: &'a ChatRequest,
    pub content: Digest,
    pub explanation: &'a Explanation,
    pub route: &'a str,
    pub policy: &'a str,
    pub actor: Commitment,
    pub secret: &'a Secret,
    /// Of the rest of an answer: the index of the first decision.
    pub continues: Option<u64>,
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
