//! Commands typed while a server has the data folder: the same output, exit code and effect as without one.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Dir, PROGRAM, Ran};
use crate::service::{PATIENCE, Service};

/// A folder with documents in two collections, and a configuration with a key.
fn stocked() -> Dir {
    let dir = Dir::new();
    dir.write(
        "data/trousseau.toml",
        "[[collection]]\nname = \"rh\"\nlabel = \"personal\"\nreaders = [\"group:rh\"]\n\
         [[key]]\nname = \"agent\"\ngroups = [\"rh\"]\nclearance = \"personal\"\n",
    );
    dir.write("docs/guichet.txt", "Le guichet ouvre à huit heures.\n");
    dir.write(
        "docs/badge.md",
        "# Badges\n\nLe badge est valable dix-huit mois.\n",
    );
    dir.write("docs/vide.txt", "");
    dir.write("rh/conges.txt", "Les congés se posent un mois avant.\n");
    dir
}

/// What changes from run to run, left out.
fn steady(dir: &Dir, text: &str) -> String {
    let text = dir.filtered(text);
    let words = text.split_inclusive(char::is_whitespace);
    let steady = words.map(|word| {
        let is_time = word.len() > 19 && word.get(10..11) == Some("T") && word.trim_end().ends_with('Z');
        if is_time {
            "[TIME] ".to_owned()
        } else {
            word.to_owned()
        }
    });
    steady.collect()
}

const COMMANDS: &[&[&str]] = &[
    &["ingest", "docs"],
    &["ingest", "rh", "-c", "rh", "--sync"],
    &["ingest", "docs", "--json"],
    &["ingest", "nowhere"],
    &["collections"],
    &["documents"],
    &["documents", "--collection", "rh", "--json"],
    &["documents", "--key", "agent"],
    &["documents", "--collection", "nowhere"],
    &["tasks", "--state", "failed"],
    &["search", "badge"],
    &["search", "badge", "--json"],
    &["search", "guichet", "-c", "rh"],
    &["ask", "À quelle heure ouvre le guichet ?"],
    &["ask", "Combien de temps le badge est-il valable ?", "--json"],
    &["ask", "Quand poser ses congés ?", "--key", "agent"],
    &["ask", "Où est la piscine ?"],
    &["ask", "Quand ?", "--route", "nowhere"],
    &["ask", "Quand ?", "--key", "nobody", "--json"],
    &[
        "policy",
        "explain",
        "Mon IBAN est FR76 3000 6000 0112 3456 7890 189",
    ],
    &["policy", "explain", "Bonjour", "--json"],
    &["ledger", "verify"],
    &["ledger", "show"],
    &["ledger", "show", "99"],
    &["ledger", "prove", "0", "-o", "proof.txt"],
    &["keys", "list"],
    &["users", "list"],
    &["keys", "revoke", "nobody"],
    &["users", "disable", "nobody"],
    &["records", "purge"],
    &["records", "delete", "--subject", "nobody"],
    &["config", "check"],
    &["config", "show"],
    &["config", "example"],
    &["completions", "bash"],
    &["tasks", "--sate", "failed"],
    &["ask"],
    &["--version"],
];

#[test]
fn every_command_does_the_same_with_a_server_and_without() {
    let (alone, served) = (stocked(), stocked());
    let service = Service::start(&served, &["--no-first-key"]);
    for command in COMMANDS {
        for language in ["fr_FR.UTF-8", "en_GB.UTF-8"] {
            let run = |dir: &Dir| Ran::of(dir.command(command).env("LC_ALL", language));
            let (expected, seen) = (run(&alone), run(&served));
            assert_eq!(seen.code, expected.code, "{command:?}: {seen:#?} {expected:#?}");
            let compare = |dir: &Dir, ran: &Ran| (steady(dir, &ran.out), steady(dir, &ran.err));
            let (expected, seen) = (compare(&alone, &expected), compare(&served, &seen));
            if command[0] == "ledger" && command[1] == "verify" {
                // Each ledger has a key of its own.
                assert!(seen.0.contains('✓'), "{seen:?}");
                continue;
            }
            assert_eq!(mask(seen), mask(expected), "{command:?}");
        }
    }
    let proof = fs_err::read_to_string(served.path().join("proof.txt")).unwrap();
    assert!(proof.starts_with("c2sp.org/tlog-proof@v1\n"), "{proof}");
    drop(service);
}

