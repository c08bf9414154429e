//! Whatever requests do, in whatever order, and whatever the clock does: no limit is passed by more than one request.

use proptest::prelude::*;

use super::super::cost::{Price, Rates};
use super::super::limit::{Allowance, Budget, Whose};
use super::super::period::Period;
use super::*;

const PRICE: Price<'static> = Price::Known(
    Rates {
        input: 1.0,
        output: 4.0,
    },
    "EUR",
);

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// A request asks for so many tokens to be read and written.
    Ask(u64, u64),
    /// One of those that run ends, having used that share of what it asked for, in hundredths.
    End(prop::sample::Index, u64),
    /// One of them comes to nothing.
    Fail(prop::sample::Index),
    /// One of them is dropped as it runs.
    Drop(prop::sample::Index),
    /// The clock goes on, or is set.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u64..400, 1_u64..400).prop_map(|(input, output)| Step::Ask(input, output)),
        3 => (any::<prop::sample::Index>(), 0_u64..=100).prop_map(|(which, share)| Step::End(which, share)),
        1 => any::<prop::sample::Index>().prop_map(Step::Fail),
        1 => any::<prop::sample::Index>().prop_map(Step::Drop),
        2 => (0_i64..40_000).prop_map(Step::Wait),
        1 => prop_oneof![Just(86_400_000), Just(-86_400_000), Just(-5_000), Just(40 * 86_400_000), Just(-40 * 86_400_000)]
            .prop_map(Step::Wait),
    ]
}

fn limit(name: &str, allowance: Allowance) -> Applied {
    let limit = Limit {
        name: name.to_owned(),
        whose: Whose::Everyone,
        each: false,
        allowance,
    };
    Applied {
        limit: Arc::new(limit),
        counter: String::new(),
    }
}

fn limits() -> Vec<Applied> {
    let budget = |tokens, money, per| Allowance {
        budget: Some(Budget {
            tokens,
            money,
            currency: "EUR".to_owned(),
            per,
        }),
        ..Allowance::default()
    };
    let rates = Allowance {
        requests_per_minute: Some(9),
        tokens_per_minute: Some(1500),
        budget: None,
    };
    vec![
        limit("rates", rates),
        limit("tokens", budget(Some(2500), None, Period::Day)),
        limit("money", budget(None, Money::of_units(0.005), Period::Month)),
    ]
}

/// The dearest that one request can be.
const MOST: Cost = Cost {
    tokens: 800,
    money: Money(2_000_000),
};

struct World {
    book: Book,
    limits: Vec<Applied>,
    running: Vec<(u64, u64, u64)>,
    now: Timestamp,
    zone: TimeZone,
}

impl World {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Ask(input, output) => {
                let asked = Asked {
                    input: *input,
                    output: *output,
                    prices: &[PRICE],
                    otherwise: None,
                    ..Asked::default()
                };
                let limits = self.limits.clone();
                if let Ok(id) = self.book.reserve(limits, &asked, self.now, &self.zone) {
                    self.running.push((id, *input, *output));
                }
            }
            Step::Wait(pause) => {
                let later = self.now.as_millisecond() + pause;
                self.now = Timestamp::from_millisecond(later.max(0)).unwrap();
            }
            Step::End(which, share) => {
                if let Some(one) = self.stop(which) {
                    self.settle(one, *share);
                }
            }
            Step::Fail(which) => {
                if let Some((id, ..)) = self.stop(which) {
                    self.book.release(id);
                }
            }
            Step::Drop(which) => {
                if let Some((id, ..)) = self.stop(which) {
                    self.book.charge(id);
                }
            }
        }
    }

    fn stop(&mut self, which: &prop::sample::Index) -> Option<(u64, u64, u64)> {
        let some = !self.running.is_empty();
        some.then(|| self.running.swap_remove(which.index(self.running.len())))
    }

    fn settle(&mut self, (id, input, output): (u64, u64, u64), share: u64) {
        let spent = Spent {
            input: input * share / 100,
            output: output * share / 100,
            price: PRICE,
            otherwise: None,
        };
        self.book.settle(id, &spent, self.now);
    }

    /// Used, and used with what is reserved, of everything that is limited.
    fn measures(&mut self) -> Vec<Measure> {
        let (now, zone) = (self.now, self.zone.clone());
        let mut all = Vec::new();
        for applied in self.limits.clone() {
            let allowance = &applied.limit.allowance;
            all.extend(
                self.book
                    .counter(&applied)
                    .measures(allowance, now, &zone)
                    .into_iter()
                    .flatten(),
            );
        }
        all
    }
}

