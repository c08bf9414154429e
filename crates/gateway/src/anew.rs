//! Deciding again while a request is answered: before each further call, and about an answer that goes on from what was
//! delivered of it.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use trousseau_calls::{Decides, Sending};
use trousseau_core::chat::ChatRequest;
use trousseau_core::digest::Digest;
use trousseau_core::label::Label;
use trousseau_core::permit::Permit;
use trousseau_core::principal::Principal;
use trousseau_plan::Plan;
use trousseau_policy::decide::is_out;
use trousseau_policy::explanation::Explanation;

use crate::answer::{Open, collections_of, durability};
use crate::deciding::{Written, decision_entry};
use crate::entry::Event;
use crate::error::GatewayError;
use crate::labels::label_passages;
use crate::masked::{Entered, as_it_is};
use crate::service::Gateway;
use crate::settings::Route;

/// Decides anew for one request, by its plan.
pub(crate) struct Anew<'a> {
    pub gateway: &'a Gateway,
    pub principal: &'a Principal,
    pub plan: &'a Plan,
    pub route: &'a Route,
    /// The label that the caller stated.
    pub stated: Option<&'a Label>,
    /// The first decision.
    pub open: &'a Open,
}

impl Anew<'_> {
    /// Labels and decides about a continuation, and sequences the decision before anything of it is sent.
    async fn decide_anew(&self, request: &ChatRequest) -> Result<Vec<Sending>, GatewayError> {
        let (gateway, principal) = (self.gateway, self.principal);
        let by = (self.plan, self.route);
        let mut labelling = gateway.label(principal, by, self.stated, request).await?;
        label_passages(&mut labelling, request);
        let content = request.digest();
        let used = collections_of(request);
        let decision = gateway.decide(principal, by, labelling.label(), (request, content, &used));
        let disguised = gateway.disguise(principal, by, request, (&labelling, &decision, &used));
        let explanation = Explanation::new(labelling, decision);
        let Open {
            log, secret, tenant, ..
        } = self.open;
        let policy = self.plan.policy.to_string();
        let event = Event::Decision(decision_entry(&Written {
            request,
            content,
            explanation: &explanation,
            route: &self.route.name,
            policy: &policy,
            actor: log.pseudonym(tenant, &gateway.records, &principal.user).await?,
            secret,
            continues: Some(self.open.index),
            masked: None,
        }));
        // Its outcome is that of the first decision.
        let durability = durability(self.route, explanation.labelling.label());
        log.append((gateway.now)(), event, durability).await?;
        let request = Arc::new(request.clone());
        let mut ways: Vec<Sending> = as_it_is(&request, explanation.decision.permitted)
            .into_iter()
            .collect();
        if let Some(disguised) = disguised.filter(|(_, masked)| !masked.decision.is_denial()) {
            let entered = Entered {
                principal,
                plan: self.plan,
                route: self.route,
                open: self.open,
            };
            ways.push(gateway.record_disguise(disguised, entered).await?);
        }
        Ok(ways)
    }
}

impl Decides for Anew<'_> {
    fn still(&self, permits: &[Permit], request: &ChatRequest) -> Vec<Permit> {
        let Some(first) = permits.first() else {
            return Vec::new();
        };
        let used = collections_of(request);
        let by = (self.plan, self.route);
        // The content is the one that was decided about: what counts is who may see it now.
        let content = Digest([0; 32]);
        let now = self
            .gateway
            .decide(self.principal, by, first.label(), (request, content, &used));
        let mut permits = permits.to_vec();
        permits.retain(|permit| now.permit(permit.target()).is_some());
        permits
    }

    fn withdrawn<'a>(&'a self, permit: &'a Permit) -> BoxFuture<'a, ()> {
        let gateway = self.gateway;
        let mut changes = gateway.withdrawals.changes();
        async move {
            let target = self
                .plan
                .targets
                .iter()
                .find(|target| target.name == permit.target());
            let is_out = || {
                let stops = gateway.withdrawals.stops((gateway.now)());
                target
                    .zip(stops)
                    .is_some_and(|(target, stops)| is_out(target, &stops))
            };
            while !is_out() {
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
        .boxed()
    }

    fn anew<'a>(&'a self, request: &'a ChatRequest) -> BoxFuture<'a, Vec<Sending>> {
        async {
            let decided = self.decide_anew(request).await;
            decided.unwrap_or_else(|error| {
                tracing::error!(%error, "an answer that broke off could not be decided about anew");
                Vec::new()
            })
        }
        .boxed()
    }
}
