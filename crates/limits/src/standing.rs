//! How far a limit is used.

use jiff::Timestamp;
use serde::Serialize;

use super::counter::Measure;
use super::limit::Limit;
use super::money::Money;
use super::period::Period;
use super::refused::What;

/// One thing that a limit counts, and how far it is used. Amounts are requests, tokens, or units of a currency.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// The limit's name.
    pub limit: String,
    /// Whose it is: `everyone`, `tenant`, `group`, `user` or `key`.
    pub kind: &'static str,
    /// How they are called; empty for everyone.
    pub name: String,
    /// The tenant that they are in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Of a limit that each account has for itself: the account, as `tenant/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What is counted.
    pub what: What,
    /// How much there is.
    pub most: f64,
    /// How much is used.
    pub used: f64,
    /// How much more requests that run may use.
    pub reserved: f64,
    /// How much is left.
    pub left: f64,
    /// The currency of money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The period of a budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per: Option<Period>,
    /// Of a budget: when it begins anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Of what is used up: when there is something left again, where that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<Timestamp>,
    /// Of what is counted in a minute: in how many milliseconds nothing is used.
    #[serde(skip)]
    pub empty_in: Option<u64>,
}

impl Standing {
    pub(crate) fn of(limit: &Limit, counter: &str, measure: &Measure) -> Self {
        let budget = limit.allowance.budget.as_ref();
        let budget = budget.filter(|_| matches!(measure.what, What::BudgetTokens | What::BudgetMoney));
        let is_money = measure.what == What::BudgetMoney;
        let amount = |amount: u64| {
            if is_money {
                Money(amount).units()
            } else {
                amount as f64
            }
        };
        let taken = measure.used.saturating_add(measure.reserved);
        Self {
            limit: limit.name.clone(),
            kind: limit.whose.kind(),
            name: limit.whose.name().to_owned(),
            tenant: limit.whose.tenant().map(ToString::to_string),
            account: limit.each.then(|| counter.to_owned()),
            what: measure.what,
            most: amount(measure.most),
            used: amount(measure.used),
            reserved: amount(measure.reserved),
            left: amount(measure.most.saturating_sub(taken)),
            currency: budget.filter(|_| is_money).map(|budget| budget.currency.clone()),
            per: budget.map(|budget| budget.per),
            until: None,
            free: None,
            empty_in: None,
        }
    }
}
