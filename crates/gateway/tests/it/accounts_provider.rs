//! A whole sign-in between a browser, this server and a real identity provider (`oidc-provider` from npm, certified
//! by the OpenID Foundation), for each kind of signature.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead as _, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use http::{StatusCode, header};
use reqwest::{Client, Url};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trousseau_accounts::Accounts;
use trousseau_accounts::oidc::{OidcSettings, Provider};
use trousseau_core::principal::Role;
use trousseau_http::{Listener, Server, Settings, serve};
use trousseau_retrieval::database::Access;
use trousseau_upstream::egress::{Egress, client};
use trousseau_upstream::secret::Secret;

use crate::stage::Stage;
use crate::wired::{Words, staged};

/// The provider's process, and what it prints, which it dies of when nobody reads it. It ends with the test.
struct Node {
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

impl Node {
    /// Starts it; gives back its issuer as well.
    fn start(folder: &Path, redirect_uri: &str, algorithm: &str, userinfo: &str) -> (Self, String) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/oidc_provider.mjs");
        let mut child = Command::new("node")
            .arg(script)
            .arg(folder)
            .args([redirect_uri, algorithm, userinfo])
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

/// As much of a browser as a sign-in needs: cookies by host, redirects, and forms with one button.
struct Browser {
    client: Client,
    cookies: HashMap<String, HashMap<String, String>>,
    visited: Vec<Url>,
}

impl Browser {
    fn new() -> Self {
        Self {
            client: client(&Egress::default(), None).unwrap(),
            cookies: HashMap::new(),
            visited: Vec::new(),
        }
    }

    async fn fetch(&mut self, url: &Url, form: Option<&str>) -> (StatusCode, Option<Url>, String) {
        let host = url.origin().ascii_serialization();
        let jar = self.cookies.entry(host).or_default();
        let cookies: Vec<String> = jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = match form {
            Some(form) => self
                .client
                .post(url.clone())
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.to_owned()),
            None => self.client.get(url.clone()),
        };
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
        (answer.status(), location, answer.text().await.unwrap())
    }

    /// Goes to a page and on from there, signing in and consenting where it is asked; gives back the last page.
    async fn go(&mut self, start: Url, login: &str) -> (Url, String) {
        let (mut url, mut form): (Url, Option<String>) = (start, None);
        for _ in 0..20 {
            self.visited.push(url.clone());
            let (status, location, page) = self.fetch(&url, form.take().as_deref()).await;
            if let Some(location) = location {
                url = location;
                continue;
            }
            assert_eq!(status, StatusCode::OK, "{url}: {page}");
            let asked = |prompt: &str| page.contains(&format!("name=\"prompt\" value=\"{prompt}\""));
            if asked("login") {
                form = Some(format!("prompt=login&login={login}&password=any"));
            } else if asked("consent") {
                form = Some("prompt=consent".to_owned());
            } else {
                return (url, page);
            }
        }
        panic!("no end: {:?}", self.visited);
    }
}

#[tokio::test]
async fn a_real_provider_signs_people_in() {
    let folder = trousseau_testing::target_folder().join("tools/oidc-provider");
    if !folder.join("node_modules/oidc-provider").is_dir() {
        trousseau_testing::skip("accounts-oidc-provider", "needs Node");
        return;
    }
    for (algorithm, userinfo) in [
        ("RS256", "none"),
        ("ES256", "ES256"),
        ("PS256", "RS256"),
        ("EdDSA", "none"),
    ] {
        sign_in(&folder, algorithm, userinfo).await;
    }
}

async fn sign_in(folder: &Path, algorithm: &str, userinfo: &str) {
    let stage = Stage::new();
    let listener = Listener::bind("127.0.0.1:0", None).await.unwrap();
    let home = Url::parse(&format!("http://{}", listener.address().unwrap())).unwrap();
    let callback = home.join("/api/auth/oidc/callback").unwrap();
    let (_node, issuer) = Node::start(folder, callback.as_str(), algorithm, userinfo);

    let mut settings = OidcSettings::new(&issuer, "trousseau", callback.as_str());
    settings.client_secret = Some(Secret::value("a secret: 100%", "test").unwrap());
    settings.userinfo = userinfo != "none";
    settings.roles = vec![("it".to_owned(), Role::Administrator)];
    let provider = Provider::new(settings, client(&Egress::default(), None).unwrap()).unwrap();
    let accounts = Accounts::open(&stage.data(), Access::Write).await.unwrap();
    let (gateway, _) = staged(&stage, &[("local", &[])]).await;
    let accounts = Arc::new(accounts.with_provider(provider));
    let server = Server::new(Arc::new(gateway), accounts, Arc::new(Words), Settings::default());
    let (server, shutdown) = (Arc::new(server), CancellationToken::new());
    let serving = TaskTracker::new().spawn(serve(Arc::clone(&server), listener, shutdown.clone()));

    let mut browser = Browser::new();
    let start = home
        .join("/api/auth/oidc/login?return_to=/chat%3Fa=1%26b")
        .unwrap();
    let (last, page) = browser.go(start, "alice").await;
    assert_eq!(last.path(), callback.path(), "{algorithm}");
    assert!(page.contains("content=\"0;url=/chat?a=1&amp;b\""), "{page}");
    let (status, _, told) = browser
        .fetch(&home.join("/api/auth/session").unwrap(), None)
        .await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (&told["display"], &told["role"]),
        (&"alice Martin".into(), &"administrator".into())
    );
    let groups: BTreeSet<&str> = told["groups"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(groups, BTreeSet::from(["it", "rh"]));

    // The answer once more, in the same browser and in another: neither lets anybody in.
    let (status, ..) = browser.fetch(&last, None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, ..) = Browser::new().fetch(&last, None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);

    // An answer that another browser did not ask for: the code is real and unused.
    let mut other = Browser::new();
    let (_, away, _) = other
        .fetch(&home.join("/api/auth/oidc/login").unwrap(), None)
        .await;
    let mut victim = Browser::new();
    let caught = caught_answer(&mut other, away.unwrap(), &callback).await;
    let (_, _, _) = victim
        .fetch(&home.join("/api/auth/oidc/login").unwrap(), None)
        .await;
    let (status, _, _) = victim.fetch(&caught, None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "signed in as somebody else");

    shutdown.cancel();
    serving.await.unwrap().unwrap();
}

/// Signs in at the provider and stops before the answer is brought back.
async fn caught_answer(browser: &mut Browser, away: Url, callback: &Url) -> Url {
    let (mut url, mut form): (Url, Option<&str>) = (away, None);
    for _ in 0..20 {
        if url.path() == callback.path() {
            return url;
        }
        let (_, location, page) = browser.fetch(&url, form.take()).await;
        match location {
            Some(location) => url = location,
            None if page.contains("value=\"login\"") => {
                form = Some("prompt=login&login=mallory&password=any");
            }
            None => form = Some("prompt=consent"),
        }
    }
    panic!("no answer: {url}");
}
