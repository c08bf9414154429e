//! What is wrong and how to mend it, told on healthy and on damaged data folders alike.

use std::os::unix::fs::PermissionsExt as _;

use crate::harness::Dir;

#[test]
fn nothing_is_wrong_with_an_empty_folder() {
    let dir = Dir::new();
    let told = dir.french(&["doctor"]).succeeded();
    insta::assert_snapshot!(dir.filtered(&told.out), @"
    ✓ Aucune configuration : la réponse locale, sans réseau, est utilisée.
    ✓ [DIR]/data : vide pour l’instant ; commencez par « trousseau ingest DOSSIER ».

    local
      ✓ public
      ✓ internal
      ✓ personal
      ✓ sensitive
      ✓ restricted
    ");
    assert!(!dir.data().exists(), "to look must not create");
}

#[test]
fn a_healthy_folder_is_told_in_numbers() {
    let dir = Dir::new();
    dir.write("docs/a.txt", "Le guichet ouvre à huit heures.\n");
    dir.run(&["ingest", "docs"]).succeeded();
    let told = dir.french(&["doctor"]).succeeded();
    let data: Vec<&str> = told.out.lines().filter(|line| line.contains("data")).collect();
    insta::assert_snapshot!(dir.filtered(&data.join("\n")), @"
    ✓ [DIR]/data : 1 document.
    ✓ [DIR]/data/ledger/default/main : registre intègre, 1 entrée.
    ");
}

#[test]
fn failed_tasks_are_counted_with_the_command_that_explains_them() {
    let dir = Dir::new();
    dir.write("docs/a.txt", "Le guichet ouvre à huit heures.\n");
    dir.write("docs/b.txt", "");
    dir.write("docs/c.pdf", "%PDF-1.7\n");
    dir.run(&["ingest", "docs"]).succeeded();
    let told = dir.french(&["doctor"]).ended_with(1);
    assert!(
        told.out
            .contains("✗ 2 tâches en échec : « trousseau tasks --state failed » dit pourquoi."),
        "{told:#?}"
    );
    // What is mended is no longer told.
    dir.write("docs/b.txt", "Le bureau ferme à midi.\n");
    fs_err::remove_file(dir.path().join("docs/c.pdf")).unwrap();
    dir.run(&["ingest", "docs", "--sync"]).succeeded();
    dir.run(&["doctor"]).succeeded();
}

#[test]
fn damage_is_a_finding_and_not_the_end() {
    let dir = Dir::new();
    dir.write("docs/a.txt", "Le guichet ouvre à huit heures.\n");
    dir.run(&["ingest", "docs"]).succeeded();
    fs_err::write(dir.ledger().join("checkpoint"), "edited\n").unwrap();
    for name in ["documents.sqlite-wal", "documents.sqlite-shm"] {
        let file = dir.data().join(name);
        if file.exists() {
            fs_err::remove_file(file).unwrap();
        }
    }
    fs_err::write(
        dir.data().join("documents.sqlite"),
        "not a database, whatever its name says\n".repeat(200),
    )
    .unwrap();
    fs_err::set_permissions(dir.data(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let seen = dir.run(&["doctor", "--json"]).ended_with(1).object();
    let unsound: Vec<&str> = seen["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["sound"] == false)
        .map(|finding| finding["text"].as_str().unwrap())
        .collect();
    assert_eq!(unsound.len(), 3, "{seen:#}");
    for (text, about) in unsound.iter().zip(["documents.sqlite", "chmod", "ledger"]) {
        assert!(text.contains(about), "{seen:#}");
    }
}

#[test]
fn what_would_open_a_closed_upstream_is_told() {
    let dir = Dir::new();
    dir.write(
        "data/trousseau.toml",
        "[[upstream]]\nname = \"nuage\"\nkind = \"openai\"\nurl = \"http://127.0.0.1:9/v1\"\nmodel = \"m\"\n",
    );
    let seen = dir.json(&["doctor"]);
    let classes = &seen["upstreams"][0]["classes"];
    assert!(!classes[4]["missing"].as_array().unwrap().is_empty(), "{seen:#}");
    let told = dir.french(&["doctor"]).succeeded();
    assert!(told.out.contains("✗ restricted"), "{told:#?}");
}
