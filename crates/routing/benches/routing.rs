//! What one call costs here, beside the call itself.

use std::future::Future as _;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use divan::{Bencher, black_box};
use trousseau_routing::{Failure, Router, TargetLimits, Way};

static ROUTER: LazyLock<Router> = LazyLock::new(|| Router::new(1));
static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);
const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn main() {
    divan::main();
}

fn way(sticky: bool) -> Way {
    let group = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 1)).collect();
    Way {
        name: "route".to_owned(),
        groups: vec![group(&NAMES[..3]), group(&NAMES[3..])],
        sticky,
        ..Way::default()
    }
}

#[divan::bench(args = [false, true], threads = [1, 2])]
fn order_of_four(bencher: Bencher<'_, '_>, sticky: bool) {
    let way = way(sticky);
    bencher.bench(|| ROUTER.order(black_box(&way), &NAMES, Some(7), *NOW));
}

/// Order, room, first byte, end.
#[divan::bench(args = [None, Some(64)], threads = [1, 2])]
fn a_call(bencher: Bencher<'_, '_>, concurrency: Option<usize>) {
    let way = way(false);
    let limits = TargetLimits {
        concurrency,
        ..TargetLimits::default()
    };
    bencher.bench(|| {
        let target = ROUTER.order(black_box(&way), &NAMES, None, *NOW)[0];
        let entered = pin!(ROUTER.enter(target, &limits, *NOW));
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(Ok(mut ticket)) = entered.poll(&mut context) else {
            return;
        };
        ticket.first_byte(*NOW + Duration::from_millis(3));
        ticket.succeed(*NOW + Duration::from_millis(9));
    });
}

#[divan::bench]
fn a_retry_that_fits(bencher: Bencher<'_, '_>) {
    let way = way(false);
    bencher.bench(|| {
        ROUTER.count_request(&way, *NOW);
        ROUTER.may_retry(&way, *NOW)
    });
}

#[divan::bench]
fn a_failed_call(bencher: Bencher<'_, '_>) {
    let limits = TargetLimits::default();
    bencher.bench(|| {
        let entered = pin!(ROUTER.enter("failing", &limits, *NOW));
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(Ok(ticket)) = entered.poll(&mut context) {
            ticket.fail(Failure::NotItsFault, *NOW);
        }
    });
}
