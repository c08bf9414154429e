//! Two servers with a data folder each, over one real PostgreSQL: what one changes the other knows, and neither forgets whom it
//! knows when the database is away.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trousseau_testing::postgres;

use crate::harness::Dir;
use crate::service::{PATIENCE, Service, ask, get, post};

const ROUTE: &str = "[[route]]\nname = \"default\"\ntargets = [\"local\"]\n";

/// A replica of this name over the database at `url`, not started yet; `more` is the rest of its configuration.
pub(crate) fn replica(url: &str, name: &str, more: &str) -> Dir {
    let dir = Dir::new();
    let text =
        format!("[ledger]\nreplica = \"{name}\"\n[state]\nurl = \"{url}\"\ntimeout_seconds = 2\n{more}\n");
    dir.write("data/trousseau.toml", text);
    dir
}

pub(crate) fn question() -> Value {
    json!({ "model": "default", "messages": [{ "role": "user", "content": "Quand poser ses congés ?" }] })
}

/// How long it takes until something is so; at the latest when the patience of a test ends.
pub(crate) fn until(mut so: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "it never comes to be");
        std::thread::sleep(Duration::from_millis(5));
    }
    begun.elapsed()
}

pub(crate) fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(&body[body.find('{').unwrap()..=body.rfind('}').unwrap()]).unwrap()
}

fn status(service: &Service, key: &str) -> u16 {
    ask(&service.address, key, &question()).0
}

/// What `/readyz` says: its status and its word, and what it says of the database.
pub(crate) fn readiness(service: &Service) -> (bool, String, Option<String>) {
    let answer = get(&service.address, "/readyz", None);
    let body = body(&answer);
    let word = |word: &Value| word.as_str().map(str::to_owned);
    (
        answer.starts_with("HTTP/1.1 200 "),
        word(&body["status"]).unwrap(),
        word(&body["checks"]["state"]),
    )
}

fn sound() -> (bool, String, Option<String>) {
    (true, "ready".to_owned(), Some("ok".to_owned()))
}

fn degraded() -> (bool, String, Option<String>) {
    (true, "degraded".to_owned(), Some("failing".to_owned()))
}

#[test]
fn a_key_and_a_session_of_one_replica_are_those_of_the_other_until_they_end_on_either() {
    let Some(database) = postgres::database("replicas-accounts") else {
        return;
    };
    let (one, two) = (
        replica(&database.url, "one", ROUTE),
        replica(&database.url, "two", ROUTE),
    );
    let (first, second) = (Service::start(&one, &[]), Service::start(&two, &[]));
    let administrator = first.key.clone().unwrap();
    assert_eq!(second.key, None, "there is one already");
    assert_eq!(
        (status(&first, &administrator), status(&second, &administrator)),
        (200, 200)
    );

    // Made there and revoked here, with a command and over HTTP, each is so everywhere; the quickest of some within a second.
    let (mut made, mut revoked) = (PATIENCE, PATIENCE);
    for round in 0..3 {
        let name = format!("agent-{round}");
        let row = two.json(&["keys", "create", "--name", &name]);
        let key = row["key"].as_str().unwrap();
        assert_eq!(status(&second, key), 200);
        made = made.min(until(|| status(&first, key) == 200));
        one.run(&["keys", "revoke", &name.to_uppercase()]).succeeded();
        assert_eq!(status(&first, key), 401);
        revoked = revoked.min(until(|| status(&second, key) == 401));
    }
    assert!(
        made < Duration::from_secs(1) && revoked < Duration::from_secs(1),
        "{made:?} {revoked:?}"
    );

    // Whatever changes the tables, they hear of it.
    let row = one.json(&["keys", "create", "--name", "by-hand"]);
    let key = row["key"].as_str().unwrap();
    until(|| status(&second, key) == 200);
    database.run("UPDATE trousseau.keys SET revoked = 1 WHERE name = 'by-hand'");
    until(|| status(&first, key) == 401 && status(&second, key) == 401);

    // A user comes in by a link of one replica on the other, and is known on both.
    let link = two.json(&["users", "create", "Alice"]);
    let token = link["link"].as_str().unwrap();
    let followed = json!({ "token": token, "password": "un long mot de passe" }).to_string();
    let opened = post(&first.address, "/api/auth/first", "none", &followed);
    assert!(opened.starts_with("HTTP/1.1 200 "), "{opened}");
    let again = post(&second.address, "/api/auth/first", "none", &followed);
    assert!(again.starts_with("HTTP/1.1 401 "), "{again}");
    let cookie = opened
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .and_then(|cookie| cookie.split(';').next())
        .unwrap();
    let session = |service: &Service| -> bool {
        let mut stream = std::net::TcpStream::connect(&service.address).unwrap();
        let asked = format!(
            "GET /api/auth/session HTTP/1.1\r\nHost: t\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n"
        );
        std::io::Write::write_all(&mut stream, asked.as_bytes()).unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        answer.starts_with("HTTP/1.1 200 ")
    };
    assert!(session(&first));
    until(|| session(&second));
    two.run(&["users", "disable", "alice"]).succeeded();
    assert!(!session(&second));
    until(|| !session(&first));

    // What was there is there for a replica that starts anew.
    first.stop().succeeded();
    let first = Service::start(&one, &[]);
    assert_eq!(status(&first, &administrator), 200);
    assert_eq!(status(&first, key), 401);
}

