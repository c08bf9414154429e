//! A backup made under load is one moment of everything; one that was cut, damaged or made by a newer program is
//! refused, and so is a data folder that was restored by half.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use sqlx::Row as _;
use trousseau_accounts::{Accounts, Grants, NewUser};
use trousseau_core::digest::Digest;
use trousseau_core::error::Explain as _;
use trousseau_core::principal::Tenant;
use trousseau_gateway::backup::{self, BackupError, Manifest, backup, check_whole};
use trousseau_gateway::commitment::Secret;
use trousseau_gateway::records::Records;
use trousseau_ledger::Evidence;
use trousseau_retrieval::database::Access;
use trousseau_testing::long;

use crate::child;
use crate::conversations::{person, staged, tell};
use crate::stage::{self, REPLICA, Stage, all_of, question};
use crate::truth;

/// Documents, records and a conversation; closed again.
async fn fill(stage: &Stage) {
    for number in 0..5 {
        stage.write(
            &format!("f{number}.txt"),
            format!("Le guichet {number} ouvre à neuf heures.\n"),
        );
    }
    let gateway = staged(stage, "Oui.").await;
    stage::ingest(&gateway, &Tenant::default(), all_of(stage.files()))
        .await
        .unwrap();
    for number in 0..10 {
        tell(
            &gateway,
            &person("alice"),
            question(&format!("Question {number} ?")),
        )
        .await;
    }
    gateway.begin_conversation(&person("alice")).await.unwrap();
    gateway.close().await.unwrap();
}

async fn back_up(stage: &Stage, to: &Path) -> Result<Manifest, BackupError> {
    let gateway = stage.open().await;
    let made = backup(&gateway, &stage.data(), to, None).await;
    gateway.close().await.unwrap();
    made
}

/// Makes a data folder from a backup.
fn restore(from: &Path, data: &Path) -> Result<Manifest, BackupError> {
    stage::run(backup::restore(from, data, Accounts::FORMAT))
}

/// Opens a restored folder, goes on with what it had begun, asks, and checks all that can be checked.
async fn check_restored(data: &Path) -> usize {
    let gateway = stage::open(data).await.unwrap();
    let script = [crate::scripted::Step::Say("Oui."), crate::scripted::Step::End];
    let model = crate::scripted::Scripted::new("local", data.to_path_buf(), &script);
    stage::cast(&gateway, "local", &model);
    stage::work(&gateway, &Tenant::default()).await.unwrap();
    let found = gateway
        .library
        .search(&stage::operator(), "guichet", None, 50)
        .await
        .unwrap();
    let kept = gateway
        .library
        .store()
        .documents(&stage::operator(), None)
        .await
        .unwrap();
    assert_eq!(found.is_empty(), kept.is_empty(), "the index is built anew");
    tell(&gateway, &person("alice"), question("Après ?")).await;
    gateway.close().await.unwrap();
    truth::check(data).await;
    check_records(data).await
}

/// Checks every record against its entry; returns how many there are.
async fn check_records(data: &Path) -> usize {
    let entries = stage::entries(data, &Tenant::default());
    let restored = entries.iter().filter(|entry| entry["type"] == "restored");
    assert_eq!(restored.count(), 1);
    let mut database = truth::database(data, "records.sqlite").await;
    let rows = sqlx::query("SELECT replica, entry, question, secret FROM records")
        .fetch_all(&mut database)
        .await
        .unwrap();
    for row in &rows {
        assert_eq!(
            row.get::<String, _>("replica"),
            REPLICA,
            "no record lacks its entry"
        );
        let index = usize::try_from(row.get::<i64, _>("entry")).unwrap();
        let secret = Secret(row.get::<Vec<u8>, _>("secret").try_into().unwrap());
        let opened = secret.commit("question", row.get::<String, _>("question").as_bytes());
        assert_eq!(entries[index]["question"], serde_json::to_value(opened).unwrap());
    }
    rows.len()
}

