//! What the service works by, as one piece: the [`settings`] of the two paths, every target with its card, the rules of
//! the decision, and the models behind the targets.
//!
//! A [`Plan`] never changes. A configuration that does makes another one, and [`InForce`] puts it in the place of the
//! first in one step. Whoever answers a request takes the plan once, at its start, and keeps it to its end: no request is
//! decided by the rules of one configuration and sent to a target of another, and a stream that runs is not touched.

pub mod settings;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use trousseau_core::digest::Digest;
use trousseau_core::embedding::Embedder;
use trousseau_core::label::Class;
use trousseau_core::model::ChatModel;
use trousseau_core::principal::Principal;
use trousseau_core::reranking::Reranker;
use trousseau_policy::card::Price;
use trousseau_policy::decide::Target;
use trousseau_policy::rules::Rules;

use settings::{Route, Settings};

/// The models that can be called, by their target's name.
pub type Models = HashMap<String, Arc<dyn ChatModel>>;

/// The models that turn texts into vectors, by their target's name.
pub type Embedders = HashMap<String, Arc<dyn Embedder>>;

/// The models that weigh texts against a question, by their target's name.
pub type Rerankers = HashMap<String, Arc<dyn Reranker>>;
/// The next plan's number.
static SERIAL: AtomicU64 = AtomicU64::new(0);

/// What the service works by.
#[derive(Clone)]
pub struct Plan {
    /// The configuration of the two paths.
    pub settings: Settings,
    /// Every upstream, with its card.
    pub targets: Vec<Target>,
    /// The rules of the decision.
    pub rules: Rules,
    /// The digest of rules and targets, as [`policy_digest`] gives it.
    pub policy: Digest,
    /// The models that can be called, by their target's name.
    pub models: Models,
    /// Those that turn texts into vectors.
    pub embedders: Embedders,
    /// Those that weigh texts.
    pub rerankers: Rerankers,
    serial: u64,
}

impl Plan {
    /// A plan over these parts, with the digest of what decides.
    pub fn new(
        settings: Settings,
        (targets, rules): (Vec<Target>, Rules),
        models: Models,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            policy: policy_digest(&rules, &targets)?,
            settings,
            targets,
            rules,
            models,
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            embedders: Embedders::new(),
            rerankers: Rerankers::new(),
        })
    }

    /// A number that no other plan of this process has.
    pub const fn serial(&self) -> u64 {
        self.serial
    }

    /// The same, with models that measure texts.
    #[must_use]
    pub fn with_measures(mut self, embedders: Embedders, rerankers: Rerankers) -> Self {
        (self.embedders, self.rerankers) = (embedders, rerankers);
        self
    }

    /// The route of this name, or the first one, among those that `principal` may ask through.
    pub fn route_for(&self, principal: &Principal, name: Option<&str>) -> Result<&Route, NoRoute> {
        let mut open = self.routes_of(principal);
        let found = match name {
            Some(name) => open.find(|route| route.name == name),
            None => open.next(),
        };
        found.ok_or_else(|| NoRoute {
            name: name.unwrap_or_default().to_owned(),
            known: names(self.routes_of(principal)),
        })
    }

    /// From which class on what is found in an answer through this route holds it back.
    pub fn hold_back(&self, route: &Route) -> Option<Class> {
        route.hold_back.into_iter().chain(self.settings.hold_back).min()
    }

    /// The routes that `principal` may ask through.
    pub fn routes_of(&self, principal: &Principal) -> impl Iterator<Item = &Route> {
        let routes = self.settings.routes.iter();
        routes.filter(|route| principal.may_ask(&route.name))
    }

    /// What a million tokens cost at a target, where its card says so.
    pub fn price(&self, target: &str) -> Option<&Price> {
        let named = self.targets.iter().find(|other| other.name == target);
        named.and_then(|target| target.card.price.known())
    }

    /// The route's targets, in its order. The configuration has seen to it that each exists.
    pub fn targets_of<'a>(&'a self, route: &'a Route) -> impl Iterator<Item = &'a Target> {
        let by_name = |name: &String| self.targets.iter().find(|target| &target.name == name);
        route.targets.iter().filter_map(by_name)
    }
}

/// There is no such route, or it is not open to whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRoute {
    /// The name that was asked for.
    pub name: String,
    /// The routes that are open, by their names.
    pub known: String,
}

/// The plan that requests take now.
pub struct InForce(ArcSwap<Plan>);

impl InForce {
    /// Begins with this one.
    pub fn new(plan: Plan) -> Self {
        Self(ArcSwap::from_pointee(plan))
    }

    /// The plan of a request that begins now.
    pub fn get(&self) -> Arc<Plan> {
        self.0.load_full()
    }

    /// Has requests that begin from now on take this one. Those that run keep theirs.
    pub fn put(&self, plan: Plan) {
        self.0.store(Arc::new(plan));
    }
}

/// The digest of everything a decision rests on besides the request: rules, cards and attestations.
pub fn policy_digest(rules: &Rules, targets: &[Target]) -> Result<Digest, serde_json::Error> {
    let fields = [serde_json::to_vec(rules)?, serde_json::to_vec(targets)?];
    Ok(Digest::of_fields(fields.iter().map(Vec::as_slice)))
}

fn names<'a>(routes: impl Iterator<Item = &'a Route>) -> String {
    let names: Vec<&str> = routes.map(|route| route.name.as_str()).collect();
    names.join(", ")
}
