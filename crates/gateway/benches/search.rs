//! What a search in one's own records costs among many, beside reading all of them as a program without an index does.

#![expect(clippy::print_stdout, reason = "the table is the result")]

mod service;

use std::path::Path;
use std::time::Instant;

use futures_util::future::join_all;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};
use tokio::runtime::Runtime;
use trousseau_core::chat::{ChatAnswer, Message};
use trousseau_core::document::Passage;
use trousseau_core::label::Label;
use trousseau_core::principal::{Principal, Role, Tenant};
use trousseau_gateway::commitment::Secret;
use trousseau_gateway::records::own::Listing;
use trousseau_gateway::records::{EntryId, Made, Opened};
use trousseau_gateway::service::Gateway;
use trousseau_ledger::Durability;
use trousseau_text::fold::fold;

/// How many records there are, all of one person.
const RECORDS: u64 = 100_000;

/// How many are written side by side.
const ABREAST: u64 = 64;

/// How often each search is timed.
const TIMES: usize = 21;

const WORDS: [&str; 24] = [
    "mairie",
    "guichet",
    "naissance",
    "passeport",
    "télétravail",
    "horaires",
    "d’accueil",
    "marché",
    "piscine",
    "cantine",
    "inscription",
    "école",
    "dossier",
    "subvention",
    "urbanisme",
    "permis",
    "construire",
    "déchets",
    "collecte",
    "rendez-vous",
    "état",
    "civil",
    "logement",
    "transports",
];

/// What is searched for, and what that is.
const SEARCHES: [(&str, &str); 5] = [
    ("mairie", "a word of every record"),
    ("numero4321", "a word of one record"),
    ("guichet piscine permis", "three words of many"),
    ("numero", "the beginning of a word of every record"),
    ("zibeline", "a word of none"),
];

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = Runtime::new().expect("threads");
    runtime.block_on(async {
        let gateway = service::open(folder.path(), Durability::Batch).await;
        fill(&gateway).await;
        end(&gateway, folder.path()).await;
        println!("{RECORDS} records of one person, {} MB", megabytes(folder.path()));
        let began = Instant::now();
        while gateway.index_records().await.expect("an index") {}
        println!(
            "put into the index in {:.1} s, {} MB with it",
            began.elapsed().as_secs_f64(),
            megabytes(folder.path())
        );
        println!("search, milliseconds: median and slowest of {TIMES}; reading all records, once");
        for (text, what) in SEARCHES {
            search(&gateway, folder.path(), text, what).await;
        }
        let began = Instant::now();
        let entry = EntryId {
            replica: "main".to_owned(),
            index: 4321,
        };
        gateway.delete_record(&person(), &entry).await.expect("a record");
        println!(
            "one record erased in {:.0} ms",
            began.elapsed().as_secs_f64() * 1e3
        );
        let began = Instant::now();
        let erased = gateway
            .erase_subject(&Tenant::default(), "alice")
            .await
            .expect("records");
        println!(
            "{erased} records erased in {:.1} s",
            began.elapsed().as_secs_f64()
        );
        gateway.close().await.expect("room");
    });
}

fn person() -> Principal {
    Principal {
        user: "alice".to_owned(),
        role: Role::User,
        ..Principal::operator(Tenant::default())
    }
}

async fn search(gateway: &Gateway, data: &Path, text: &str, what: &str) {
    let listing = Listing {
        limit: 20,
        text: Some(text.to_owned()),
        ..Listing::default()
    };
    let mut times = Vec::with_capacity(TIMES);
    let mut found = 0;
    for _ in 0..TIMES {
        let began = Instant::now();
        let page = gateway.records_of(&person(), &listing).await.expect("a page");
        times.push(began.elapsed().as_secs_f64() * 1e3);
        found = page.items.len();
    }
    times.sort_by(f64::total_cmp);
    let began = Instant::now();
    let read = read_all(data, text, listing.limit).await;
    let reading = began.elapsed().as_secs_f64() * 1e3;
    println!(
        "{what:>40} {text:>24}: {:>8.2} {:>8.2} {reading:>9.0}   {found} and {read} shown",
        times[TIMES / 2],
        times[TIMES - 1]
    );
}