#[test]
fn a_backup_comes_back_whole_and_closed_to_others() {
    let stage = Stage::new();
    stage::run(fill(&stage));
    let (copy, data) = (stage.root().join("a/copy"), stage.root().join("b/data"));
    fs_err::write(stage.root().join("t.toml"), "# rien\n").unwrap();
    let made = stage::run(async {
        let gateway = stage.open().await;
        let configuration = stage.root().join("t.toml");
        let made = backup(&gateway, &stage.data(), &copy, Some(&configuration))
            .await
            .unwrap();
        gateway.close().await.unwrap();
        made
    });
    let names: Vec<&str> = made.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        names,
        [
            "documents.sqlite",
            "keys/default.main.key",
            "ledger/default/main/checkpoint",
            "ledger/default/main/log.vkey",
            "ledger/default/main/tile/0/000.p/25",
            "ledger/default/main/tile/entries/000.p/25",
            "records.sqlite",
            "trousseau.toml",
        ]
    );
    assert_eq!(restore(&copy, &data).unwrap(), made);
    check_whole(&data).unwrap();
    for path in [&copy, &data] {
        let mode = |path: PathBuf| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(path.clone()), 0o700);
        assert_eq!(mode(path.join("keys")), 0o700);
        for file in ["keys/default.main.key", "records.sqlite", "documents.sqlite"] {
            assert_eq!(mode(path.join(file)), 0o600, "{file}");
        }
    }
    assert_eq!(
        fs_err::read_to_string(data.join("trousseau.toml")).unwrap(),
        "# rien\n"
    );
    let evidence = fs_err::read_to_string(copy.join("ledger/default/main/checkpoint")).unwrap();
    assert_eq!(stage::run(check_restored(&data)), 11);
    // What went on from the backup agrees with it.
    let options = trousseau_ledger::VerifyOptions {
        newer: vec![Evidence::parse(&evidence).unwrap()],
        ..Default::default()
    };
    let folder = trousseau_gateway::logs::folder(&data, &Tenant::default(), REPLICA);
    let report = trousseau_ledger::verify(&folder, &options).unwrap();
    assert_eq!(report.findings, []);
}

#[test]
fn backups_under_load_are_each_of_one_moment() {
    let stage = Stage::new();
    stage::run(fill(&stage));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rounds = if long() { 20 } else { 4 };
    runtime.block_on(async {
        let gateway = staged(&stage, "Oui.").await;
        let done = std::sync::atomic::AtomicBool::new(false);
        let is_done = || done.load(std::sync::atomic::Ordering::Relaxed);
        let asking = |name: &'static str| {
            let gateway = &gateway;
            async move {
                let mut number = 0;
                while !is_done() {
                    tell(gateway, &person(name), question(&format!("Question {number} ?"))).await;
                    number += 1;
                }
                number
            }
        };
        let ingesting = async {
            for round in 0.. {
                if is_done() {
                    break;
                }
                let name = format!("g{}.txt", round % 7);
                stage.write(&name, format!("Le guichet {round} ferme à midi.\n"));
                let wanted = all_of(stage.files());
                stage::ingest(&gateway, &Tenant::default(), wanted).await.unwrap();
            }
        };
        let copying = async {
            for round in 0..rounds {
                tokio::time::sleep(Duration::from_millis(50)).await;
                let to = stage.root().join(format!("copy-{round}"));
                backup(&gateway, &stage.data(), &to, None).await.unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        };
        let (first, second, (), ()) = tokio::join!(asking("alice"), asking("bob"), ingesting, copying);
        assert!(first > 3 && second > 3);
        gateway.close().await.unwrap();
    });
    drop(runtime);
    let mut before = 0;
    for round in 0..rounds {
        let data = stage.root().join(format!("data-{round}"));
        restore(&stage.root().join(format!("copy-{round}")), &data).unwrap();
        let records = stage::run(check_restored(&data));
        assert!(records >= before, "later backups hold more");
        before = records;
    }
    assert!(before > 11);
}

#[test]
fn what_is_no_whole_backup_is_refused_before_anything_is_written() {
    let stage = Stage::new();
    stage::run(fill(&stage));
    let (copy, data) = (stage.root().join("copy"), stage.root().join("restored"));
    let made = stage::run(back_up(&stage, &copy)).unwrap();
    let refused = |change: &dyn Fn(&Path)| {
        let changed = stage.root().join("changed");
        copy_all(&copy, &changed);
        change(&changed);
        let error = restore(&changed, &data).unwrap_err();
        assert!(!data.exists(), "{error}");
        fs_err::remove_dir_all(&changed).unwrap();
        error
    };
    for file in &made.files {
        let error = refused(&|folder| {
            let path = folder.join(&file.path);
            let mut bytes = fs_err::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs_err::write(&path, bytes).unwrap();
        });
        assert_eq!(error.code(), "backup-damaged");
        assert!(
            error.to_string().contains(&file.path) && error.to_string().contains(&file.sha256.to_string())
        );
        let error = refused(&|folder| fs_err::remove_file(folder.join(&file.path)).unwrap());
        assert_eq!(error.code(), "backup-damaged");
    }
    let error = refused(&|folder| fs_err::remove_file(folder.join("manifest.json")).unwrap());
    assert_eq!(error.code(), "backup-incomplete");
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 5] = [
        (|manifest| manifest["format"] = 2.into(), "backup-newer"),
        (
            |manifest| *manifest = serde_json::json!({ "format": 2, "other": [] }),
            "backup-newer",
        ),
        (|manifest| version(manifest, "records.sqlite"), "backup-newer"),
        (|manifest| version(manifest, "documents.sqlite"), "backup-newer"),
        (
            |manifest| manifest["files"][0]["path"] = "../outside".into(),
            "backup-malformed",
        ),
    ];
    for (change, code) in changes {
        let error = refused(&|folder| {
            let path = folder.join("manifest.json");
            let mut manifest: Value = serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
            change(&mut manifest);
            fs_err::write(&path, manifest.to_string()).unwrap();
        });
        assert_eq!(error.code(), code);
    }
    let error = refused(&|folder| fs_err::write(folder.join("manifest.json"), "{\"format\"").unwrap());
    assert_eq!(error.code(), "backup-malformed");

    fs_err::create_dir(&data).unwrap();
    fs_err::write(data.join("lock"), "").unwrap();
    fs_err::write(data.join("other"), "").unwrap();
    assert_eq!(restore(&copy, &data).unwrap_err().code(), "backup-not-empty");
    fs_err::remove_file(data.join("other")).unwrap();
    restore(&copy, &data).unwrap();
    assert_eq!(restore(&copy, &data).unwrap_err().code(), "backup-not-empty");
    let again = stage::run(back_up(&stage, &copy)).unwrap_err();
    assert_eq!(again.code(), "backup-not-empty");
}

