//! What is limited: whose requests, and what they may spend.

use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use trousseau_core::error::{ErrorKind, Explain};
use trousseau_core::principal::{Principal, Tenant};

use super::cost::Rates;
use super::money::Money;
use super::period::Period;

/// The currency of a budget that names none (ISO 4217).
pub const CURRENCY: &str = "EUR";

/// The tokens of an answer that are reserved where a request names no end.
const OUTPUT_TOKENS: u32 = 4096;

/// What the configuration says of spending.
#[derive(Clone, Debug)]
pub struct Spending {
    /// The limits; each that counts a request must let it in.
    pub limits: Vec<Arc<Limit>>,
    /// The most tokens of an answer whose request names no end, where tokens or money are limited.
    pub output_tokens: u32,
    /// What a place whose price nobody knows counts as; without it nothing that is limited in money is sent there.
    pub otherwise: Option<Rates>,
    /// Where days begin.
    pub zone: TimeZone,
}

impl Default for Spending {
    fn default() -> Self {
        Self {
            limits: Vec::new(),
            output_tokens: OUTPUT_TOKENS,
            otherwise: None,
            zone: TimeZone::UTC,
        }
    }
}

/// One limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Names it, also in what is kept of it: under another name it begins anew.
    pub name: String,
    /// Whose requests it counts.
    pub whose: Whose,
    /// Whether each of their accounts has it for itself; otherwise they share it.
    pub each: bool,
    /// What they may spend.
    pub allowance: Allowance,
}

impl Limit {
    /// Whether it counts what this principal asks.
    pub fn counts(&self, principal: &Principal) -> bool {
        let in_tenant = |tenant: &Tenant| *tenant == principal.tenant;
        match &self.whose {
            Whose::Everyone => true,
            Whose::Tenant(tenant) => in_tenant(tenant),
            Whose::Group(tenant, group) => in_tenant(tenant) && principal.groups.contains(group),
            Whose::User(tenant, name) | Whose::Key(tenant, name) => {
                in_tenant(tenant) && principal.user.eq_ignore_ascii_case(name)
            }
        }
    }

    /// The name of the counter among its own that this principal's requests are in.
    pub(crate) fn counter(&self, principal: &Principal) -> String {
        if self.each {
            account(&principal.tenant, &principal.user)
        } else {
            String::new()
        }
    }
}

/// An account in every tenant's namespace of names.
pub(crate) fn account(tenant: &Tenant, user: &str) -> String {
    format!("{tenant}/{user}")
}

/// Whose requests a limit counts. Keys and users are accounts of one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Those of every tenant.
    Everyone,
    /// A tenant's.
    Tenant(Tenant),
    /// Those of the members of a group in a tenant.
    Group(Tenant, String),
    /// A user's.
    User(Tenant, String),
    /// Those that are asked with a key.
    Key(Tenant, String),
}

impl Whose {
    /// What it is: `everyone`, `tenant`, `group`, `user` or `key`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Tenant(_) => "tenant",
            Self::Group(..) => "group",
            Self::User(..) => "user",
            Self::Key(..) => "key",
        }
    }

    /// How it is called; empty for everyone.
    pub fn name(&self) -> &str {
        match self {
            Self::Everyone => "",
            Self::Tenant(tenant) => tenant.as_str(),
            Self::Group(_, name) | Self::User(_, name) | Self::Key(_, name) => name,
        }
    }

    /// The tenant that it is in, where it is in one.
    pub const fn tenant(&self) -> Option<&Tenant> {
        match self {
            Self::Everyone => None,
            Self::Tenant(tenant) | Self::Group(tenant, _) | Self::User(tenant, _) | Self::Key(tenant, _) => {
                Some(tenant)
            }
        }
    }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("*"),
            other => write!(f, "{}:{}", other.kind(), other.name()),
        }
    }
}

/// What may be spent. What is `None` is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Allowance {
    /// How many requests are let in, in any minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u64>,
    /// How many tokens are read and written, in any minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u64>,
    /// What may be spent in a period of the calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

/// What may be spent in a period of the calendar. One of tokens and money at least.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Tokens read and written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Money, at the prices of the upstreams' cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
    /// The currency of the money, by its ISO 4217 code.
    #[serde(default = "euro")]
    pub currency: String,
    /// How often it begins anew.
    pub per: Period,
}

