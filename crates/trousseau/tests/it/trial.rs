//! A server that is tried from the page, then added to the file: what is told of it, what is written where, and that its
//! key is nowhere but in its own file.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use trousseau_testing::proxy::head;

use crate::harness::Dir;
use crate::service::{Service, ask, post};

/// A model server with a key and a list of models.
struct Listed {
    address: SocketAddr,
    /// The requests that came: their first line and their body.
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Listed {
    /// One that streams, or one that knows whole answers only.
    fn start(streams: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), streams, &noted);
            }
        });
        Self { address, asked }
    }

    fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    fn asked(&self) -> Vec<(String, String)> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(stream: TcpStream, streams: bool, noted: &Mutex<Vec<(String, String)>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let (first, headers) = head(&mut stream)?;
    let header = |wanted: &str| {
        headers
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.clone())
    };
    let length = header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).unwrap();
    noted.lock().unwrap().push((first.clone(), body.clone()));
    let asked: Value = serde_json::from_str(&body).unwrap_or_default();
    let key = header("authorization").unwrap_or_default();
    let json = "application/json";
    let (status, kind, content) = if key != "Bearer sk-right" {
        (
            401,
            json,
            json!({ "error": { "message": format!("Incorrect key: {key}") } }).to_string(),
        )
    } else if first.starts_with("GET /v1/models") {
        (
            200,
            json,
            json!({ "data": [{ "id": "small" }, { "id": "large" }] }).to_string(),
        )
    } else if asked["model"] != "small" {
        (
            404,
            json,
            json!({ "error": { "message": "no such model" } }).to_string(),
        )
    } else if asked["stream"] == true && !streams {
        (
            400,
            json,
            json!({ "error": { "message": "stream is not supported" } }).to_string(),
        )
    } else if asked["stream"] == true {
        let piece = |text: &str| {
            format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
        };
        let end =
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
        (
            200,
            "text/event-stream",
            format!("{}{}{end}", piece("1, 2, "), piece("3, 4, 5")),
        )
    } else {
        let message = json!({ "role": "assistant", "content": "1, 2, 3, 4, 5" });
        (
            200,
            json,
            json!({ "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }] }).to_string(),
        )
    };
    let length = content.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.get_mut().write_all((head + &content).as_bytes()).ok()
}

/// `POST` of JSON: the status and the object.
fn call(service: &Service, path: &str, body: &Value) -> (u16, Value) {
    let answer = post(
        &service.address,
        path,
        service.key.as_deref().unwrap(),
        &body.to_string(),
    );
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body = &body[body.find('{').unwrap()..=body.rfind('}').unwrap()];
    (status, serde_json::from_str(body).unwrap())
}

fn new(url: &str, key: &str, model: &str) -> Value {
    json!({ "name": "vllm", "url": url, "model": model, "key": key, "own_premises": true })
}

#[test]
fn a_trial_tells_what_is_wrong_and_keeps_nothing_but_its_entries() {
    let (dir, model) = (Dir::new(), Listed::start(true));
    let service = Service::start(&dir, &[]);
    let attempt = |body: Value| call(&service, "/api/upstreams/try", &body);
    let (status, tried) = attempt(new(&model.url(), "sk-right", "small"));
    assert_eq!(
        (status, tried["outcome"].as_str()),
        (200, Some("ready")),
        "{tried:#}"
    );
    assert_eq!(tried["answer"], "1, 2, 3, 4, 5");
    assert_eq!(tried["models"], json!(["small", "large"]));
    assert_eq!(tried["streams"], true);
    assert!(
        tried["first_token_ms"].is_u64() && tried["total_ms"].is_u64(),
        "{tried:#}"
    );
    let asked = model.asked();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked[1].1.contains("Comptez de un à cinq"), "{asked:?}");

    let (_, tried) = attempt(new(&model.url(), "sk-wrong", "small"));
    assert_eq!(tried["outcome"], "key-refused", "{tried:#}");
    assert_eq!(tried["error"]["code"], "model-misconfigured");
    let (_, tried) = attempt(new(&model.url(), "sk-right", "huge"));
    assert_eq!(tried["outcome"], "unknown-model", "{tried:#}");
    assert_eq!(tried["models"], json!(["small", "large"]));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (_, tried) = attempt(new(&format!("http://{closed}/v1"), "sk-right", "small"));
    assert_eq!(tried["outcome"], "unreachable", "{tried:#}");
    assert_eq!(tried["models"], Value::Null);
    let (status, refused) =
        attempt(json!({ "name": "n", "url": "ftp://x", "model": "m", "dialect": "klingon" }));
    assert_eq!(status, 400, "{refused:#}");
    assert_eq!(
        refused["error"]["trousseau"]["faults"].as_array().unwrap().len(),
        2,
        "{refused:#}"
    );

    // Each call was decided and entered before it was made; nothing else is kept of it.
    let shown = dir.json(&["ledger", "show", "-n", "100"]);
    let trials = shown["entries"].as_array().unwrap().iter();
    let trials = trials.filter(|entry| entry["leaf"]["route"] == "trial").count();
    assert!(trials >= 4, "{shown:#}");
    let listed = crate::service::get(&service.address, "/api/records", service.key.as_deref());
    assert!(!listed.contains("Comptez"), "{listed}");
    assert!(!dir.data().join("trousseau.toml").exists());
    let log = service.stop().ended_with(0).err;
    assert!(!log.contains("sk-"), "{log}");
}