/// Fits the manifest of a backup to a file that was changed, as a program does that backs up what it finds.
fn seal(folder: &Path, name: &str) {
    let bytes = fs_err::read(folder.join(name)).unwrap();
    let path = folder.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
    let files = manifest["files"].as_array_mut().unwrap();
    let file = files.iter_mut().find(|file| file["path"] == name).unwrap();
    file["bytes"] = bytes.len().into();
    file["sha256"] = serde_json::to_value(Digest::of(&bytes)).unwrap();
    file.as_object_mut().unwrap().remove("version");
    fs_err::write(&path, manifest.to_string()).unwrap();
}

#[test]
fn a_store_that_is_newer_or_was_damaged_before_it_was_backed_up_is_refused() {
    let stage = Stage::new();
    stage::run(fill(&stage));
    stage::run(async {
        let accounts = Accounts::open(&stage.data(), Access::Write).await.unwrap();
        let now = jiff::Timestamp::now();
        for number in 0..200 {
            let new = NewUser {
                name: format!("user{number}"),
                display: String::new(),
                grants: Grants::default(),
                created_by: "test".to_owned(),
            };
            accounts.create_user(&Tenant::default(), new, now).await.unwrap();
        }
        accounts.close(now).await;
    });
    let (copy, data) = (stage.root().join("copy"), stage.root().join("restored"));
    let made = stage::run(back_up(&stage, &copy)).unwrap();
    assert!(made.files.iter().any(|file| file.path == "accounts.sqlite"));
    for store in ["accounts.sqlite", "records.sqlite", "documents.sqlite"] {
        let refused = |change: &dyn Fn(&mut Vec<u8>)| {
            let changed = stage.root().join("changed");
            copy_all(&copy, &changed);
            let path = changed.join(store);
            let mut bytes = fs_err::read(&path).unwrap();
            change(&mut bytes);
            fs_err::write(&path, bytes).unwrap();
            seal(&changed, store);
            let error = restore(&changed, &data).unwrap_err();
            assert!(!data.exists(), "{error}");
            fs_err::remove_dir_all(&changed).unwrap();
            assert!(error.to_string().contains(store), "{error}");
            error.code()
        };
        // The version of the tables stands at byte 60.
        assert_eq!(
            refused(&|bytes| bytes[60..64].copy_from_slice(&99_u32.to_be_bytes())),
            "backup-newer"
        );
        let torn = |bytes: &mut Vec<u8>| bytes[4096..3 * 4096].fill(0xa5);
        assert_eq!(refused(&torn), "store-damaged", "{store}");
        assert_eq!(
            refused(&|bytes| bytes.truncate(bytes.len() - 4096)),
            "store-damaged",
            "{store}"
        );
        assert_eq!(refused(&|bytes| bytes.fill(b'x')), "store-damaged", "{store}");
    }
    // What the manifest says is believed as well.
    let changed = stage.root().join("changed");
    copy_all(&copy, &changed);
    let path = changed.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
    version(&mut manifest, "accounts.sqlite");
    fs_err::write(&path, manifest.to_string()).unwrap();
    assert_eq!(restore(&changed, &data).unwrap_err().code(), "backup-newer");
    // The good one comes back with everybody in it.
    restore(&copy, &data).unwrap();
    let users = stage::run(async {
        let accounts = Accounts::open(&data, Access::Write).await.unwrap();
        accounts.users(&Tenant::default()).await.unwrap().len()
    });
    assert_eq!(users, 200);
}

