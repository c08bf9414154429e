//! A configuration that changes while a server runs: taken up as a whole or not at all, by whoever asks for it, and no
//! stream that runs is touched.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use serde_json::{Value, json};
use trousseau_testing::proxy::head;

use crate::harness::Dir;
use crate::model::Model;
use crate::service::{PATIENCE, Service};

/// A configuration with one model server, and `more` at its end.
fn configure(dir: &Dir, url: &str, more: &str) {
    dir.write(
        "data/trousseau.toml",
        format!(
            "[[upstream]]\nname = \"vllm\"\nkind = \"openai\"\nurl = \"{url}\"\nmodel = \"m\"\n\
             card = {{ premises = \"own\" }}\n[[route]]\nname = \"free\"\ntargets = [\"vllm\"]\ngrounded = false\n{more}\n"
        ),
    );
}

fn question(stream: bool) -> Value {
    json!({ "model": "free", "stream": stream, "messages": [{ "role": "user", "content": "Bonjour ?" }] })
}

/// The entries of the ledger that tell of the configuration.
fn told(dir: &Dir) -> Vec<Value> {
    let shown = dir.json(&["ledger", "show", "-n", "100"]);
    let entries = shown["entries"].as_array().unwrap().iter();
    let entries = entries.map(|entry| entry["leaf"].clone());
    entries.filter(|entry| entry["type"] == "configuration").collect()
}

#[test]
fn a_changed_upstream_is_asked_from_the_next_question_on_and_the_ledger_says_so() {
    let (dir, first, second) = (Dir::new(), Model::plain(), Model::plain());
    configure(&dir, &first.url(), "");
    let service = Service::start(&dir, &[]);
    assert_eq!(service.ask(&question(true)).0, 200);
    first.next();
    configure(
        &dir,
        &second.url(),
        "[policy]\nbanned = [\"nobody\"]\n[server]\nlisten = \"127.0.0.1:1\"",
    );
    // A rule about an upstream that is not there is a fault: nothing changes.
    let refused = dir.run(&["reload", "--json"]).ended_with(1);
    assert!(refused.err.contains("policy"), "{refused:#?}");
    configure(
        &dir,
        &second.url(),
        "[ask]\nmax_question_bytes = 1000\n[server]\nlisten = \"127.0.0.1:1\"",
    );
    let taken = dir.json(&["reload"]);
    assert_eq!(
        taken["taken_up"],
        json!(["ask.max_question_bytes", "upstream.vllm"])
    );
    assert_eq!(taken["waiting"], json!(["server.listen"]));
    assert_eq!(service.ask(&question(true)).0, 200);
    second.next();
    assert!(first.is_idle());
    let shown = dir.run(&["config", "show"]).succeeded().out;
    assert!(
        shown.contains(&second.url()) && shown.contains("127.0.0.1:0") || shown.contains("8642"),
        "{shown}"
    );
    let entries = told(&dir);
    assert_eq!(entries.len(), 1, "{entries:#?}");
    assert_eq!(entries[0]["operation"], "reloaded");
    assert_eq!(entries[0]["changed"], json!(["ask", "upstream"]));
    // The same card decides.
    assert_eq!(entries[0]["before"], entries[0]["policy"]);
    // What is the same as before changes nothing, and is not told again.
    let again = dir.french(&["reload"]).succeeded();
    assert!(again.out.contains("dit déjà"), "{again:#?}");
    assert_eq!(told(&dir).len(), 1);
}

#[test]
fn a_file_with_faults_keeps_the_old_one_and_every_fault_is_told() {
    let (dir, model) = (Dir::new(), Model::plain());
    configure(&dir, &model.url(), "");
    let mut service = Service::start(&dir, &[]);
    let faulty = "[[route]]\nname = \"other\"\ntargets = [\"absent\"]\npassages = 1000";
    configure(&dir, &model.url(), faulty);
    let told = dir.french(&["reload"]).ended_with(1);
    assert!(
        told.err.contains("absent") && told.err.contains("1000"),
        "{told:#?}"
    );
    // By the signal, the log tells them.
    let mut log = service.log();
    service.signal(rustix::process::Signal::HUP);
    let mut seen = String::new();
    while !(seen.contains("the earlier one stays") && seen.contains("absent") && seen.contains("1000")) {
        assert!(log.read_line(&mut seen).unwrap() > 0, "{seen}");
    }
    // A key that is not there is a fault as well.
    configure(
        &dir,
        &model.url(),
        "[[upstream]]\nname = \"n\"\nkind = \"openai\"\nurl = \"https://n.example/v1\"\nmodel = \"m\"\n\
         key = { file = \"absent\" }",
    );
    dir.run(&["reload"]).ended_with(1);
    assert_eq!(service.ask(&question(true)).0, 200);
    model.next();
    assert!(self::told(&dir).is_empty());
}

