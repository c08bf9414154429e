//! `GET /api/upstreams`: every target with its card, what it may see, and how its last calls went, for administrators.
//!
//! What the router knows of a target is beside it: whether it is left alone, how much it has to do, how soon it answers.
//!
//! How calls went is held in memory since the server started, or took up another configuration: nothing is called to find
//! out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State as Extracted;
use http::Uri;
use jiff::Timestamp;
use serde_json::{Value, json};
use trousseau_core::error::Explain as _;
use trousseau_core::label::{Class, Label};
use trousseau_core::model::ModelError;
use trousseau_gateway::answer::Answered;
use trousseau_gateway::error::GatewayError;
use trousseau_plan::Plan;
use trousseau_policy::decide::{About, Target};
use trousseau_policy::eligibility::would_make_eligible;
use trousseau_routing::{State, TargetState};

use super::query::Pairs;
use super::refusal::Refusal;
use super::{Caller, Server};

/// How the last calls of each target went, since the plan that is in force was put there: under another one the same
/// name may be another server.
#[derive(Default)]
pub(super) struct Sightings(Mutex<(Weak<Plan>, HashMap<String, Seen>)>);

/// How the last calls of one target went.
#[derive(Clone, Default)]
struct Seen {
    succeeded: Option<Timestamp>,
    failed: Option<(Timestamp, String)>,
}

impl Sightings {
    /// Takes in how the calls for one answer went.
    fn note(&self, plan: &Arc<Plan>, ended: &Result<Answered, GatewayError>, now: Timestamp) {
        let (attempts, success) = match ended {
            // An answer that is given again says nothing of its target.
            Ok(answered) if answered.repeats.is_some() => (&[] as &[_], None),
            Ok(answered) => (answered.attempts.as_slice(), Some(answered.target.as_str())),
            Err(GatewayError::Exhausted { attempts, .. }) => (attempts.as_slice(), None),
            Err(_) => (&[] as &[_], None),
        };
        let mut held = self.hold(plan);
        let seen = &mut held.1;
        // The other codes are of targets that were not asked, or not waited for.
        for attempt in attempts
            .iter()
            .filter(|attempt| attempt.error.starts_with("model-"))
        {
            seen.entry(attempt.target.clone()).or_default().failed = Some((now, attempt.error.clone()));
        }
        if let Err(GatewayError::Broken { error, .. }) = ended {
            seen.entry(target(error)).or_default().failed = Some((now, error.code().to_owned()));
        }
        if let Some(target) = success {
            seen.entry(target.to_owned()).or_default().succeeded = Some(now);
        }
    }

    fn of(&self, plan: &Arc<Plan>, target: &str) -> Seen {
        self.hold(plan).1.get(target).cloned().unwrap_or_default()
    }

    fn hold(&self, plan: &Arc<Plan>) -> MutexGuard<'_, (Weak<Plan>, HashMap<String, Seen>)> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::ptr::eq(held.0.as_ptr(), Arc::as_ptr(plan)) {
            *held = (Arc::downgrade(plan), HashMap::new());
        }
        held
    }
}

impl Server {
    /// Counts how an answer ended, and notes how its targets did.
    pub(super) fn note_ended(
        &self,
        route: &str,
        ended: &Result<Answered, GatewayError>,
        first: Option<Duration>,
    ) {
        self.metrics.answered(route, ended, first);
        self.sightings
            .note(&self.gateway.plan(), ended, (self.gateway.now)());
    }
}

/// The target that an error is about.
fn target(error: &ModelError) -> String {
    let fields = error.fields().into_iter();
    let named = fields.filter(|(name, _)| *name == "target");
    named.map(|(_, target)| target).next().unwrap_or_default()
}

/// `GET /api/upstreams`: in the order of the configuration.
pub(super) async fn list(
    Extracted(server): Extracted<Arc<Server>>,
    _caller: Caller,
    uri: Uri,
) -> Result<Json<Value>, Refusal> {
    Pairs::of(&uri)?.end()?;
    let plan = server.gateway.plan();
    let states = server.gateway.router.states(Instant::now());
    let state = |name: &str| states.iter().find(|state| state.name == name);
    let shown = |target: &Target| shown(&server, &plan, (target, state(&target.name)));
    let upstreams = plan.targets.iter().map(shown);
    Ok(Json(json!({ "upstreams": upstreams.collect::<Value>() })))
}

fn shown(server: &Server, plan: &Arc<Plan>, (target, known): (&Target, Option<&TargetState>)) -> Value {
    let gateway = &server.gateway;
    let seen = server.sightings.of(plan, &target.name);
    let routes = plan.settings.routes.iter();
    let routes = routes.filter(|route| route.targets.contains(&target.name));
    let now = (gateway.now)();
    let withdrawn = gateway.withdrawals.in_force(now);
    let about = About {
        time: plan.settings.local_time(now),
        withdrawn: withdrawn.as_deref(),
        ..About::default()
    };
    let classes = Class::ALL.into_iter().map(|class| {
        let label = Label::of(class);
        let missing = would_make_eligible(target, &label, about, &plan.rules, gateway.today());
        json!({ "class": class, "permitted": missing.is_empty(), "missing": missing })
    });
    let failed = seen.failed.as_ref();
    let state = match (seen.succeeded, failed.map(|(at, _)| *at)) {
        (None, None) => "unseen",
        (Some(succeeded), Some(failed)) if failed > succeeded => "failing",
        (None, Some(_)) => "failing",
        (Some(_), _) => "answering",
    };
    json!({
        "name": target.name,
        "model": plan.models.get(&target.name).map(|model| model.name()),
        "routes": routes.map(|route| &route.name).collect::<Vec<_>>(),
        "card": target.card,
        "attestations": target.attestations,
        "classes": classes.collect::<Value>(),
        "state": state,
        "last_success": seen.succeeded.map(|at| at.to_string()),
        "last_failure": failed.map(|(at, code)| json!({ "code": code, "at": at.to_string() })),
        "breaker": known.map_or(State::Closed, |known| known.breaker).name(),
        "opens_in_seconds": known.and_then(|known| known.opens_in).map(|time| time.as_secs_f64().ceil() as u64),
        "in_flight": known.map_or(0, |known| known.in_flight),
        "queued": known.map_or(0, |known| known.queued),
        "latency_ms": known.and_then(|known| known.latency).map(|time| time.as_secs_f64() * 1e3),
        "alive": known.and_then(|known| known.alive),
    })
}
