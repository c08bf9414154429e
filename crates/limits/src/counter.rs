//! What one limit has counted, for all that share it or for one account.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::limit::Allowance;
use super::money::Money;
use super::period::{Period, Span};
use super::refused::What;
use super::share::{Share, THINGS, place};
use super::window::Window;

/// A clock that is set back by less than this across the beginning of a period leaves that period begun, in milliseconds.
const SET_BACK: i64 = 3_600_000;

/// Tokens, and what they cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub tokens: u64,
    pub money: Money,
}

impl Cost {
    const fn plus(self, more: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(more.tokens),
            money: self.money.plus(more.money),
        }
    }

    const fn less(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_sub(other.tokens),
            money: self.money.less(other.money),
        }
    }
}

/// One thing that is limited, and how far it is used. Money is in billionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    pub what: What,
    pub most: u64,
    pub used: u64,
    /// By requests that run.
    pub reserved: u64,
    /// How much of what is used other replicas hold.
    pub elsewhere: u64,
}

impl Measure {
    /// Whether nothing more is let in.
    pub(crate) const fn is_full(&self) -> bool {
        self.used.saturating_add(self.reserved) >= self.most
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Counter {
    requests: Window,
    tokens: Window,
    /// How often `span` changes, once that was looked at.
    per: Option<Period>,
    /// The period that `spent` is of.
    pub span: Span,
    pub spent: Cost,
    pub reserved: Cost,
    /// Whether what is kept on the disk is another.
    pub changed: bool,
    /// What this replica may use of each thing, and what others hold.
    pub shares: [Share; THINGS],
    /// Whether somebody has asked for something of it since others were last told.
    pub touched: bool,
}

impl Counter {
    /// One that an earlier run left.
    pub(crate) fn kept(span: Span, spent: Cost) -> Self {
        Self {
            span,
            spent,
            ..Self::default()
        }
    }

    /// Everything that `allowance` limits. Requests that run have used tokens of a minute and of a period already.
    pub(crate) fn measures(
        &mut self,
        allowance: &Allowance,
        now: Timestamp,
        zone: &TimeZone,
    ) -> [Option<Measure>; 4] {
        if let Some(budget) = &allowance.budget {
            self.roll(budget.per, now, zone);
        }
        let [requests, tokens] = self.minute(now.as_millisecond());
        let (spent, reserved) = (self.spent, self.reserved);
        let measure = |what, most: Option<u64>, used: u64, reserved| {
            let elsewhere = self.shares[place(what)].elsewhere;
            most.map(|most| Measure {
                what,
                most,
                used: used.saturating_add(elsewhere),
                reserved,
                elsewhere,
            })
        };
        let budget = allowance.budget.as_ref();
        let in_tokens = budget.and_then(|budget| budget.tokens);
        let in_money = budget.and_then(|budget| budget.money).map(|most| most.0);
        [
            measure(What::Requests, allowance.requests_per_minute, requests, 0),
            measure(What::Tokens, allowance.tokens_per_minute, tokens, reserved.tokens),
            measure(What::BudgetTokens, in_tokens, spent.tokens, reserved.tokens),
            measure(What::BudgetMoney, in_money, spent.money.0, reserved.money.0),
        ]
    }

    /// Requests and tokens of the last minute, here.
    pub(crate) fn minute(&mut self, at: i64) -> [u64; 2] {
        [self.requests.sum(at), self.tokens.sum(at)]
    }

    /// When there is something left again, in milliseconds since 1970; `None` where that depends on requests that run.
    pub(crate) fn free(&mut self, measure: &Measure, at: i64) -> Option<i64> {
        if measure.used < measure.most {
            return None;
        }
        // What others hold of a minute is theirs to tell.
        let here = measure
            .most
            .checked_sub(measure.elsewhere)
            .filter(|here| *here > 0);
        let wait = match measure.what {
            What::Requests => self.requests.wait(at, here?),
            What::Tokens => self.tokens.wait(at, here?),
            What::BudgetTokens | What::BudgetMoney | What::Unpriced | What::Away => {
                return Some(self.span.until);
            }
        };
        Some(at.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX)))
    }

    /// In how many milliseconds nothing of the last minute counts any more.
    pub(crate) fn empty_in(&mut self, what: What, at: i64) -> Option<u64> {
        match what {
            What::Requests => Some(self.requests.empty_in(at)),
            What::Tokens => Some(self.tokens.empty_in(at)),
            What::BudgetTokens | What::BudgetMoney | What::Unpriced | What::Away => None,
        }
    }

    /// Lets a request in.
    pub(crate) fn reserve(&mut self, allowance: &Allowance, cost: Cost, at: i64) {
        if allowance.requests_per_minute.is_some() {
            self.requests.add(at, 1);
        }
        self.reserved = self.reserved.plus(cost);
    }

    /// Takes a reservation back.
    pub(crate) fn release(&mut self, reserved: Cost) {
        self.reserved = self.reserved.less(reserved);
    }

    /// Counts what a request did cost, in the period that is now.
    pub(crate) fn spend(&mut self, allowance: &Allowance, cost: Cost, now: Timestamp, zone: &TimeZone) {
        if allowance.tokens_per_minute.is_some() {
            self.tokens.add(now.as_millisecond(), cost.tokens);
        }
        if let Some(budget) = &allowance.budget {
            self.roll(budget.per, now, zone);
            self.spend_here(cost);
        }
    }