#[test]
fn with_the_database_away_whoever_is_known_goes_on_and_nobody_is_refused_for_good() {
    let Some(server) = postgres::server("replicas-away") else {
        return;
    };
    let (one, two) = (
        replica(&server.url, "one", ROUTE),
        replica(&server.url, "two", ROUTE),
    );
    let (first, second) = (Service::start(&one, &[]), Service::start(&two, &[]));
    let key = first.key.clone().unwrap();
    let short = one.json(&["keys", "create", "--name", "short", "--expires", "1d"]);
    let short = short["key"].as_str().unwrap();
    until(|| status(&second, short) == 200);
    assert_eq!((readiness(&first), readiness(&second)), (sound(), sound()));

    server.kill();
    until(|| readiness(&first) == degraded() && readiness(&second) == degraded());
    for service in [&first, &second] {
        for _ in 0..5 {
            assert_eq!((status(service, &key), status(service, short)), (200, 200));
        }
        // Nobody can tell whether it is known elsewhere: that is no 401.
        let stranger = format!("trs-{}", "a".repeat(43));
        let refused = get(&service.address, "/v1/models", Some(&stranger));
        assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
        assert!(refused.to_lowercase().contains("retry-after"), "{refused}");
        assert!(refused.contains("account-unsure"), "{refused}");
        // What is no key at all is refused as ever.
        let nonsense = get(&service.address, "/v1/models", Some("nonsense"));
        assert!(nonsense.starts_with("HTTP/1.1 401 "), "{nonsense}");
        let wanted = json!({ "name": "later" }).to_string();
        let refused = post(&service.address, "/api/keys", &key, &wanted);
        assert!(
            refused.starts_with("HTTP/1.1 503 ") && refused.contains("store-away"),
            "{refused}"
        );
        let login = json!({ "name": "alice", "password": "un long mot de passe" }).to_string();
        let refused = post(&service.address, "/api/auth/login", "none", &login);
        assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    }
    let told = one
        .run(&["--json", "keys", "create", "--name", "later"])
        .ended_with(4);
    assert_eq!(told.error(), "store-away");
    // A key that is revoked now is refused here, whatever the database does.
    assert_ne!(one.run(&["keys", "revoke", "short"]).code, Some(0));
    assert_ne!(status(&first, short), 200);
    // No replica starts without it, and it is told why.
    let three = replica(&server.url, "three", "");
    assert_eq!(
        three
            .run(&["--json", "serve", "--listen", "127.0.0.1:0"])
            .ended_with(4)
            .error(),
        "store-away"
    );
    let doctor = three.french(&["doctor"]).ended_with(1);
    assert!(doctor.out.contains("ne répond pas"), "{doctor:#?}");

    server.start();
    until(|| readiness(&first) == sound() && readiness(&second) == sound());
    let stranger = format!("trs-{}", "a".repeat(43));
    assert_eq!((status(&first, &key), status(&second, &stranger)), (200, 401));
    one.run(&["keys", "revoke", "short"]).succeeded();
    until(|| status(&second, short) == 401);
    assert!(second.stop().succeeded().err.contains("is away"));
}

#[test]
fn a_database_that_lets_nobody_in_is_told_with_the_key_to_mend() {
    let Some(database) = postgres::database("replicas-refused") else {
        return;
    };
    let nowhere = format!("{}_nowhere", database.url);
    for (url, more) in [(nowhere.as_str(), ""), (database.url.as_str(), "tls = true\n")] {
        let dir = replica(url, "one", more);
        let told = dir.french(&["serve", "--listen", "127.0.0.1:0"]).ended_with(4);
        assert!(
            told.err.contains("refuse la connexion") && told.err.contains("[state]"),
            "{told:#?}"
        );
    }
    let dir = replica(&database.url, "one", "");
    Service::start(&dir, &[]).stop().succeeded();
    let doctor = dir.french(&["doctor"]);
    assert!(doctor.out.contains(&database.url), "{doctor:#?}");
    database.run("UPDATE trousseau.versions SET number = 99 WHERE store = 'accounts'");
    let told = dir
        .run(&["--json", "serve", "--listen", "127.0.0.1:0"])
        .ended_with(4);
    assert_eq!(told.error(), "store-newer");
}
