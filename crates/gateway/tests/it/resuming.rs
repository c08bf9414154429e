//! Servers of models that break off in every way, and servers that go on where another broke off.
//!
//! They differ in what they say, in how they cut it and in how they end. One that goes on knows a whole text, looks in
//! what it is asked for how much of it was delivered, and says the rest, with some of the end again.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use trousseau_testing::proxy::head;
use trousseau_upstream::egress::{Egress, Network};
use trousseau_upstream::server::Timeouts;
use trousseau_upstream::{Continues, OpenAi, Server, Wording};

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// As it should.
    Whole,
    /// The connection is closed.
    Cut,
    /// The body ends, but not the answer.
    Short,
    /// Nothing more comes, and the connection stays.
    Stall,
    /// What comes is no answer.
    Garbage,
    /// The server says that it failed.
    Error,
}

impl Ending {
    /// Every way to break off.
    pub(crate) const BROKEN: [Self; 5] = [Self::Cut, Self::Short, Self::Stall, Self::Garbage, Self::Error];
}

/// What a server says.
#[derive(Clone, Debug)]
enum Says {
    /// These pieces.
    Pieces(Vec<String>),
    /// The rest of a text behind what was delivered of it, in pieces of so many characters, with so many of the
    /// characters before it again.
    RestOf { text: String, size: usize, again: usize },
    /// The question once more, in pieces of so many characters.
    Echo(usize),
}

/// A model's server.
pub(crate) struct Speaker {
    url: String,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Speaker {
    /// One that says these pieces, an event each, and ends like this.
    pub(crate) fn new(pieces: &[&str], ending: Ending) -> Self {
        let pieces = pieces.iter().map(|piece| (*piece).to_owned());
        Self::start(Says::Pieces(pieces.collect()), ending)
    }

    /// One that goes on with `text`, in pieces of `size` characters, and says the `again` characters before it again.
    pub(crate) fn going_on(text: &str, size: usize, again: usize) -> Self {
        let text = text.to_owned();
        Self::start(Says::RestOf { text, size, again }, Ending::Whole)
    }

    /// One that says the question once more, in pieces of `size` characters.
    pub(crate) fn echo(size: usize) -> Self {
        Self::start(Says::Echo(size), Ending::Whole)
    }

    fn start(says: Says, ending: Ending) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (says, notes) = (says.clone(), Arc::clone(&notes));
                // A client that hangs up ends it.
                thread::spawn(move || serve(stream.unwrap(), &says, ending, &notes));
            }
        });
        Self { url, asked }
    }

    /// The bodies of everything that it was asked.
    pub(crate) fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }

    /// A model on it behind `target`, asked for the rest of answers in this way.
    pub(crate) fn model(&self, target: &str, continues: Continues) -> Arc<OpenAi> {
        let network = Network::open(&Egress {
            system_authorities: false,
            ..Egress::default()
        });
        let client = network.unwrap().client(Duration::from_secs(5), None).unwrap();
        let server = Server {
            continues,
            timeouts: Timeouts {
                idle: Duration::from_millis(300),
                ..Timeouts::default()
            },
            ..Server::new(target, "m", &self.url)
        };
        let wording = Wording {
            abstention_fr: "Rien ne le dit.".to_owned(),
            abstention_en: "Nothing says so.".to_owned(),
        };
        Arc::new(OpenAi::new(server, client, wording).unwrap())
    }
}

/// Answers every request of a connection.
fn serve(stream: TcpStream, says: &Says, ending: Ending, notes: &Mutex<Vec<Value>>) -> Option<()> {
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    loop {
        let (_, headers) = head(&mut stream)?;
        let length = headers.iter().find(|(name, _)| name == "content-length")?;
        let mut body = vec![0; length.1.parse().ok()?];
        stream.read_exact(&mut body).ok()?;
        let body: Value = serde_json::from_slice(&body).unwrap();
        notes.lock().unwrap().push(body.clone());
        let pieces = says.pieces(&body);
        if body["stream"] == true {
            send_stream(&mut stream, &pieces, ending)?;
        } else {
            send_whole(&mut stream, &pieces.concat(), ending)?;
        }
    }
}