#[test]
fn the_signal_takes_up_a_changed_file() {
    let (dir, first, second) = (Dir::new(), Model::plain(), Model::plain());
    configure(&dir, &first.url(), "");
    let service = Service::start(&dir, &[]);
    configure(&dir, &second.url(), "");
    service.signal(rustix::process::Signal::HUP);
    let began = std::time::Instant::now();
    while told(&dir).is_empty() {
        assert!(began.elapsed() < PATIENCE, "the signal changes nothing");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(service.ask(&question(true)).0, 200);
    second.next();
}

#[test]
fn without_a_server_there_is_nothing_to_reload() {
    let dir = Dir::new();
    dir.write("data/trousseau.toml", "");
    assert_eq!(
        dir.run(&["reload", "--json"]).ended_with(4).error(),
        "app-no-server"
    );
}

/// A model server that sends half of its answer, and the rest when it is told to.
struct Halting {
    address: SocketAddr,
    begun: Receiver<()>,
    go_on: Sender<()>,
}

impl Halting {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ((began, begun), (go_on, wait)) = (channel(), channel());
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut stream = BufReader::new(stream);
            let (_, headers) = head(&mut stream).unwrap();
            let length = headers.iter().find(|(name, _)| name == "content-length").unwrap();
            let mut body = vec![0; length.1.parse().unwrap()];
            stream.read_exact(&mut body).unwrap();
            let stream = stream.get_mut();
            let say = |text: &str| {
                format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
            };
            let first = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{}",
                say("La première ")
            );
            stream.write_all(first.as_bytes()).unwrap();
            began.send(()).unwrap();
            wait.recv().unwrap();
            let rest = format!(
                "{}data: {{\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"stop\"}}]}}\n\ndata: [DONE]\n\n",
                say("moitié.")
            );
            stream.write_all(rest.as_bytes()).unwrap();
        });
        Self {
            address,
            begun,
            go_on,
        }
    }
}

#[test]
fn a_stream_that_runs_ends_where_it_began() {
    let (dir, first, second) = (Dir::new(), Halting::start(), Model::plain());
    configure(&dir, &format!("http://{}/v1", first.address), "");
    let service = Service::start(&dir, &[]);
    let key = service.key.clone().unwrap();
    let mut stream = TcpStream::connect(&service.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let body = question(true).to_string();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    first.begun.recv_timeout(PATIENCE).unwrap();
    let mut answer = String::new();
    while !answer.contains("La première ") {
        assert!(reader.read_line(&mut answer).unwrap() > 0, "{answer}");
    }
    // In the middle of it, its upstream goes and its route with it.
    let other = "[[route]]\nname = \"other\"\ntargets = [\"vllm\"]\ngrounded = false";
    configure(&dir, &second.url(), other);
    let file = dir.data().join("trousseau.toml");
    let text = fs_err::read_to_string(&file).unwrap();
    let text = text.replacen(
        "[[route]]\nname = \"free\"\ntargets = [\"vllm\"]\ngrounded = false\n",
        "",
        1,
    );
    fs_err::write(&file, text).unwrap();
    dir.run(&["reload"]).succeeded();
    assert_eq!(service.ask(&question(false)).0, 404);
    first.go_on.send(()).unwrap();
    reader.read_to_string(&mut answer).unwrap();
    assert!(
        answer.contains("moitié.") && answer.contains("data: [DONE]"),
        "{answer}"
    );
    assert!(second.is_idle());
    let (status, _) = service.ask(&json!({
        "model": "other", "stream": true, "messages": [{ "role": "user", "content": "Bonjour ?" }]
    }));
    assert_eq!(status, 200);
    second.next();
    let stopped = service.stop().ended_with(0);
    assert!(!stopped.err.contains("panicked"), "{stopped:#?}");
}
