//! The directory that people sign in at: put together from the configuration, and asked again while they are signed in.

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use trousseau_config::{Config, Directory as Described};
use trousseau_directory::{Directory, Settings};

use crate::app::{App, models};
use crate::failure::Failure;
use crate::secret;

/// The directory that the configuration describes, reached with the authorities of `[egress]` and its own.
pub(crate) fn open(described: &Described, config: &Config) -> Result<Directory, Failure> {
    let mut egress = config.egress.clone();
    egress.ca_files.extend(described.ca_files.iter().cloned());
    let tls = models::network(&egress)?.plain_tls()?;
    let reader = match &described.reader {
        Some((name, place)) => Some((name.clone(), secret::open(place)?)),
        None => None,
    };
    let settings = Settings {
        reader,
        ..described.settings.clone()
    };
    Ok(Directory::new(settings, tls))
}

/// Asks the directory from time to time who is still there.
pub(crate) async fn refresh(app: &App, stop: &CancellationToken) {
    let config = app.config();
    let Some(described) = &config.directory else {
        return;
    };
    let mut rounds = interval(described.refresh);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(rounds.tick()).await.is_some() {
        let Ok(accounts) = app.accounts().await else {
            continue;
        };
        match accounts.refresh_directory((app.gateway.now)()).await {
            Ok(refreshed) => {
                let (signed_out, changed) = (refreshed.signed_out.len(), refreshed.changed.len());
                if signed_out + changed > 0 {
                    tracing::info!(
                        signed_out,
                        changed,
                        "the directory says something else than before"
                    );
                }
            }
            Err(error) => tracing::error!(%error, "who is still in the directory is not known"),
        }
    }
}
