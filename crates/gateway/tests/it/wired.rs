//! A server on a real socket, and a client that writes bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trousseau_accounts::{Accounts, Grants, NewKey};
use trousseau_core::error::Explain;
use trousseau_core::principal::{Role, Tenant};
use trousseau_gateway::service::Gateway;
use trousseau_http::{Language, Listener, Logo, ServeError, Server, Settings, Texts, serve};
use trousseau_limits::Allowance;
use trousseau_retrieval::database::Access;

use crate::played::Played;
use crate::scripted::{Scripted, Step};
use crate::stage::{self, Stage, all_of, cast, own, route};

/// A server, and the key of an administrator.
pub(crate) struct Wired {
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    pub(crate) server: Arc<Server>,
    pub(crate) shutdown: CancellationToken,
    serving: JoinHandle<Result<(), ServeError>>,
}

/// French words that begin with the code, English ones as the log has them.
pub(crate) struct Words;

impl Texts for Words {
    fn explain(&self, language: Language, error: &dyn Explain) -> (String, Option<String>) {
        match language {
            Language::French => (format!("fr {}", error.code()), Some("indice".to_owned())),
            Language::English => (error.to_string(), Some("hint".to_owned())),
        }
    }
}

/// A gateway with one document and one grounded route over these targets on own premises, each with its script.
pub(crate) async fn staged(stage: &Stage, scripts: &[(&str, &[Step])]) -> (Gateway, Vec<Arc<Scripted>>) {
    let gateway = stage.open().await;
    let names: Vec<&str> = scripts.iter().map(|(name, _)| *name).collect();
    stage::change(&gateway, |plan| {
        plan.settings.routes = vec![route("documents", &names)];
    });
    stage::change(&gateway, |plan| {
        plan.targets = names.iter().map(|name| own(name)).collect();
    });
    let mut models = Vec::new();
    for (name, script) in scripts {
        let model = Scripted::new(name, stage.data(), script);
        cast(&gateway, name, &model);
        models.push(model);
    }
    stage.write("a.txt", "Le guichet ouvre à neuf heures.\n");
    let tenant = Tenant::default();
    let ingested = stage::ingest(&gateway, &tenant, all_of(stage.files())).await;
    ingested.unwrap();
    (gateway, models)
}

/// A server over one target with this script.
pub(crate) async fn scripted(stage: &Stage, script: &[Step]) -> Wired {
    let (gateway, _) = staged(stage, &[("local", script)]).await;
    Wired::start(stage, gateway, Settings::default()).await
}

impl Wired {
    pub(crate) async fn start(stage: &Stage, gateway: Gateway, settings: Settings) -> Self {
        Self::start_on(stage, gateway, settings, None).await
    }

    pub(crate) async fn start_on(
        stage: &Stage,
        gateway: Gateway,
        settings: Settings,
        tls: Option<Arc<trousseau_http::tls::Tls>>,
    ) -> Self {
        Box::pin(Self::start_with(stage, gateway, (settings, tls), |accounts| {
            accounts
        }))
        .await
    }

    /// The same with accounts that are `prepared` for something more.
    pub(crate) async fn start_with(
        stage: &Stage,
        gateway: Gateway,
        (settings, tls): (Settings, Option<Arc<trousseau_http::tls::Tls>>),
        prepared: impl FnOnce(Accounts) -> Accounts,
    ) -> Self {
        let accounts = Accounts::open(&stage.data(), Access::Write).await.unwrap();
        let accounts = prepared(accounts.telling(gateway.limits.own()));
        let (gateway, accounts) = (Arc::new(gateway), Arc::new(accounts));
        let logo = settings.page.logo.clone();
        let server = Server::new(gateway, accounts, Arc::new(Words), settings);
        let mut server = server.with_control(Arc::new(Played));
        if let Some(logo) = logo {
            server = server.with_logo(Logo::open(&logo).unwrap());
        }
        let server = Arc::new(server);
        let listener = Listener::bind("127.0.0.1:0", tls).await.unwrap();
        let address = listener.address().unwrap();
        let shutdown = CancellationToken::new();
        let serving = serve(Arc::clone(&server), listener, shutdown.clone());
        let serving = TaskTracker::new().spawn(serving);
        let key = match server.accounts.is_empty().await.unwrap() {
            true => new_key(&server, Role::Administrator, |_| {}).await,
            false => String::new(),
        };
        Self {
            address,
            key,
            server,
            shutdown,
            serving,
        }
    }

    /// Ends the server, and gives back the gateway when nothing holds it any more.
    pub(crate) async fn end(self) -> Gateway {
        self.shutdown.cancel();
        self.serving.await.unwrap().unwrap();
        let server = Arc::into_inner(self.server).unwrap();
        Arc::into_inner(server.gateway).unwrap()
    }

    /// A connection.
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Writes bytes and reads until the server closes.
    pub(crate) async fn send(&self, bytes: impl AsRef<[u8]>) -> Reply {
        let mut socket = self.connect().await;
        socket.write_all(bytes.as_ref()).await.unwrap();
        Reply::read(&mut socket).await
    }

