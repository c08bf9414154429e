//! Files as people have them: changed, odd, broken.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use trousseau_core::label::{Class, Label};
use trousseau_core::principal::Tenant;
use trousseau_gateway::ingest::Registration;

use crate::stage::{self, Stage, all_of, ingest, operator, told};
use crate::truth;

#[test]
fn a_file_is_replaced_when_it_its_label_or_its_readers_change() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = stage.open().await;
        let tenant = Tenant::default();
        stage.write("a.txt", "Un fichier.\n");
        let wanted = all_of(stage.files());
        let labelled = Registration {
            label: Some(Label::of(Class::Sensitive)),
            ..wanted.clone()
        };
        let restricted = Registration {
            readers: Some(vec!["group:rh".parse().unwrap(), "user:ada".parse().unwrap()]),
            ..labelled.clone()
        };
        let mut ends = Vec::new();
        for wanted in [&wanted, &wanted, &labelled, &labelled, &restricted, &restricted] {
            let ended = ingest(&gateway, &tenant, wanted.clone()).await.unwrap();
            ends.extend(told(&ended));
        }
        stage.write("a.txt", "Un autre fichier.\n");
        ends.extend(told(&ingest(&gateway, &tenant, restricted).await.unwrap()));
        assert_eq!(
            ends,
            [
                "a.txt: added",
                "a.txt: unchanged",
                "a.txt: replaced",
                "a.txt: unchanged",
                "a.txt: replaced",
                "a.txt: unchanged",
                "a.txt: replaced"
            ]
        );
        let rows = gateway
            .library
            .store()
            .documents(&operator(), None)
            .await
            .unwrap();
        assert_eq!((rows.len(), rows[0].version), (1, 4));
        let original = gateway.library.store().original(&operator(), &rows[0].id).await;
        assert_eq!(original.unwrap(), "Un autre fichier.\n".as_bytes());
        gateway.close().await.unwrap();
    });
    stage::run(truth::check(&stage.data()));
}

#[test]
fn what_cannot_be_read_fails_alone() {
    let stage = Stage::new();
    stage::run(async {
        let gateway = stage.open().await;
        stage::change(&gateway, |plan| plan.settings.limits.file_bytes = 1 << 20);
        let tenant = Tenant::default();
        stage.write("bon.txt", "Un bon fichier.\n");
        stage.write("vide.txt", "");
        stage.write("binaire.txt", [&b"\x7fELF\0\0\x01"[..], &[0; 400]].concat());
        stage.write("latin1.txt", b"Le caf\xe9 est servi \xe0 la mairie.\n");
        let utf16: Vec<u8> = "\u{feff}Écrit en seize bits.\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        stage.write("utf16.txt", utf16);
        stage.write("grand.txt", vec![b'a'; (1 << 20) + 1]);
        stage.write("ligne.txt", "mot ".repeat(1 << 18));
        stage.write("photo.png", b"\x89PNG\r\n\x1a\n0000");
        let gone = stage.write("parti.txt", "Bientôt parti.\n");
        symlink("boucle.txt", stage.files().join("boucle.txt")).unwrap();
        let odd = stage.files().join(OsStr::from_bytes(b"odd\x1b[31m\n\xff.txt"));
        fs_err::write(odd, "Un nom étrange.\n").unwrap();

        let faults = gateway.register(&tenant, all_of(stage.files())).await.unwrap();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].0.ends_with("boucle.txt"));
        fs_err::remove_file(gone).unwrap();
        let ended = stage::work(&gateway, &tenant).await.unwrap();
        assert_eq!(
            told(&ended),
            [
                "binaire.txt: extract-binary",
                "bon.txt: added",
                "grand.txt: source-too-large",
                "latin1.txt: added",
                "ligne.txt: added",
                "odd\\x1b[31m\\x0a\\xff.txt: added",
                "parti.txt: source-not-found",
                "photo.png: extract-unsupported",
                "utf16.txt: added",
                "vide.txt: extract-empty"
            ]
        );
        for (question, name) in [("café servi mairie", "latin1.txt"), ("seize bits", "utf16.txt")] {
            let hits = gateway
                .library
                .search(&operator(), question, None, 1)
                .await
                .unwrap();
            assert!(hits[0].path.ends_with(name), "{question}");
        }
        gateway.close().await.unwrap();
    });
    stage::run(truth::check(&stage.data()));
}
