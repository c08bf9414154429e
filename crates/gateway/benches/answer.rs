//! What the answer path costs by itself: label, decide, ledger and records, with a model that says one word.
//!
//! The table printed first is in CPU microseconds per request, of all threads together. What divan prints is time on
//! the clock.

#![expect(clippy::print_stdout, reason = "the table is the result")]

mod service;

use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use futures_util::future::join_all;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use trousseau_core::chat::{ChatRequest, Message};
use trousseau_core::principal::{Principal, Tenant};
use trousseau_gateway::answer::Asked;
use trousseau_gateway::service::Gateway;
use trousseau_ledger::Durability;

/// Concurrent requests and durability of each row.
const CASES: [(usize, Durability); 4] = [
    (1, Durability::Batch),
    (32, Durability::Batch),
    (1, Durability::Request),
    (32, Durability::Request),
];

fn main() {
    println!("concurrent  durability  CPU us/request  requests/s");
    for (concurrent, durability) in CASES {
        let stage = Stage::new(durability);
        stage.ask(concurrent, 10);
        let rounds = if concurrent == 1 { 1000 } else { 500 };
        let (cpu, clock) = (cpu_seconds(), std::time::Instant::now());
        stage.ask(concurrent, rounds);
        let requests = (rounds * concurrent) as f64;
        let (cpu, clock) = (cpu_seconds() - cpu, clock.elapsed().as_secs_f64());
        println!(
            "{concurrent:>10}  {:>10}  {:>14.0}  {:>10.0}",
            format!("{durability:?}"),
            cpu * 1e6 / requests,
            requests / clock
        );
        stage.close();
    }
    divan::main();
}

#[divan::bench(args = CASES, sample_count = 50)]
fn answer(bencher: Bencher<'_, '_>, (concurrent, durability): (usize, Durability)) {
    let stage = Stage::new(durability);
    bencher
        .counter(ItemsCount::new(concurrent))
        .bench(|| stage.ask(concurrent, 1));
}

/// The seconds of CPU time that this process has used, in all its threads (proc_pid_stat(5), hundredths of seconds).
fn cpu_seconds() -> f64 {
    let stat = fs_err::read_to_string("/proc/self/stat").expect("Linux");
    let fields = stat.rsplit_once(") ").expect("a name in brackets").1;
    let ticks = fields.split(' ').skip(11).take(2);
    ticks
        .map(|ticks| ticks.parse::<f64>().expect("a number") / 100.0)
        .sum()
}

/// A gateway over a temporary folder, with one ungrounded route over one model.
struct Stage {
    runtime: Runtime,
    gateway: Arc<Gateway>,
    _data: tempfile::TempDir,
}

impl Stage {
    fn new(durability: Durability) -> Self {
        let data = tempfile::tempdir().expect("a temporary folder");
        let runtime = Runtime::new().expect("threads");
        let gateway = runtime.block_on(service::open(data.path(), durability));
        Self {
            runtime,
            gateway: Arc::new(gateway),
            _data: data,
        }
    }

    /// Asks `rounds` times on each of `concurrent` connections.
    fn ask(&self, concurrent: usize, rounds: usize) {
        let connections = (0..concurrent).map(|connection| {
            let gateway = Arc::clone(&self.gateway);
            self.runtime.spawn(async move {
                let principal = Principal::operator(Tenant::default());
                for round in 0..rounds {
                    ask(&gateway, &principal, connection * rounds + round).await;
                }
            })
        });
        let connections: Vec<_> = connections.collect();
        for ended in self.runtime.block_on(join_all(connections)) {
            ended.expect("an answer");
        }
    }

    fn close(self) {
        let gateway = Arc::into_inner(self.gateway).expect("nobody asks any more");
        self.runtime.block_on(gateway.close()).expect("room");
    }
}

async fn ask(gateway: &Gateway, principal: &Principal, number: usize) {
    let text = format!(
        "Question {number} : combien de jours de télétravail un agent à temps partiel a-t-il par semaine ?"
    );
    let asked = Asked {
        request: ChatRequest {
            messages: vec![Message::user(text)],
            ..ChatRequest::default()
        },
        ..Asked::default()
    };
    let (events, _heard) = mpsc::channel(8);
    gateway
        .answer(principal, asked, &events)
        .await
        .expect("an answer");
}
