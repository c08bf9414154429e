//! Health checks: whether the upstreams are there whose configuration asks for it, and no others.
//!
//! A check asks for the list of models, with the upstream's own key and through the configured way out; nothing of anybody is
//! sent. An upstream that the rules permit for nothing, not even for what is public, is not called for this either. What is
//! found goes to the router, which leaves an upstream alone that is not there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::time::{interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use trousseau_config::Config;
use trousseau_core::label::{Class, Label};
use trousseau_policy::decide::About;
use trousseau_policy::eligibility::would_make_eligible;
use trousseau_retrieval::library::blocking;
use trousseau_upstream::Offered;

use crate::app::{App, models};

/// How soon another configuration is followed.
const FOLLOWED: Duration = Duration::from_secs(1);
/// The longest that a check may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// An upstream that is checked.
pub(crate) struct Checked {
    pub(crate) name: String,
    /// How often.
    pub(crate) every: Duration,
    pub(crate) offered: Offered,
}

/// Checks until `stop`, by the configuration that is in force.
pub(crate) async fn run(app: &App, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        let config = app.config();
        let checked = open(Arc::clone(&config)).await;
        let checks = join_all(checked.iter().map(|checked| checked.watch(app)));
        let following = async {
            tokio::select! {
                _never = checks, if !checked.is_empty() => {}
                () = replaced(app, &config) => {}
            }
        };
        stop.run_until_cancelled(following).await;
        for Checked { name, .. } in &checked {
            app.gateway.router.unchecked(name);
        }
    }
}

async fn open(config: Arc<Config>) -> Vec<Checked> {
    match blocking(move || models::checked(&config)).await {
        Ok(Ok(checked)) => checked,
        // A key or a certificate is gone since the configuration was taken up.
        Ok(Err(failure)) => {
            tracing::error!(error = failure.english(), "upstreams are not checked");
            Vec::new()
        }
        Err(error) => {
            tracing::error!(%error, "upstreams are not checked");
            Vec::new()
        }
    }
}

/// Returns once another configuration is in force.
async fn replaced(app: &App, config: &Arc<Config>) {
    while Arc::ptr_eq(&app.config(), config) {
        sleep(FOLLOWED).await;
    }
}

impl Checked {
    async fn watch(&self, app: &App) {
        let (name, router) = (&self.name, &app.gateway.router);
        let (mut rounds, mut was) = (interval(self.every), true);
        loop {
            rounds.tick().await;
            if !self.is_permitted(app) {
                router.unchecked(name);
                continue;
            }
            let asked = timeout(self.every.min(PATIENCE), self.offered.answers());
            let alive = asked.await.unwrap_or(false);
            if alive != was {
                tracing::warn!(upstream = name, alive, "a health check found another state");
                was = alive;
            }
            router.checked(name, alive, Instant::now());
        }
    }

    /// Whether something may be sent to it at all.
    fn is_permitted(&self, app: &App) -> bool {
        let (gateway, plan) = (&app.gateway, app.gateway.plan());
        let now = (gateway.now)();
        let withdrawn = gateway.withdrawals.in_force(now);
        let about = About {
            time: plan.settings.local_time(now),
            withdrawn: withdrawn.as_deref(),
            ..About::default()
        };
        let label = Label::of(Class::Public);
        let target = plan.targets.iter().find(|target| target.name == self.name);
        target.is_some_and(|target| {
            would_make_eligible(target, &label, about, &plan.rules, gateway.today()).is_empty()
        })
    }
}
