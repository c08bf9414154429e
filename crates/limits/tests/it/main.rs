//! What is kept of budgets on the disk, whatever becomes of the process and of the disk.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_limits::{
    Allowance, Asked, Budget, FILE, Limit, Limits, Period, Price, Reserved, Spending, Spent, Whose,
};
use trousseau_retrieval::database::Access;

mod replicas;

/// One budget of tokens a day that everybody shares, and a rate.
fn spending() -> Spending {
    let limit = |name: &str, allowance| {
        Arc::new(Limit {
            name: name.to_owned(),
            whose: Whose::Everyone,
            each: false,
            allowance,
        })
    };
    let budget = Allowance {
        budget: Some(Budget {
            tokens: Some(1000),
            money: None,
            currency: "EUR".to_owned(),
            per: Period::Day,
        }),
        ..Allowance::default()
    };
    let rate = Allowance {
        tokens_per_minute: Some(1_000_000),
        ..Allowance::default()
    };
    Spending {
        limits: vec![limit("day", budget), limit("minute", rate)],
        ..Spending::default()
    }
}

fn now() -> Timestamp {
    "2026-12-01T12:00:00Z".parse().unwrap()
}

async fn open(data: &Path) -> Arc<Limits> {
    Arc::new(Limits::open(data, Access::Write).await.unwrap())
}

fn reserve(limits: &Arc<Limits>, tokens: u64) -> Option<Reserved> {
    let spending = spending();
    let counting = limits.counting(&spending, &Principal::operator(Tenant::default()));
    let asked = Asked {
        input: tokens,
        ..Asked::default()
    };
    limits.reserve(counting, &spending, &asked, now()).ok()
}

fn spend(limits: &Arc<Limits>, tokens: u64) {
    let spent = Spent {
        input: tokens,
        output: 0,
        price: Price::Free,
        otherwise: None,
    };
    reserve(limits, tokens + 7).unwrap().settle(Some(&spent), now());
}

/// Used and reserved of the day.
fn used(limits: &Limits) -> (f64, f64) {
    let all = limits.all(&spending(), now());
    let day = all.iter().find(|standing| standing.limit == "day").unwrap();
    (day.used, day.reserved)
}

/// Ends as a killed process does.
fn kill(limits: Arc<Limits>, running: Vec<Reserved>) {
    std::mem::forget(running);
    drop(limits);
}

#[tokio::test]
async fn what_a_killed_process_spent_and_had_under_way_is_spent() {
    let folder = tempfile::tempdir().unwrap();
    // With a fold before everything, between, and none.
    for fold in 0..4 {
        let data = folder.path().join(fold.to_string());
        fs_err::create_dir(&data).unwrap();
        let limits = open(&data).await;
        let step = async |number| {
            if number == fold {
                limits.fold(now()).await.unwrap();
            }
        };
        step(0).await;
        spend(&limits, 10);
        let running = reserve(&limits, 100).unwrap();
        step(1).await;
        spend(&limits, 20);
        drop(reserve(&limits, 300).unwrap());
        reserve(&limits, 300).unwrap().settle(None, now());
        step(2).await;
        spend(&limits, 5);
        assert_eq!(used(&limits), (35.0, 100.0));
        kill(limits, vec![running]);
        for _ in 0..2 {
            let limits = open(&data).await;
            assert_eq!(used(&limits), (135.0, 0.0), "fold {fold}");
            kill(limits, Vec::new());
        }
    }
}

#[tokio::test]
async fn what_was_sent_and_is_never_heard_of_again_costs_what_was_reserved() {
    let folder = tempfile::tempdir().unwrap();
    let limits = open(folder.path()).await;
    let mut sent = reserve(&limits, 40).unwrap();
    sent.sending();
    drop(sent);
    assert_eq!(used(&limits), (40.0, 0.0));
    limits.close(now()).await.unwrap();
    drop(limits);
    assert_eq!(used(&*open(folder.path()).await), (40.0, 0.0));
}

#[tokio::test]
async fn a_request_that_runs_over_a_fold_is_settled_once() {
    let folder = tempfile::tempdir().unwrap();
    let limits = open(folder.path()).await;
    let running = reserve(&limits, 100).unwrap();
    limits.fold(now()).await.unwrap();
    let spent = Spent {
        input: 3,
        output: 4,
        price: Price::Free,
        otherwise: None,
    };
    running.settle(Some(&spent), now());
    kill(limits, Vec::new());
    let limits = open(folder.path()).await;
    assert_eq!(used(&limits), (7.0, 0.0));
}

#[tokio::test]
async fn another_day_begins_anew_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let limits = open(folder.path()).await;
    spend(&limits, 400);
    kill(limits, Vec::new());
    let limits = open(folder.path()).await;
    let tomorrow = "2026-12-02T00:00:00Z".parse().unwrap();
    let all = limits.all(&spending(), tomorrow);
    assert_eq!((all[0].used, all[0].left), (0.0, 1000.0));
}

#[tokio::test]
async fn a_folder_without_budgets_has_no_files_of_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let limits = open(folder.path()).await;
    let mut rates = spending();
    rates.limits.remove(0);
    let counting = limits.counting(&rates, &Principal::operator(Tenant::default()));
    let asked = Asked::default();
    let reserved = limits.reserve(counting, &rates, &asked, now()).unwrap();
    reserved.settle(None, now());
    limits.close(now()).await.unwrap();
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn without_a_disk_limits_hold_and_with_it_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (data, away) = (folder.path().join("data"), folder.path().join("away"));
    fs_err::create_dir(&data).unwrap();
    let limits = open(&data).await;
    spend(&limits, 10);
    limits.fold(now()).await.unwrap();
    limits.check_store(now()).await.unwrap();
    fs_err::rename(&data, &away).unwrap();
    spend(&limits, 20);
    assert!(limits.check_store(now()).await.is_err());
    spend(&limits, 950);
    assert_eq!(used(&limits), (980.0, 0.0));
    spend(&limits, 20);
    assert!(reserve(&limits, 1).is_none(), "the limit holds");
    assert!(limits.fold(now()).await.is_err());
    fs_err::rename(&away, &data).unwrap();
    limits.check_store(now()).await.unwrap();
    kill(limits, Vec::new());
    assert_eq!(used(&*open(&data).await), (1000.0, 0.0));
}

#[tokio::test]
async fn a_damaged_file_is_named_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let garbled = "no database\n".repeat(1000);
    fs_err::write(folder.path().join(FILE), &garbled).unwrap();
    let refused = Limits::open(folder.path(), Access::Write).await.unwrap_err();
    assert!(refused.to_string().contains(FILE), "{refused}");
    assert_eq!(fs_err::read_to_string(folder.path().join(FILE)).unwrap(), garbled);
}
