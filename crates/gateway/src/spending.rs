//! What a request may cost, reserved before it is sent, and what it did cost, settled afterwards.
//!
//! What is reserved is never less than what can come of one call: where a limit counts tokens or money, an answer ends after as
//! many tokens as the request says, or the configuration.

use jiff::Timestamp;
use trousseau_core::chat::{ChatAnswer, ChatRequest};
use trousseau_core::permit::Permit;
use trousseau_core::principal::Principal;
use trousseau_ledger::Durability;
use trousseau_limits::{Asked, Price, Rates, Refused, Reserved, Turned, tokens};
use trousseau_plan::Plan;
use trousseau_policy::explanation::Explanation;

use crate::entry::{self, Event};
use crate::error::GatewayError;
use crate::masked::Disguise;
use crate::service::Gateway;

impl Gateway {
    /// Turns a request away that no limit would let in now, whatever comes of it.
    pub(crate) fn check_limits(&self, plan: &Plan, principal: &Principal) -> Result<(), GatewayError> {
        let spending = &plan.settings.spending;
        let counting = self.limits.counting(spending, principal);
        if counting.is_empty() {
            return Ok(());
        }
        let now = (self.now)();
        let checked = self.limits.check(&counting, spending, now);
        checked.map_err(|refused| self.turn_away(principal, refused, now))
    }

    /// Reserves what a decided request may cost at most. One that no place may see costs nothing but that it is a request.
    pub(crate) async fn reserve_cost(
        &self,
        plan: &Plan,
        principal: &Principal,
        (request, explanation): (&mut ChatRequest, &Explanation),
        disguise: Option<&Disguise>,
    ) -> Result<Reserved, GatewayError> {
        let spending = &plan.settings.spending;
        let counting = self.limits.counting(spending, principal);
        if counting.is_empty() {
            return Ok(Reserved::default());
        }
        let now = (self.now)();
        let targets = explanation.permits().map(Permit::target);
        let prices: Vec<Price<'_>> = targets.map(|target| price(plan, target)).collect();
        let masked = disguise.map(|disguise| tokens::bytes(disguise.request()));
        let mut asked = Asked {
            bytes: tokens::bytes(request).max(masked.unwrap_or_default()),
            prices: &prices,
            otherwise: spending.otherwise,
            ..Asked::default()
        };
        if counting.costs() && !prices.is_empty() {
            let output = request.sampling.max_tokens.get_or_insert(spending.output_tokens);
            asked.output = u64::from(*output);
            asked.input = tokens::most_read(request, asked.bytes);
        }
        let reserved = if self.limits.is_shared() {
            Box::pin(self.limits.admit(counting, spending, &asked, now)).await
        } else {
            self.limits.reserve(counting, spending, &asked, now)
        };
        reserved.map_err(|refused| self.turn_away(principal, refused, now))
    }

    /// Counts what came of a request in the place of what was reserved for it.
    pub(crate) fn settle_cost(
        &self,
        reserved: Reserved,
        plan: &Plan,
        (target, answer): (Option<&str>, &ChatAnswer),
    ) {
        let price = target.map_or(Price::Unknown, |target| price(plan, target));
        let otherwise = plan.settings.spending.otherwise;
        reserved.settle_answer(answer, (price, otherwise), (self.now)());
    }

    /// Enters in the ledger whom limits turned away since the last time: one entry for an account, whatever the number.
    pub async fn record_turned(&self) -> Result<(), GatewayError> {
        let mut all = self.limits.take_turned().into_iter();
        while let Some(one) = all.next() {
            if let Err(error) = self.enter_turned(&one).await {
                self.limits.keep_turned(std::iter::once(one).chain(all));
                return Err(error);
            }
        }
        Ok(())
    }

    async fn enter_turned(&self, turned: &Turned) -> Result<(), GatewayError> {
        let (tenant, now) = (&turned.tenant, (self.now)());
        let log = self.logs.log(tenant, &self.records, now).await?;
        let event = Event::Turned(entry::Turned {
            operation: "requests-refused",
            account: log.pseudonym(tenant, &self.records, &turned.user).await?,
            since: turned.since,
            reasons: &turned.reasons,
        });
        log.append(now, event, Durability::Request).await?;
        Ok(())
    }

    fn turn_away(&self, principal: &Principal, refused: Box<Refused>, now: Timestamp) -> GatewayError {
        self.limits.note_turned(principal, &refused, now);
        GatewayError::Limited(refused)
    }
}

/// What a place asks for tokens. On own premises nobody is paid by the token, unless its card says so.
fn price<'a>(plan: &'a Plan, target: &str) -> Price<'a> {
    let Some(target) = plan.targets.iter().find(|other| other.name == target) else {
        return Price::Unknown;
    };
    match target.card.price.known() {
        Some(price) => {
            let rates = Rates {
                input: price.input,
                output: price.output,
            };
            Price::Known(rates, &price.currency)
        }
        None if target.card.on_own_premises() => Price::Free,
        None => Price::Unknown,
    }
}
