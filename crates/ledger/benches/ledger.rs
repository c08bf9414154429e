//! What a log costs per entry: hashing, appending, publishing, proving, verifying.

use std::time::Duration;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use trousseau_ledger::merkle::{Hash, root_of};
use trousseau_ledger::{Durability, Ledger, Options, Proof, SigningKey, VerifyOptions, verify};

fn main() {
    divan::main();
}

struct Log {
    dir: tempfile::TempDir,
    ledger: Ledger,
}

fn log(size: u64) -> Log {
    let quiet = Duration::from_secs(3600);
    let options = Options {
        batch_interval: quiet,
        checkpoint_interval: quiet,
    };
    let dir = tempfile::tempdir().expect("a temporary folder");
    let key = SigningKey::generate("example.org/bench").expect("a key");
    let (ledger, _) = Ledger::open(dir.path(), key, options).expect("a log");
    let entries: Vec<Vec<u8>> = (0..size).map(|index| index.to_le_bytes().repeat(187)).collect();
    ledger.append_all(&entries, Durability::Batch).expect("room");
    ledger.publish().expect("room");
    Log { dir, ledger }
}

#[divan::bench(args = [200, 1500, 16_000])]
fn hash_a_leaf(bencher: Bencher<'_, '_>, bytes: usize) {
    let entry = vec![7; bytes];
    bencher.bench(|| Hash::leaf(black_box(&entry)));
}

#[divan::bench]
fn root_of_a_tile(bencher: Bencher<'_, '_>) {
    let leaves: Vec<Hash> = (0..256_u32)
        .map(|index| Hash::leaf(&index.to_le_bytes()))
        .collect();
    bencher.bench(|| root_of(black_box(&leaves)));
}

#[divan::bench(args = [Durability::Request, Durability::Batch], sample_count = 500)]
fn append(bencher: Bencher<'_, '_>, durability: Durability) {
    let log = log(0);
    bencher.bench(|| log.ledger.append(&[7; 1500], durability).expect("room"));
}

#[divan::bench(args = [1, 1000], sample_count = 30)]
fn publish(bencher: Bencher<'_, '_>, entries: usize) {
    let log = log(0);
    let batch = vec![[7; 1500]; entries];
    bencher
        .counter(ItemsCount::new(entries))
        .with_inputs(|| log.ledger.append_all(&batch, Durability::Batch).expect("room"))
        .bench_values(|_| log.ledger.publish().expect("room"));
}

#[divan::bench]
fn prove(bencher: Bencher<'_, '_>) {
    let log = log(70_000);
    bencher.bench(|| log.ledger.prove(black_box(12_345)).expect("an entry"));
}

#[divan::bench]
fn verify_a_proof(bencher: Bencher<'_, '_>) {
    let log = log(70_000);
    let entry = log.ledger.entry(12_345).expect("an entry");
    let text = log.ledger.prove(12_345).expect("an entry").to_text();
    let key = log.ledger.verifier();
    bencher.bench(|| {
        let proof = Proof::parse(black_box(&text)).expect("a proof");
        proof.verify(&key, &entry).expect("sound");
    });
}

#[divan::bench(sample_count = 5)]
fn verify_a_log(bencher: Bencher<'_, '_>) {
    let log = log(70_000);
    bencher.counter(ItemsCount::new(70_000_u32)).bench(|| {
        assert!(
            verify(log.dir.path(), &VerifyOptions::default())
                .expect("a log")
                .is_sound()
        );
    });
}
