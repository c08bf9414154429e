//! Files and folders as they come: one bad one is named and skipped, the others are read.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::{Dir, PROGRAM, Ran};

/// The name of each file that was skipped, with the code of the reason.
fn skipped(told: &Value) -> Vec<String> {
    let mut skipped: Vec<String> = told["failed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| {
            let path = fault["path"].as_str().unwrap();
            let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
            format!("{name} {}", fault["code"].as_str().unwrap())
        })
        .collect();
    skipped.sort();
    skipped
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_taken_in() {
    let dir = Dir::new();
    dir.write("docs/bon.txt", "Le guichet ouvre à huit heures.\n");
    dir.write("docs/vide.txt", "");
    dir.write("docs/binaire.txt", [0_u8, 159, 146, 150, 0, 1, 2].repeat(100));
    dir.write("docs/rapport.pdf", "%PDF-1.7\n");
    let docs = dir.path().join("docs");
    let large = fs_err::File::create(docs.join("gros.txt")).unwrap();
    large.set_len(200 << 20).unwrap();
    symlink("nulle-part.txt", docs.join("pendant.txt")).unwrap();
    symlink("/dev/zero", docs.join("zero.txt")).unwrap();
    let _socket = UnixListener::bind(docs.join("prise.txt")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(docs.join("tube.txt"))
            .status()
            .unwrap()
            .success()
    );
    let told = dir.json(&["ingest", "docs"]);
    assert_eq!(told["added"], 1, "{told:#}");
    insta::assert_snapshot!(skipped(&told).join("\n"), @"
    binaire.txt extract-binary
    gros.txt source-too-large
    pendant.txt source-not-found
    prise.txt source-not-a-file
    rapport.pdf extract-unsupported
    tube.txt source-not-a-file
    vide.txt extract-empty
    zero.txt source-not-a-file
    ");
    assert_eq!(
        dir.json(&["search", "guichet"])["hits"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn the_limit_on_a_file_is_told_in_words_that_people_use() {
    let dir = Dir::new();
    let large = dir.write("gros.txt", "");
    fs_err::OpenOptions::new()
        .write(true)
        .open(&large)
        .unwrap()
        .set_len(200 << 20)
        .unwrap();
    let ran = dir.french(&["ingest", "gros.txt"]).ended_with(1);
    insta::assert_snapshot!(dir.filtered(&ran.err), @"
    ignoré [DIR]/gros.txt : plus grand que la limite de 64 Mio
    erreur : Aucun fichier n’a pu être lu (1 ignoré).
    conseil : « trousseau tasks --state failed » dit pourquoi, fichier par fichier.
    ");
}

#[test]
fn every_encoding_is_read() {
    let dir = Dir::new();
    let text = "L’été, la médiathèque ferme à midi ; le reste de l’année, à dix-huit heures.\n";
    let utf16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let marked = std::iter::once(0xfeff).chain(text.encode_utf16());
        marked.flat_map(bytes).collect()
    };
    let latin: Vec<u8> = text
        .replace('’', "'")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    dir.write("docs/latin.txt", latin);
    dir.write("docs/petit.txt", utf16(u16::to_le_bytes));
    dir.write("docs/grand.txt", utf16(u16::to_be_bytes));
    dir.write("docs/marque.txt", format!("\u{feff}{text}"));
    let told = dir.json(&["ingest", "docs"]);
    assert_eq!(told["added"], 4, "{told:#}");
    let hits = dir.json(&["search", "été médiathèque"]);
    let hits = hits["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 4);
    for hit in hits {
        assert!(
            hit["text"].as_str().unwrap().starts_with("L’été, la médiathèque")
                || hit["text"].as_str().unwrap().starts_with("L'été, la médiathèque"),
            "{hit:#}"
        );
    }
}

#[test]
fn names_with_control_characters_never_reach_the_terminal_raw() {
    let dir = Dir::new();
    let docs = dir.path().join("docs");
    fs_err::create_dir(&docs).unwrap();
    for (name, text) in [
        (&b"rouge\x1b[31m\n\x9b.txt"[..], "Le dossier rouge est clos.\n"),
        (&b"vide\x1b]0;titre\x07.txt"[..], ""),
        ("gauche\u{202e}txt.md".as_bytes(), "Le dossier gauche est clos.\n"),
    ] {
        fs_err::write(docs.join(OsStr::from_bytes(name)), text).unwrap();
    }
    let commands: [&[&str]; 5] = [
        &["ingest", "docs"],
        &["tasks"],
        &["documents"],
        &["search", "dossier"],
        &["ask", "Quel dossier est clos ?"],
    ];
    for command in commands {
        let ran = dir.run(command).succeeded();
        let raw = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}');
        assert!(!ran.out.contains(raw) && !ran.err.contains(raw), "{ran:#?}");
    }
}

#[test]
fn links_that_lead_in_circles_are_named_and_nothing_is_read_twice() {
    let dir = Dir::new();
    dir.write("docs/a/bon.txt", "Le guichet ouvre à huit heures.\n");
    symlink("..", dir.path().join("docs/a/boucle")).unwrap();
    symlink("../..", dir.path().join("docs/a/plus-haut")).unwrap();
    symlink("soi", dir.path().join("docs/soi")).unwrap();
    let told = dir.json(&["ingest", "docs"]);
    assert_eq!(told["added"], 1, "{told:#}");
    insta::assert_snapshot!(skipped(&told).join("\n"), @"
    boucle source-loop
    plus-haut source-loop
    soi source-loop
    ");
}

#[test]
fn what_may_not_be_read_is_named() {
    let dir = Dir::new();
    dir.write("docs/bon.txt", "Le guichet ouvre à huit heures.\n");
    dir.write("docs/ferme/secret.txt", "Secret.\n");
    dir.write("docs/muet.txt", "Muet.\n");
    let mode = |name: &str, mode: u32| {
        let path = dir.path().join(name);
        fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    fs_err::create_dir(dir.data()).unwrap();
    mode("docs/ferme", 0o000);
    mode("docs/muet.txt", 0o000);
    mode("data", 0o777);
    mode("", 0o755);
    let arguments = ["ingest", "docs", "--json"];
    let mut command = dir.command(&arguments);
    if rustix::process::geteuid().is_root() {
        // Root reads everything: give the rights away, and the program to somebody who may run it.
        let program = dir.path().join("trousseau");
        fs_err::copy(PROGRAM, &program).unwrap();
        mode("trousseau", 0o755);
        command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
            .arg(&program)
            .args(arguments)
            .current_dir(dir.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("TROUSSEAU_DATA", dir.data())
            .stdin(Stdio::null());
    }
    let ran = Ran::of(&mut command).succeeded();
    mode("docs/ferme", 0o755);
    let told = ran.object();
    assert_eq!(told["added"], 1, "{told:#}");
    assert_eq!(skipped(&told), ["ferme source-denied", "muet.txt source-denied"]);
}

#[test]
fn a_file_that_vanishes_before_it_is_read_is_named() {
    let dir = Dir::new();
    // A batch ends after so many bytes: what comes behind is loaded when this file is read.
    dir.write("docs/00.txt", format!("{}mot\n", " ".repeat(17 << 20)));
    let vanishing = dir.write("docs/zz.txt", "Fiche.\n");
    let mut command = dir.command(&["ingest", "docs", "--json"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !dir.run(&["tasks"]).out.contains("zz.txt") {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before its tasks were seen"
        );
    }
    fs_err::remove_file(vanishing).unwrap();
    let told = Ran::from(child.wait_with_output().unwrap()).succeeded().object();
    assert_eq!(skipped(&told), ["zz.txt source-not-found"], "{told:#}");
    assert_eq!(told["added"], 1);
}

#[test]
fn paths_are_taken_from_where_one_stands() {
    let dir = Dir::new();
    dir.write("docs/a.txt", "Le guichet ouvre à huit heures.\n");
    let elsewhere = dir.path().join("docs");
    for (folder, path) in [
        (dir.path(), "docs/a.txt"),
        (dir.path(), "./docs"),
        (elsewhere.as_path(), "../docs/a.txt"),
    ] {
        Ran::of(dir.command(&["ingest", path]).current_dir(folder)).succeeded();
    }
    let listed = dir.json(&["documents"]);
    let rows = listed["documents"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "one file, named in three ways: {listed:#}");
    assert_eq!(
        rows[0]["path"],
        dir.path().join("docs/a.txt").to_string_lossy().as_ref()
    );
    let nowhere = dir.run(&["ingest", "nulle/part", "--json"]).ended_with(1);
    assert_eq!(nowhere.error(), "app-nothing-ingested");
}
