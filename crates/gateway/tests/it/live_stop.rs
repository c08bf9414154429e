//! Stopping an answer stops the model's own server: it sees that nobody reads any more.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use trousseau_http::Settings;
use trousseau_upstream::egress::{Egress, Network};
use trousseau_upstream::{OpenAi, Server, Wording};

use crate::live::{begin, listen, states};
use crate::stage::{Stage, cast};
use crate::wired::{Wired, request, staged};

/// The beginning of a streamed answer of a model's server that then says nothing more.
const BEGINNING: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
    data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\
    \"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Le guichet\"},\"finish_reason\":null}]}\n\n";

/// A model's server that begins an answer; told when its client hangs up.
async fn slow_server() -> (String, oneshot::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let (sender, gone) = oneshot::channel();
    TaskTracker::new().spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 64 << 10];
        let mut read = String::new();
        while !read.contains("\r\n\r\n") {
            let count = socket.read(&mut buffer).await.unwrap();
            read.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        socket.write_all(BEGINNING.as_bytes()).await.unwrap();
        // The rest of the request, then the end of the connection.
        while let Ok(1..) = socket.read(&mut buffer).await {}
        sender.send(()).unwrap();
    });
    (url, gone)
}

#[tokio::test]
async fn the_models_server_sees_that_it_is_stopped() {
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("local", &[])]).await;
    let (url, mut gone) = slow_server().await;
    let network = Network::open(&Egress {
        system_authorities: false,
        ..Egress::default()
    });
    let client = network.unwrap().client(Duration::from_secs(5), None).unwrap();
    let wording = Wording {
        abstention_fr: "Rien.".to_owned(),
        abstention_en: "Nothing.".to_owned(),
    };
    let model = OpenAi::new(Server::new("local", "m", &url), client, wording).unwrap();
    cast(&gateway, "local", &std::sync::Arc::new(model));
    let wired = Wired::start(&stage, gateway, Settings::default()).await;
    let id = begin(&wired, Value::Null).await;
    let key = format!("authorization: Bearer {}", wired.key);
    let path = format!("/api/answers/{id}/events");
    let mut heard = wired.open(&request("GET", &path, &[&key], "")).await;
    heard.read_until("Le guichet").await;
    assert!(gone.try_recv().is_err());
    let stopped = wired.call("DELETE", &format!("/api/answers/{id}"), &[], "").await;
    assert_eq!(stopped.status, 204);
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .unwrap()
        .unwrap();
    let reply = listen(&wired, &id, &[]).await;
    let (name, error) = reply.named_events().pop().unwrap();
    assert_eq!(
        (name, &error["error"]["code"]),
        ("error", &Value::from("http-stopped"))
    );
    assert!(error["error"]["trousseau"]["entry"].is_string(), "{error}");
    assert_eq!(states(&stage), ["cancelled"]);
    let listed = wired.get("/api/records").await.json();
    assert_eq!(listed["items"][0]["answer"], "Le guichet");
}
