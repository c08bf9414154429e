//! What is withdrawn on one replica is out on every replica: soon, what runs included, and also where the database was away.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use trousseau_testing::postgres;

use crate::harness::Dir;
use crate::replicas::{readiness, replica, until};
use crate::service::{PATIENCE, Service, ask};

/// An upstream on own premises, and what it is called.
fn upstream(name: &str, url: &str) -> String {
    format!(
        "[[upstream]]\nname = \"{name}\"\nkind = \"openai\"\nurl = \"{url}\"\nmodel = \"m\"\n\
         card = {{ premises = \"own\", provider = \"{name} SA\" }}\n"
    )
}

/// A route over them.
fn routed(upstreams: &[String], names: &str) -> String {
    let route = format!("[[route]]\nname = \"free\"\ntargets = [{names}]\ngrounded = false\n");
    upstreams.concat() + &route
}

fn question(streamed: bool) -> Value {
    json!({ "model": "free", "stream": streamed, "messages": [{ "role": "user", "content": "Bonjour ?" }] })
}

/// A model server that says a word, and then nothing until it is given up.
fn silent() -> (String, std::sync::mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let (gave_up, given_up) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, gave_up) = (stream.unwrap(), gave_up.clone());
            std::thread::spawn(move || {
                let mut read = [0; 65536];
                let _asked = stream.read(&mut read);
                let delta = json!({ "id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m",
                    "choices": [{ "index": 0, "delta": { "role": "assistant", "content": "Bonjour " } }] });
                let said = format!("data: {delta}\n\n");
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
                let sent = format!("{head}{:x}\r\n{said}\r\n", said.len());
                stream.write_all(sent.as_bytes()).unwrap();
                // Until the other side has gone.
                while stream.read(&mut read).is_ok_and(|count| count > 0) {}
                let _nobody = gave_up.send(());
            });
        }
    });
    (url, given_up)
}

fn withdraw(dir: &Dir, upstream: &str) -> String {
    let made = dir.json(&["withdraw", "upstream", upstream]);
    made["id"].as_str().unwrap().to_owned()
}

fn status(service: &Service, key: &str) -> u16 {
    ask(&service.address, key, &question(false)).0
}

#[test]
fn a_withdrawal_on_one_replica_is_in_force_on_the_other_within_a_second_and_stops_what_runs_there() {
    let Some(database) = postgres::database("replicas-withdrawals") else {
        return;
    };
    let (url, given_up) = silent();
    let more = routed(&[upstream("slow", &url)], "\"slow\"");
    let (one, two) = (
        replica(&database.url, "one", &more),
        replica(&database.url, "two", &more),
    );
    let (first, second) = (Service::start(&one, &[]), Service::start(&two, &[]));
    let key = first.key.clone().unwrap();

    let mut stream = TcpStream::connect(&second.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let asked = question(true).to_string();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{asked}",
        asked.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut said = String::new();
    while !said.contains("Bonjour ") {
        let mut read = [0; 4096];
        let count = stream.read(&mut read).unwrap();
        assert!(count > 0, "{said}");
        said.push_str(&String::from_utf8_lossy(&read[..count]));
    }
    let id = withdraw(&one, "slow");
    given_up.recv_timeout(PATIENCE).unwrap();
    stream.read_to_string(&mut said).unwrap();
    assert!(
        !said.contains("[DONE]") || said.contains("error"),
        "no clean end: {said}"
    );
    assert_eq!((status(&first, &key), status(&second, &key)), (403, 403));
    // Lifted there, it is open here.
    two.run(&["withdraw", "lift", &id]).succeeded();
    until(|| {
        one.json(&["withdraw", "list"])["withdrawals"]
            .as_array()
            .unwrap()
            .is_empty()
    });

    let mut quickest = PATIENCE;
    for _ in 0..3 {
        let id = withdraw(&one, "slow");
        quickest = quickest.min(until(|| status(&second, &key) == 403));
        one.run(&["withdraw", "lift", &id]).succeeded();
        until(|| {
            two.json(&["withdraw", "list"])["withdrawals"]
                .as_array()
                .unwrap()
                .is_empty()
        });
    }
    assert!(quickest < Duration::from_secs(1), "{quickest:?}");
}

#[test]
fn a_withdrawal_waits_for_no_database_and_is_told_when_it_is_back() {
    let Some(server) = postgres::server("replicas-withdrawals-away") else {
        return;
    };
    let (url, _given_up) = silent();
    let more = routed(&[upstream("slow", &url)], "\"slow\"");
    let (one, two) = (
        replica(&server.url, "one", &more),
        replica(&server.url, "two", &more),
    );
    // What a folder withdrew while it was alone goes with it.
    let alone = fs_err::read_to_string(one.data().join("trousseau.toml")).unwrap();
    let (before, after) = alone.split_once("[state]").unwrap();
    let (_, after) = after.split_once("[[upstream]]").unwrap();
    one.write("data/trousseau.toml", format!("{before}[[upstream]]{after}"));
    one.run(&["withdraw", "provider", "Nuage"]).succeeded();
    one.write("data/trousseau.toml", alone);

    let (first, second) = (Service::start(&one, &[]), Service::start(&two, &[]));
    let key = first.key.clone().unwrap();
    let listed = |dir: &Dir| {
        dir.json(&["withdraw", "list"])["withdrawals"]
            .as_array()
            .unwrap()
            .len()
    };
    until(|| listed(&two) == 1);
    server.kill();
    until(|| readiness(&second).1 == "degraded");
    let told = one.run(&["--json", "withdraw", "upstream", "slow"]).ended_with(4);
    assert_eq!(told.error(), "withdrawals-here");
    assert_eq!(status(&first, &key), 403, "in force here");
    assert_eq!((listed(&one), listed(&two)), (2, 1));
    // It outlives the process that owes it.
    assert_eq!(
        two.run(&["--json", "withdraw", "lift", "nothing"])
            .ended_with(4)
            .error(),
        "store-away"
    );
    first.stop().succeeded();
    server.start();
    let _first = Service::start(&one, &[]);
    until(|| status(&second, &key) == 403);
    assert_eq!((listed(&one), listed(&two)), (2, 2));
}
