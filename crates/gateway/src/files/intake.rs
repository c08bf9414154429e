//! Sees to it that registered tasks are worked on: one worker for each tenant, and at most one that waits its turn.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trousseau_core::principal::Tenant;

use crate::service::Gateway;

/// How long is waited before work that failed as a whole is taken up again.
const AGAIN: Duration = Duration::from_secs(10);

/// Works on tasks beside the requests that registered them.
#[derive(Default)]
pub struct Intake {
    waiting: Arc<StdMutex<HashSet<Tenant>>>,
    turns: StdMutex<HashMap<Tenant, Arc<Mutex<()>>>>,
    workers: TaskTracker,
    stop: CancellationToken,
}

impl Intake {
    /// Removes what broken uploads left, and takes up the tasks that an earlier process left.
    pub async fn begin(&self, gateway: &Arc<Gateway>) {
        match gateway.sweep_uploads().await {
            Ok(0) => {}
            Ok(swept) => tracing::info!(swept, "uploads that had broken off were removed"),
            Err(error) => tracing::warn!(%error, "uploads that have broken off were not looked for"),
        }
        match gateway.library.store().tenants_at_work().await {
            Ok(tenants) => tenants.iter().for_each(|tenant| self.wake(gateway, tenant)),
            Err(error) => tracing::warn!(%error, "tasks that were left were not looked for"),
        }
    }

    /// Has the tasks of a tenant worked on that are registered now.
    pub fn wake(&self, gateway: &Arc<Gateway>, tenant: &Tenant) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever waits already will see these tasks too.
        if !waiting.insert(tenant.clone()) {
            return;
        }
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(tenant.clone()).or_default())
        };
        let (gateway, waiting) = (Arc::clone(gateway), Arc::clone(&self.waiting));
        let (tenant, stop) = (tenant.clone(), self.stop.clone());
        self.workers.spawn(async move {
            let working = async {
                let _turn = turn.lock().await;
                waiting
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&tenant);
                work(&gateway, &tenant).await;
            };
            // Tasks outlive whoever works on them: the next start goes on.
            stop.run_until_cancelled(working).await;
        });
    }

    /// Ends, wherever the work is.
    pub async fn close(&self) {
        self.stop.cancel();
        self.workers.close();
        self.workers.wait().await;
    }
}

async fn work(gateway: &Gateway, tenant: &Tenant) {
    while let Err(error) = gateway.ingest_unheard(tenant).await {
        tracing::error!(%tenant, %error, "documents are not taken in; trying again");
        sleep(AGAIN).await;
    }
}
