//! What `--sync` removes and what it leaves, and tasks that speak of one file more than once.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use trousseau_core::principal::Tenant;
use trousseau_gateway::ingest::Registration;
use trousseau_gateway::service::Gateway;

use crate::stage::{self, COLLECTION, Stage, all_of, ingest, operator, told};
use crate::truth;

fn synced(stage: &Stage) -> Registration {
    Registration {
        sync: true,
        ..all_of(stage.files())
    }
}

/// The names of the documents with their versions, by path.
async fn kept(gateway: &Gateway) -> Vec<String> {
    let rows = gateway.library.store().documents(&operator(), None).await;
    rows.unwrap()
        .iter()
        .map(|row| format!("{} v{}", row.path.rsplit('/').next().unwrap(), row.version))
        .collect()
}

#[test]
fn what_has_vanished_is_removed_and_nothing_else() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = stage.open().await;
        let tenant = Tenant::default();
        for name in ["a.txt", "b.txt", "sub/c.txt", "sub/d.txt"] {
            stage.write(name, format!("Le fichier {name}.\n"));
        }
        ingest(&gateway, &tenant, synced(&stage)).await.unwrap();
        let elsewhere = stage.root().join("elsewhere.txt");
        fs_err::write(&elsewhere, "Ailleurs.\n").unwrap();
        ingest(&gateway, &tenant, all_of(elsewhere.clone()))
            .await
            .unwrap();
        let other = Registration {
            collection: "autres".to_owned(),
            ..all_of(stage.files().join("a.txt"))
        };
        ingest(&gateway, &tenant, other).await.unwrap();

        for name in ["a.txt", "b.txt", "sub/c.txt"] {
            fs_err::remove_file(stage.files().join(name)).unwrap();
        }
        fs_err::remove_file(elsewhere).unwrap();
        // Without `--sync` nothing goes.
        let ended = ingest(&gateway, &tenant, all_of(stage.files())).await.unwrap();
        assert_eq!(told(&ended), ["d.txt: unchanged"]);
        // Below another folder nothing goes either.
        let sub = Registration {
            sync: true,
            ..all_of(stage.files().join("sub"))
        };
        let ended = ingest(&gateway, &tenant, sub).await.unwrap();
        assert_eq!(told(&ended), ["c.txt: removed", "d.txt: unchanged"]);
        let ended = ingest(&gateway, &tenant, synced(&stage)).await.unwrap();
        assert_eq!(
            told(&ended),
            ["a.txt: removed", "b.txt: removed", "d.txt: unchanged"]
        );
        let left = ["a.txt v1", "elsewhere.txt v1", "d.txt v1"];
        assert_eq!(kept(&gateway).await, left);
        gateway.close().await.unwrap();
    });
    stage::run(truth::check(&stage.data()));
}

#[test]
fn below_a_folder_that_cannot_be_listed_nothing_is_removed() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = stage.open().await;
        let tenant = Tenant::default();
        for name in ["a.txt", "looped/b.txt", "denied/c.txt"] {
            stage.write(name, "Un fichier.\n");
        }
        ingest(&gateway, &tenant, synced(&stage)).await.unwrap();
        fs_err::remove_file(stage.files().join("a.txt")).unwrap();
        let looped = stage.files().join("looped");
        fs_err::remove_dir_all(&looped).unwrap();
        symlink(stage.files(), &looped).unwrap();
        // Whoever may read everything all the same still finds the file.
        let denied = stage.files().join("denied");
        fs_err::set_permissions(&denied, std::fs::Permissions::from_mode(0o000)).unwrap();
        let faults = gateway.register(&tenant, synced(&stage)).await.unwrap();
        fs_err::set_permissions(&denied, std::fs::Permissions::from_mode(0o700)).unwrap();
        let codes: Vec<&str> = faults.iter().map(|(_, error)| error.code.as_str()).collect();
        assert!(codes.contains(&"source-loop"), "{codes:?}");
        stage::work(&gateway, &tenant).await.unwrap();
        assert_eq!(kept(&gateway).await, ["c.txt v1", "b.txt v1"]);
        gateway.close().await.unwrap();
    });
}

