//! Several replicas hold one limit together, through a real database.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tempfile::TempDir;
use trousseau_limits::{Counting, Money, Rates, Refused, What};
use trousseau_state::{Place, Postgres};
use trousseau_testing::postgres;

use super::*;

/// A replica: its folder, and its limits.
struct Replica {
    folder: TempDir,
    postgres: Arc<Postgres>,
    limits: Arc<Limits>,
    name: String,
}

async fn reached(url: &str) -> Arc<Postgres> {
    let place = Place {
        url: url.to_owned(),
        password: None,
        tls: false,
        authorities: None,
        connections: 4,
        patience: Duration::from_secs(5),
    };
    Arc::new(Postgres::open(place, Access::Write).await.unwrap())
}

impl Replica {
    async fn start(url: &str, name: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), url, name).await
    }

    async fn start_in(folder: TempDir, url: &str, name: &str) -> Self {
        let postgres = reached(url).await;
        let limits = Limits::share(folder.path(), Access::Write, (&postgres, name)).await;
        Self {
            folder,
            postgres,
            limits: Arc::new(limits.unwrap()),
            name: name.to_owned(),
        }
    }

    /// Ends as a kill would, and starts again in the same folder.
    async fn again(self, url: &str) -> Self {
        drop(self.limits);
        Self::start_in(self.folder, url, &self.name).await
    }

    fn counting(&self, spending: &Spending) -> Counting {
        self.limits
            .counting(spending, &Principal::operator(Tenant::default()))
    }

    async fn ask(&self, spending: &Spending, tokens: u64) -> Result<Reserved, Box<Refused>> {
        let price = [Price::Known(RATES, "EUR")];
        let asked = Asked {
            input: tokens,
            prices: &price,
            ..Asked::default()
        };
        self.limits
            .admit(self.counting(spending), spending, &asked, now())
            .await
    }
}

/// A token is a thousandth of a euro.
const RATES: Rates = Rates {
    input: 1000.0,
    output: 1000.0,
};

fn settle(reserved: Reserved, tokens: u64) {
    let spent = Spent {
        input: tokens,
        output: 0,
        price: Price::Known(RATES, "EUR"),
        otherwise: None,
    };
    reserved.settle(Some(&spent), now());
}

fn limited(allowances: Vec<Allowance>) -> Spending {
    let limits = allowances.into_iter().enumerate().map(|(at, allowance)| {
        Arc::new(Limit {
            name: format!("limit-{at}"),
            whose: Whose::Everyone,
            each: false,
            allowance,
        })
    });
    Spending {
        limits: limits.collect(),
        ..Spending::default()
    }
}

fn budget(tokens: Option<u64>, money: Option<f64>) -> Allowance {
    Allowance {
        budget: Some(Budget {
            tokens,
            money: money.and_then(Money::of_units),
            currency: "EUR".to_owned(),
            per: Period::Day,
        }),
        ..Allowance::default()
    }
}

