use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tokio::task::{JoinSet, yield_now};

use super::*;
use crate::random::Source;
use crate::target::{Failure, State};
use crate::way::Breaker;

const SECOND: Duration = Duration::from_secs(1);

fn limits(concurrency: usize, queue: usize, wait: Duration) -> TargetLimits {
    TargetLimits {
        concurrency: Some(concurrency),
        queue,
        wait,
        breaker: Breaker {
            failures: 1,
            ..Breaker::default()
        },
    }
}

fn groups(groups: &[&[(&str, u32)]]) -> Way {
    let named = |group: &&[(&str, u32)]| {
        let targets = group.iter();
        targets
            .map(|(name, weight)| ((*name).to_owned(), *weight))
            .collect()
    };
    Way {
        name: "route".to_owned(),
        groups: groups.iter().map(named).collect(),
        ..Way::default()
    }
}

async fn fail(router: &Router, target: &str, failure: Failure, now: Instant) {
    let ticket = router.enter(target, &limits(10, 0, SECOND), now).await.unwrap();
    ticket.fail(failure, now);
}

fn state(router: &Router, now: Instant) -> TargetState {
    router.states(now).remove(0)
}

proptest! {
    #[test]
    fn only_permitted_targets_are_told_each_once_and_group_after_group(
        named in proptest::collection::vec(proptest::collection::vec((0_usize..8, 0_u32..4), 0..4), 0..4),
        permitted in proptest::collection::vec(0_usize..8, 0..8),
        failed in proptest::collection::vec(0_usize..8, 0..4),
        prefix: Option<u64>,
        sticky: bool,
        seed: u64,
    ) {
        const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let (router, now) = (Router::new(seed), Instant::now());
        for at in &failed {
            router.checked(NAMES[*at], false, now);
        }
        let named = named.iter().map(|group| group.iter().map(|(at, weight)| (NAMES[*at].to_owned(), *weight)).collect());
        let way = Way { groups: named.collect(), sticky, ..Way::default() };
        let permitted: Vec<_> = permitted.iter().map(|at| NAMES[*at]).collect();
        let ordered = router.order(&way, &permitted, prefix, now);

        let group_of = |name: &str| way.groups.iter().position(|group| group.iter().any(|(other, _)| other == name));
        let places: Vec<_> = ordered.iter().map(|name| group_of(name)).collect();
        prop_assert!(places.is_sorted(), "groups interleave: {:?}", ordered);
        let mut told = ordered.clone();
        told.sort_unstable();
        told.dedup();
        prop_assert_eq!(told.len(), ordered.len());
        let mut wanted: Vec<_> = permitted.iter().copied().filter(|name| group_of(name).is_some()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let well: Vec<_> = wanted.iter().copied().filter(|name| !failed.iter().any(|at| NAMES[*at] == *name)).collect();
        if well.is_empty() {
            prop_assert_eq!(told.len(), wanted.len().min(1));
            prop_assert!(told.iter().all(|name| wanted.contains(name)));
        } else {
            prop_assert_eq!(told, well);
        }
    }

    #[test]
    fn a_pause_is_within_its_bounds(
        base in 1_u64..2_000,
        cap in 1_u64..10_000,
        tried in 0_u32..80,
        asked in proptest::option::of(0_u64..20_000),
        seed: u64,
    ) {
        let retries = Retries {
            base: Duration::from_millis(base),
            cap: Duration::from_millis(cap),
            ..Retries::default()
        };
        let asked = asked.map(Duration::from_millis);
        let pause = Router::new(seed).pause(&retries, tried, asked);
        prop_assert!(pause <= retries.cap);
        let within = asked.filter(|asked| *asked <= retries.cap);
        prop_assert!(within.is_none_or(|asked| pause >= asked));
        if tried <= 1 && within.is_none() {
            prop_assert!(pause <= retries.base);
        }
    }
}

#[test]
fn pauses_are_spread_and_grow() {
    let (router, retries) = (Router::new(3), Retries::default());
    let mean = |tried| {
        let pauses = (0..500).map(|_| router.pause(&retries, tried, None));
        pauses.sum::<Duration>() / 500
    };
    for (tried, meant) in [(1, 125), (2, 250), (4, 1000), (9, 2500)] {
        let mean = mean(tried).as_millis();
        assert!(
            (meant * 9 / 10..=meant * 11 / 10).contains(&mean),
            "{tried}: {mean} ms"
        );
    }
}

#[tokio::test]
async fn a_target_that_fails_is_left_alone_and_probed_once() {
    let (router, now) = (Router::new(1), Instant::now());
    let way = Way::in_order("route", ["a", "b"]);
    fail(&router, "a", Failure::Unavailable, now).await;
    assert_eq!(router.order(&way, &["a", "b"], None, now), ["b"]);
    let all = limits(10, 0, SECOND);
    let refused = router.enter("a", &all, now).await.err();
    assert_eq!(refused, Some(NotNow::Open { seconds: 10 }));
    let known = state(&router, now);
    assert_eq!(
        (known.breaker, known.last_failure),
        (State::Open, Some(Failure::Unavailable))
    );
    assert_eq!(known.opens_in, Some(10 * SECOND));

    let later = now + 10 * SECOND;
    assert_eq!(router.order(&way, &["a", "b"], None, later), ["a", "b"]);
    assert_eq!(state(&router, later).breaker, State::HalfOpen);
    let probe = router.enter("a", &all, later).await.unwrap();
    assert_eq!(
        router.enter("a", &all, later).await.err(),
        Some(NotNow::Open { seconds: 1 })
    );
    drop(probe);
    router.enter("a", &all, later).await.unwrap().succeed(later);
    let known = state(&router, later);
    assert_eq!(
        (known.breaker, known.last_failure, known.in_flight),
        (State::Closed, None, 0)
    );
}

#[tokio::test]
async fn a_probe_whose_answer_has_begun_lets_others_in() {
    let (router, now) = (Router::new(1), Instant::now());
    let all = limits(10, 0, SECOND);
    fail(&router, "a", Failure::Broken, now).await;
    let later = now + 10 * SECOND;
    let mut probe = router.enter("a", &all, later).await.unwrap();
    assert!(router.enter("a", &all, later).await.is_err());
    probe.first_byte(later + SECOND);
    assert!(router.enter("a", &all, later + SECOND).await.is_ok());
    // The rest of the answer counts like that of any other.
    probe.fail(Failure::Broken, later + 2 * SECOND);
    assert_eq!(state(&router, later + 2 * SECOND).opens_in, Some(10 * SECOND));
}

#[tokio::test]
async fn where_every_target_is_left_alone_the_soonest_is_told() {
    let (router, now) = (Router::new(1), Instant::now());
    let way = Way::in_order("route", ["a", "b", "c"]);
    let soon = |seconds| Failure::RateLimited {
        retry_after: Some(Duration::from_secs(seconds)),
    };
    fail(&router, "a", soon(40), now).await;
    fail(&router, "b", soon(7), now).await;
    router.checked("c", false, now);
    assert_eq!(router.order(&way, &["a", "b", "c"], None, now), ["b"]);
    assert_eq!(router.order(&way, &["a"], None, now), ["a"]);
    let refused = router.enter("b", &limits(1, 0, SECOND), now).await.err();
    assert_eq!(refused, Some(NotNow::Open { seconds: 7 }));
    // It asked for it, and is well: nothing has to be probed afterwards.
    assert_eq!(router.order(&way, &["a", "b"], None, now + 7 * SECOND), ["b"]);
    assert_eq!(router.states(now + 7 * SECOND)[1].breaker, State::Closed);
}

#[tokio::test]
async fn a_health_check_closes_a_breaker_that_is_due_and_no_other() {
    let (router, now) = (Router::new(1), Instant::now());
    fail(&router, "a", Failure::TimedOut, now).await;
    router.checked("a", true, now + SECOND);
    assert_eq!(state(&router, now + SECOND).breaker, State::Open);
    router.checked("a", true, now + 11 * SECOND);
    assert_eq!(state(&router, now + 11 * SECOND).breaker, State::Closed);
    router.checked("a", false, now + 12 * SECOND);
    let known = state(&router, now + 12 * SECOND);
    assert_eq!((known.breaker, known.alive), (State::Open, Some(false)));
    let refused = router
        .enter("a", &limits(1, 0, SECOND), now + 12 * SECOND)
        .await
        .err();
    assert_eq!(refused, Some(NotNow::Open { seconds: 10 }));
    router.unchecked("a");
    assert_eq!(state(&router, now + 12 * SECOND).breaker, State::Closed);
}

#[tokio::test]
async fn a_wrong_request_is_not_its_fault_and_a_dropped_ticket_says_nothing() {
    let (router, now) = (Router::new(1), Instant::now());
    fail(&router, "a", Failure::NotItsFault, now).await;
    drop(router.enter("a", &limits(10, 0, SECOND), now).await.unwrap());
    let known = state(&router, now);
    assert_eq!(
        (known.breaker, known.in_flight, known.latency),
        (State::Closed, 0, None)
    );
    fail(&router, "a", Failure::RateLimited { retry_after: None }, now).await;
    assert_eq!(state(&router, now).breaker, State::Open);
}

#[tokio::test]
async fn the_hedge_waits_for_what_is_usual() {
    let (router, now) = (Router::new(1), Instant::now());
    let limits = TargetLimits::default();
    assert_eq!(router.hedge_after(&Hedge::After(SECOND), "a"), Some(SECOND));
    for number in 1..=100_u32 {
        let usual = router.hedge_after(&Hedge::Percentile, "a");
        assert_eq!(usual.is_some(), number > 20, "{number}");
        let mut ticket = router.enter("a", &limits, now).await.unwrap();
        ticket.first_byte(now + number * Duration::from_millis(1));
        ticket.succeed(now + SECOND);
    }
    let usual = router.hedge_after(&Hedge::Percentile, "a");
    assert_eq!(usual, Some(Duration::from_millis(95)));
    let latency = state(&router, now).latency.unwrap();
    assert!((90..100).contains(&latency.as_millis()), "{latency:?}");
}

#[tokio::test]
async fn the_queue_is_bounded_in_length_and_time() {
    let (router, now) = (Arc::new(Router::new(1)), Instant::now());
    let limits = limits(1, 1, Duration::from_secs(600));
    let first = router.enter("a", &limits, now).await.unwrap();
    let mut waiting = JoinSet::new();
    let second = (Arc::clone(&router), limits.clone());
    waiting.spawn(async move { second.0.enter("a", &second.1, now).await });
    while state(&router, now).queued == 0 {
        yield_now().await;
    }
    let refused = router.enter("a", &limits, now).await.err();
    assert_eq!(refused, Some(NotNow::Full { seconds: 1 }));
    first.succeed(now + 9 * SECOND);
    let second = waiting.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(state(&router, now).queued, 0);
    let impatient = TargetLimits {
        wait: Duration::ZERO,
        ..limits
    };
    // One runs, and they take nine seconds each.
    let refused = router.enter("a", &impatient, now).await.err();
    assert_eq!(refused, Some(NotNow::Full { seconds: 9 }));
    drop(second);
    assert!(router.enter("a", &impatient, now).await.is_ok());
}

#[tokio::test]
async fn fewer_places_are_fewer_once_the_calls_that_run_have_ended() {
    let (router, now) = (Router::new(1), Instant::now());
    let (many, one) = (limits(3, 0, SECOND), limits(1, 0, SECOND));
    let mut running = Vec::new();
    for _ in 0..3 {
        running.push(router.enter("a", &many, now).await.unwrap());
    }
    for _ in 0..3 {
        assert!(router.enter("a", &one, now).await.is_err());
        running.pop();
    }
    let alone = router.enter("a", &one, now).await.unwrap();
    assert!(router.enter("a", &one, now).await.is_err());
    running.push(router.enter("a", &many, now).await.unwrap());
    running.push(router.enter("a", &many, now).await.unwrap());
    assert!(router.enter("a", &many, now).await.is_err());
    drop((alone, running));
    assert_eq!(state(&router, now).in_flight, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn never_more_run_than_may_whoever_leaves_when() {
    const MOST: usize = 3;
    let (router, now) = (Arc::new(Router::new(1)), Instant::now());
    let limits = limits(MOST, 1000, Duration::from_secs(600));
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (mut tasks, mut random) = (JoinSet::new(), Source::new(11).draw());
    for _ in 0..600 {
        let (router, limits) = (Arc::clone(&router), limits.clone());
        let (inside, most) = (Arc::clone(&inside), Arc::clone(&most));
        let (yields, ends) = (random.below(20), random.below(2));
        let task = tasks.spawn(async move {
            let ticket = router.enter("a", &limits, now).await.unwrap();
            let counted = Counted::new(&inside, &most);
            for _ in 0..yields {
                yield_now().await;
            }
            drop(counted);
            if ends == 0 {
                ticket.succeed(now);
            }
        });
        if random.below(3) == 0 {
            for _ in 0..random.below(8) {
                yield_now().await;
            }
            task.abort();
        }
    }
    while tasks.join_next().await.is_some() {}
    let most = most.load(Ordering::SeqCst);
    assert!((1..=MOST).contains(&most), "{most} at a time");
    let known = state(&router, now);
    assert_eq!((known.in_flight, known.queued), (0, 0));
    let mut running = Vec::new();
    for _ in 0..MOST {
        running.push(router.enter("a", &limits, now).await.unwrap());
    }
    let nobody_waits = TargetLimits { queue: 0, ..limits };
    assert!(router.enter("a", &nobody_waits, now).await.is_err());
}

/// Counts who is inside, until it is dropped.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(inside: &'a AtomicUsize, most: &AtomicUsize) -> Self {
        let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
        most.fetch_max(now, Ordering::SeqCst);
        Self(inside)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn the_same_beginning_meets_the_same_target() {
    let (router, now) = (Router::new(1), Instant::now());
    let way = Way {
        sticky: true,
        ..groups(&[&[("a", 1), ("b", 1), ("c", 1)], &[("d", 1)]])
    };
    let permitted = ["d", "c", "b", "a"];
    for prefix in 0..50 {
        let once = router.order(&way, &permitted, Some(prefix), now);
        assert_eq!(router.order(&way, &permitted, Some(prefix), now), once);
        assert_eq!(Router::new(2).order(&way, &permitted, Some(prefix), now), once);
    }
}

#[tokio::test]
async fn what_is_no_longer_configured_is_forgotten() {
    let (router, now) = (Router::new(1), Instant::now());
    fail(&router, "a", Failure::Broken, now).await;
    router.checked("b", true, now);
    router.keep_only(&["b"]);
    let names: Vec<_> = router.states(now).into_iter().map(|state| state.name).collect();
    assert_eq!(names, ["b"]);
}