#[test]
fn rules_hold_for_a_trial_too() {
    let (dir, model) = (Dir::new(), Listed::start(true));
    dir.write(
        "data/trousseau.toml",
        "[policy]\nbanned_providers = [\"Ailleurs SA\"]\n",
    );
    let service = Service::start(&dir, &[]);
    let mut new = new(&model.url(), "sk-right", "small");
    new["own_premises"] = false.into();
    new["provider"] = "Ailleurs SA".into();
    let (_, tried) = call(&service, "/api/upstreams/try", &new);
    assert_eq!(tried["outcome"], "denied", "{tried:#}");
    assert!(
        tried["rejected"][0]["reasons"][0]["text"].is_string(),
        "{tried:#}"
    );
    assert!(model.asked().is_empty());
}

#[test]
fn a_server_that_cannot_stream_is_found_out() {
    let (dir, model) = (Dir::new(), Listed::start(false));
    let service = Service::start(&dir, &[]);
    let (_, tried) = call(
        &service,
        "/api/upstreams/try",
        &new(&model.url(), "sk-right", "small"),
    );
    assert_eq!(
        (tried["outcome"].as_str(), tried["streams"].as_bool()),
        (Some("ready"), Some(false)),
        "{tried:#}"
    );
}

#[test]
fn what_is_added_stands_in_the_file_answers_at_once_and_after_a_restart() {
    let (dir, model) = (Dir::new(), Listed::start(true));
    dir.write("docs/guichet.txt", "Le guichet ouvre à huit heures.\n");
    dir.run(&["ingest", "docs"]).succeeded();
    let service = Service::start(&dir, &[]);
    let (status, added) = call(
        &service,
        "/api/upstreams",
        &new(&model.url(), "sk-right", "small"),
    );
    assert_eq!(status, 201, "{added:#}");
    assert_eq!(added["written"], true);
    assert_eq!(
        (&added["route"], &added["targets"]),
        (&json!("documents"), &json!(["vllm", "local"]))
    );
    assert_eq!(
        added["taken_up"],
        json!(["route.documents", "upstream.vllm"]),
        "{added:#}"
    );
    let file = dir.data().join("trousseau.toml");
    let text = fs_err::read_to_string(&file).unwrap();
    assert!(
        text.contains("secrets/vllm.key") && !text.contains("sk-"),
        "{text}"
    );
    let key = dir.data().join("secrets/vllm.key");
    assert_eq!(
        fs_err::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let question = json!({ "model": "documents", "stream": true, "messages": [{ "role": "user", "content": "Quand ouvre le guichet ?" }] });
    let key = service.key.clone().unwrap();
    ask(&service.address, &key, &question);
    let chats = || {
        model
            .asked()
            .iter()
            .filter(|(first, _)| first.contains("/chat/"))
            .count()
    };
    assert_eq!(chats(), 1);
    // The same name is a fault, told as such, and nothing is written.
    let (status, refused) = call(
        &service,
        "/api/upstreams",
        &new(&model.url(), "sk-right", "small"),
    );
    assert_eq!(status, 400, "{refused:#}");
    assert_eq!(fs_err::read_to_string(&file).unwrap(), text);
    let shown = dir.json(&["ledger", "show", "-n", "100"]);
    let told = shown["entries"].as_array().unwrap().iter();
    let told: Vec<_> = told
        .filter(|entry| entry["leaf"]["type"] == "configuration")
        .collect();
    assert_eq!(told.len(), 1, "{shown:#}");
    assert_eq!(told[0]["leaf"]["operation"], "upstream-added");
    assert_ne!(told[0]["leaf"]["before"], told[0]["leaf"]["policy"]);
    let log = service.stop().ended_with(0).err;
    assert!(!log.contains("sk-"), "{log}");
    let service = Service::start(&dir, &[]);
    ask(&service.address, &key, &question);
    assert_eq!(chats(), 2);
}
