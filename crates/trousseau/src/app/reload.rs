//! The configuration file, read anew while a server runs.
//!
//! All of it is resolved, every secret and certificate is opened, and the ledgers tell of it before anything changes;
//! whatever is at fault on the way, the configuration of before stays.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::MutexGuard;
use trousseau_config::{Changes, Config};
use trousseau_core::principal::Principal;
use trousseau_gateway::configuration::{Change, Operation};
use trousseau_gateway::error::GatewayError;
use trousseau_retrieval::library::blocking;

use super::{App, models, plan};
use crate::failure::Failure;

impl App {
    /// Takes up what the file says now, in the name of `by`. Requests that run go on as they began.
    pub(crate) async fn reload(&self, by: &Principal) -> Result<Changes, Failure> {
        let _one_at_a_time = self.changing.lock().await;
        self.take_up(by, Operation::Reloaded).await
    }

    /// To be held by whoever writes the configuration file.
    pub(crate) async fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().await
    }

    /// The same, for whoever holds `changing` and did `operation`.
    pub(crate) async fn take_up(&self, by: &Principal, operation: Operation<'_>) -> Result<Changes, Failure> {
        let (running, file, data) = (self.config(), self.file(), self.data.clone());
        let read = blocking(move || {
            let fresh = if file.is_file() || running.file.is_some() {
                Config::load(&file)
            } else {
                Config::without_file()
            };
            let (config, changes) = running.renewed(fresh.map_err(Failure::config)?, &data);
            let opened = models::open(&config)?;
            Ok::<_, Failure>((config, changes, opened))
        });
        let (config, changes, opened) = read.await.map_err(GatewayError::from)??;
        let plan = plan(&config, opened)?;
        if changes.taken_up.is_empty() {
            // The same settings over certificates that may have been renewed.
            self.gateway.put(plan);
        } else {
            let tables = changes.tables();
            let change = Change {
                operation,
                tables: &tables,
            };
            self.gateway.take_up(plan, by, change).await?;
        }
        self.config.store(Arc::new(config));
        Ok(changes)
    }

    /// The configuration file: the one that was named, or the one in the data folder, whether or not it is there.
    pub(crate) fn file(&self) -> PathBuf {
        let named = self.config().file.clone();
        named.unwrap_or_else(|| self.data.join("trousseau.toml"))
    }
}
