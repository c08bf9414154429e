//! A request with pseudonyms: what is made of it, its label, and where it may go.
//!
//! It is decided about like any other content, and only of targets that may not see the request as it is. What it is made from
//! stays: the record keeps it, under its own label.

use std::sync::Arc;

use trousseau_calls::Sending;
use trousseau_core::chat::ChatRequest;
use trousseau_core::digest::Digest;
use trousseau_core::permit::Permit;
use trousseau_core::principal::Principal;
use trousseau_masking::{Masked, mask};
use trousseau_plan::Plan;
use trousseau_policy::decide::Decision;
use trousseau_policy::explanation::{self, Explanation, Labelling, Origin, Raise};

use crate::answer::Open;
use crate::deciding::{Written, decision_entry};
use crate::entry::Event;
use crate::error::GatewayError;
use crate::service::Gateway;
use crate::settings::Route;

/// A masked request that was decided about.
pub(crate) struct Disguise {
    masked: Masked,
    content: Digest,
}

/// What the entry of its decision is written with.
pub(crate) struct Entered<'a> {
    pub principal: &'a Principal,
    pub plan: &'a Plan,
    pub route: &'a Route,
    /// The decision about the request as it began.
    pub open: &'a Open,
}

impl Gateway {
    /// Masks a request, where its route does, and decides about that; nothing where nothing can be masked, or no further
    /// target may see it then. `about` is what was decided about the request as it is.
    pub(crate) fn disguise(
        &self,
        principal: &Principal,
        (plan, route): (&Plan, &Route),
        request: &ChatRequest,
        (labelling, decision, collections): (&Labelling, &Decision, &[&str]),
    ) -> Option<(Disguise, explanation::Masked)> {
        let settings = route.mask.as_ref()?;
        let detectors = &plan.settings.detectors;
        let found = |raise: &Raise| matches!(&raise.origin, Origin::Detector { detector, .. } if settings.kinds.contain(detector));
        if !labelling.raises().iter().any(found) {
            return None;
        }
        let further = |target: &str| settings.is_for(target) && decision.permit(target).is_none();
        if !route.targets.iter().any(|target| further(target)) {
            return None;
        }
        let masked = mask(request, detectors, &settings.kinds)?;
        let floor = (route.name.as_str(), &settings.label_floor);
        let labelling = masked.labelling(labelling, detectors, floor);
        let content = masked.request.digest();
        let wanted = (&masked.request, content, collections);
        let mut decision = self.decide(principal, (plan, route), labelling.label(), wanted);
        decision.permitted.retain(|permit| further(permit.target()));
        decision.rejected.retain(|rejection| further(&rejection.target));
        let explained = explanation::Masked {
            values: masked.table.counts(),
            labelling,
            decision,
        };
        Some((Disguise { masked, content }, explained))
    }

    /// Sequences the decision about a masked request, and gives the way in which it may be sent.
    pub(crate) async fn record_disguise(
        &self,
        (disguise, explained): (Disguise, explanation::Masked),
        entered: Entered<'_>,
    ) -> Result<Sending, GatewayError> {
        let Entered {
            principal,
            plan,
            route,
            open,
        } = entered;
        let permits = explained.decision.permitted.clone();
        let policy = plan.policy.to_string();
        let explanation = Explanation::new(explained.labelling, explained.decision);
        let (log, tenant, now) = (&open.log, &open.tenant, (self.now)());
        let event = Event::Decision(decision_entry(&Written {
            request: &disguise.masked.request,
            content: disguise.content,
            explanation: &explanation,
            route: &route.name,
            policy: &policy,
            actor: log.pseudonym(tenant, &self.records, &principal.user).await?,
            secret: &open.secret,
            continues: Some(open.index),
            masked: Some(&explained.values),
        }));
        // What was masked was first what it is made from: it is on disk when that is.
        log.append(now, event, open.durability).await?;
        Ok(disguise.sending(permits))
    }
}

impl Disguise {
    /// What is sent.
    pub(crate) const fn request(&self) -> &ChatRequest {
        &self.masked.request
    }

    /// Takes over how the answer is to be made, which is settled later than the content.
    pub(crate) fn sample_as(&mut self, request: &ChatRequest) {
        self.masked.request.sampling = request.sampling.clone();
    }

    fn sending(self, permits: Vec<Permit>) -> Sending {
        Sending {
            request: Arc::new(self.masked.request),
            permits,
            mask: Some(self.masked.table),
        }
    }
}

/// The way of a request as it is; none where no target may see it so.
pub(crate) fn as_it_is(request: &Arc<ChatRequest>, permits: Vec<Permit>) -> Option<Sending> {
    (!permits.is_empty()).then(|| Sending {
        request: Arc::clone(request),
        permits,
        mask: None,
    })
}