fn send_stream(stream: &mut BufReader<TcpStream>, pieces: &[String], ending: Ending) -> Option<()> {
    send(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
    )?;
    for piece in pieces {
        let delta = json!({ "content": piece });
        chunk(
            stream,
            &event(&json!({ "index": 0, "delta": delta, "finish_reason": null })),
        )?;
    }
    match ending {
        Ending::Whole => {
            chunk(
                stream,
                &event(&json!({ "index": 0, "delta": {}, "finish_reason": "stop" })),
            )?;
            chunk(stream, "data: [DONE]\n\n")?;
            send(stream, "0\r\n\r\n")
        }
        Ending::Cut => None,
        Ending::Short => send(stream, "0\r\n\r\n"),
        Ending::Stall => {
            let _hung_up = stream.read_to_end(&mut Vec::new());
            None
        }
        Ending::Garbage => chunk(stream, "data: <html>Bad Gateway</html>\n\n"),
        Ending::Error => chunk(stream, "data: {\"error\":{\"message\":\"out of memory\"}}\n\n"),
    }
}

fn send_whole(stream: &mut BufReader<TcpStream>, text: &str, ending: Ending) -> Option<()> {
    let message = json!({ "role": "assistant", "content": text });
    let body =
        json!({ "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }] }).to_string();
    let (sent, length) = match ending {
        Ending::Whole => (body.as_str(), body.len()),
        Ending::Garbage => ("<html>", 6),
        Ending::Error => ("{\"error\":{\"message\":\"out of memory\"}}", 37),
        Ending::Cut | Ending::Short | Ending::Stall => (&body[..body.len() / 2], body.len()),
    };
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
    send(stream, &format!("{head}{sent}"))?;
    if ending == Ending::Stall {
        let _hung_up = stream.read_to_end(&mut Vec::new());
    }
    (ending == Ending::Whole).then_some(())
}

fn event(choice: &Value) -> String {
    let chunk = json!({ "id": "1", "object": "chat.completion.chunk", "choices": [choice] });
    format!("data: {chunk}\n\n")
}

fn chunk(stream: &mut BufReader<TcpStream>, data: &str) -> Option<()> {
    send(stream, &format!("{:x}\r\n{data}\r\n", data.len()))
}

fn send(stream: &mut BufReader<TcpStream>, data: &str) -> Option<()> {
    stream.get_mut().write_all(data.as_bytes()).ok()
}

impl Says {
    fn pieces(&self, asked: &Value) -> Vec<String> {
        match self {
            Self::Pieces(pieces) => pieces.clone(),
            Self::Echo(size) => {
                let messages = asked["messages"].as_array().unwrap();
                let asked = messages
                    .iter()
                    .rfind(|message| message["role"] == "user")
                    .unwrap();
                let signs: Vec<char> = asked["content"].as_str().unwrap_or_default().chars().collect();
                signs.chunks(*size).map(|piece| piece.iter().collect()).collect()
            }
            Self::RestOf { text, size, again } => {
                let before = delivered(asked).map_or(0, |delivered| {
                    let whole = text.strip_prefix(delivered).is_some();
                    assert!(whole, "{delivered:?} is no beginning of {text:?}");
                    delivered.chars().count()
                });
                let signs: Vec<char> = text.chars().collect();
                let rest = &signs[before.saturating_sub(*again)..];
                rest.chunks(*size).map(|piece| piece.iter().collect()).collect()
            }
        }
    }
}

/// What was delivered of an answer, as it stands in the request for the rest: the assistant's last message behind the
/// question.
pub(crate) fn delivered(asked: &Value) -> Option<&str> {
    let messages = asked["messages"].as_array()?;
    let last = messages
        .iter()
        .rposition(|message| message["role"] == "assistant")?;
    (messages.len() - last <= 2).then(|| messages[last]["content"].as_str())?
}