    /// A request without a body, with the administrator's key.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &[], "").await
    }

    /// A request with the administrator's key.
    pub(crate) async fn call(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
        let key = format!("authorization: Bearer {}", self.key);
        let headers: Vec<&str> = headers.iter().copied().chain([key.as_str()]).collect();
        self.send(request(method, path, &headers, body)).await
    }

    /// Asks for a stream, and reads its head.
    pub(crate) async fn open_stream(&self) -> Opened {
        let key = format!("authorization: Bearer {}", self.key);
        let body = question(true).to_string();
        self.open(&request("POST", "/v1/chat/completions", &[&key], &body))
            .await
    }

    /// Sends a request, and reads the head of what is answered.
    pub(crate) async fn open(&self, bytes: &str) -> Opened {
        let mut socket = self.connect().await;
        socket.write_all(bytes.as_bytes()).await.unwrap();
        let mut opened = Opened {
            socket,
            read: String::new(),
        };
        let head = opened.read_until("\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        opened
    }

    /// Revokes every key.
    pub(crate) async fn revoke_all(&self) {
        let (accounts, tenant) = (&self.server.accounts, Tenant::default());
        let now = (self.server.gateway.now)();
        for key in accounts.keys(&tenant).await.unwrap() {
            accounts.revoke_key(&tenant, &key.id, now).await.unwrap();
        }
    }

    /// Asks.
    pub(crate) async fn ask(&self, body: &Value) -> Reply {
        self.post("/v1/chat/completions", body).await
    }

    /// Sends JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        let headers = ["content-type: application/json"];
        self.call("POST", path, &headers, &body.to_string()).await
    }

    /// Sends JSON with another key.
    pub(crate) async fn post_as(&self, key: &str, path: &str, body: &Value) -> Reply {
        let key = format!("authorization: Bearer {key}");
        let headers = [key.as_str(), "content-type: application/json"];
        self.send(request("POST", path, &headers, &body.to_string()))
            .await
    }
}

/// Makes a key.
pub(crate) async fn new_key(server: &Server, role: Role, change: impl FnOnce(&mut Grants)) -> String {
    let mut grants = Grants {
        role,
        clearance: "restricted".parse().unwrap(),
        ..Grants::default()
    };
    change(&mut grants);
    let new = NewKey {
        name: format!("key-{role}"),
        grants,
        expires: None,
        limits: Allowance::default(),
        created_by: "test".to_owned(),
    };
    let now = (server.gateway.now)();
    let made = server.accounts.create_key(&Tenant::default(), new, now).await;
    made.unwrap().1
}

/// The bytes of a request after which the server closes.
pub(crate) fn request(method: &str, path: &str, headers: &[&str], body: &str) -> String {
    let length = body.len();
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
}

/// A question to the route of [`staged`].
pub(crate) fn question(stream: bool) -> Value {
    json!({
        "model": "documents",
        "messages": [{ "role": "user", "content": "Quand ouvre le guichet ?" }],
        "stream": stream,
    })
}

/// A stream that is being read.
pub(crate) struct Opened {
    pub(crate) socket: TcpStream,
    read: String,
}

impl Opened {
    /// Reads until `end` has come; what came up to it.
    pub(crate) async fn read_until(&mut self, end: &str) -> String {
        let mut buffer = [0; 4096];
        while !self.read.contains(end) {
            let reading = self.socket.read(&mut buffer);
            let read = tokio::time::timeout(Duration::from_secs(20), reading)
                .await
                .unwrap()
                .unwrap();
            assert!(read > 0, "ended before {end:?}: {:?}", self.read);
            self.read.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        let (before, rest) = self.read.split_once(end).unwrap();
        let (before, rest) = (before.to_owned(), rest.to_owned());
        self.read = rest;
        before
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Whether the body came to its end.
    pub(crate) whole: bool,
}

impl Reply {
    /// Reads until the server closes; at most half a minute.
    pub(crate) async fn read(socket: &mut (impl tokio::io::AsyncRead + Unpin)) -> Self {
        let mut bytes = Vec::new();
        let reading = socket.read_to_end(&mut bytes);
        let _reset = tokio::time::timeout(Duration::from_secs(30), reading)
            .await
            .unwrap();
        Self::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .unwrap_or("0");
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers: Vec<(String, String)> = headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let chunked = headers.iter().any(|(name, _)| name == "transfer-encoding");
        let (body, whole) = if chunked {
            unchunk(body)
        } else {
            (body.to_owned(), true)
        };
        Self {
            status: status.parse().unwrap(),
            headers,
            body,
            whole,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of an error in OpenAI's form, in Anthropic's, or in SCIM's, which has it in the words of this test alone.
    pub(crate) fn code(&self) -> String {
        let body = self.json();
        if let Some(detail) = body["detail"].as_str() {
            return detail.trim_start_matches("fr ").to_owned();
        }
        assert!(
            body["error"]["message"].is_string() && body["error"]["type"].is_string(),
            "{body}"
        );
        let code = body["error"]["code"].as_str();
        let code = code.or(body["error"]["trousseau"]["code"].as_str());
        code.unwrap().to_owned()
    }

    /// The events of a stream that have names: each name with its data.
    pub(crate) fn named_events(&self) -> Vec<(&str, Value)> {
        let blocks = self.body.split("\n\n");
        let named = blocks.filter_map(|block| {
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            Some((field("event: ")?, serde_json::from_str(field("data: ")?).unwrap()))
        });
        named.collect()
    }

    /// The data of the events of a stream.
    pub(crate) fn events(&self) -> Vec<&str> {
        self.body
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .collect()
    }
}

/// Chunks put together; whether the last one came.
fn unchunk(mut rest: &str) -> (String, bool) {
    let mut whole = String::new();
    while let Some((size, more)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return (whole, true);
        }
        let Some(chunk) = more.get(..size) else { break };
        whole.push_str(chunk);
        rest = more.get(size + 2..).unwrap_or_default();
    }
    (whole, false)
}

/// Waits until something holds.
pub(crate) async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(Instant::now() < end, "it never held");
        sleep(Duration::from_millis(10)).await;
    }
}