/// Without what is drawn by lot: ids of documents depend on the folder's name.
fn mask((out, err): (String, String)) -> (String, String) {
    let filter = |text: String| {
        let mut masked = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find("doc-") {
            masked.push_str(&rest[..at]);
            masked.push_str("[DOCUMENT]");
            let end = rest[at + 4..].find(|c: char| !c.is_ascii_hexdigit());
            rest = end.map_or("", |end| &rest[at + 4 + end..]);
        }
        masked + rest
    };
    (filter(out), filter(err))
}

#[test]
fn standard_input_reaches_the_server() {
    let dir = stocked();
    let _service = Service::start(&dir, &[]);
    dir.run(&["ingest", "docs"]).succeeded();
    let asked = dir.fed(
        &["ask", "-", "--json"],
        "À quelle heure ouvre le guichet ?\n".as_bytes(),
    );
    assert_eq!(asked.succeeded().object()["abstained"], false);
    // More than one frame, more than the limit, nothing at all, and bytes that are no text.
    let long = dir.fed(&["ask", "-", "--json"], "mot ".repeat(1 << 18).as_bytes());
    assert_eq!(long.ended_with(1).error(), "gateway-long-question");
    let nothing = dir.fed(&["search", "-", "--json"], b"");
    assert_eq!(nothing.ended_with(1).error(), "gateway-empty-question");
    dir.fed(&["search", "-"], b"guichet \xff\xfe\x00 ouvre")
        .succeeded();
}

#[test]
fn what_is_large_comes_whole_and_unchanged() {
    use std::os::unix::ffi::OsStrExt as _;
    let dir = Dir::new();
    let _service = Service::start(&dir, &[]);
    let mut text = String::new();
    for line in 0..60_000 {
        text.push_str(&format!("Ligne {line} : le guichet ouvre à huit heures.\r\n"));
    }
    fs_err::create_dir_all(dir.path().join("docs")).unwrap();
    // A name that is no UTF-8, typed as it is.
    let name = std::ffi::OsStr::from_bytes(b"docs/caf\xe9.txt");
    fs_err::write(dir.path().join(name), &text).unwrap();
    Ran::of(dir.command(&["ingest"]).arg(name)).succeeded();
    let documents = dir.json(&["documents"]);
    let id = documents["documents"][0]["document"].as_str().unwrap();
    let original = dir.run(&["documents", "show", id, "--original"]).succeeded();
    assert_eq!(original.out, text);
}

#[test]
fn several_at_once_each_get_their_own() {
    let dir = stocked();
    let _service = Service::start(&dir, &[]);
    for number in 0..6 {
        for file in 0..5 {
            let text = format!("Note {file} du dossier {number} : le quai {number} ferme à {file} heures.\n");
            dir.write(&format!("batch{number}/{file}.txt"), text);
        }
    }
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..6)
            .map(|number| {
                let dir = &dir;
                scope.spawn(move || {
                    let told = dir.json(&["ingest", &format!("batch{number}"), "-c", &format!("c{number}")]);
                    let asked = dir.json(&["search", "note dossier", "-c", &format!("c{number}")]);
                    (told, asked)
                })
            })
            .collect();
        for run in runs {
            let (told, asked) = run.join().unwrap();
            assert_eq!(told["added"], 5, "{told:#}");
            assert_eq!(told["failed"], json!([]));
            assert_eq!(asked["hits"].as_array().unwrap().len(), 5, "{asked:#}");
        }
    });
}

#[test]
fn whoever_hangs_up_harms_nobody() {
    let dir = stocked();
    let _service = Service::start(&dir, &[]);
    for number in 0..400 {
        dir.write(
            &format!("many/{number}.txt"),
            format!("Note {number} : le quai ferme.\n"),
        );
    }
    let mut cut = dir.start(&["ingest", "many"]);
    std::thread::sleep(Duration::from_millis(150));
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&cut),
        rustix::process::Signal::INT,
    )
    .unwrap();
    cut.wait().unwrap();
    // The next one goes on from where the first stopped.
    dir.run(&["ingest", "docs"]).succeeded();
    let began = Instant::now();
    loop {
        let documents = dir.json(&["documents"])["documents"].as_array().unwrap().len();
        if documents == 402 {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "only {documents} documents");
        dir.run(&["ingest"]);
    }
    // One that says nothing, one that says nonsense, one that leaves in the middle of its word.
    let connect = || UnixStream::connect(dir.data().join("trousseau.sock")).unwrap();
    let silent = connect();
    for nonsense in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"H\0\0\0\x02{}",
        b"H\xff\xff\xff\xff",
        b"I\0\0\0\0",
        b"H\0\0\x01",
    ] {
        let mut stream = connect();
        stream.write_all(nonsense).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer.first(), Some(&b'R'), "{answer:?}");
    }
    dir.run(&["tasks"]).succeeded();
    drop(silent);
}