/// Reads records from the newest on until a page is full.
async fn read_all(data: &Path, text: &str, limit: usize) -> usize {
    use futures_util::TryStreamExt as _;
    let options = SqliteConnectOptions::new()
        .filename(data.join("records.sqlite"))
        .read_only(true);
    let mut connection = options.connect().await.expect("a file");
    let mut rows = sqlx::query(
        "SELECT question, answer FROM records WHERE tenant = 'default' AND actor = 'alice' ORDER BY created DESC",
    )
    .fetch(&mut connection);
    let words: Vec<String> = text.split_whitespace().map(fold).collect();
    let mut found = 0;
    while let Some(row) = rows.try_next().await.expect("a row") {
        let (question, answer): (&str, &str) = (row.get("question"), row.get("answer"));
        let (question, answer) = (fold(question), fold(answer));
        found += usize::from(
            words
                .iter()
                .all(|word| question.contains(word) || answer.contains(word)),
        );
        if found > limit {
            break;
        }
    }
    found.min(limit)
}

/// Ends all of them at once.
async fn end(gateway: &Gateway, data: &Path) {
    // Whoever reads waits until everything is in the database.
    let listing = Listing {
        limit: 1,
        ..Listing::default()
    };
    gateway.records_of(&person(), &listing).await.expect("a page");
    let options = SqliteConnectOptions::new().filename(data.join("records.sqlite"));
    let mut connection = options.connect().await.expect("a file");
    sqlx::raw_sql("UPDATE records SET state = 'answered', outcome = entry, finished = created")
        .execute(&mut connection)
        .await
        .expect("room");
}

async fn fill(gateway: &Gateway) {
    let writers = (0..ABREAST).map(|first| async move {
        for number in (first..RECORDS).step_by(ABREAST as usize) {
            keep(gateway, number).await;
        }
    });
    join_all(writers).await;
}

/// Text of so many words, other for each seed.
fn text(seed: u64, words: u64) -> String {
    let mut state = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    let mut text = String::new();
    for _ in 0..words {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        text.push_str(WORDS[(state >> 33) as usize % WORDS.len()]);
        text.push(' ');
    }
    text
}

/// One record as the answer path writes it: a question of 12 words, an answer of 80, 3 KB of passages.
async fn keep(gateway: &Gateway, number: u64) {
    let (tenant, records) = (Tenant::default(), &gateway.records);
    let entry = EntryId {
        replica: "main".to_owned(),
        index: number,
    };
    let question = format!("La mairie et le numero{number} : {}", text(number, 12));
    let passages: Vec<Passage> = Vec::new();
    let opened = Opened {
        entry: &entry,
        actor: "alice",
        conversation: None,
        parent: None,
        route: "bench",
        label: &Label::default(),
        secret: &Secret([7; 32]),
        question: &question,
        messages: &[Message::user(question.clone())],
        passages: &passages,
        decision: serde_json::json!({ "passages": text(number + 1, 400) }).to_string(),
        created: 1_800_000_000_000 + number as i64 * 60_000,
    };
    let batch = Durability::Batch;
    records.open_record(&tenant, opened, batch).await.expect("room");
    let answer = ChatAnswer {
        text: text(number + 2, 80),
        ..ChatAnswer::default()
    };
    let made = Made {
        price: None,
        made_by: Some(("local", "one-word/1")),
        attempts: &[],
        answer: Some(&answer),
        thought: None,
        label: None,
    };
    records
        .keep_made(&tenant, &entry, &made, batch)
        .await
        .expect("room");
}

fn megabytes(data: &Path) -> u64 {
    ["records.sqlite", "records.sqlite-wal"]
        .iter()
        .filter_map(|name| fs_err::metadata(data.join(name)).ok())
        .map(|metadata| metadata.len() >> 20)
        .sum()
}