proptest! {
    #[test]
    fn no_limit_is_passed_by_more_than_one_request(
        begin in 1_700_000_000_i64..1_900_000_000,
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let mut world = World {
            book: Book::default(),
            limits: limits(),
            running: Vec::new(),
            now: Timestamp::from_second(begin).unwrap(),
            zone: TimeZone::get("Europe/Paris").unwrap(),
        };
        for step in &steps {
            world.take(step);
            for Measure { what, most, used, reserved, .. } in world.measures() {
                let one = match what {
                    What::Requests => 0,
                    What::BudgetMoney => MOST.money.0,
                    _ => MOST.tokens,
                };
                prop_assert!(used + reserved <= most + one, "{:?} after {:?}: {} + {}", what, step, used, reserved);
            }
        }
        // What ends gives everything back that it did not use.
        while let Some((id, ..)) = world.running.pop() {
            world.book.release(id);
        }
        prop_assert!(world.measures().iter().all(|measure| measure.reserved == 0));
        prop_assert!(world.book.all_held().is_empty());
    }

    /// Who is told when to come back is let in then, where nobody else comes.
    #[test]
    fn what_is_told_of_the_end_of_a_wait_holds(
        begin in 1_700_000_000_i64..1_900_000_000,
        asked in prop::collection::vec((0_u64..400, 1_u64..400, 0_i64..20_000), 1..60),
    ) {
        let mut world = World {
            book: Book::default(),
            limits: limits(),
            running: Vec::new(),
            now: Timestamp::from_second(begin).unwrap(),
            zone: TimeZone::get("Europe/Paris").unwrap(),
        };
        for (input, output, pause) in asked {
            world.take(&Step::Ask(input, output));
            if let Some(one) = world.running.pop() {
                world.settle(one, 100);
            }
            world.take(&Step::Wait(pause));
            let limits = world.limits.clone();
            if let Some(refused) = world.book.check(&limits, world.now, &world.zone) {
                let free = refused.free.unwrap();
                let before = Timestamp::from_millisecond(free.as_millisecond() - 1).unwrap();
                prop_assert!(world.book.check(&limits, before, &world.zone).is_some());
                let wait = i64::try_from(refused.wait).unwrap() * 1000;
                prop_assert!(world.now.as_millisecond() + wait >= free.as_millisecond());
                prop_assert!(world.now.as_millisecond() + wait < free.as_millisecond() + 1000);
                world.now = free;
                let still = world.book.check(&limits, world.now, &world.zone);
                prop_assert!(still.is_none(), "{still:?}");
            }
        }
    }
}

/// Why nothing was let in.
fn full(reserved: Result<u64, Short>) -> Box<Refused> {
    match reserved {
        Err(Short::Refused(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_hundred_at_once_pass_a_budget_by_one_request_at_most() {
    let mut book = Book::default();
    let applied = vec![limits().remove(1)];
    let (now, zone) = (Timestamp::UNIX_EPOCH, TimeZone::UTC);
    let asked = Asked {
        input: 100,
        output: 200,
        ..Asked::default()
    };
    let all: Vec<_> = (0..200)
        .map(|_| book.reserve(applied.clone(), &asked, now, &zone))
        .collect();
    let let_in: Vec<u64> = all.iter().filter_map(|one| one.as_ref().ok().copied()).collect();
    assert_eq!(
        let_in.len(),
        9,
        "nine times 300 is the first that is 2500 or more"
    );
    let refused = full(all.into_iter().last().unwrap());
    assert_eq!(
        (refused.what, refused.used, refused.reserved, refused.free),
        (What::BudgetTokens, 0, 2700, None)
    );
    assert!(!refused.is_spent());
    let spent = Spent {
        input: 100,
        output: 200,
        price: Price::Free,
        otherwise: None,
    };
    for id in let_in {
        book.settle(id, &spent, now);
    }
    let refused = full(book.reserve(applied, &asked, now, &zone));
    assert_eq!((refused.used, refused.reserved), (2700, 0));
    assert_eq!(refused.free, Timestamp::from_second(86_400).ok());
    assert!(refused.is_spent());
}

#[test]
fn what_nobody_knows_the_price_of_is_not_bought_with_a_budget_of_money() {
    let mut book = Book::default();
    let (now, zone) = (Timestamp::UNIX_EPOCH, TimeZone::UTC);
    let asked = Asked {
        input: 1,
        output: 1,
        prices: &[PRICE, Price::Unknown],
        otherwise: None,
        ..Asked::default()
    };
    let refused = full(book.reserve(limits(), &asked, now, &zone));
    assert_eq!((refused.what, refused.name.as_str()), (What::Unpriced, "money"));
    assert!(book.all_held().is_empty());
    let otherwise = Some(Rates {
        input: 1.0,
        output: 1.0,
    });
    book.reserve(limits(), &Asked { otherwise, ..asked }, now, &zone)
        .unwrap();
}
