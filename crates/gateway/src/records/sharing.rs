//! Replicas that share a database have their records in common; see [`trousseau_exchange`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use trousseau_exchange::{BROUGHT, Exchange, Gone};
use trousseau_retrieval::error::StoreError;
use trousseau_state::{Held, Postgres};

use super::{EntryId, Records};
use crate::error::GatewayError;
use crate::service::Gateway;

impl Gateway {
    /// Brings to the database of the replicas what waits here; where `looks`, also takes from there what the others brought. What they
    /// erased is no answer any more.
    pub async fn share_records(&self, looks: bool) -> Result<(), GatewayError> {
        let Some(exchange) = &self.records.exchange else {
            return Ok(());
        };
        let shared = exchange.round(looks).await;
        let gone = exchange.take_gone();
        if !gone.is_empty() {
            let mut records = BTreeSet::new();
            for gone in gone {
                match gone {
                    Gone::Record(tenant, entry) => drop(records.insert((tenant, entry.to_string()))),
                    Gone::Subject(tenant) => self.logs.forget_pseudonyms(&tenant).await,
                }
            }
            let is = |tenant, entry: &EntryId| records.contains(&(tenant, entry.to_string()));
            self.answers.forget(|kept| is(kept.tenant.clone(), &kept.entry));
        }
        Ok(shared?)
    }

    /// How many changes of records wait to be brought to the other replicas, and what is wrong with that; none where there are no others.
    pub fn records_waiting(&self) -> Option<(u64, Option<String>)> {
        self.records.exchange.as_ref().map(Exchange::health)
    }
}

/// Whether one looks again, after a moment.
pub(super) async fn look_again(until: Option<Instant>) -> bool {
    let again = until.is_some_and(|until| Instant::now() < until);
    if again {
        tokio::time::sleep(BROUGHT / 2).await;
    }
    again
}

impl Records {
    /// Has them in common with other replicas over a database, under the name of this one; or, without one, with nobody.
    pub async fn share(mut self, with: Option<(&Arc<Postgres>, &str)>) -> Result<Self, StoreError> {
        if self.writing.is_some() {
            match with {
                Some((postgres, replica)) => {
                    self.exchange = Some(Exchange::open(&self.database, postgres, replica).await?);
                }
                None => trousseau_exchange::end(&self.database).await?,
            }
        }
        Ok(self)
    }

    /// Until when one looks for a record that another replica may be about to bring.
    pub(super) fn awaits(&self, entry: &EntryId) -> Option<Instant> {
        self.exchange.as_ref().and_then(|exchange| exchange.awaits(entry))
    }

    /// Brings at once what became another here.
    pub(super) async fn tell(&self) {
        if let Some(exchange) = &self.exchange {
            Box::pin(exchange.tell()).await;
        }
    }

    /// Alone among replicas with something; none while another is at it.
    pub(super) async fn alone(&self, with: &str) -> Result<Option<Option<Held>>, StoreError> {
        match &self.exchange {
            Some(exchange) => Ok(exchange.alone(with).await?.map(Some)),
            None => Ok(Some(None)),
        }
    }

    /// The end of that.
    pub(super) async fn release(&self, held: Option<Held>) {
        if let (Some(exchange), Some(held)) = (&self.exchange, held) {
            exchange.release(held).await;
        }
    }
}
