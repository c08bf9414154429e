//! A changed configuration that is taken up while the service runs.

use trousseau_core::principal::{Principal, Tenant};
use trousseau_ledger::Durability;
use trousseau_plan::Plan;
use trousseau_retrieval::error::StoreError;
use trousseau_retrieval::library::blocking;

use crate::backup::ledgers;
use crate::commitment::Commitment;
use crate::entry::{self, Event};
use crate::error::GatewayError;
use crate::service::Gateway;

pub use crate::entry::Attested;

/// What was done to the configuration file.
#[derive(Clone, Copy, Debug)]
pub enum Operation<'a> {
    /// It was read anew.
    Reloaded,
    /// An upstream was added on the page.
    UpstreamAdded,
    /// A fact was attested.
    Attested(Attested<'a>),
}

impl<'a> Operation<'a> {
    const fn name(self) -> &'static str {
        match self {
            Self::Reloaded => "reloaded",
            Self::UpstreamAdded => "upstream-added",
            Self::Attested(_) => "attested",
        }
    }

    const fn attested(self) -> Option<Attested<'a>> {
        match self {
            Self::Attested(attested) => Some(attested),
            Self::Reloaded | Self::UpstreamAdded => None,
        }
    }
}

/// What is told of a change in the ledger.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// What was done to the file.
    pub operation: Operation<'a>,
    /// The tables of the file that are others than before.
    pub tables: &'a [&'a str],
}

impl Gateway {
    /// Has requests that begin from now on be answered by `plan`; those that run keep theirs. Every ledger of this replica
    /// says so first, under the pseudonym of `by` there; where one cannot, the plan of before stays.
    pub async fn take_up(&self, plan: Plan, by: &Principal, change: Change<'_>) -> Result<(), GatewayError> {
        let before = self.plan();
        let (policy, earlier) = (plan.policy.to_string(), before.policy.to_string());
        self.enter_everywhere(by, |actor| {
            Event::Configuration(entry::Configuration {
                operation: change.operation.name(),
                actor,
                changed: change.tables,
                before: &earlier,
                policy: &policy,
                attested: change.operation.attested(),
            })
        })
        .await?;
        self.put(plan);
        Ok(())
    }

    /// Enters what concerns everybody in every ledger of this replica, under the pseudonym of `by` there.
    pub(crate) async fn enter_everywhere<'a>(
        &self,
        by: &Principal,
        event: impl Fn(Commitment) -> Event<'a>,
    ) -> Result<(), GatewayError> {
        let now = (self.now)();
        let mut tenants = self.tenants_with_ledgers().await?;
        if !tenants.contains(&by.tenant) {
            tenants.push(by.tenant.clone());
        }
        for tenant in &tenants {
            let log = self.logs.log(tenant, &self.records, now).await?;
            let actor = log.pseudonym(tenant, &self.records, &by.user).await?;
            log.append(now, event(actor), Durability::Request).await?;
        }
        Ok(())
    }

    /// Opens every ledger that this replica has, which closes what an earlier run left without an outcome: a service that nobody
    /// asks anything has settled it all the same. One that cannot be opened keeps nobody from the others.
    pub async fn settle_ledgers(&self) -> Result<(), GatewayError> {
        let mut settled = Ok(());
        for tenant in self.tenants_with_ledgers().await? {
            if let Err(error) = self.logs.log(&tenant, &self.records, (self.now)()).await {
                tracing::error!(%tenant, %error, "what an earlier run left in a ledger could not be closed");
                settled = Err(error);
            }
        }
        settled
    }

    /// The tenants that have a ledger of this replica.
    async fn tenants_with_ledgers(&self) -> Result<Vec<Tenant>, GatewayError> {
        let data = self.logs.data().to_path_buf();
        let there = blocking(move || ledgers(&data))
            .await?
            .map_err(StoreError::File)?;
        let replica = self.plan().settings.replica.clone();
        let of_this = there.into_iter().filter(|(_, of)| *of == replica);
        Ok(of_this.map(|(tenant, _)| tenant).collect())
    }
}
