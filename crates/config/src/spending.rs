//! `[[limit]]` and `[spending]`: who may spend what.

use std::sync::Arc;

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};
use trousseau_core::principal::Tenant;
use trousseau_limits::{Allowance, Budget, CURRENCY, Limit, Money, Period, Rates, Spending, Whose};

use super::faults::Faults;

/// What the names of limits of keys begin with, which are the keys' ids.
const OF_KEYS: &str = "key-";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimit {
    pub(super) name: String,
    key: Option<String>,
    user: Option<String>,
    group: Option<String>,
    tenant: Option<String>,
    #[serde(default)]
    each: bool,
    requests_per_minute: Option<u64>,
    tokens_per_minute: Option<u64>,
    budget: Option<RawBudget>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBudget {
    tokens: Option<u64>,
    money: Option<f64>,
    currency: Option<String>,
    per: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawSpending {
    output_tokens: Option<usize>,
    unknown_price: Option<RawRates>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRates {
    input: f64,
    output: f64,
}

pub(super) fn resolve(
    limits: Vec<RawLimit>,
    spending: &RawSpending,
    zone: TimeZone,
    faults: &mut Faults,
) -> Spending {
    faults.names("limit", limits.iter().map(|limit| limit.name.as_str()));
    let usual = Spending::default();
    let key = "spending.output_tokens";
    let output = faults.number(
        key,
        spending.output_tokens,
        1..=1_000_000,
        usual.output_tokens as usize,
    );
    let otherwise = spending.unknown_price.as_ref().map(|rates| {
        for (name, price) in [("input", rates.input), ("output", rates.output)] {
            if Money::of_units(price).is_none() {
                faults.value(
                    &format!("spending.unknown_price.{name}"),
                    &price.to_string(),
                    "0.5",
                );
            }
        }
        Rates {
            input: rates.input,
            output: rates.output,
        }
    });
    Spending {
        limits: limits
            .into_iter()
            .map(|raw| Arc::new(limit(raw, faults)))
            .collect(),
        output_tokens: u32::try_from(output).unwrap_or(usual.output_tokens),
        otherwise,
        zone,
    }
}

fn limit(raw: RawLimit, faults: &mut Faults) -> Limit {
    let place = format!("limit.{}", raw.name);
    if raw.name.starts_with(OF_KEYS) {
        faults.value("limit.name", &raw.name, "staff, everyone-each-day");
    }
    let whose = whose(&raw, &place, faults);
    let budget = raw.budget.map(|budget| self::budget(budget, &place, faults));
    let allowance = Allowance {
        requests_per_minute: raw.requests_per_minute,
        tokens_per_minute: raw.tokens_per_minute,
        budget: budget.flatten(),
    };
    if allowance.is_empty() {
        faults.missing(&format!(
            "{place}.requests_per_minute, tokens_per_minute or budget"
        ));
    }
    if let Err(invalid) = allowance.check() {
        let currency = allowance.budget.as_ref().map(|budget| budget.currency.as_str());
        let (found, expected) = match invalid.field {
            "budget" => ("per", "tokens = 1000000, money = 50"),
            "budget.currency" => (currency.unwrap_or_default(), "EUR, CHF, USD"),
            _ => ("0", "1.."),
        };
        faults.value(&format!("{place}.{}", invalid.field), found, expected);
    }
    Limit {
        name: raw.name,
        whose,
        each: raw.each,
        allowance,
    }
}

fn whose(raw: &RawLimit, place: &str, faults: &mut Faults) -> Whose {
    let tenant = raw.tenant.as_ref().map(|name| {
        Tenant::new(name.as_str()).unwrap_or_else(|_| {
            faults.value(&format!("{place}.tenant"), name, "a-z, 0-9, -");
            Tenant::default()
        })
    });
    let of = tenant.clone().unwrap_or_default();
    match (&raw.key, &raw.user, &raw.group) {
        (None, None, None) => tenant.map_or(Whose::Everyone, Whose::Tenant),
        (Some(name), None, None) => Whose::Key(of, name.clone()),
        (None, Some(name), None) => Whose::User(of, name.clone()),
        (None, None, Some(name)) => Whose::Group(of, name.clone()),
        _ => {
            faults.value(place, "key, user, group", "key, user or group");
            Whose::Everyone
        }
    }
}

fn budget(raw: RawBudget, place: &str, faults: &mut Faults) -> Option<Budget> {
    let per: Option<Period> = raw.per.parse().ok();
    if per.is_none() {
        faults.value(&format!("{place}.budget.per"), &raw.per, "day, week, month");
    }
    let money = raw.money.map(|units| {
        Money::of_units(units).unwrap_or_else(|| {
            faults.value(&format!("{place}.budget.money"), &units.to_string(), "50, 12.5");
            Money(1)
        })
    });
    Some(Budget {
        tokens: raw.tokens,
        money,
        currency: raw.currency.unwrap_or_else(|| CURRENCY.to_owned()),
        per: per?,
    })
}

/// A limit as it would be written.
pub(super) fn shown(limit: &Limit) -> Value {
    let mut shown = json!({
        "name": limit.name,
        "tenant": limit.whose.tenant(),
        "each": limit.each,
        "requests_per_minute": limit.allowance.requests_per_minute,
        "tokens_per_minute": limit.allowance.tokens_per_minute,
        "budget": limit.allowance.budget,
    });
    if let Whose::Key(..) | Whose::User(..) | Whose::Group(..) = limit.whose {
        shown[limit.whose.kind()] = limit.whose.name().into();
    }
    shown
}

/// `[spending]` as it would be written.
pub(super) fn shown_spending(spending: &Spending) -> Value {
    json!({
        "output_tokens": spending.output_tokens,
        "unknown_price": spending.otherwise.map(|rates| json!({ "input": rates.input, "output": rates.output })),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::Config;

    /// The places of the faults of a file that says this.
    fn faults(text: &str) -> Vec<String> {
        let Err(crate::ConfigError::Faults { faults, .. }) = Config::parse(text, None) else {
            panic!("{text} has no fault");
        };
        let place = |fault: &crate::Fault| fault.fields.first().map(|(_, place)| place.clone());
        faults.iter().filter_map(place).collect()
    }

    #[test]
    fn every_fault_of_a_limit_is_told() {
        let text = r#"
            [[limit]]
            name = "a"
            key = "portal"
            group = "hr"
            tenant = "Not One"
            requests_per_minute = 0
            [[limit]]
            name = "a"
            [[limit]]
            name = "key-1"
            tokens_per_minute = 1
            [[limit]]
            name = "b"
            budget = { money = -1.0, per = "year" }
            [[limit]]
            name = "c"
            budget = { per = "day" }
            [spending]
            output_tokens = 0
            unknown_price = { input = -1.0, output = 1.0 }
        "#;
        assert_eq!(
            faults(text),
            [
                "limit",
                "spending.output_tokens",
                "spending.unknown_price.input",
                "limit.a.tenant",
                "limit.a",
                "limit.a.requests_per_minute",
                "limit.a.requests_per_minute, tokens_per_minute or budget",
                "limit.name",
                "limit.b.budget.per",
                "limit.b.budget.money",
                "limit.b.requests_per_minute, tokens_per_minute or budget",
                "limit.c.budget",
            ]
        );
    }

    #[test]
    fn a_limit_that_is_changed_is_taken_up_and_named() {
        let limit =
            |most: u64| format!("[[limit]]\nname = \"day\"\nuser = \"anne\"\nrequests_per_minute = {most}\n");
        let (one, two) = (limit(1), limit(2));
        let parse = |text: &str| Config::parse(text, None).unwrap();
        let (renewed, changes) = parse(&one).renewed(parse(&two), Path::new("/data"));
        assert_eq!(changes.taken_up.iter().collect::<Vec<_>>(), ["limit.day"]);
        let limit = &renewed.settings.spending.limits[0];
        assert_eq!(
            (
                limit.allowance.requests_per_minute,
                limit.whose.to_string().as_str()
            ),
            (Some(2), "user:anne")
        );
        assert_eq!(changes.tables(), ["limit"], "without the names of people");
    }

    #[test]
    fn a_place_without_a_price_is_named_where_a_budget_is_of_money() {
        let text = |price: &str, more: &str| {
            format!(
                "[[upstream]]\nname = \"a\"\nkind = \"openai\"\nurl = \"https://a.example/v1\"\nmodel = \"m\"\n\
                 card = {{ premises = \"network\"{price} }}\n[[upstream]]\nname = \"own\"\nkind = \"extractive\"\n\
                 [[limit]]\nname = \"money\"\nbudget = {{ money = 1, per = \"day\" }}\n{more}"
            )
        };
        let warned = |text: &str| {
            let today = trousseau_policy::date::Date::LAST;
            let warnings = Config::parse(text, None).unwrap().warnings(today);
            warnings
                .iter()
                .filter(|fault| fault.code == "config-unpriced")
                .count()
        };
        let price =
            |currency: &str| format!(", price = {{ input = 1.0, output = 1.0, currency = \"{currency}\" }}");
        assert_eq!(warned(&text("", "")), 1);
        assert_eq!(warned(&text(&price("USD"), "")), 1);
        assert_eq!(warned(&text(&price("EUR"), "")), 0);
        assert_eq!(
            warned(&text(
                "",
                "[spending]\nunknown_price = { input = 1.0, output = 2.0 }\n"
            )),
            0
        );
    }
}
