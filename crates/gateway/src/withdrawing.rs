//! Withdrawing a provider, a country or an upstream while the service runs, and lifting that again.
//!
//! A withdrawal is on disk and in force before the ledgers tell of it: it must not wait for a disk that is slow or full. Where
//! a ledger cannot be written, or the other replicas cannot be told, whoever withdrew hears of that, and the withdrawal stands.

use jiff::Timestamp;
use trousseau_core::principal::Principal;
use trousseau_policy::decide::is_out;
use trousseau_policy::withdrawn::Withdrawn;
use trousseau_withdrawals::{Running, What, Withdrawal, WithdrawalError};

use crate::entry::{self, Event};
use crate::error::GatewayError;
use crate::service::Gateway;

/// How many random bytes name a withdrawal.
const ID_BYTES: usize = 4;

/// A drill that really withdraws something: see [`entry::Drill`].
#[derive(Debug)]
pub struct Drilled {
    /// `begun` or `ended`.
    pub operation: &'static str,
    /// The ids of the withdrawals.
    pub withdrawals: Vec<String>,
    /// When they end by themselves.
    pub until: Timestamp,
    /// The routes that were foretold to die.
    pub died: Vec<String>,
    /// The routes that answered from elsewhere.
    pub answered: Vec<String>,
}

impl Gateway {
    /// Withdraws something, in the name of `by`. Requests that begin from now on do not go there, nor do further calls of
    /// those that run; answers that are being made there end as `running` says.
    pub async fn withdraw(
        &self,
        by: &Principal,
        what: What,
        (until, running): (Option<Timestamp>, Running),
    ) -> Result<Withdrawal, GatewayError> {
        let now = (self.now)();
        let mut id = [0; ID_BYTES];
        getrandom::fill(&mut id)?;
        let withdrawal = Withdrawal {
            id: id.iter().map(|byte| format!("{byte:02x}")).collect(),
            what,
            since: now,
            until,
            running,
            by: by.user.clone(),
        };
        let told = self.withdrawals.withdraw(withdrawal.clone(), now).await;
        if let Err(error @ (WithdrawalError::File { .. } | WithdrawalError::Damaged { .. })) = told {
            return Err(error.into());
        }
        self.enter_withdrawal(by, "withdrawn", &withdrawal).await?;
        told?;
        Ok(withdrawal)
    }

    /// Lifts the withdrawal with this id, in the name of `by`.
    pub async fn lift(&self, by: &Principal, id: &str) -> Result<Withdrawal, GatewayError> {
        let now = (self.now)();
        let lifted = self.withdrawals.raise(id, now).await?;
        self.enter_withdrawal(by, "lifted", &lifted).await?;
        Ok(lifted)
    }

    /// The upstreams of the plan in force that a withdrawal concerns.
    pub fn concerned(&self, withdrawal: &Withdrawal) -> Vec<String> {
        let mut withdrawn = Withdrawn::default();
        withdrawal.add_to(&mut withdrawn);
        let plan = self.plan();
        let out = plan.targets.iter().filter(|target| is_out(target, &withdrawn));
        out.map(|target| target.name.clone()).collect()
    }

    /// Tells the ledgers of a drill, in the name of `by`.
    pub async fn enter_drill(&self, by: &Principal, drill: &Drilled) -> Result<(), GatewayError> {
        self.enter_everywhere(by, |actor| {
            Event::Drill(entry::Drill {
                operation: drill.operation,
                actor,
                withdrawals: &drill.withdrawals,
                until: drill.until,
                died: &drill.died,
                answered: &drill.answered,
            })
        })
        .await
    }

    async fn enter_withdrawal(
        &self,
        by: &Principal,
        operation: &str,
        withdrawal: &Withdrawal,
    ) -> Result<(), GatewayError> {
        let name = withdrawal.what.name();
        self.enter_everywhere(by, |actor| {
            Event::Withdrawal(entry::Withdrawal {
                operation,
                actor,
                withdrawal: &withdrawal.id,
                what: withdrawal.what.kind(),
                name: &name,
                until: withdrawal.until,
                running: withdrawal.running.name(),
            })
        })
        .await
    }
}