#[test]
fn a_folder_that_is_gone_altogether_removes_nothing() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = stage.open().await;
        let tenant = Tenant::default();
        stage.write("a.txt", "Un fichier.\n");
        ingest(&gateway, &tenant, synced(&stage)).await.unwrap();
        fs_err::rename(stage.files(), stage.root().join("unmounted")).unwrap();
        let faults = gateway.register(&tenant, synced(&stage)).await.unwrap();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].1.code, "source-not-found");
        stage::work(&gateway, &tenant).await.unwrap();
        assert_eq!(kept(&gateway).await, ["a.txt v1"]);
        gateway.close().await.unwrap();
    });
}

#[test]
fn the_last_task_on_a_file_has_the_last_word() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = stage.open().await;
        let tenant = Tenant::default();
        let path = stage.write("a.txt", "Un fichier.\n");
        ingest(&gateway, &tenant, synced(&stage)).await.unwrap();
        // Its removal is enqueued, and the file is back before anybody has worked on that.
        fs_err::remove_file(&path).unwrap();
        gateway.register(&tenant, synced(&stage)).await.unwrap();
        fs_err::write(&path, "Un fichier.\n").unwrap();
        let ended = ingest(&gateway, &tenant, synced(&stage)).await.unwrap();
        assert_eq!(told(&ended), ["a.txt: added", "a.txt: removed"]);
        assert_eq!(kept(&gateway).await, ["a.txt v1"]);
        // And the other way round.
        fs_err::write(&path, "Un autre fichier.\n").unwrap();
        gateway.register(&tenant, synced(&stage)).await.unwrap();
        let document = (COLLECTION.to_owned(), path);
        gateway.register_removal(&tenant, &[document]).await.unwrap();
        let ended = stage::work(&gateway, &tenant).await.unwrap();
        assert_eq!(told(&ended), ["a.txt: removed", "a.txt: replaced"]);
        assert_eq!(kept(&gateway).await, [""; 0]);
        gateway.close().await.unwrap();
    });
    stage::run(truth::check(&stage.data()));
}

#[test]
fn a_file_that_is_enqueued_more_than_once_is_kept_once() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = stage.open().await;
        let tenant = Tenant::default();
        stage.write("a.txt", "Un fichier.\n");
        stage.write("b.txt", "Un autre.\n");
        let twice = Registration {
            paths: vec![stage.files(), stage.files().join("a.txt")],
            ..all_of(stage.files())
        };
        // A run that was killed had registered them already.
        gateway.register(&tenant, twice.clone()).await.unwrap();
        let ended = ingest(&gateway, &tenant, twice).await.unwrap();
        let expected = [
            "a.txt: added",
            "a.txt: unchanged",
            "b.txt: added",
            "b.txt: unchanged",
        ];
        assert_eq!(told(&ended), expected);
        assert_eq!(kept(&gateway).await, ["a.txt v1", "b.txt v1"]);
        gateway.close().await.unwrap();
    });
}

#[test]
fn two_runs_at_once_do_the_work_once() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = stage.open().await;
        let tenant = Tenant::default();
        for number in 0..8 {
            stage.write(&format!("f{number}.txt"), format!("Fichier {number}.\n"));
        }
        gateway.register(&tenant, all_of(stage.files())).await.unwrap();
        let (one, other) = tokio::join!(stage::work(&gateway, &tenant), stage::work(&gateway, &tenant));
        assert_eq!(one.unwrap().len() + other.unwrap().len(), 8);
        assert_eq!(stage.entries(&tenant).len(), 8);
        gateway.close().await.unwrap();
    });
    stage::run(truth::check(&stage.data()));
}
