//! The service over HTTP: OpenAI's API, and Trousseau's own below `/api/`.
//!
//! From the wire inwards: [`serve`] accepts connections and ends them (what they are below HTTP is in
//! `trousseau-connections`), `envelope` is around every request (its id, its place among those in flight, its line in
//! the log), [`routes`] is the one table of what can be called and by whom, and then there is one file per resource, such
//! as `chat`, `models` or `records`; `live` are the answers that go on whether or not somebody listens. A resource's
//! handlers are thin: they read the wire's shape, call the gateway, and write the wire's shape.
//!
//! What every resource reads and refuses alike, and how what goes wrong is put into words, is in `trousseau-request`.

mod auth;
mod auth_admin;
mod auth_cookie;
mod caller;
mod chat;
mod citations;
mod configuration;
pub mod control;
mod conversations;
mod cross_origin;
mod drills;
mod envelope;
mod explain;
mod feed;
mod files;
mod health;
mod ledger;
mod live;
mod messages;
mod metrics;
mod models;
mod page;
mod proofs;
mod ratelimit;
mod records;
mod report;
mod responses;
pub mod routes;
mod scim;
pub mod serve;
pub mod settings;
mod stock;
mod store_files;
mod upload;
mod upstreams;
mod usage;
mod vector_stores;
mod vectors;
mod withdrawals;

use std::sync::Arc;

use tokio::sync::{Mutex, Semaphore};
use tokio_util::task::TaskTracker;
use trousseau_core::principal::Tenant;

pub use trousseau_connections::client::Client;
pub use trousseau_connections::{network, tls};

pub use caller::Caller;
pub use health::Health;
pub use metrics::Metrics;
pub use routes::{Access, ROUTES, Route, router};
pub use serve::{Listener, ServeError, serve};
pub use settings::Settings;
pub use trousseau_page::{Logo, LogoError};
pub use trousseau_request::language::{Language, Texts};
pub use trousseau_request::{AuthError, HttpError, language, refusal};
use trousseau_request::{auth_error, body, error, query, segment};

use control::{Control, Fixed};
use live::Register;
use trousseau_accounts::Accounts;
use trousseau_connections::places::Connections;
use trousseau_gateway::files::intake::Intake;
use trousseau_gateway::service::Gateway;
use trousseau_page::Page;
use upstreams::Sightings;

/// What every request is answered with.
pub struct Server {
    /// The two paths.
    pub gateway: Arc<Gateway>,
    /// Who may ask.
    pub accounts: Arc<Accounts>,
    /// The words for people.
    pub texts: Arc<dyn Texts>,
    /// The configuration.
    pub settings: Settings,
    /// Whether requests are welcome.
    pub health: Health,
    /// What is counted.
    pub metrics: Metrics,
    /// Who changes the configuration.
    control: Arc<dyn Control>,
    /// The answers being made; one goes on when its client has hung up, until its outcome is recorded.
    answers: TaskTracker,
    /// Those among them that go on whether or not somebody listens.
    live: Register,
    /// What works on the tasks of files.
    intake: Intake,
    /// How the last calls of the targets went.
    sightings: Sightings,
    connections: Arc<Connections>,
    page: Page,
    logo: Option<Logo>,
    /// Held while a whole ledger is read.
    verifying: Mutex<()>,
    slots: Arc<Semaphore>,
    /// When the routes were made known, in seconds since 1970.
    since: i64,
}

impl Server {
    /// Puts the parts together; nothing is listened on yet.
    pub fn new(
        gateway: Arc<Gateway>,
        accounts: Arc<Accounts>,
        texts: Arc<dyn Texts>,
        settings: Settings,
    ) -> Self {
        Self {
            intake: Intake::default(),
            since: (gateway.now)().as_second(),
            gateway,
            accounts,
            texts,
            health: Health::default(),
            metrics: Metrics::new(),
            control: Arc::new(Fixed),
            sightings: Sightings::default(),
            answers: TaskTracker::new(),
            live: Register::new(settings.limits.requests),
            connections: Arc::new(Connections::new(settings.limits.connections)),
            page: Page::embedded(&settings.base_path),
            logo: None,
            verifying: Mutex::default(),
            slots: Arc::new(Semaphore::new(settings.limits.requests)),
            settings,
        }
    }

    /// The same, with a picture of the organisation's on the page.
    #[must_use]
    pub fn with_logo(mut self, logo: Logo) -> Self {
        self.logo = Some(logo);
        self
    }

    /// The same, with a configuration that can change.
    #[must_use]
    pub fn with_control(mut self, control: Arc<dyn Control>) -> Self {
        self.control = control;
        self
    }

    /// Has the tasks of a tenant worked on that are registered now.
    fn wake(&self, tenant: &Tenant) {
        self.intake.wake(&self.gateway, tenant);
    }

    /// Goes on with a step to its end, also when its client hangs up.
    async fn see_through<T, E>(
        &self,
        step: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, refusal::Refusal>
    where
        T: Send + 'static,
        E: Send + 'static,
        refusal::Refusal: From<E>,
    {
        let ended = self.answers.spawn(step).await;
        Ok(ended.map_err(|_| HttpError::Failed)??)
    }
}
