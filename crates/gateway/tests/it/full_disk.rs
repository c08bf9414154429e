//! A full disk is told, loses nothing that was acknowledged, and is got over once there is room.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc;
use trousseau_core::error::Explain as _;
use trousseau_core::principal::Tenant;
use trousseau_gateway::entry::State;
use trousseau_gateway::records::EntryId;
use trousseau_gateway::service::Gateway;
use trousseau_limits::{Limit, Whose};

use crate::child;
use crate::scripted::{Scripted, Step};
use crate::stage::{self, REPLICA, Stage, all_of, ask, cast, operator, question};
use crate::{truth, wired};

/// The codes that say what is wrong.
const CLEAR: &[&str] = &["store-full", "store-disk", "lexical-engine", "ledger-disk-full"];

#[test]
fn a_file_that_cannot_grow_costs_nothing_acknowledged() {
    let stage = Stage::new();
    // 1,600 blocks of 512 bytes or, in other shells, of 1024.
    let limited = ["sh", "-c", "trap '' XFSZ; ulimit -f 1600; exec \"$@\"", "sh"];
    child::finish("fill-the-disk", stage.root(), &limited);
    stage::run(heal(&stage));
}

#[test]
fn a_server_is_not_ready_while_its_disk_is_full() {
    let stage = Stage::new();
    let Some(small) = trousseau_testing::small_disk("http-full-disk", stage.root(), 24) else {
        return;
    };
    let small: Vec<&str> = small.iter().map(String::as_str).collect();
    child::finish("ready-on-a-full-disk", stage.root(), &small);
}

/// Serves from a small disk: while it is full, questions fail and `/readyz` says so; with room, both are well again
/// although nobody asked meanwhile.
pub(crate) async fn readiness() {
    let stage = Stage::new();
    let wired = wired::scripted(&stage, &[Step::Say("Oui."), Step::End]).await;
    let gateway = Arc::clone(&wired.server.gateway);
    let budget = json!({ "budget": { "tokens": 1_000_000, "per": "month" } });
    let limits = vec![Arc::new(Limit {
        name: "tokens".to_owned(),
        whose: Whose::Everyone,
        each: false,
        allowance: serde_json::from_value(budget).unwrap(),
    })];
    stage::change(&gateway, |plan| {
        plan.settings.spending.limits = limits.clone();
    });
    let fold = async || gateway.limits.fold((gateway.now)()).await;
    let spent = || used(&gateway);
    let long = format!("Question ? {}", "mot ".repeat(2000));
    let ask = json!({ "model": "documents", "messages": [{ "role": "user", "content": long }] });
    assert_eq!(wired.get("/readyz").await.status, 200);
    assert_eq!(wired.ask(&ask).await.status, 200);
    fold().await.unwrap();

    let ballast = stage.root().join("ballast");
    let mut file = fs_err::File::create(&ballast).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    drop(file);
    let mut asked = 0_i32;
    let refused = loop {
        let reply = wired.ask(&ask).await;
        if reply.status != 200 {
            break reply;
        }
        asked += 1;
        assert!(asked < 1000, "there is room for every question");
    };
    assert_eq!(refused.status, 503, "{refused:?}");
    let unready = wired.get("/readyz").await;
    assert_eq!(unready.status, 503, "{refused:?}, then {unready:?}");
    let checks = &unready.json()["checks"];
    let failing = ["ledger", "records"].map(|part| checks[part] == "failing");
    assert!(failing.contains(&true), "{unready:?}");
    // What is spent is counted though it cannot be kept, and the key stays what it is.
    assert!(fold().await.is_err());
    let unready = wired.get("/readyz").await.json();
    assert_eq!(unready["checks"]["limits"], "failing", "{unready}");
    assert_eq!(wired.ask(&ask).await.status, 503);
    // Of the two that failed, the model may have answered before the disk refused it.
    let counted = f64::from(5 * (asked + 1));
    assert!(
        (counted..=counted + 10.0).contains(&spent()),
        "{counted} {}",
        spent()
    );

    fs_err::remove_file(&ballast).unwrap();
    wired::until(async || wired.get("/readyz").await.status == 200).await;
    assert_eq!(wired.ask(&ask).await.status, 200);
    let counted = spent();
    drop(gateway);
    wired.end().await.close().await.unwrap();

    // What could not be ended is closed when the ledger is opened next.
    let gateway = stage.open().await;
    stage::change(&gateway, |plan| plan.settings.spending.limits = limits);
    assert_eq!(used(&gateway), counted);
    let tenant = Tenant::default();
    let log = gateway.logs.log(&tenant, &gateway.records, (gateway.now)()).await;
    drop(log.unwrap());
    gateway.close().await.unwrap();
    truth::check(&stage.data()).await;
}