#[test]
fn a_program_of_another_version_is_told_so() {
    let dir = Dir::new();
    let service = Service::start(&dir, &[]);
    let hello = json!({ "protocol": 99, "version": "9.0.0", "something": "new" }).to_string();
    let mut stream = UnixStream::connect(dir.data().join("trousseau.sock")).unwrap();
    let length = u32::try_from(hello.len()).unwrap().to_be_bytes();
    stream
        .write_all(&[b"H", &length[..], hello.as_bytes()].concat())
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let refused: Value = serde_json::from_slice(&answer[5..]).unwrap();
    assert_eq!(refused["reason"]["code"], "protocol");
    drop(service);

    // And a server of another version is understood as one.
    let socket = dir.data().join("trousseau.sock");
    fs_err::remove_file(&socket).unwrap();
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let refused = json!({ "protocol": 99, "version": "9.0.0", "reason": "whatever" }).to_string();
        let length = u32::try_from(refused.len()).unwrap().to_be_bytes();
        stream
            .write_all(&[b"R", &length[..], refused.as_bytes()].concat())
            .unwrap();
        let mut rest = [0; 1 << 16];
        let _hello = stream.read(&mut rest);
    });
    let told = dir.french(&["tasks"]).ended_with(4);
    answering.join().unwrap();
    assert!(
        told.err.contains("9.0.0") && told.err.contains("ne se comprennent pas"),
        "{told:#?}"
    );
}

#[test]
fn the_socket_of_a_killed_server_is_in_nobodys_way() {
    let dir = stocked();
    let mut service = Service::start(&dir, &[]);
    service.signal(rustix::process::Signal::KILL);
    service.wait();
    assert!(dir.data().join("trousseau.sock").exists());
    dir.run(&["ingest", "docs"]).succeeded();
    let service = Service::start(&dir, &[]);
    dir.run(&["search", "guichet"]).succeeded();
    service.stop().ended_with(0);
}

#[test]
fn another_configuration_than_the_servers_is_not_passed_over() {
    let dir = stocked();
    let _service = Service::start(&dir, &[]);
    let other = dir.write("other.toml", "");
    let other = other.to_string_lossy();
    let refused = dir.run(&["tasks", "--config", &other, "--json"]).ended_with(4);
    assert_eq!(refused.error(), "app-other-config");
    // The server's own, by another name, is fine; and what does not need the server never asks it.
    dir.run(&["tasks", "--config", "data/../data/trousseau.toml"])
        .succeeded();
    dir.run(&["config", "check", "--config", &other]).succeeded();
}

#[test]
fn a_deep_data_folder_has_its_socket_too() {
    let dir = Dir::new();
    let deep = dir.path().join(["a-rather-long-name-of-a-folder"; 8].join("/"));
    let mut serve = Command::new(PROGRAM);
    serve
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&deep)
        .env_clear();
    let service = Service::of(serve.stdin(Stdio::null()));
    let mut tasks = Command::new(PROGRAM);
    tasks.args(["doctor", "--json", "--data"]).arg(&deep).env_clear();
    let told = Ran::of(&mut tasks).succeeded();
    assert!(told.out.contains("A server (process"), "{told:#?}");
    service.stop().ended_with(0);
}

#[test]
fn a_server_that_ends_lets_its_commands_finish() {
    let dir = Dir::new();
    dir.write("data/trousseau.toml", "[ask]\nmax_question_bytes = 1048576\n");
    let mut service = Service::start(&dir, &[]);
    let mut waiting = dir
        .command(&["ask", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = waiting.stdin.take().unwrap();
    // More than a pipe holds: once it is taken, the server has asked for it and waits for the rest.
    input.write_all(&[b' '; 200_000]).unwrap();
    service.signal(rustix::process::Signal::TERM);
    input
        .write_all("Le guichet ouvre à quelle heure ?".as_bytes())
        .unwrap();
    drop(input);
    let ran = Ran::from(waiting.wait_with_output().unwrap()).succeeded();
    assert_eq!(ran.object()["abstained"], true);
    service.wait().ended_with(0);
}