    /// Counts in the period that was last looked at.
    pub(crate) fn spend_here(&mut self, cost: Cost) {
        self.spent = self.spent.plus(cost);
        self.changed = true;
    }

    /// Whether nothing of it matters any more.
    pub(crate) fn is_over(&mut self, at: i64) -> bool {
        let quiet = self.requests.sum(at) == 0 && self.tokens.sum(at) == 0;
        quiet && self.reserved == Cost::default() && (self.span.until <= at || self.spent == Cost::default())
    }

    /// Begins anew where another period has begun.
    fn roll(&mut self, per: Period, now: Timestamp, zone: &TimeZone) {
        let at = now.as_millisecond();
        let known = self.per == Some(per);
        if known && self.span.has(at) {
            return;
        }
        let span = per.around(now, zone);
        self.per = Some(per);
        if span == self.span {
            return;
        }
        if span.from > self.span.from {
            // What is spent in a period is not spent in the next, and neither is what others hold.
            self.spent = Cost::default();
            self.shares[place(What::BudgetTokens)] = Share::default();
            self.shares[place(What::BudgetMoney)] = Share::default();
        } else if known && self.span.from.saturating_sub(at) < SET_BACK {
            return;
        }
        self.span = span;
        self.changed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::super::limit::Budget;
    use super::*;

    fn daily(tokens: u64) -> Allowance {
        Allowance {
            budget: Some(Budget {
                tokens: Some(tokens),
                money: None,
                currency: "EUR".to_owned(),
                per: Period::Day,
            }),
            ..Allowance::default()
        }
    }

    /// What is spent of a day's budget, looked at from there.
    fn spent(counter: &mut Counter, now: &str) -> u64 {
        let now = now.parse().unwrap();
        let zone = TimeZone::get("Europe/Paris").unwrap();
        counter.measures(&daily(10), now, &zone)[2].unwrap().used
    }

    fn after_midnight() -> Counter {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let mut counter = Counter::default();
        let spend = |counter: &mut Counter, tokens, now: &str| {
            let cost = Cost {
                tokens,
                money: Money(0),
            };
            counter.spend(&daily(10), cost, now.parse().unwrap(), &zone);
        };
        spend(&mut counter, 4, "2026-11-30T22:59:59Z");
        assert_eq!(spent(&mut counter, "2026-11-30T22:59:59Z"), 4);
        spend(&mut counter, 3, "2026-11-30T23:00:00Z");
        counter
    }

    #[test]
    fn a_day_begins_anew_at_midnight_where_the_organisation_is() {
        assert_eq!(spent(&mut after_midnight(), "2026-11-30T23:00:01Z"), 3);
        assert_eq!(spent(&mut after_midnight(), "2026-12-01T22:59:59Z"), 3);
        assert_eq!(spent(&mut after_midnight(), "2026-12-01T23:00:00Z"), 0);
    }

    #[test]
    fn a_clock_set_back_over_midnight_gives_nothing_back_and_takes_nothing_for_ever() {
        let mut counter = after_midnight();
        assert_eq!(spent(&mut counter, "2026-11-30T22:59:00Z"), 3);
        assert_eq!(
            spent(&mut counter, "2026-11-30T23:00:10Z"),
            3,
            "midnight comes once"
        );
        // A clock that was years ahead.
        let mut counter = after_midnight();
        assert_eq!(spent(&mut counter, "2031-01-01T12:00:00Z"), 0);
        counter.spend_here(Cost {
            tokens: 9,
            money: Money(0),
        });
        assert_eq!(spent(&mut counter, "2026-12-01T12:00:00Z"), 9);
        assert_eq!(spent(&mut counter, "2026-12-02T12:00:00Z"), 0);
    }

    #[test]
    fn the_days_on_which_clocks_change_are_one_day_each() {
        for (begin, last, next) in [
            (
                "2026-03-28T23:00:00Z",
                "2026-03-29T21:59:59Z",
                "2026-03-29T22:00:00Z",
            ),
            (
                "2026-10-24T22:00:00Z",
                "2026-10-25T22:59:59Z",
                "2026-10-25T23:00:00Z",
            ),
        ] {
            let mut counter = Counter::default();
            assert_eq!(spent(&mut counter, begin), 0);
            counter.spend_here(Cost {
                tokens: 9,
                money: Money(0),
            });
            assert_eq!(
                (spent(&mut counter, last), spent(&mut counter, next)),
                (9, 0),
                "{begin}"
            );
        }
    }

    #[test]
    fn another_period_for_the_same_limit_keeps_what_it_can() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let mut counter = after_midnight();
        let mut monthly = daily(100);
        monthly.budget.as_mut().unwrap().per = Period::Month;
        let now = "2026-12-01T12:00:00Z".parse().unwrap();
        assert_eq!(counter.measures(&monthly, now, &zone)[2].unwrap().used, 3);
        let later = "2026-12-20T12:00:00Z".parse().unwrap();
        assert_eq!(counter.measures(&monthly, later, &zone)[2].unwrap().used, 3);
        assert_eq!(spent(&mut counter, "2026-12-20T12:00:00Z"), 0);
    }
}
