//! Two hundred at once on one key, a model that takes its time, and a server that is killed meanwhile.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use trousseau_testing::proxy::head;

use crate::harness::Dir;
use crate::service::{PATIENCE, Service, get};

/// How many ask at once.
pub(crate) const MANY: usize = 200;

/// What one answer costs, as its server counts.
pub(crate) const TOKENS: f64 = 120.0;

pub(crate) const BUDGET: f64 = 1000.0;

/// A model server that holds every answer back until it is told to let them go.
pub(crate) struct Gate {
    address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    is_open: bool,
    came: usize,
}

impl Gate {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<(Mutex<State>, Condvar)>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, state) = (stream.unwrap(), Arc::clone(&shared));
                thread::spawn(move || answer(stream, &state));
            }
        });
        Self { address, state }
    }

    pub(crate) fn set(&self, is_open: bool) {
        let (state, changed) = &*self.state;
        state.lock().unwrap().is_open = is_open;
        changed.notify_all();
    }

    /// How many requests have come so far.
    pub(crate) fn came(&self) -> usize {
        self.state.0.lock().unwrap().came
    }
}

/// Answers the one request of a connection, once the gate is open.
fn answer(stream: TcpStream, (state, changed): &(Mutex<State>, Condvar)) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let (_, headers) = head(&mut stream)?;
    let length = headers.iter().find(|(name, _)| name == "content-length")?;
    let mut body = vec![0; length.1.parse().unwrap()];
    stream.read_exact(&mut body).ok()?;
    let mut state = state.lock().unwrap();
    state.came += 1;
    let open = changed.wait_while(state, |state| !state.is_open).unwrap();
    drop(open);
    let answer = r#"{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
        "message":{"role":"assistant","content":"Oui."},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":20,"completion_tokens":100,"total_tokens":120}}"#;
    let length = answer.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.get_mut().write_all((head + answer).as_bytes()).ok()
}

/// A folder whose one route leads to the gate. A token costs a thousandth of a euro there.
pub(crate) fn folder(gate: &Gate) -> Dir {
    let dir = Dir::new();
    let url = format!("http://{}/v1", gate.address);
    dir.write(
        "data/trousseau.toml",
        format!(
            r#"
            [[upstream]]
            name = "gate"
            kind = "openai"
            url = "{url}"
            model = "m"
            stream = false
            card = {{ premises = "own", price = {{ input = 1000.0, output = 1000.0, currency = "EUR" }} }}
            [[route]]
            name = "gate"
            targets = ["gate"]
            grounded = false
            durability = "batch"
            "#
        ),
    );
    dir
}

/// Makes a key with a budget for each day.
pub(crate) fn key(dir: &Dir, name: &str, limits: &[&str]) -> String {
    let mut arguments = vec!["keys", "create", "--name", name, "--budget-per", "day"];
    arguments.extend(limits);
    dir.json(&arguments)["key"].as_str().unwrap().to_owned()
}

/// Asks; the status and the body, unless the server is gone meanwhile.
pub(crate) fn ask(address: &str, key: &str) -> Option<(u16, String)> {
    let body = r#"{"model":"gate","max_tokens":100,"messages":[{"role":"user","content":"Oui ou non ?"}]}"#;
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer))
}

/// The one standing of the limits of this name, as an administrator sees it.
pub(crate) fn standing(service: &Service, administrator: &str, name: &str) -> Value {
    let answer = get(&service.address, "/api/limits", Some(administrator));
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    let limits = body["limits"].as_array().unwrap();
    let found = limits.iter().find(|limit| limit["name"] == name);
    found.unwrap_or_else(|| panic!("{body:#}")).clone()
}

pub(crate) fn number(standing: &Value, field: &str) -> f64 {
    standing[field].as_f64().unwrap()
}

/// Has many ask at once, and does something while those that were let in wait for their answers. Gives back how many were
/// answered, and how many refused.
fn storm(service: &Service, gate: &Gate, key: &str, meanwhile: impl FnOnce(usize)) -> (usize, usize) {
    gate.set(false);
    let before = gate.came();
    let (answered, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..MANY {
            scope.spawn(|| match ask(&service.address, key) {
                Some((200, _)) => answered.fetch_add(1, Ordering::Relaxed),
                Some((429, answer)) => {
                    assert!(answer.contains("limit-budget"), "{answer}");
                    assert!(answer.to_lowercase().contains("\r\nretry-after: "), "{answer}");
                    refused.fetch_add(1, Ordering::Relaxed)
                }
                Some((status, answer)) => panic!("{status}: {answer}"),
                None => 0,
            });
        }
        let began = Instant::now();
        let waiting = || gate.came() - before;
        while waiting() + refused.load(Ordering::Relaxed) < MANY {
            assert!(began.elapsed() < PATIENCE, "{} and {refused:?}", waiting());
            thread::sleep(Duration::from_millis(5));
        }
        meanwhile(waiting());
        gate.set(true);
    });
    (answered.into_inner(), refused.into_inner())
}

