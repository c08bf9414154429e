//! What is counted, for Prometheus. `docs/metrics.md` says what each metric means; a test compares the two.
//!
//! Labels take their values from the configuration and from this program only, never from what a client sends.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{Method, header};
use metrics::{Key, Label, Level, Metadata, Recorder, SharedString};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use super::Server;
use super::refusal::Refusal;
use trousseau_connections::process;
use trousseau_gateway::answer::Answered;
use trousseau_gateway::entry::{Attempt, State as Ended};
use trousseau_gateway::error::GatewayError;
use trousseau_plan::Plan;
use trousseau_routing::{State as Breaker, TargetState};

/// The upper bounds of durations, in seconds.
const SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0,
];

const METADATA: Metadata<'static> = Metadata::new("trousseau", Level::INFO, None);

/// The kinds of metrics.
#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Every metric: its name, its kind and what it tells.
const METRICS: [(&str, Kind, &str); 25] = [
    (
        REQUESTS,
        Kind::Counter,
        "Requests answered, by path, method and status",
    ),
    (
        DURATION,
        Kind::Histogram,
        "Seconds from a request to the end of its answer, by path",
    ),
    (IN_FLIGHT, Kind::Gauge, "Requests being answered"),
    (CONNECTIONS, Kind::Gauge, "Open connections"),
    (ANSWERS, Kind::Counter, "Questions, by route and how they ended"),
    (
        FIRST_PART,
        Kind::Histogram,
        "Seconds from a question to the first piece of its answer, by route",
    ),
    (TOKENS, Kind::Counter, "Tokens, by route, target and direction"),
    (
        DECISIONS,
        Kind::Counter,
        "Decisions, by data class and the target that answered",
    ),
    (
        TARGET_FAILURES,
        Kind::Counter,
        "Failed calls of targets, by target and error",
    ),
    (
        REPEATED,
        Kind::Counter,
        "Answers that were given again without a call, by route",
    ),
    (
        TARGET_BREAKER,
        Kind::Gauge,
        "1 for the state of a target's breaker, by target and state",
    ),
    (TARGET_CALLS, Kind::Gauge, "Calls of a target that run, by target"),
    (
        TARGET_QUEUED,
        Kind::Gauge,
        "Calls that wait for room at a target, by target",
    ),
    (
        TARGET_LATENCY,
        Kind::Gauge,
        "The recent mean time to a target's first byte, in seconds",
    ),
    (LEDGER_ENTRIES, Kind::Gauge, "Entries in the ledgers"),
    (
        LEDGER_UNPUBLISHED,
        Kind::Gauge,
        "Entries that no checkpoint covers yet",
    ),
    (
        LEDGER_FAILING,
        Kind::Gauge,
        "Ledgers whose last attempt to publish failed",
    ),
    (
        RECORDS_WAITING,
        Kind::Gauge,
        "Changes of records that wait to be brought to the other replicas",
    ),
    (TASKS, Kind::Gauge, "Document tasks, by state"),
    (DRAINING, Kind::Gauge, "1 while the server ends"),
    (BUILD, Kind::Gauge, "Always 1; the version is a label"),
    (MEMORY, Kind::Gauge, "Resident memory of the process, in bytes"),
    (CPU, Kind::Counter, "Processor time of the process, in seconds"),
    (FILES, Kind::Gauge, "Open file descriptors of the process"),
    (THREADS, Kind::Gauge, "Threads of the process"),
];

const REQUESTS: &str = "trousseau_requests_total";
const DURATION: &str = "trousseau_request_duration_seconds";
const IN_FLIGHT: &str = "trousseau_requests_in_flight";
const CONNECTIONS: &str = "trousseau_connections_open";
const ANSWERS: &str = "trousseau_answers_total";
const FIRST_PART: &str = "trousseau_answer_first_part_seconds";
const TOKENS: &str = "trousseau_tokens_total";
const DECISIONS: &str = "trousseau_decisions_total";
const TARGET_FAILURES: &str = "trousseau_target_failures_total";
const REPEATED: &str = "trousseau_answers_cached_total";
const TARGET_BREAKER: &str = "trousseau_target_breaker";
const TARGET_CALLS: &str = "trousseau_target_calls";
const TARGET_QUEUED: &str = "trousseau_target_queued";
const TARGET_LATENCY: &str = "trousseau_target_latency_seconds";
const RECORDS_WAITING: &str = "trousseau_records_waiting";
const LEDGER_ENTRIES: &str = "trousseau_ledger_entries";
const LEDGER_UNPUBLISHED: &str = "trousseau_ledger_unpublished_entries";
const LEDGER_FAILING: &str = "trousseau_ledger_publish_failing";
const TASKS: &str = "trousseau_tasks";
const DRAINING: &str = "trousseau_draining";
const BUILD: &str = "trousseau_build_info";
const MEMORY: &str = "process_resident_memory_bytes";
const CPU: &str = "process_cpu_seconds_total";
const FILES: &str = "process_open_fds";
const THREADS: &str = "process_threads";