fn euro() -> String {
    CURRENCY.to_owned()
}

impl Allowance {
    /// Whether nothing is limited.
    pub const fn is_empty(&self) -> bool {
        self.requests_per_minute.is_none() && self.tokens_per_minute.is_none() && self.budget.is_none()
    }

    /// Whether what a request costs counts, and not only that it is one.
    pub(crate) const fn costs(&self) -> bool {
        self.tokens_per_minute.is_some() || self.budget.is_some()
    }

    /// Refuses an allowance under which nothing could ever be asked, or which says nothing.
    pub fn check(&self) -> Result<(), InvalidAllowance> {
        let numbers = [
            ("requests_per_minute", self.requests_per_minute),
            ("tokens_per_minute", self.tokens_per_minute),
            (
                "budget.tokens",
                self.budget.as_ref().and_then(|budget| budget.tokens),
            ),
            (
                "budget.money",
                self.budget
                    .as_ref()
                    .and_then(|budget| budget.money)
                    .map(|money| money.0),
            ),
        ];
        if let Some((field, _)) = numbers.iter().find(|(_, number)| *number == Some(0)) {
            return Err(InvalidAllowance { field });
        }
        match &self.budget {
            Some(budget) if budget.tokens.is_none() && budget.money.is_none() => {
                Err(InvalidAllowance { field: "budget" })
            }
            Some(budget) if !is_currency(&budget.currency) => Err(InvalidAllowance {
                field: "budget.currency",
            }),
            Some(_) | None => Ok(()),
        }
    }
}

/// Whether a text has the form of a currency's code.
fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// An allowance that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} of the limits cannot be that")]
pub struct InvalidAllowance {
    /// The field at fault.
    pub field: &'static str,
}

impl Explain for InvalidAllowance {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        "limit-invalid"
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("field", self.field.to_owned())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_counts_those_that_it_names() {
        let tenant = |name: &str| Tenant::new(name).unwrap();
        let mut anne = Principal::operator(tenant("default"));
        anne.user = "anne".to_owned();
        anne.groups.insert("hr".to_owned());
        let named = |whose| Limit {
            name: "x".to_owned(),
            whose,
            each: false,
            allowance: Allowance::default(),
        };
        let hr = || "hr".to_owned();
        for (whose, counts) in [
            (Whose::Everyone, true),
            (Whose::Tenant(tenant("default")), true),
            (Whose::Tenant(tenant("other")), false),
            (Whose::Group(tenant("default"), hr()), true),
            (Whose::Group(tenant("other"), hr()), false),
            (Whose::Group(tenant("default"), "staff".to_owned()), false),
            (Whose::User(tenant("default"), "Anne".to_owned()), true),
            (Whose::Key(tenant("default"), hr()), false),
        ] {
            assert_eq!(named(whose.clone()).counts(&anne), counts, "{whose}");
        }
        let mut limit = named(Whose::Everyone);
        assert_eq!(limit.counter(&anne), "");
        limit.each = true;
        assert_eq!(limit.counter(&anne), "default/anne");
    }

    #[test]
    fn an_allowance_says_something_that_can_be_kept_to() {
        let check = |json: &str| {
            serde_json::from_str::<Allowance>(json)
                .unwrap()
                .check()
                .map_err(|error| error.field)
        };
        assert_eq!(check("{}"), Ok(()));
        assert_eq!(
            check(r#"{"requests_per_minute":1,"budget":{"money":0.5,"per":"day"}}"#),
            Ok(())
        );
        assert_eq!(check(r#"{"requests_per_minute":0}"#), Err("requests_per_minute"));
        assert_eq!(check(r#"{"budget":{"per":"week"}}"#), Err("budget"));
        assert_eq!(
            check(r#"{"budget":{"tokens":0,"per":"week"}}"#),
            Err("budget.tokens")
        );
        assert_eq!(
            check(r#"{"budget":{"money":1,"currency":"euro","per":"week"}}"#),
            Err("budget.currency")
        );
        assert!(serde_json::from_str::<Allowance>(r#"{"budget":{"money":1}}"#).is_err());
    }
}
