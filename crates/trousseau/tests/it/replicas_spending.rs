//! Two hundred at once on one key, over two servers that share a database: they pass its budget by one request at most.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use trousseau_testing::postgres;

use crate::harness::Dir;
use crate::replicas::{readiness, until};
use crate::service::{PATIENCE, Service};
use crate::spending::{BUDGET, Gate, MANY, TOKENS, ask, folder, key, number, standing};

/// A replica whose one route leads to the gate.
fn replica(gate: &Gate, url: &str, name: &str) -> Dir {
    let dir = folder(gate);
    let file = dir.data().join("trousseau.toml");
    let text = fs_err::read_to_string(&file).unwrap();
    let shared =
        format!("{text}\n[ledger]\nreplica = \"{name}\"\n[state]\nurl = \"{url}\"\ntimeout_seconds = 2\n");
    dir.write("data/trousseau.toml", shared);
    dir
}

#[test]
fn two_hundred_at_once_over_two_servers_pass_a_budget_by_one_request_at_most() {
    let Some(server) = postgres::server("replicas-spending") else {
        return;
    };
    let gate = Gate::new();
    let (one, two) = (
        replica(&gate, &server.url, "one"),
        replica(&gate, &server.url, "two"),
    );
    let administrator = key(&one, "admin", &["--role", "administrator"]);
    let tokens = key(&one, "tokens", &["--budget-tokens", "1000"]);
    let services = [
        Service::start(&one, &["--no-first-key"]),
        Service::start(&two, &["--no-first-key"]),
    ];
    let (answered, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    gate.set(false);
    let mut least = 0.0;
    thread::scope(|scope| {
        for number in 0..MANY {
            let address = services[number % 2].address.as_str();
            let (tokens, answered, refused) = (&tokens, &answered, &refused);
            scope.spawn(move || match ask(address, tokens) {
                Some((200, _)) => answered.fetch_add(1, Ordering::Relaxed),
                Some((429, answer)) => {
                    assert!(answer.contains("limit-budget"), "{answer}");
                    refused.fetch_add(1, Ordering::Relaxed)
                }
                other => panic!("{other:?}"),
            });
        }
        let began = Instant::now();
        while gate.came() + refused.load(Ordering::Relaxed) < MANY {
            assert!(began.elapsed() < PATIENCE, "{} and {refused:?}", gate.came());
            thread::sleep(Duration::from_millis(5));
        }
        let reserved = services
            .each_ref()
            .map(|service| number(&standing(service, &administrator, "tokens"), "reserved"));
        let all: f64 = reserved.iter().sum();
        least = all / gate.came() as f64;
        assert!(
            all >= BUDGET && all - least < BUDGET,
            "{reserved:?} of {}",
            gate.came()
        );
        gate.set(true);
    });
    let came = answered.into_inner();
    assert!(came > 1 && came + refused.into_inner() == MANY);

    // What was not used is there for both, up to the end and no further.
    let mut spent = TOKENS * came as f64;
    let mut quiet = 0;
    while quiet < 8 {
        for service in &services {
            match ask(&service.address, &tokens).unwrap() {
                (200, _) => {
                    spent += TOKENS;
                    quiet = 0;
                }
                (429, _) => quiet += 1,
                other => panic!("{other:?}"),
            }
        }
        // The other gives back once a second what it does not use.
        thread::sleep(Duration::from_millis(500));
    }
    assert!(spent >= BUDGET && spent < BUDGET + least, "{spent} {least}");

    // With the database away, whoever has a limit goes on with what is drawn, and is then told why not.
    let wide = key(&one, "wide", &["--budget-tokens", "100000"]);
    until(|| ask(&services[1].address, &wide).unwrap().0 == 200);
    server.kill();
    until(|| readiness(&services[1]).1 == "degraded");
    let mut more = 0;
    let refused = loop {
        match ask(&services[1].address, &wide).unwrap() {
            (200, _) => more += 1,
            (503, answer) => break answer,
            other => panic!("{other:?}"),
        }
    };
    assert!(more > 0 && refused.contains("limit-away"), "{more} {refused}");
    assert_eq!(
        ask(&services[1].address, &administrator).map(|(status, _)| status),
        Some(200),
        "not limited"
    );
    server.start();
    until(|| readiness(&services[1]).1 == "ready");
    until(|| ask(&services[1].address, &wide).unwrap().0 == 200);
    for service in services {
        service.stop().succeeded();
    }
}