/// The metrics of one server.
pub struct Metrics {
    recorder: PrometheusRecorder,
    /// The targets that were shown last.
    shown: Mutex<Vec<String>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Metrics that have counted nothing.
    pub fn new() -> Self {
        let builder = PrometheusBuilder::new();
        // Only an empty list is refused.
        let recorder = builder.set_buckets(&SECONDS).unwrap_or_default().build_recorder();
        for (name, kind, told) in METRICS {
            let told = SharedString::const_str(told);
            match kind {
                Kind::Counter => recorder.describe_counter(name.into(), None, told),
                Kind::Gauge => recorder.describe_gauge(name.into(), None, told),
                Kind::Histogram => recorder.describe_histogram(name.into(), None, told),
            }
        }
        let shown = Mutex::default();
        Self { recorder, shown }
    }

    /// The name of every metric with what it tells.
    pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
        METRICS.into_iter().map(|(name, _, told)| (name, told))
    }

    /// A request is over.
    pub(super) fn request(&self, path: &'static str, method: &Method, status: u16, took: Duration) {
        let labels = vec![
            Label::from_static_parts("path", path),
            Label::from_static_parts("method", known(method)),
            Label::new("status", status.to_string()),
        ];
        self.count(REQUESTS, labels, 1);
        self.time(DURATION, vec![Label::from_static_parts("path", path)], took);
    }

    /// A question is answered, or not.
    pub(super) fn answered(
        &self,
        route: &str,
        ended: &Result<Answered, GatewayError>,
        first: Option<Duration>,
    ) {
        let labels = vec![
            Label::new("route", route.to_owned()),
            Label::from_static_parts("outcome", outcome(ended).name()),
        ];
        self.count(ANSWERS, labels, 1);
        if let Some(first) = first {
            self.time(FIRST_PART, vec![Label::new("route", route.to_owned())], first);
        }
        match ended {
            Ok(answered) => self.made(route, answered),
            Err(GatewayError::Denied { denied, .. }) => self.decided(denied.label.class.name(), ""),
            Err(GatewayError::Exhausted { attempts, .. }) => self.failures(attempts),
            Err(_) => {}
        }
    }

    fn made(&self, route: &str, answered: &Answered) {
        let class = answered.explanation.labelling.label().class;
        self.decided(class.name(), &answered.target);
        self.failures(&answered.attempts);
        let repeated = u64::from(answered.repeats.is_some());
        self.count(REPEATED, vec![Label::new("route", route.to_owned())], repeated);
        let Some(end) = &answered.answer.end else {
            return;
        };
        for (direction, tokens) in [("input", end.usage.input), ("output", end.usage.output)] {
            let labels = vec![
                Label::new("route", route.to_owned()),
                Label::new("target", answered.target.clone()),
                Label::from_static_parts("direction", direction),
            ];
            self.count(TOKENS, labels, tokens);
        }
    }

    fn decided(&self, class: &'static str, target: &str) {
        let labels = vec![
            Label::from_static_parts("class", class),
            Label::new("target", target.to_owned()),
        ];
        self.count(DECISIONS, labels, 1);
    }

    fn failures(&self, attempts: &[Attempt]) {
        for Attempt { target, error } in attempts {
            let labels = vec![
                Label::new("target", target.clone()),
                Label::new("error", error.clone()),
            ];
            self.count(TARGET_FAILURES, labels, 1);
        }
    }

    fn count(&self, name: &'static str, labels: Vec<Label>, more: u64) {
        let key = Key::from_parts(name, labels);
        self.recorder.register_counter(&key, &METADATA).increment(more);
    }

    fn time(&self, name: &'static str, labels: Vec<Label>, took: Duration) {
        let key = Key::from_parts(name, labels);
        let histogram = self.recorder.register_histogram(&key, &METADATA);
        histogram.record(took.as_secs_f64());
    }

    fn show(&self, name: &'static str, labels: Vec<Label>, value: f64) {
        let key = Key::from_parts(name, labels);
        self.recorder.register_gauge(&key, &METADATA).set(value);
    }

    /// What is known of the plan's targets now. One that is gone since they were last shown has nothing to do.
    fn targets(&self, plan: &Plan, states: &[TargetState]) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let present: Vec<String> = plan.targets.iter().map(|target| target.name.clone()).collect();
        for name in shown.iter().filter(|name| !present.contains(name)) {
            self.target(name, None, None);
        }
        for name in &present {
            let known = states.iter().find(|state| state.name == *name);
            let breaker = known.map_or(Breaker::Closed, |known| known.breaker);
            self.target(name, Some(breaker), known);
        }
        *shown = present;
    }

    fn target(&self, name: &str, breaker: Option<Breaker>, known: Option<&TargetState>) {
        let target = || Label::new("target", name.to_owned());
        for state in [Breaker::Closed, Breaker::HalfOpen, Breaker::Open] {
            let labels = vec![target(), Label::from_static_parts("state", state.name())];
            let is = u8::from(breaker == Some(state));
            self.show(TARGET_BREAKER, labels, f64::from(is));
        }
        let (calls, queued) = known.map_or((0, 0), |known| (known.in_flight, known.queued));
        self.show(TARGET_CALLS, vec![target()], calls as f64);
        self.show(TARGET_QUEUED, vec![target()], queued as f64);
        let latency = known.and_then(|known| known.latency).unwrap_or_default();
        self.show(TARGET_LATENCY, vec![target()], latency.as_secs_f64());
    }

    /// Sorts what was recorded into its buckets. Called from time to time, so that memory does not grow while
    /// nobody asks.
    pub(super) fn tidy(&self) {
        self.recorder.handle().run_upkeep();
    }

    /// All of it, in Prometheus' text format.
    fn render(&self) -> String {
        self.recorder.handle().render()
    }
}

