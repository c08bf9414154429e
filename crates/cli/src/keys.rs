//! `trousseau keys` and `trousseau limits`, as they are typed.

use clap::{Args, Subcommand, ValueEnum};
use trousseau_limits::{Money, Period};

use super::{Allowed, Expiry};

#[derive(Debug, Subcommand)]
pub enum Keys {
    Create(Box<KeyCreate>),
    List,
    Revoke(KeyRevoke),
}

#[derive(Debug, Args)]
pub struct KeyCreate {
    #[arg(long, value_name = "NAME")]
    pub name: String,
    #[command(flatten)]
    pub allowed: Allowed,
    #[arg(long, value_name = "DATE")]
    pub expires: Option<Expiry>,
    #[command(flatten)]
    pub limited: Limited,
}

#[derive(Debug, Args)]
pub struct KeyRevoke {
    #[arg(value_name = "KEY")]
    pub key: String,
}

/// What may be spent with a key.
#[derive(Debug, Args)]
pub struct Limited {
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub requests_per_minute: Option<u64>,
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub tokens_per_minute: Option<u64>,
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub budget_tokens: Option<u64>,
    #[arg(long, value_name = "AMOUNT", value_parser = money)]
    pub budget_money: Option<Money>,
    #[arg(long, value_name = "CODE", default_value = trousseau_limits::CURRENCY)]
    pub budget_currency: String,
    #[arg(long, value_name = "PERIOD", default_value = "month")]
    pub budget_per: PeriodName,
}

/// A period, as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PeriodName {
    Day,
    Week,
    Month,
}

impl From<PeriodName> for Period {
    fn from(name: PeriodName) -> Self {
        match name {
            PeriodName::Day => Self::Day,
            PeriodName::Week => Self::Week,
            PeriodName::Month => Self::Month,
        }
    }
}

/// An amount of money, with a point or a comma.
fn money(text: &str) -> Result<Money, InvalidMoney> {
    let units = text.replace(',', ".").parse().ok();
    let money = units.and_then(Money::of_units).filter(|money| *money > Money(0));
    money.ok_or(InvalidMoney)
}

/// A text that is no amount of money.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("an amount is a number above 0, such as 12.50")]
pub struct InvalidMoney;

#[derive(Debug, Subcommand)]
pub enum Limits {
    Show,
}
