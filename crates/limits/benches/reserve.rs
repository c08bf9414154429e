//! What a request costs in limits: found, reserved, settled, with budgets in the journal.

use std::hint::black_box;
use std::sync::Arc;

use divan::Bencher;
use jiff::Timestamp;
use tokio::runtime::Runtime;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_limits::{
    Allowance, Asked, Budget, Limit, Limits, Period, Price, Rates, Spending, Spent, Whose,
};
use trousseau_retrieval::database::Access;

fn main() {
    divan::main();
}

/// So many limits: rates for each account, then budgets that are shared.
const LIMITS: [(usize, usize); 4] = [(0, 0), (1, 0), (0, 1), (2, 2)];

#[divan::bench(args = LIMITS)]
fn reserve_and_settle(bencher: Bencher<'_, '_>, (rates, budgets): (usize, usize)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = Runtime::new().expect("threads");
    let limits = Arc::new(
        runtime
            .block_on(Limits::open(folder.path(), Access::Write))
            .expect("limits"),
    );
    let limit = |number: usize, each, allowance| Limit {
        name: format!("limit-{number}"),
        whose: Whose::Everyone,
        each,
        allowance,
    };
    let rate = Allowance {
        requests_per_minute: Some(u64::MAX),
        tokens_per_minute: Some(u64::MAX),
        budget: None,
    };
    let budget = Allowance {
        budget: Some(Budget {
            tokens: Some(u64::MAX),
            money: None,
            currency: "EUR".to_owned(),
            per: Period::Day,
        }),
        ..Allowance::default()
    };
    let rates = (0..rates).map(|number| limit(number, true, rate.clone()));
    let budgets = (10..10 + budgets).map(|number| limit(number, false, budget.clone()));
    let spending = Spending {
        limits: rates.chain(budgets).map(Arc::new).collect(),
        ..Spending::default()
    };
    let principal = Principal::operator(Tenant::default());
    let price = Price::Known(
        Rates {
            input: 0.5,
            output: 1.5,
        },
        "EUR",
    );
    let asked = Asked {
        input: 2000,
        output: 4096,
        prices: &[price],
        otherwise: None,
        ..Asked::default()
    };
    let spent = Spent {
        input: 500,
        output: 300,
        price,
        otherwise: None,
    };
    bencher.bench(|| {
        let now = Timestamp::now();
        let counting = limits.counting(&spending, black_box(&principal));
        let reserved = limits.reserve(counting, &spending, &asked, now).expect("room");
        reserved.settle(Some(&spent), now);
    });
    runtime.block_on(limits.close(Timestamp::now())).expect("closed");
}