#[test]
fn two_hundred_at_once_pass_a_budget_by_one_request_at_most() {
    let gate = Gate::new();
    let dir = folder(&gate);
    let administrator = key(&dir, "admin", &["--role", "administrator"]);
    let keys = [
        (
            "tokens",
            key(&dir, "tokens", &["--budget-tokens", "1000"]),
            1.0,
            "de la clé « tokens » n’a plus rien : 1080 sur 1000 jetons par jour.",
        ),
        (
            "money",
            key(&dir, "money", &["--budget-money", "1,00"]),
            0.001,
            "de la clé « money » n’a plus rien : 1,08 sur 1,00 EUR par jour.",
        ),
    ];
    let service = Service::start(&dir, &["--no-first-key"]);
    for (name, key, unit, words) in keys {
        let budget = BUDGET * unit;
        let mut one = 0.0;
        let (answered, refused) = storm(&service, &gate, &key, |waiting| {
            let held = standing(&service, &administrator, name);
            let reserved = number(&held, "reserved");
            one = reserved / waiting as f64;
            assert_eq!(number(&held, "used"), 0.0, "{held}");
            assert!(reserved >= budget && reserved - one < budget, "{held}");
        });
        assert!(answered > 1 && answered + refused == MANY, "{answered} {refused}");
        let settled = standing(&service, &administrator, name);
        let told = |standing: &Value| (number(standing, "used") / unit).round();
        assert_eq!(told(&settled), TOKENS * answered as f64, "{settled}");
        assert_eq!(number(&settled, "reserved"), 0.0, "{settled}");
        // What was not used is there for others, up to the end.
        let refused = loop {
            let (status, answer) = ask(&service.address, &key).unwrap();
            if status != 200 {
                break answer;
            }
        };
        assert!(refused.contains(words), "{refused}");
        let spent = told(&standing(&service, &administrator, name));
        assert!(spent >= BUDGET && spent < BUDGET + one / unit, "{spent}");
    }
    service.stop().succeeded();
    let shown = dir.run(&["limits", "show"]).succeeded().out;
    assert!(
        shown.contains("key tokens") && shown.contains("EUR a day"),
        "{shown}"
    );
    let shown = dir.french(&["limits", "show"]).succeeded().out;
    assert!(
        shown.contains("jetons par jour") && shown.contains("sur"),
        "{shown}"
    );
}

#[test]
fn what_was_spent_or_under_way_when_a_server_was_killed_is_spent() {
    let gate = Gate::new();
    let dir = folder(&gate);
    let administrator = key(&dir, "admin", &["--role", "administrator"]);
    let kept = key(&dir, "kept", &["--budget-tokens", "100000"]);
    let stormed = key(&dir, "stormed", &["--budget-tokens", "1000"]);
    let service = Service::start(&dir, &["--no-first-key"]);
    gate.set(true);
    for _ in 0..3 {
        assert_eq!(ask(&service.address, &kept).unwrap().0, 200);
    }
    let mut reserved = 0.0;
    let (answered, _) = storm(&service, &gate, &stormed, |_| {
        reserved = number(&standing(&service, &administrator, "stormed"), "reserved");
        service.signal(rustix::process::Signal::KILL);
    });
    assert_eq!(answered, 0);
    drop(service);
    for _ in 0..2 {
        let service = Service::start(&dir, &["--no-first-key"]);
        let again = standing(&service, &administrator, "stormed");
        assert_eq!(
            (number(&again, "used"), number(&again, "reserved")),
            (reserved, 0.0)
        );
        assert_eq!(
            number(&standing(&service, &administrator, "kept"), "used"),
            3.0 * TOKENS
        );
        assert_eq!(ask(&service.address, &stormed).unwrap().0, 429);
        // Killed again, it is counted once.
        service.signal(rustix::process::Signal::KILL);
        drop(service);
    }
}
