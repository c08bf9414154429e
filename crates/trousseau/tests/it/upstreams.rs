//! Servers that the configuration names: asked with their key, streamed to the terminal, left out by the
//! demonstration.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use crate::harness::Dir;
use crate::service::Service;

/// A server that answers every question with one sentence, citing the first passage, after some reasoning. What it
/// was sent comes out of the channel.
fn model() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).unwrap() <= 2 {
                    break;
                }
                if let Some((_, value)) = line.to_lowercase().split_once("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            let _gone = sender.send(head + "\n" + &String::from_utf8(body).unwrap());
            let mut events = String::new();
            for delta in [
                r#"{"role":"assistant","reasoning":"Cherchons."}"#,
                r#"{"content":"Il ouvre à "}"#,
                r#"{"content":"huit heures [1]."}"#,
            ] {
                events.push_str(&format!(
                    "data: {{\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n"
                ));
            }
            events.push_str("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{events}",
                events.len()
            );
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (format!("http://{address}/v1"), received)
}

fn configured(url: &str) -> Dir {
    let dir = Dir::new();
    dir.write("secrets/key", "sk-first\n");
    dir.write(
        "data/trousseau.toml",
        format!(
            "[[upstream]]\nname = \"vllm\"\nkind = \"openai\"\nurl = \"{url}\"\nmodel = \"mistral-small\"\n\
             key = {{ file = \"../secrets/key\" }}\ncard = {{ premises = \"own\" }}\n\
             [[route]]\nname = \"local\"\ntargets = [\"vllm\"]\n"
        ),
    );
    dir.write("docs/guichet.txt", "Le guichet ouvre à huit heures.\n");
    dir.run(&["ingest", "docs"]).succeeded();
    dir
}

#[test]
fn a_question_goes_to_a_server_with_its_key_and_comes_back_cited() {
    let (url, received) = model();
    let dir = configured(&url);
    let question = ["ask", "À quelle heure ouvre le guichet ?", "--route", "local"];
    for served in [false, true] {
        let _service = served.then(|| Service::start(&dir, &[]));
        let told = dir.run(&question).succeeded();
        assert!(told.out.starts_with("Il ouvre à huit heures [1]."), "{told:#?}");
        assert!(
            !told.out.contains("Cherchons"),
            "what is piped on is the answer: {told:#?}"
        );
        assert!(told.out.contains("guichet (characters"), "{told:#?}");
        let sent = received.recv().unwrap();
        assert!(
            sent.to_lowercase().contains("authorization: bearer sk-first"),
            "{sent}"
        );
        assert!(
            sent.contains("\"model\":\"mistral-small\"") && sent.contains("huit heures"),
            "{sent}"
        );
    }
    // A key that was renewed is used without a restart, and stands nowhere.
    let service = Service::start(&dir, &[]);
    dir.write("secrets/key", "sk-second\n");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    dir.run(&question).succeeded();
    assert!(
        received
            .recv()
            .unwrap()
            .to_lowercase()
            .contains("bearer sk-second")
    );
    let shown = dir.run(&["config", "show"]).succeeded();
    assert!(
        shown.out.contains("secrets/key") && !shown.out.contains("sk-"),
        "{shown:#?}"
    );
    let doctor = dir.run(&["doctor"]);
    assert!(doctor.out.contains("and its key can be read"), "{doctor:#?}");
    assert!(!service.stop().err.contains("sk-"));
}

#[test]
fn a_server_under_another_name_is_spoken_to_in_the_dialect_that_is_written() {
    for (written, asked) in [
        ("", true),
        ("dialect = \"openai\"", true),
        ("dialect = \"mistral\"", false),
    ] {
        let (url, received) = model();
        let dir = configured(&url);
        let config = fs_err::read_to_string(dir.data().join("trousseau.toml")).unwrap();
        let config = config.replace("kind = \"openai\"\n", &format!("kind = \"openai\"\n{written}\n"));
        dir.write("data/trousseau.toml", config);
        dir.run(&["ask", "À quelle heure ouvre le guichet ?", "--route", "local"])
            .succeeded();
        let sent = received.recv().unwrap();
        assert_eq!(sent.contains("stream_options"), asked, "{written}: {sent}");
    }
}

#[test]
fn the_demonstration_calls_no_server_whatever_is_configured() {
    let (url, received) = model();
    let dir = configured(&url);
    let config = dir.data().join("trousseau.toml");
    let config = config.to_string_lossy();
    let ran = dir.run(&[
        "demo",
        "--config",
        &config,
        "--documents",
        "docs",
        "--question",
        "Quand ouvre le guichet ?",
    ]);
    assert!(received.try_recv().is_err(), "{ran:#?}");
}

#[test]
fn config_check_warns_of_own_premises_that_everybody_can_reach() {
    let dir = Dir::new();
    dir.write(
        "t.toml",
        "[[upstream]]\nname = \"u\"\nkind = \"openai\"\nurl = \"https://api.models.example/v1\"\nmodel = \"m\"\n\
         card = { premises = \"own\" }\n",
    );
    let told = dir.french(&["config", "check", "t.toml"]).succeeded();
    assert!(
        told.err.contains("attention") && told.err.contains("api.models.example"),
        "{told:#?}"
    );
    let told = dir.json(&["config", "check", "t.toml"]);
    assert_eq!(told["warnings"][0]["code"], "config-own-but-public");
}

#[test]
fn a_key_that_is_written_out_is_refused_in_words_and_not_repeated() {
    let dir = Dir::new();
    dir.write(
        "t.toml",
        "[[upstream]]\nname = \"u\"\nkind = \"openai\"\nurl = \"https://m.example/v1\"\nmodel = \"m\"\nkey = \"sk-hidden\"\n",
    );
    let told = dir.french(&["config", "check", "t.toml"]).ended_with(1);
    insta::assert_snapshot!(told.err, @r#"
    erreur : t.toml contient une faute :
      - upstream.u.key : un secret est écrit ici en toutes lettres, à la vue de tous ceux qui lisent le fichier ; dites plutôt où il se trouve : { file = "…" }, { env = "…" } ou { credential = "…" }
    conseil : « trousseau config example » donne un exemple commenté.
    "#);
}