/// A method as a label: what clients make up is one value.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn outcome(ended: &Result<Answered, GatewayError>) -> Ended {
    match ended {
        Ok(answered) if answered.answer.abstained() => Ended::Abstained,
        Ok(_) => Ended::Answered,
        Err(GatewayError::Denied { .. } | GatewayError::Limited(_)) => Ended::Refused,
        Err(GatewayError::HungUp { .. }) => Ended::Cancelled,
        Err(_) => Ended::Failed,
    }
}

/// `GET /metrics`. What is not counted on the way is read now.
pub(super) async fn show(State(server): State<Arc<Server>>) -> Result<Response, Refusal> {
    let metrics = &server.metrics;
    let one = |name, value: usize| metrics.show(name, Vec::new(), value as f64);
    let limit = server.settings.limits.requests;
    one(IN_FLIGHT, limit.saturating_sub(server.slots.available_permits()));
    one(CONNECTIONS, server.connections.count());
    one(DRAINING, usize::from(server.health.is_draining()));
    let version = Label::from_static_parts("version", env!("CARGO_PKG_VERSION"));
    metrics.show(BUILD, vec![version], 1.0);
    let ledgers = server.gateway.logs.heads().await;
    metrics.show(LEDGER_ENTRIES, Vec::new(), ledgers.entries as f64);
    metrics.show(LEDGER_UNPUBLISHED, Vec::new(), ledgers.unpublished as f64);
    one(LEDGER_FAILING, ledgers.failing.len());
    let gateway = &server.gateway;
    let waiting = gateway.records_waiting().map_or(0, |(waiting, _)| waiting);
    metrics.show(RECORDS_WAITING, Vec::new(), waiting as f64);
    metrics.targets(&gateway.plan(), &gateway.router.states(Instant::now()));
    let tasks = server.gateway.library.store().tasks_by_state().await;
    for (state, count) in tasks.map_err(GatewayError::from)? {
        let labels = vec![Label::from_static_parts("state", state.name())];
        metrics.show(TASKS, labels, count as f64);
    }
    if let Some(usage) = process::usage() {
        metrics.show(MEMORY, Vec::new(), usage.memory as f64);
        metrics.show(FILES, Vec::new(), usage.files as f64);
        metrics.show(THREADS, Vec::new(), usage.threads as f64);
        let cpu = Key::from_name(CPU);
        let cpu = metrics.recorder.register_counter(&cpu, &METADATA);
        cpu.absolute(usage.cpu.as_secs());
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], metrics.render()).into_response())
}
