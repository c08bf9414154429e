//! A ledger or records that are damaged: told, and nothing is asked of anybody meanwhile.

use trousseau_core::error::Explain as _;
use trousseau_core::principal::Tenant;
use trousseau_gateway::logs;

use crate::scripted::{Scripted, Step};
use crate::stage::{self, REPLICA, Stage, all_of, ask, cast, ingest, operator, question};

#[test]
fn without_a_sound_ledger_nothing_is_asked_and_nothing_is_lost() {
    for file in ["checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1", "log.vkey"] {
        let stage = Stage::new();
        let tenant = Tenant::default();
        stage.write("a.txt", "Le guichet ouvre à neuf heures.\n");
        stage::run(async {
            let gateway = stage.open().await;
            ingest(&gateway, &tenant, all_of(stage.files())).await.unwrap();
            gateway.close().await.unwrap();
        });
        let path = logs::folder(&stage.data(), &tenant, REPLICA).join(file);
        let mut bytes = fs_err::read(&path).unwrap();
        let sound = bytes.clone();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        fs_err::write(&path, bytes).unwrap();

        let refused = stage::run(async {
            let gateway = stage.open().await;
            let model = Scripted::new("local", stage.data(), &[Step::Say("Oui."), Step::End]);
            cast(&gateway, "local", &model);
            let (answered, events) = ask(&gateway, &operator(), question("Quand ouvre le guichet ?")).await;
            assert_eq!((events.len(), model.calls().len()), (0, 0), "{file}");
            answered.unwrap_err()
        });
        assert!(refused.code().starts_with("ledger-"), "{file}: {refused}");

        // What was ingested meanwhile waits for its entry.
        stage.write("b.txt", "Le guichet ferme à midi.\n");
        stage::run(async {
            let gateway = stage.open().await;
            let refused = ingest(&gateway, &tenant, all_of(stage.files()))
                .await
                .unwrap_err();
            assert!(refused.code().starts_with("ledger-"), "{file}: {refused}");
        });
        fs_err::write(&path, sound).unwrap();
        stage::run(async {
            let gateway = stage.open().await;
            stage::work(&gateway, &tenant).await.unwrap();
            gateway.close().await.unwrap();
        });
        stage::run(crate::truth::check(&stage.data()));
        assert_eq!(stage.entries(&tenant).len(), 2, "{file}");
    }
}

#[test]
fn damaged_records_are_named() {
    let stage = Stage::new();
    fs_err::write(stage.data().join("records.sqlite"), vec![b'x'; 8192]).unwrap();
    let refused = stage::run(stage::open(&stage.data())).err().unwrap();
    assert_eq!(refused.code(), "store-damaged");
    assert!(refused.to_string().contains("records.sqlite"), "{refused}");
}