/// How much of the first limit is used.
fn used(gateway: &Gateway) -> f64 {
    let plan = gateway.plan();
    gateway.limits.all(&plan.settings.spending, (gateway.now)())[0].used
}

/// Ingests, then asks, until there is no room for either; notes what was acknowledged.
pub(crate) async fn fill(root: &Path) {
    let data = root.join("data");
    let gateway = stage::open(&data).await.unwrap();
    let model = Scripted::new("local", data.clone(), &[Step::Say("Oui."), Step::End]);
    cast(&gateway, "local", &model);
    let refused = ingest_until_refused(&gateway, root).await;
    assert!(CLEAR.contains(&refused.as_str()), "{refused}");

    let mut answered = fs_err::File::create(root.join("answered")).unwrap();
    let refused = 'asking: {
        for number in 0..1000 {
            let text = format!("Question {number} ? {}", "mot ".repeat(3000));
            match ask(&gateway, &operator(), question(&text)).await.0 {
                Ok(told) => writeln!(answered, "{}", told.entry.index).unwrap(),
                Err(error) => break 'asking error.code(),
            }
        }
        panic!("there was room for every question");
    };
    assert!(CLEAR.contains(&refused), "{refused}");
}

async fn ingest_until_refused(gateway: &Gateway, root: &Path) -> String {
    let tenant = Tenant::default();
    let (ends, mut ended) = mpsc::unbounded_channel();
    let mut acknowledged = fs_err::File::create(root.join("ingested")).unwrap();
    for number in 0..200 {
        let name = format!("f{number}.txt");
        let word = word(number);
        let text = format!("{word} {}\n", "remplissage du disque ".repeat(200));
        fs_err::write(root.join("files").join(&name), text).unwrap();
        // The disk may be full already for the task.
        let wanted = all_of(root.join("files").join(&name));
        if let Err(error) = gateway.register(&tenant, wanted).await {
            return error.code().to_owned();
        }
        let worked = gateway.ingest(&tenant, &ends).await;
        while let Ok(end) = ended.try_recv() {
            assert!(end.end.is_ok(), "{end:?}");
            writeln!(acknowledged, "{}", end.path.rsplit('/').next().unwrap()).unwrap();
        }
        if let Err(error) = worked {
            return error.code().to_owned();
        }
    }
    panic!("there was room for every file");
}

fn word(number: usize) -> String {
    let letters = format!("{number:03}");
    let letters = letters.bytes().map(|digit| char::from(b'b' + (digit - b'0') * 2));
    format!("plume{}", letters.collect::<String>())
}

async fn heal(stage: &Stage) {
    let tenant = Tenant::default();
    let gateway = stage.open().await;
    let kept = gateway
        .library
        .store()
        .documents(&operator(), None)
        .await
        .unwrap();
    let ingested = fs_err::read_to_string(stage.root().join("ingested")).unwrap();
    assert!(ingested.lines().count() > 3);
    for name in ingested.lines() {
        assert!(kept.iter().any(|row| row.path.ends_with(name)), "{name} is lost");
    }
    stage::ingest(&gateway, &tenant, all_of(stage.files()))
        .await
        .unwrap();
    let mut present = BTreeMap::new();
    for number in 0.. {
        let name = format!("f{number}.txt");
        if !stage.files().join(&name).exists() {
            break;
        }
        present.insert(name, word(number));
    }
    let library = &gateway.library;
    let rows = library.store().documents(&operator(), None).await.unwrap();
    assert_eq!(rows.len(), present.len());
    for (name, word) in &present {
        let hits = library.search(&operator(), word, None, 1).await.unwrap();
        assert!(hits[0].path.ends_with(name), "{name}");
    }

    let answered = fs_err::read_to_string(stage.root().join("answered")).unwrap();
    assert!(answered.lines().count() > 3);
    for index in answered.lines() {
        let index = index.parse().unwrap();
        let replica = REPLICA.to_owned();
        let record = gateway.records.record(&tenant, &EntryId { replica, index }).await;
        let record = record.unwrap().unwrap();
        assert_eq!(record.state, State::Answered);
        assert_eq!(record.answer.as_deref(), Some("Oui."));
    }
    gateway.close().await.unwrap();
    truth::check(&stage.data()).await;
}