/// Two hundred ask at once, half of them each replica; those that are let in.
async fn two_hundred(replicas: &[Replica; 2], spending: &Spending, tokens: u64) -> Vec<Reserved> {
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..200 {
        let Replica { limits, .. } = &replicas[number % 2];
        let (limits, spending) = (Arc::clone(limits), spending.clone());
        asking.spawn(async move {
            let counting = limits.counting(&spending, &Principal::operator(Tenant::default()));
            let price = [Price::Known(RATES, "EUR")];
            let asked = Asked {
                input: tokens,
                prices: &price,
                ..Asked::default()
            };
            limits.admit(counting, &spending, &asked, now()).await
        });
    }
    asking
        .join_all()
        .await
        .into_iter()
        .filter_map(Result::ok)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_at_once_over_two_replicas_pass_a_budget_by_one_request_at_most() {
    let Some(database) = postgres::database("limits-two-hundred") else {
        return;
    };
    let replicas = [
        Replica::start(&database.url, "one").await,
        Replica::start(&database.url, "two").await,
    ];
    for spending in [
        limited(vec![budget(Some(2500), None)]),
        limited(vec![budget(Some(1_000_000), None), budget(None, Some(2.5))]),
    ] {
        let spending = Spending {
            limits: spending
                .limits
                .iter()
                .map(|limit| {
                    let name = format!("{}-of-{}", limit.name, spending.limits.len());
                    Arc::new(Limit {
                        name,
                        ..Limit::clone(limit)
                    })
                })
                .collect(),
            ..spending
        };
        let let_in = two_hundred(&replicas, &spending, 300).await;
        assert_eq!(
            let_in.len(),
            9,
            "nine times 300 is the first that is 2500 or more"
        );
        let refused = replicas[0].ask(&spending, 1).await.unwrap_err();
        assert!(!refused.is_spent() || refused.used >= refused.most, "{refused:?}");
        // They cost a third: what is left is used to its end, and not further, wherever it lies.
        let_in.into_iter().for_each(|reserved| settle(reserved, 100));
        let mut spent = 900;
        for round in 0..100 {
            for replica in &replicas {
                replica.limits.settle_shares(now()).await.unwrap();
            }
            if let Ok(reserved) = replicas[round % 2].ask(&spending, 300).await {
                settle(reserved, 100);
                spent += 100;
            }
        }
        assert_eq!(spent, 2500);
        for replica in &replicas {
            let refused = replica.ask(&spending, 1).await.unwrap_err();
            assert!(refused.is_spent(), "{refused:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rate_is_one_rate_over_two_replicas() {
    let Some(database) = postgres::database("limits-rate") else {
        return;
    };
    let replicas = [
        Replica::start(&database.url, "one").await,
        Replica::start(&database.url, "two").await,
    ];
    let rate = Allowance {
        requests_per_minute: Some(10),
        ..Allowance::default()
    };
    let let_in = two_hundred(&replicas, &limited(vec![rate]), 1).await;
    assert_eq!(let_in.len(), 10);
}

#[tokio::test]
async fn with_the_database_away_what_is_drawn_may_be_used_and_no_more() {
    let Some(server) = postgres::server("limits-away") else {
        return;
    };
    let one = Replica::start(&server.url, "one").await;
    let spending = limited(vec![budget(Some(16_000), None)]);
    // A sixteenth is drawn ahead: 1000, of which this is the first tenth.
    settle(one.ask(&spending, 100).await.unwrap(), 100);
    server.kill();
    assert!(one.postgres.news().await.is_err());
    let mut used = 100;
    let refused = loop {
        match one.ask(&spending, 100).await {
            Ok(reserved) => settle(reserved, 100),
            Err(refused) => break refused,
        }
        used += 100;
    };
    assert_eq!((used, refused.what), (1000, What::Away));
    assert_eq!(
        trousseau_core::error::Explain::kind(&*refused),
        trousseau_core::error::ErrorKind::Unavailable
    );
    one.limits.settle_shares(now()).await.unwrap();
    server.start();
    while one.postgres.news().await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    settle(one.ask(&spending, 100).await.unwrap(), 100);
}

#[tokio::test]
async fn what_a_replica_has_spent_counts_when_it_is_killed_and_when_its_folder_is_lost() {
    let Some(database) = postgres::database("limits-lost") else {
        return;
    };
    let spending = limited(vec![budget(Some(1000), None)]);
    let one = Replica::start(&database.url, "one").await;
    let two = Replica::start(&database.url, "two").await;
    settle(one.ask(&spending, 700).await.unwrap(), 600);
    // Killed in the middle of another: that counts as spent.
    let mut running = one.ask(&spending, 200).await.unwrap();
    running.sending();
    std::mem::forget(running);
    let one = one.again(&database.url).await;
    one.limits.settle_shares(now()).await.unwrap();
    assert_eq!(
        database.number("SELECT sum(budget_tokens)::bigint FROM trousseau.draws"),
        800
    );
    // A folder that is gone is made up for by what was drawn.
    let lost = Replica::start(&database.url, "one").await;
    settle(two.ask(&spending, 300).await.unwrap(), 300);
    for replica in [&lost, &two] {
        let refused = replica.ask(&spending, 1).await.unwrap_err();
        assert!(refused.is_spent(), "{refused:?}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Ask(usize, u64),
    Settle(prop::sample::Index, u64),
    Give(usize),
    Kill(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_usize..3, 1_u64..400).prop_map(|(at, tokens)| Step::Ask(at, tokens)),
        4 => (any::<prop::sample::Index>(), 0_u64..=100).prop_map(|(which, share)| Step::Settle(which, share)),
        2 => (0_usize..3).prop_map(Step::Give),
        1 => (0_usize..3).prop_map(Step::Kill),
    ]
}

/// Whatever three replicas do, one after the other and with kills between: what they have spent and reserved passes the budget by
/// one request at most.
#[test]
fn no_order_of_things_passes_a_budget_by_more_than_one_request() {
    let Some(database) = postgres::database("limits-orders") else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let cases = if trousseau_testing::long() { 200 } else { 12 };
    let mut runner = TestRunner::new(Config::with_cases(cases));

    let steps = prop::collection::vec(step(), 1..60);
    let seed = std::cell::Cell::new(0);
    runner
        .run(&steps, |steps| {
            seed.set(seed.get() + 1);
            let spending = Spending {
                limits: vec![Arc::new(Limit {
                    name: format!("case-{}", seed.get()),
                    whose: Whose::Everyone,
                    each: false,
                    allowance: budget(Some(2000), None),
                })],
                ..Spending::default()
            };
            runtime.block_on(walk(&database.url, &spending, steps))
        })
        .unwrap();

    assert!(seed.get() >= cases);
}

async fn walk(url: &str, spending: &Spending, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut replicas = Vec::new();
    for name in ["one", "two", "three"] {
        replicas.push(Replica::start(url, name).await);
    }
    let (mut running, mut spent, mut most) = (Vec::new(), 0_u64, 0_u64);
    for step in steps {
        match step {
            Step::Ask(at, tokens) => {
                if let Ok(mut reserved) = replicas[at].ask(spending, tokens).await {
                    reserved.sending();
                    running.push((at, reserved, tokens));
                    most = most.max(tokens);
                }
            }
            Step::Settle(which, share) if !running.is_empty() => {
                let (_, reserved, tokens) = running.swap_remove(which.index(running.len()));
                let cost = tokens * share / 100;
                settle(reserved, cost);
                spent += cost;
            }
            Step::Settle(..) => {}
            Step::Give(at) => replicas[at].limits.settle_shares(now()).await.unwrap(),
            Step::Kill(at) => {
                // What it had under way counts as spent.
                let (gone, rest): (Vec<_>, Vec<_>) = running.into_iter().partition(|(of, ..)| *of == at);
                running = rest;
                for (_, reserved, tokens) in gone {
                    std::mem::forget(reserved);
                    spent += tokens;
                }
                let killed = replicas.remove(at);
                replicas.insert(at, killed.again(url).await);
            }
        }
        let reserved: u64 = running.iter().map(|(.., tokens)| tokens).sum();
        prop_assert!(spent + reserved < 2000 + most.max(1), "{spent} {reserved} {most}");
    }
    Ok(())
}
