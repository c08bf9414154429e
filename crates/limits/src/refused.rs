//! A request that a limit does not let in: which limit, whose, how far it is used, and when it is free again.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use trousseau_core::error::{ErrorKind, Explain};

use super::limit::{Limit, Whose};
use super::money::Money;
use super::period::Period;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Requests in a minute.
    Requests,
    /// Tokens in a minute.
    Tokens,
    /// Tokens in a period.
    BudgetTokens,
    /// Money in a period.
    BudgetMoney,
    /// Money in a period, where nobody knows what a request would cost.
    Unpriced,
    /// What this replica may use, while the database that several share is away.
    Away,
}

impl What {
    /// Its name in JSON and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::BudgetTokens => "budget-tokens",
            Self::BudgetMoney => "budget-money",
            Self::Unpriced => "unpriced",
            Self::Away => "away",
        }
    }

    /// An amount of it, as people read it.
    pub fn told(self, amount: u64) -> String {
        match self {
            Self::BudgetMoney | Self::Unpriced | Self::Away => Money(amount).to_string(),
            Self::Requests | Self::Tokens | Self::BudgetTokens => amount.to_string(),
        }
    }
}

/// Why a request is not let in.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the limit {name:?} of {whose} is reached: {} of {} {}", .what.told(*.used), .what.told(*.most), .what.name())]
pub struct Refused {
    /// What is used up.
    pub what: What,
    /// The limit's name.
    pub name: String,
    /// Whose it is.
    pub whose: Whose,
    /// Whether it is the caller's alone, among those whose it is.
    pub each: bool,
    /// How much there is; money in billionths, as below.
    pub most: u64,
    /// How much of it is used.
    pub used: u64,
    /// How much more requests that run may use.
    pub reserved: u64,
    /// The currency of money.
    pub currency: String,
    /// The period of a budget.
    pub per: Option<Period>,
    /// When there is something left again; `None` where that depends on requests that run, or on the configuration.
    pub free: Option<Timestamp>,
    /// After how many seconds to try again.
    pub wait: u64,
    /// Where the reader of `free` is.
    pub zone: TimeZone,
}

impl Refused {
    pub(crate) fn of(limit: &Limit, what: What, zone: &TimeZone) -> Self {
        let budget = limit.allowance.budget.as_ref();
        Self {
            what,
            name: limit.name.clone(),
            whose: limit.whose.clone(),
            each: limit.each,
            most: 0,
            used: 0,
            reserved: 0,
            currency: budget.map(|budget| budget.currency.clone()).unwrap_or_default(),
            per: budget.map(|budget| budget.per),
            free: None,
            wait: 1,
            zone: zone.clone(),
        }
    }

    /// OpenAI's word for it: whether it is spent, or only too much at the moment.
    pub const fn kind_of_limit(&self) -> &'static str {
        if self.is_spent() {
            "insufficient_quota"
        } else {
            "rate_limit_exceeded"
        }
    }

    /// Whether a budget is spent, or cannot be spent: trying again soon is of no use.
    pub const fn is_spent(&self) -> bool {
        match self.what {
            What::BudgetTokens | What::BudgetMoney => self.used >= self.most,
            What::Unpriced => true,
            What::Requests | What::Tokens | What::Away => false,
        }
    }

    /// The moment from which there is something left, as a clock on the wall shows it, and where that hangs.
    fn told_free(&self) -> String {
        let Some(free) = self.free else {
            return String::new();
        };
        let local = free.to_zoned(self.zone.clone());
        let zone = self.zone.iana_name().unwrap_or("UTC");
        format!("{} ({zone})", local.strftime("%Y-%m-%d %H:%M"))
    }
}

impl Explain for Refused {
    fn kind(&self) -> ErrorKind {
        match self.what {
            What::Away => ErrorKind::Unavailable,
            What::Requests | What::Tokens | What::BudgetTokens | What::BudgetMoney | What::Unpriced => {
                ErrorKind::Throttled
            }
        }
    }

    fn code(&self) -> &'static str {
        match self.what {
            What::Requests => "limit-requests",
            What::Tokens => "limit-tokens",
            What::BudgetTokens | What::BudgetMoney => "limit-budget",
            What::Unpriced => "limit-unpriced",
            What::Away => "limit-away",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let whose = if self.each { "own" } else { self.whose.kind() };
        let unit = match self.what {
            What::BudgetMoney | What::Unpriced | What::Away => self.currency.clone(),
            What::Requests | What::Tokens | What::BudgetTokens => "tokens".to_owned(),
        };
        vec![
            ("limit", self.name.clone()),
            ("kind", whose.to_owned()),
            ("name", self.whose.name().to_owned()),
            ("used", self.what.told(self.used)),
            ("reserved", self.what.told(self.reserved)),
            ("most", self.what.told(self.most)),
            ("unit", unit),
            (
                "per",
                self.per.map(|per| per.name().to_owned()).unwrap_or_default(),
            ),
            (
                "running",
                if self.free.is_none() { "yes" } else { "no" }.to_owned(),
            ),
            ("free", self.told_free()),
            ("seconds", self.wait.to_string()),
        ]
    }
}
