//! A real identity provider (`oidc-provider` from npm, certified by the OpenID Foundation) as a process of its own, and
//! as much of a browser as a sign-in needs.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test takes for granted fails the test"
)]

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use http::{StatusCode, header};
use reqwest::{Client, Url};

use crate::{skip, target_folder};

/// The client's id at the provider.
pub const CLIENT: &str = "trousseau";

/// The client's secret there.
pub const SECRET: &str = "a secret: 100%";

/// How the provider is set up.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// Where it sends people back to.
    pub redirect_uri: &'a str,
    /// Where it sends people to who signed out.
    pub post_logout_redirect_uri: &'a str,
    /// The algorithm of ID tokens.
    pub algorithm: &'a str,
    /// The algorithm of `userinfo`; `none` where everything stands in the ID token.
    pub userinfo: &'a str,
}

/// The provider's process, and what it prints, which it dies of when nobody reads it. It ends with the test.
pub struct Node {
    child: Child,
    _printed: Lines<BufReader<ChildStdout>>,
}

impl Drop for Node {
    fn drop(&mut self) {
        // Whatever became of it, nothing is left.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The folder with the provider's package, or a recorded skip of the test `id`.
pub fn provider(id: &str) -> Option<PathBuf> {
    let folder = target_folder().join("tools/oidc-provider");
    if folder.join("node_modules/oidc-provider").is_dir() {
        return Some(folder);
    }
    skip(id, "needs Node");
    None
}

impl Node {
    /// Starts it; gives back its issuer as well.
    pub fn start(folder: &Path, setup: Setup<'_>) -> (Self, String) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/oidc_provider.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .arg(folder)
            .args([setup.redirect_uri, setup.post_logout_redirect_uri])
            .args([setup.algorithm, setup.userinfo])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let issuer = lines.find_map(|line| line.ok().filter(|line| line.starts_with("http://")));
        let node = Self {
            child,
            _printed: lines,
        };
        (node, issuer.unwrap())
    }
}

/// Cookies by host, redirects, and forms with one button.
pub struct Browser {
    client: Client,
    cookies: HashMap<String, HashMap<String, String>>,
    visited: Vec<Url>,
}

/// What came back.
#[derive(Debug)]
pub struct Page {
    /// The status.
    pub status: StatusCode,
    /// Where it sends the browser.
    pub location: Option<Url>,
    /// What it says.
    pub text: String,
}

impl Browser {
    /// A browser without cookies; `client` follows no redirect.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            cookies: HashMap::new(),
            visited: Vec::new(),
        }
    }

    /// The browser's cookie of this name for the host of `url`.
    pub fn cookie(&self, url: &Url, name: &str) -> Option<&str> {
        let jar = self.cookies.get(&url.origin().ascii_serialization())?;
        jar.get(name).map(String::as_str)
    }

    /// Fetches a page, or sends a form.
    pub async fn fetch(&mut self, url: &Url, form: Option<&str>) -> Page {
        let request = match form {
            Some(form) => self
                .client
                .post(url.clone())
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.to_owned()),
            None => self.client.get(url.clone()),
        };
        self.send(url, request).await
    }

    /// Sends what a script of a page of this very site sends: JSON, with the session's token.
    pub async fn post(&mut self, url: &Url, csrf: &str, body: &str) -> Page {
        let request = self
            .client
            .post(url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("sec-fetch-site", "same-origin")
            .header("x-csrf-token", csrf)
            .body(body.to_owned());
        self.send(url, request).await
    }

    async fn send(&mut self, url: &Url, request: reqwest::RequestBuilder) -> Page {
        let host = url.origin().ascii_serialization();
        let jar = self.cookies.entry(host).or_default();
        let cookies: Vec<String> = jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let answer = request
            .header(header::COOKIE, cookies.join("; "))
            .send()
            .await
            .unwrap();
        for set in answer.headers().get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            jar.insert(name.to_owned(), value.to_owned());
        }
        let location = answer.headers().get(header::LOCATION);
        let location = location.map(|location| url.join(location.to_str().unwrap()).unwrap());
        Page {
            status: answer.status(),
            location,
            text: answer.text().await.unwrap(),
        }
    }

    /// Goes to a page and on from there, signing in, consenting and signing out where it is asked, until a page asks
    /// nothing or lies at `end`, which is not fetched then; gives back that address and what was on it.
    pub async fn go(&mut self, start: Url, login: &str, end: Option<&str>) -> (Url, String) {
        let (mut url, mut form): (Url, Option<String>) = (start, None);
        for _ in 0..20 {
            if end.is_some_and(|end| url.as_str().starts_with(end)) {
                return (url, String::new());
            }
            self.visited.push(url.clone());
            let page = self.fetch(&url, form.take().as_deref()).await;
            if let Some(location) = page.location {
                url = location;
                continue;
            }
            assert_eq!(page.status, StatusCode::OK, "{url}: {}", page.text);
            let asked = |prompt: &str| page.text.contains(&format!("name=\"prompt\" value=\"{prompt}\""));
            if asked("login") {
                form = Some(format!("prompt=login&login={login}&password=any"));
            } else if asked("consent") {
                form = Some("prompt=consent".to_owned());
            } else if let Some(xsrf) = between(&page.text, "name=\"xsrf\" value=\"", "\"") {
                form = Some(format!("xsrf={xsrf}&logout=yes"));
                url = target(&url, &page.text);
            } else {
                return (url, page.text);
            }
        }
        panic!("no end: {:?}", self.visited);
    }
}

/// Where the one form of a page goes.
fn target(url: &Url, page: &str) -> Url {
    let action = between(page, "action=\"", "\"").unwrap();
    url.join(action).unwrap()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}
