//! Measures appends in both modes beside the disk's own fdatasync, then publishing, opening, proving and verifying.
//!
//! `cargo run --release -p trousseau-ledger --example append_rate -- DIR`: DIR lies on the disk to measure; a folder
//! is made in it and removed again.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use trousseau_ledger::{Durability, Ledger, Options, SigningKey, VerifyOptions, verify};

const ENTRY_BYTES: usize = 1500;
const RUN: Duration = Duration::from_secs(3);

#[expect(clippy::print_stdout, reason = "a program that measures prints its figures")]
fn main() -> Result<(), Box<dyn Error>> {
    let place = std::env::args()
        .nth(1)
        .ok_or("name a folder on the disk to measure")?;
    let dir = tempfile::Builder::new().prefix("append-rate").tempdir_in(place)?;
    let say = |what: &str, figure: f64, unit: &str| println!("{what:<44} {figure:>12.1} {unit}");

    let open = || -> Result<Ledger, Box<dyn Error>> {
        let key = SigningKey::load_or_create(&dir.path().join("key"), "example.org/append-rate")?;
        Ok(Ledger::open(&dir.path().join("log"), key, Options::default())?.0)
    };
    let ledger = open()?;
    for (durability, name) in [(Durability::Request, "request"), (Durability::Batch, "batch")] {
        for threads in [1, 8, 64] {
            // Before each, since others may use the disk too.
            say("the disk alone, write and fdatasync", raw_rate(dir.path())?, "/s");
            let (rate, p99) = append_rate(&ledger, durability, threads);
            say(&format!("append, {name}, {threads} threads"), rate, "/s");
            say("  99 of 100 within", p99, "ms");
        }
    }
    let size = ledger.size();
    ledger.close()?;
    say("entries of 1,500 bytes in the log", size as f64, "");

    let start = Instant::now();
    let report = verify(&dir.path().join("log"), &VerifyOptions::default())?;
    say(
        "verify",
        report.entries as f64 / start.elapsed().as_secs_f64(),
        "entries/s",
    );
    if !report.is_sound() {
        return Err(format!("the log is not sound: {:?}", report.findings).into());
    }
    let start = Instant::now();
    let ledger = open()?;
    say("open", start.elapsed().as_secs_f64() * 1e3, "ms");
    let start = Instant::now();
    let index = ledger.append(&[0; ENTRY_BYTES], Durability::Request)?;
    say("one append, request", start.elapsed().as_secs_f64() * 1e3, "ms");
    let start = Instant::now();
    ledger.prove(index)?;
    say("publish and prove it", start.elapsed().as_secs_f64() * 1e3, "ms");
    let start = Instant::now();
    ledger.prove(size / 2)?;
    say("prove an older one", start.elapsed().as_secs_f64() * 1e3, "ms");
    let start = Instant::now();
    ledger.close()?;
    say("close", start.elapsed().as_secs_f64() * 1e3, "ms");
    Ok(())
}

/// How often a second the disk makes an appended block durable.
fn raw_rate(dir: &Path) -> std::io::Result<f64> {
    let mut file = fs_err::File::create(dir.join("raw"))?;
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < RUN / 3 {
        file.write_all(&[7; ENTRY_BYTES])?;
        file.sync_data()?;
        count += 1;
    }
    Ok(f64::from(count) / start.elapsed().as_secs_f64())
}

/// Appends a second, and the latency in milliseconds that 99 of 100 keep within. A thread ends at its first error.
fn append_rate(ledger: &Ledger, durability: Durability, threads: usize) -> (f64, f64) {
    let start = Instant::now();
    let append = || {
        let mut latencies = Vec::new();
        while start.elapsed() < RUN {
            let begun = Instant::now();
            if ledger.append(&[7; ENTRY_BYTES], durability).is_err() {
                break;
            }
            latencies.push(begun.elapsed().as_secs_f64() * 1e3);
        }
        latencies
    };
    let mut latencies: Vec<f64> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(append)).collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_default())
            .collect()
    });
    let rate = latencies.len() as f64 / start.elapsed().as_secs_f64();
    latencies.sort_by(f64::total_cmp);
    (
        rate,
        latencies
            .get(latencies.len() * 99 / 100)
            .copied()
            .unwrap_or(f64::NAN),
    )
}
