//! `trousseau serve`: how it starts, whom it lets in, how it ends.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;
use trousseau_upstream::egress::{self, Egress};

use crate::harness::{Dir, Ran};
use crate::service::{PATIENCE, Service, ask, get};

fn question() -> serde_json::Value {
    json!({
        "model": "documents",
        "messages": [{ "role": "user", "content": "À quelle heure ouvre le guichet ?" }],
    })
}

#[test]
fn without_any_configuration_it_answers_on_this_machine_with_a_key_that_is_shown_once() {
    let dir = Dir::new();
    dir.write("docs/a.txt", "Le guichet ouvre à huit heures.\n");
    let service = Service::start(&dir, &[]);
    let key = service.key.clone().unwrap();
    assert!(key.starts_with("trs-") && key.len() == 47, "{key}");
    dir.run(&["ingest", "docs"]).succeeded();
    let (status, answer) = service.ask(&question());
    assert_eq!(status, 200, "{answer:#}");
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.contains("huit heures"), "{answer:#}");
    assert_eq!(answer["trousseau"]["citations"][0]["title"], "a");
    let (status, refused) = ask(&service.address, "trs-wrong", &question());
    assert_eq!(status, 401, "{refused:#}");
    let ended = service.stop().ended_with(0);
    assert!(!ended.err.contains(&key), "{ended:#?}");

    // The key outlives the server, and there is no second one.
    let service = Service::start(&dir, &[]);
    assert_eq!(service.key, None);
    assert_eq!(ask(&service.address, &key, &question()).0, 200);
    // Every record is there, and the ledger is sound.
    dir.run(&["ledger", "verify"]).succeeded();
}

