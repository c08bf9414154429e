//! The database that several replicas share, where the configuration names one: opened, and followed while a server runs.

use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;
use trousseau_config::Config;
use trousseau_retrieval::database::Access;
use trousseau_state::{Bell, Password, Place, Postgres};

use super::App;
use crate::failure::Failure;
use crate::secret;

/// Reaches the database; nothing where each replica keeps its own state.
pub(crate) async fn open(config: &Config, access: Access) -> Result<Option<Arc<Postgres>>, Failure> {
    let Some(state) = &config.state else {
        return Ok(None);
    };
    let password = state.password.clone().map(|place| -> Password {
        // Opened each time: it may stand in a file that was replaced.
        Box::new(move || {
            let opened = secret::open(&place).map_err(|error| error.to_string())?;
            Ok(opened.reveal().as_ref().clone())
        })
    });
    let place = Place {
        url: state.url.clone(),
        password,
        tls: state.tls,
        authorities: state.authorities.clone(),
        connections: state.connections,
        patience: state.patience,
    };
    Ok(Some(Arc::new(Postgres::open(place, access).await?)))
}

/// Takes up what other replicas change, as soon as the database rings and at least twice a second.
pub(crate) async fn follow(app: &App, stop: &CancellationToken) {
    let Some(postgres) = &app.shared else {
        return stop.cancelled().await;
    };
    let mut bell = Bell::new(Arc::clone(postgres));
    while stop.run_until_cancelled(bell.wait()).await.is_some() {
        if let Err(failure) = app.hear(postgres).await {
            // That it is away was told when that began.
            tracing::debug!(
                error = failure.english(),
                "what other replicas changed was not taken up"
            );
        }
    }
}

/// Brings the records that became others here to the other replicas, and takes theirs.
pub(crate) async fn follow_records(app: &App, stop: &CancellationToken) {
    if app.shared.is_none() {
        return stop.cancelled().await;
    }
    let mut rounds = tokio::time::interval(trousseau_exchange::BROUGHT);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut looked = Instant::now();
    while stop.run_until_cancelled(rounds.tick()).await.is_some() {
        let looks = looked.elapsed() >= trousseau_exchange::LOOKED;
        if looks {
            looked = Instant::now();
        }
        if let Err(error) = app.gateway.share_records(looks).await {
            // What is wrong was told when it began.
            tracing::debug!(%error, "the records were not shared");
            looked = Instant::now();
            let _stopped = stop
                .run_until_cancelled(tokio::time::sleep(trousseau_exchange::LOOKED))
                .await;
        }
    }
}

impl App {
    async fn hear(&self, postgres: &Postgres) -> Result<(), Failure> {
        let news = postgres.news().await?;
        let withdrawals = &self.gateway.withdrawals;
        if news.concerns(trousseau_withdrawals::KIND) || withdrawals.owes() {
            withdrawals.sync((self.gateway.now)()).await?;
        }
        if !news.is_empty() {
            self.accounts().await?.take_up(&news).await?;
            postgres.heard(&news);
        }
        Ok(())
    }
}
