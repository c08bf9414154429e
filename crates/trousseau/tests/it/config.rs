//! The configuration as people write it: every fault with its place, in their language.

use crate::harness::Dir;

fn check(text: &str) -> (String, String) {
    let dir = Dir::new();
    dir.write("trousseau.toml", text);
    let arguments = ["config", "check", "--config", "trousseau.toml"];
    let (french, english) = (dir.french(&arguments), dir.run(&arguments));
    (french.ended_with(1).err, english.ended_with(1).err)
}

#[test]
fn an_unknown_key_and_the_one_that_was_meant() {
    let (french, english) = check("[ask]\nmax_question_byte = 10\n");
    insta::assert_snapshot!(french, @"
    erreur : trousseau.toml, ligne 2, colonne 1 : la clé « max_question_byte » est inconnue
    conseil : Vouliez-vous écrire « max_question_bytes » ?
    ");
    insta::assert_snapshot!(english, @"
    error: trousseau.toml, line 2, column 1: unknown key “max_question_byte”
    hint: Did you mean “max_question_bytes”?
    ");
}

#[test]
fn an_unknown_key_that_is_like_no_other() {
    let (french, _) = check("[ledger]\ncouleur = 1\n");
    insta::assert_snapshot!(french, @"
    erreur : trousseau.toml, ligne 2, colonne 1 : la clé « couleur » est inconnue
    conseil : Sont admises ici : replica, origin
    ");
}

#[test]
fn a_wrong_type_and_a_fault_of_syntax() {
    let (french, english) = check("[ingest]\nworkers = \"deux\"\n");
    insta::assert_snapshot!(french + &english, @r#"
    erreur : trousseau.toml, ligne 2, colonne 11 : il faut un nombre entier, et non "deux"
    error: trousseau.toml, line 2, column 11: a whole number is expected, not "deux"
    "#);
    let (french, _) = check("[ingest\n");
    assert!(
        french.starts_with("erreur : trousseau.toml, ligne 1, colonne"),
        "{french}"
    );
}

#[test]
fn all_faults_at_once() {
    let text = r#"
[[collection]]
name = "rh"
label = "secret"

[[route]]
name = "default"
targets = ["ailleurs"]
durability = "lente"
"#;
    let (french, english) = check(text);
    insta::assert_snapshot!(french, @"
    erreur : trousseau.toml contient 3 fautes :
      - route.default.targets : il n’y a pas de « ailleurs » ; il y a : local
      - route.default.durability : « lente » n’est pas admis ; sont admis : request, batch
      - collection.rh.label : « secret » n’est pas admis ; sont admis : public, internal, personal, sensitive, restricted
    conseil : « trousseau config example » donne un exemple commenté.
    ");
    insta::assert_snapshot!(english, @"
    error: trousseau.toml has 3 faults:
      - route.default.targets: there is no “ailleurs”; there are: local
      - route.default.durability: “lente” is not accepted; accepted are: request, batch
      - collection.rh.label: “secret” is not accepted; accepted are: public, internal, personal, sensitive, restricted
    hint: “trousseau config example” gives a commented example.
    ");
}

#[test]
fn a_refused_configuration_starts_nothing_and_names_its_faults_to_programs() {
    let dir = Dir::new();
    dir.write("trousseau.toml", "[[route]]\nname = \"r\"\ntargets = [\"x\"]\n");
    for command in [&["ask", "Quoi ?"][..], &["ingest", "."], &["doctor"], &["demo"]] {
        let ran = dir
            .run(&[command, &["--config", "trousseau.toml", "--json"]].concat())
            .ended_with(1);
        assert_eq!(ran.out, "");
        let error: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
        assert_eq!(error["error"]["code"], "config-faults");
        assert_eq!(
            error["error"]["faults"][0]["code"], "config-unknown-name",
            "{error:#}"
        );
        assert!(!dir.data().join("documents.sqlite").exists());
    }
}

#[test]
fn the_example_of_each_language_is_sound() {
    let dir = Dir::new();
    let arguments = ["config", "check", "--config", "example.toml"];
    dir.write("example.toml", dir.french(&["config", "example"]).succeeded().out);
    let french = dir.french(&arguments).succeeded().out;
    dir.write("example.toml", dir.run(&["config", "example"]).succeeded().out);
    let english = dir.run(&arguments).succeeded().out;
    insta::assert_snapshot!(french + &english, @"
    example.toml : 2 destinations, 1 route, 1 collection, aucune faute.
    example.toml: 2 upstreams, 1 route, 1 collection, no fault.
    ");
}

#[test]
fn a_configuration_that_is_not_there() {
    let dir = Dir::new();
    let arguments = ["tasks", "--config", "absent.toml"];
    let told = dir.french(&arguments).ended_with(1).err + &dir.run(&arguments).ended_with(1).err;
    insta::assert_snapshot!(told, @"
    erreur : Il n’y a pas de fichier de configuration absent.toml.
    conseil : « trousseau config example » en donne un exemple commenté.
    error: There is no configuration file absent.toml.
    hint: “trousseau config example” gives a commented example.
    ");
}

#[test]
fn the_data_folder_is_the_one_named_first() {
    let dir = Dir::new();
    let data = |command: &mut std::process::Command| {
        let ran = crate::harness::Ran::of(command).succeeded();
        ran.object()["data"].as_str().unwrap().to_owned()
    };
    let check = ["config", "check", "--json"];
    let here = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    assert_eq!(
        data(&mut dir.anywhere(&check)),
        here("home/.local/share/trousseau")
    );
    assert_eq!(
        data(dir.anywhere(&check).env("XDG_DATA_HOME", here("xdg"))),
        here("xdg/trousseau")
    );
    assert_eq!(data(&mut dir.command(&check)), here("data"));
    assert_eq!(data(dir.command(&check).args(["--data", "there"])), here("there"));
    dir.write("etc/t.toml", "data = \"own\"\n");
    let named = ["config", "check", "--json", "--config", "etc/t.toml"];
    assert_eq!(data(&mut dir.anywhere(&named)), here("etc/own"));
    let none = crate::harness::Ran::of(dir.anywhere(&["tasks", "--json"]).env_remove("HOME")).ended_with(1);
    assert_eq!(none.error(), "app-no-data");
}