fn version(manifest: &mut Value, path: &str) {
    let files = manifest["files"].as_array_mut().unwrap();
    let file = files.iter_mut().find(|file| file["path"] == path).unwrap();
    file["version"] = 99.into();
}

#[test]
fn a_backup_that_is_killed_is_whole_or_refused() {
    let stage = Stage::new();
    stage::run(fill(&stage));
    let (rounds, mut whole, mut cut) = (if long() { 60 } else { 10 }, 0, 0);
    for round in 0..rounds {
        let (copy, data) = (stage.root().join("copy"), stage.root().join("restored"));
        let mut child = child::start("back-up", stage.root(), &[]);
        let made = stage.root().join("begun");
        wait_for(&made, &mut child);
        std::thread::sleep(Duration::from_millis(round as u64 * 7 % 90));
        child.kill().unwrap();
        child.wait().unwrap();
        fs_err::remove_file(&made).unwrap();
        match restore(&copy, &data) {
            Ok(_) => {
                whole += 1;
                assert_eq!(stage::run(check_restored(&data)), 11);
                fs_err::remove_dir_all(&data).unwrap();
            }
            Err(error) => {
                cut += 1;
                assert_eq!(error.code(), "backup-incomplete");
                assert!(!data.exists());
            }
        }
        if copy.exists() {
            fs_err::remove_dir_all(&copy).unwrap();
        }
    }
    assert!(whole + cut == rounds && cut > 0, "{whole} whole, {cut} cut");
    // What was backed up is as it was.
    stage::run(async {
        let gateway = stage.open().await;
        gateway.close().await.unwrap();
        truth::check(&stage.data()).await;
    });
}

#[test]
fn a_restore_that_is_killed_is_refused_by_all_and_gone_on_with() {
    let stage = Stage::new();
    stage::run(fill(&stage));
    let copy = stage.root().join("copy");
    stage::run(back_up(&stage, &copy)).unwrap();
    let data = stage.root().join("restored");
    let (rounds, mut cut) = (if long() { 60 } else { 10 }, 0);
    for round in 0..rounds {
        let mut child = child::start("restore", stage.root(), &[]);
        let begun = stage.root().join("begun");
        wait_for(&begun, &mut child);
        // A restore first looks at all of the backup.
        wait_for(&data, &mut child);
        std::thread::sleep(Duration::from_millis(round as u64 * 3 % 40));
        child.kill().unwrap();
        child.wait().unwrap();
        fs_err::remove_file(&begun).unwrap();
        if check_whole(&data).is_err() {
            cut += 1;
            let refused = stage::run(Records::open(&data, Access::Write)).unwrap_err();
            assert_eq!(refused.code(), "store-damaged");
            let unlike = stage.root().join("unlike");
            copy_all(&copy, &unlike);
            let manifest = fs_err::read_to_string(unlike.join("manifest.json")).unwrap();
            fs_err::write(unlike.join("manifest.json"), manifest + " ").unwrap();
            assert_eq!(restore(&unlike, &data).unwrap_err().code(), "backup-unfinished");
            fs_err::remove_dir_all(&unlike).unwrap();
        }
        let has_begun = data.join("records.sqlite").exists() && check_whole(&data).is_ok();
        if !has_begun {
            restore(&copy, &data).unwrap();
        }
        assert_eq!(stage::run(check_restored(&data)), 11);
        fs_err::remove_dir_all(&data).unwrap();
    }
    assert!(cut > 0);
}

/// Waits until the child is about to begin.
fn wait_for(file: &Path, child: &mut std::process::Child) {
    while !file.exists() {
        assert!(child.try_wait().unwrap().is_none(), "the child ended too early");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What the children do: say that they begin, make or restore a backup, and wait to be killed.
pub(crate) async fn work(task: &str, root: &Path) {
    let copy = root.join("copy");
    let gateway = match task {
        "back-up" => Some(stage::open(&root.join("data")).await.unwrap()),
        _ => None,
    };
    fs_err::write(root.join("begun"), "").unwrap();
    match gateway {
        Some(gateway) => {
            backup(&gateway, &root.join("data"), &copy, None).await.unwrap();
        }
        None => {
            let data = root.join("restored");
            backup::restore(&copy, &data, Accounts::FORMAT).await.unwrap();
        }
    }
    std::future::pending::<()>().await;
}

fn copy_all(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &copy);
        } else {
            fs_err::copy(entry.path(), copy).unwrap();
        }
    }
}
