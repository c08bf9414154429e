//! Somebody with a key who uploads, attaches, searches and deletes over a real socket.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::sleep;
use trousseau_accounts::{Grants, NewKey};
use trousseau_core::principal::{Role, Tenant};
use trousseau_limits::Allowance;

use crate::wired::{Reply, Wired, request};

/// What separates the parts of forms.
pub(crate) const BOUNDARY: &str = "frontiere";

/// A caller.
pub(crate) struct Desk<'a> {
    pub(crate) wired: &'a Wired,
    pub(crate) key: String,
}

impl<'a> Desk<'a> {
    /// The administrator.
    pub(crate) fn administrator(wired: &'a Wired) -> Self {
        let key = wired.key.clone();
        Self { wired, key }
    }

    /// A user of the first tenant who may read everything that its access lists give it.
    pub(crate) async fn user(wired: &'a Wired, name: &str) -> Self {
        Self::of(wired, &Tenant::default(), name, Role::User, "restricted").await
    }

    pub(crate) async fn of(
        wired: &'a Wired,
        tenant: &Tenant,
        name: &str,
        role: Role,
        clearance: &str,
    ) -> Self {
        let new = NewKey {
            name: name.to_owned(),
            grants: Grants {
                role,
                clearance: clearance.parse().unwrap(),
                ..Grants::default()
            },
            expires: None,
            limits: Allowance::default(),
            created_by: "test".to_owned(),
        };
        let made = wired.server.accounts.create_key(tenant, new, Timestamp::now());
        let (_, key) = made.await.unwrap();
        Self { wired, key }
    }

    fn bearer(&self) -> String {
        format!("authorization: Bearer {}", self.key)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.wired.send(request("GET", path, &[&self.bearer()], "")).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.wired
            .send(request("DELETE", path, &[&self.bearer()], ""))
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, body, &[]).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: &Value, more: &[&str]) -> Reply {
        let bearer = self.bearer();
        let mut headers = vec!["content-type: application/json", bearer.as_str()];
        headers.extend(more);
        self.wired
            .send(request(method, path, &headers, &body.to_string()))
            .await
    }

    /// Sends a form.
    pub(crate) async fn form(&self, body: &[u8], more: &[&str]) -> Reply {
        self.wired.send(self.form_bytes(body, more)).await
    }

    /// The bytes of a request that sends a form.
    pub(crate) fn form_bytes(&self, body: &[u8], more: &[&str]) -> Vec<u8> {
        let kind = format!("content-type: multipart/form-data; boundary={BOUNDARY}");
        let bearer = self.bearer();
        let mut head = "POST /v1/files HTTP/1.1\r\nhost: test\r\nconnection: close\r\n".to_owned();
        for header in [kind.as_str(), bearer.as_str()].iter().chain(more) {
            write!(head, "{header}\r\n").unwrap();
        }
        write!(head, "content-length: {}\r\n\r\n", body.len()).unwrap();
        let mut bytes = head.into_bytes();
        bytes.extend(body);
        bytes
    }

    /// Uploads a file.
    pub(crate) async fn upload(&self, name: &str, content: impl AsRef<[u8]>) -> Reply {
        self.form(&form("assistants", name, content.as_ref()), &[]).await
    }

    /// Uploads a file that is taken, and returns its id.
    pub(crate) async fn kept(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        id(&self.upload(name, content).await)
    }

    /// Makes a vector store, and returns its id.
    pub(crate) async fn store(&self, name: &str) -> String {
        id(&self.post("/v1/vector_stores", &json!({ "name": name })).await)
    }

    /// Attaches a file, and waits until it is taken in or has failed.
    pub(crate) async fn attach(&self, store: &str, file: &str) -> Value {
        let path = format!("/v1/vector_stores/{store}/files");
        let attached = self.post(&path, &json!({ "file_id": file })).await;
        assert_eq!(attached.status, 200, "{attached:?}");
        self.settled(&format!("{path}/{file}")).await
    }

    /// What is at a path, once it is no more in progress.
    pub(crate) async fn settled(&self, path: &str) -> Value {
        for _ in 0..600 {
            let reply = self.get(path).await;
            let body = reply.json();
            if body["status"] != "in_progress" {
                return body;
            }
            assert_eq!(reply.header("openai-poll-after-ms"), Some("250"), "{reply:?}");
            sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} is still in progress");
    }

    /// The texts that a search finds.
    pub(crate) async fn found(&self, store: &str, query: &str) -> Vec<String> {
        let path = format!("/v1/vector_stores/{store}/search");
        let page = self.post(&path, &json!({ "query": query })).await;
        assert_eq!(page.status, 200, "{page:?}");
        let page = page.json();
        let hits = page["data"].as_array().unwrap();
        let text = |hit: &Value| hit["content"][0]["text"].as_str().unwrap().to_owned();
        hits.iter().map(text).collect()
    }

    /// The ids that a list gives.
    pub(crate) async fn listed(&self, path: &str) -> Vec<String> {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{page:?}");
        let page = page.json();
        let items = page["data"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The id of what was made.
pub(crate) fn id(made: &Reply) -> String {
    assert_eq!(made.status, 200, "{made:?}");
    made.json()["id"].as_str().unwrap().to_owned()
}

/// A form as the official clients send it.
pub(crate) fn form(purpose: &str, name: &str, content: &[u8]) -> Vec<u8> {
    let mut body = field("purpose", purpose);
    body.extend(file(name, content));
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    body
}

/// A field of a form.
pub(crate) fn field(name: &str, value: &str) -> Vec<u8> {
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes()
}

/// The file of a form.
pub(crate) fn file(name: &str, content: &[u8]) -> Vec<u8> {
    let mut part = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    part.extend(content);
    part.extend(b"\r\n");
    part
}
