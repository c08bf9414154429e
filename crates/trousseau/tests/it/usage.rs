//! What is typed wrongly is told in the user's language, with what to type instead; the exit code is 2.

use std::process::Stdio;

use crate::harness::{Dir, Ran};

fn told(arguments: &[&str]) -> String {
    let dir = Dir::new();
    let french = dir.french(arguments).ended_with(2);
    let english = dir.run(arguments).ended_with(2);
    assert_eq!((french.out.as_str(), english.out.as_str()), ("", ""));
    assert!(!dir.data().exists());
    french.err + &english.err
}

#[test]
fn a_mistyped_command() {
    insta::assert_snapshot!(told(&["ingset", "docs"]), @"
    erreur : Il n’y a pas de commande « ingset ».
    conseil : Vouliez-vous écrire « ingest » ?
    error: There is no command “ingset”.
    hint: Did you mean “ingest”?
    ");
}

#[test]
fn an_argument_that_is_missing() {
    insta::assert_snapshot!(told(&["ask"]), @"
    erreur : Il manque : <QUESTION>
    conseil : Écrivez : trousseau ask <QUESTION>
    error: Missing: <QUESTION>
    hint: Write: trousseau ask <QUESTION>
    ");
}

#[test]
fn a_question_without_quotation_marks() {
    insta::assert_snapshot!(told(&["ask", "Quel", "délai"]), @"
    erreur : « délai » n’est pas attendu ici.
    conseil : Écrivez : trousseau ask [OPTIONS] <QUESTION>. Un texte de plusieurs mots se met entre guillemets.
    error: “délai” is not expected here.
    hint: Write: trousseau ask [OPTIONS] <QUESTION>. A text of several words goes between quotation marks.
    ");
}

#[test]
fn values_of_the_wrong_type() {
    insta::assert_snapshot!(told(&["search", "badge", "-n", "dix"]), @"
    erreur : « dix » n’est pas admis pour --limit <NOMBRE>.
    conseil : Ajoutez --help à la commande pour savoir ce qu’elle attend.
    error: “dix” is not accepted for --limit <COUNT>.
    hint: Add --help to the command to know what it expects.
    ");
    insta::assert_snapshot!(told(&["tasks", "--state", "done"]), @"
    erreur : « done » n’est pas admis pour --state <ÉTAT> ; sont admis : enqueued, processing, committed, succeeded, failed
    error: “done” is not accepted for --state <STATE>; accepted are: enqueued, processing, committed, succeeded, failed
    ");
    insta::assert_snapshot!(told(&["ingest", "docs", "--label", "secret"]), @"
    erreur : « secret » n’est pas une étiquette.
    conseil : Écrivez public, internal, personal, sensitive ou restricted, avec des marques au besoin, comme « sensitive+health ».
    error: “secret” is not a label.
    hint: Write public, internal, personal, sensitive or restricted, with tags where needed, such as “sensitive+health”.
    ");
    insta::assert_snapshot!(told(&["--tenant", "Ville de Paris", "tasks"]), @"
    erreur : « Ville de Paris » n’est pas un nom de locataire.
    conseil : Un nom a 1 à 64 caractères parmi a-z, 0-9 et « - », et ne commence pas par « - ».
    error: “Ville de Paris” is not the name of a tenant.
    hint: A name has 1 to 64 characters of a-z, 0-9 and “-”, and does not begin with “-”.
    ");
    insta::assert_snapshot!(told(&["ingest", "docs", "--reader", "jeanne"]), @"
    erreur : « jeanne » n’est pas un lecteur.
    conseil : Écrivez « * » pour tous, « user:NOM » ou « group:NOM ».
    error: “jeanne” is not a reader.
    hint: Write “*” for all, “user:NAME” or “group:NAME”.
    ");
}

#[test]
fn with_json_it_is_an_object_too() {
    let dir = Dir::new();
    let ran = dir.run(&["tasks", "--json", "--sate", "failed"]).ended_with(2);
    assert_eq!(ran.error(), "usage-mistyped-argument");
}

#[test]
fn control_characters_that_are_typed_do_not_reach_the_terminal() {
    let dir = Dir::new();
    for arguments in [
        ["tasks", "\x1b[31mred\u{9b}0m"],
        ["documents", "--collection=\x1b]0;title\x07"],
        ["--key=\x1b[2J", "documents"],
        ["--config=\x1b[2J", "documents"],
    ] {
        let ran = dir.run(&arguments);
        assert_ne!(ran.code, Some(0), "{ran:#?}");
        let raw = |c: char| c.is_control() && c != '\n';
        assert!(!ran.err.contains(raw) && !ran.out.contains(raw), "{ran:#?}");
    }
}

#[test]
fn help_is_whole_in_both_languages() {
    let dir = Dir::new();
    insta::assert_snapshot!(dir.french(&["tasks", "--help"]).succeeded().out, @"
    Liste les tâches et leur état

    Utilisation : trousseau tasks [OPTIONS]

    Options :
          --state <ÉTAT>    Seulement les tâches dans cet état [au choix : enqueued, processing,
                            committed, succeeded, failed]
      -n, --limit <NOMBRE>  Nombre de tâches, les plus récentes d’abord [par défaut : 50]
      -h, --help            Affiche cette aide

    Options de toutes les commandes :
          --data <DOSSIER>    Dossier des données (sinon TROUSSEAU_DATA, sinon le dossier de données
                              XDG)
          --config <FICHIER>  Fichier de configuration (sinon TROUSSEAU_CONFIG, sinon trousseau.toml
                              dans le dossier des données)
          --json              Écrit un seul objet JSON
          --tenant <NOM>      Locataire dans lequel travailler
          --key <NOM>         Clé de la configuration au nom de laquelle agir (sinon l’opérateur, qui
                              lit tout)
    ");
    assert!(dir.run(&["--version"]).succeeded().out.starts_with("trousseau "));
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            dir.run(&["completions", shell])
                .succeeded()
                .out
                .contains("trousseau")
        );
    }
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let dir = Dir::new();
    let mut child = dir
        .command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = Ran::from(child.wait_with_output().unwrap()).ended_with(0);
    assert_eq!(ran.err, "");
}

#[test]
fn an_output_that_cannot_be_written_is_a_fault() {
    let dir = Dir::new();
    let full = fs_err::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran = Ran::of(
        dir.command(&["config", "example", "--json"])
            .stdout(full.into_parts().0),
    )
    .ended_with(1);
    assert_eq!(ran.error(), "app-output");
}
