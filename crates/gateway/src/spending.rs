//! What a request may cost, reserved before it is sent, and what it did cost, settled afterwards.
//!
//! What is reserved is never less than what can come of one call: where a limit counts tokens or money, an answer ends after as
//! many tokens as the request says, or the configuration.

use jiff::Timestamp;
use trousseau_core::chat::{ChatAnswer, ChatRequest};
use trousseau_core::permit::Permit;
use trousseau_core::principal::Principal;
use trousseau_ledger::Durability;
use trousseau_limits::{Asked, Counting, Price, Rates, Refused, Reserved, Spent, Standing, Turned, tokens};
use trousseau_plan::Plan;
use trousseau_policy::decide::Decision;

use crate::entry::{self, Event};
use crate::error::GatewayError;
use crate::service::Gateway;

/// What is kept for a request that was let in.
#[derive(Default)]
pub(crate) struct Held {
    pub reserved: Reserved,
    /// The bytes that are read.
    bytes: u64,
}

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
    pub(crate) fn reserve_cost(
        &self,
        plan: &Plan,
        principal: &Principal,
        (request, decision): (&mut ChatRequest, &Decision),
    ) -> Result<Held, GatewayError> {
        let spending = &plan.settings.spending;
        let counting = self.limits.counting(spending, principal);
        if counting.is_empty() {
            return Ok(Held::default());
        }
        let now = (self.now)();
        let bytes = tokens::bytes(request);
        let targets = decision.permitted.iter().map(Permit::target);
        let prices: Vec<Price<'_>> = targets.map(|target| price(plan, target)).collect();
        let mut asked = Asked {
            prices: &prices,
            otherwise: spending.otherwise,
            ..Asked::default()
        };
        if counting.costs() && !prices.is_empty() {
            let output = request.sampling.max_tokens.get_or_insert(spending.output_tokens);
            asked.output = u64::from(*output);
            asked.input = tokens::most_read(request, bytes);
        }
        let reserved = self.limits.reserve(counting, spending, &asked, now);
        let reserved = reserved.map_err(|refused| self.turn_away(principal, refused, now))?;
        Ok(Held { reserved, bytes })
    }

    /// Counts what a request did cost: what was counted where somebody counts, what came of it otherwise. What failed or was
    /// given up before anything came costs nothing.
    pub(crate) fn settle_cost(&self, held: Held, plan: &Plan, target: Option<&str>, answer: &ChatAnswer) {
        if !held.reserved.is_counted() {
            return;
        }
        let (input, output) = tokens::spent(answer, held.bytes);
        let spent = Spent {
            input,
            output,
            price: target.map_or(Price::Unknown, |target| price(plan, target)),
            otherwise: plan.settings.spending.otherwise,
        };
        let is_something = input > 0 || output > 0;
        held.reserved.settle(is_something.then_some(&spent), (self.now)());
    }

    /// The limits that count what a principal asks.
    pub fn counting(&self, plan: &Plan, principal: &Principal) -> Counting {
        self.limits.counting(&plan.settings.spending, principal)
    }

    /// How far these limits are used.
    pub fn standings(&self, plan: &Plan, counting: &Counting) -> Vec<Standing> {
        self.limits.mine(counting, &plan.settings.spending, (self.now)())
    }

    /// How far every limit is used.
    pub fn all_standings(&self) -> Vec<Standing> {
        self.limits.all(&self.plan().settings.spending, (self.now)())
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