#[test]
fn with_json_the_address_and_the_key_are_one_object() {
    let dir = Dir::new();
    let mut child = dir
        .command(&["serve", "--listen", "127.0.0.1:0", "--json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let out = child.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(
        told["url"].as_str().unwrap().starts_with("http://127.0.0.1:"),
        "{told}"
    );
    assert!(told["key"].as_str().unwrap().starts_with("trs-"), "{told}");
}

#[test]
fn no_first_key_where_none_is_wanted() {
    let dir = Dir::new();
    let service = Service::start(&dir, &["--no-first-key"]);
    assert_eq!(service.key, None);
    assert_eq!(dir.json(&["keys", "list"]), json!({ "keys": [] }));
}

#[test]
fn other_machines_are_not_listened_to_without_tls() {
    let dir = Dir::new();
    let refused = dir
        .run(&["serve", "--listen", "0.0.0.0:0", "--json"])
        .ended_with(1);
    assert_eq!(refused.error(), "app-exposed");
    assert!(!dir.data().exists(), "nothing may be made");
    let refused = dir.french(&["serve", "--listen", "0.0.0.0:0"]).ended_with(1);
    assert!(refused.err.contains("sans TLS"), "{refused:#?}");
    let refused = dir.run(&["serve", "--listen", "partout", "--json"]).ended_with(1);
    assert_eq!(refused.error(), "app-not-an-address");
    drop(Service::of(&mut dir.command(&[
        "serve",
        "--listen",
        "0.0.0.0:0",
        "--insecure",
    ])));
    dir.write(
        "data/trousseau.toml",
        "[server]\nlisten = \"0.0.0.0:0\"\ninsecure = true\n",
    );
    drop(Service::of(&mut dir.command(&["serve"])));
}

#[test]
fn an_address_that_is_taken_changes_nothing() {
    let dir = Dir::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = dir.run(&["serve", "--listen", &address, "--json"]).ended_with(4);
    assert_eq!(refused.error(), "http-listen");
    assert!(!dir.data().exists());
}

#[test]
fn one_server_has_a_data_folder() {
    let dir = Dir::new();
    let service = Service::start(&dir, &[]);
    let second = dir
        .run(&["serve", "--listen", "127.0.0.1:0", "--json"])
        .ended_with(4);
    assert_eq!(second.error(), "app-locked");
    assert!(second.err.contains(&service.process().to_string()), "{second:#?}");
    // The first one has not noticed.
    dir.run(&["tasks"]).succeeded();
}

#[test]
fn its_files_are_its_owners_alone() {
    let dir = Dir::new();
    let _service = Service::start(&dir, &[]);
    let mode = |name: &str| {
        let metadata = fs_err::symlink_metadata(dir.data().join(name)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode(""), 0o700);
    assert_eq!(mode("trousseau.sock"), 0o600);
}

#[test]
fn a_signal_ends_it_and_the_next_start_finds_everything() {
    for signal in [Signal::TERM, Signal::INT] {
        let dir = Dir::new();
        dir.write("docs/a.txt", "Le guichet ouvre à huit heures.\n");
        let mut service = Service::start(&dir, &[]);
        dir.run(&["ingest", "docs"]).succeeded();
        service.signal(Signal::HUP);
        assert!(get(&service.address, "/healthz", None).starts_with("HTTP/1.1 200 "));
        service.signal(signal);
        service.wait().ended_with(0);
        assert!(!dir.data().join("trousseau.sock").exists());
        dir.run(&["documents"]).succeeded();
        dir.run(&["ledger", "verify"]).succeeded();
    }
}

/// Whether the server proves to be the one of this certificate.
fn is_trusted(address: &str, certificate: &Path) -> bool {
    let egress = Egress {
        ca_files: vec![certificate.to_path_buf()],
        system_authorities: false,
        ..Egress::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = egress::client(&egress, None).unwrap();
        let answered = client.get(format!("https://{address}/healthz")).send().await;
        answered.is_ok_and(|answer| answer.status().is_success())
    })
}

#[test]
fn a_certificate_is_used_and_a_new_one_taken_up_without_a_restart() {
    let dir = Dir::new();
    let certify = || {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        dir.write("tls/key.pem", made.signing_key.serialize_pem());
        dir.write("tls/cert.pem", made.cert.pem())
    };
    let first = dir.path().join("first.pem");
    fs_err::copy(certify(), &first).unwrap();
    dir.write(
        "data/trousseau.toml",
        "[server]\nlisten = \"127.0.0.1:0\"\ntls_certificate = \"../tls/cert.pem\"\ntls_key = \"../tls/key.pem\"\n",
    );
    let service = Service::of(&mut dir.command(&["serve"]));
    assert!(service.is_tls);
    assert!(is_trusted(&service.address, &first));
    let second = certify();
    assert!(!is_trusted(&service.address, &second));
    service.signal(Signal::HUP);
    let began = Instant::now();
    while !is_trusted(&service.address, &second) {
        assert!(began.elapsed() < PATIENCE, "the new certificate is not taken up");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!is_trusted(&service.address, &first));
    service.stop().ended_with(0);
    // A key of another certificate stops the start.
    let other = rcgen::generate_simple_self_signed(["other.example".to_owned()]).unwrap();
    dir.write("tls/key.pem", other.signing_key.serialize_pem());
    let refused = dir.run(&["serve", "--json"]).ended_with(1);
    assert_eq!(refused.error(), "http-tls-key");
}

#[test]
fn a_missing_secret_stops_the_start_and_is_found_by_doctor() {
    let dir = Dir::new();
    dir.write(
        "data/trousseau.toml",
        "[[upstream]]\nname = \"nuage\"\nkind = \"openai\"\nurl = \"https://m.example/v1\"\nmodel = \"m\"\n\
         key = { env = \"TROUSSEAU_TEST_KEY\" }\n",
    );
    let refused = dir
        .run(&["serve", "--listen", "127.0.0.1:0", "--json"])
        .ended_with(1);
    assert_eq!(refused.error(), "secret-empty");
    assert!(refused.err.contains("TROUSSEAU_TEST_KEY"), "{refused:#?}");
    let private = std::fs::Permissions::from_mode(0o700);
    fs_err::set_permissions(dir.data(), private).unwrap();
    // What needs no model goes on without the key.
    dir.write("docs/a.txt", "Le guichet ouvre à huit heures.\n");
    dir.run(&["ingest", "docs"]).succeeded();
    let seen = dir.french(&["doctor"]).ended_with(1);
    assert!(
        seen.out.contains("✗ nuage : sa clé ne peut pas servir"),
        "{seen:#?}"
    );
    let with = Ran::of(dir.command(&["doctor"]).env("TROUSSEAU_TEST_KEY", "sk-hidden")).ended_with(0);
    assert!(
        with.out.contains("its key can be read") && !with.out.contains("sk-hidden"),
        "{with:#?}"
    );
    let mut command = dir.command(&["serve", "--listen", "127.0.0.1:0"]);
    drop(Service::of(command.env("TROUSSEAU_TEST_KEY", "sk-hidden")));
}
