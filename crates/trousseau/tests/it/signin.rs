//! Signing in to `trousseau serve` and out of it again: at a real identity provider, and with a password.

use std::net::TcpListener;
use std::path::Path;

use reqwest::{StatusCode, Url};
use serde_json::{Value, json};
use trousseau_testing::openid::{self, CLIENT, Node, Page, SECRET, Setup};
use trousseau_upstream::egress::{Egress, client};

use crate::harness::Dir;
use crate::service::Service;

/// A browser without cookies.
fn browser() -> openid::Browser {
    openid::Browser::new(client(&Egress::default(), None).unwrap())
}

fn read(page: &Page) -> Value {
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    serde_json::from_str(&page.text).unwrap()
}

/// Waits for what asks over HTTP.
fn run<T>(asking: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(asking)
}

/// A town whose people sign in at a provider that runs beside it.
struct Town {
    dir: Dir,
    home: Url,
    issuer: String,
    _node: Node,
}

impl Town {
    fn new(folder: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let home = Url::parse(&format!("http://{address}/")).unwrap();
        let callback = home.join("/api/auth/oidc/callback").unwrap();
        let signed_out = home.join("/bye").unwrap();
        let setup = Setup {
            redirect_uri: callback.as_str(),
            post_logout_redirect_uri: signed_out.as_str(),
            algorithm: "ES256",
            userinfo: "none",
        };
        let (node, issuer) = Node::start(folder, setup);
        let dir = Dir::new();
        dir.write("secrets/oidc", SECRET);
        dir.write(
            "data/trousseau.toml",
            format!(
                "[server]\nlisten = \"{address}\"\n\
                 [oidc]\nissuer = \"{issuer}\"\nclient_id = \"{CLIENT}\"\n\
                 client_secret = {{ file = \"../secrets/oidc\" }}\nbase_url = \"{home}\"\n\
                 signed_out_page = \"/bye\"\n\
                 [oidc.roles]\nauditor = [\"it\"]\n[oidc.clearances]\npersonal = [\"rh\"]\n"
            ),
        );
        Self {
            dir,
            home,
            issuer,
            _node: node,
        }
    }

    fn serve(&self) -> Service {
        Service::of(&mut self.dir.command(&["serve"]))
    }

    fn url(&self, path: &str) -> Url {
        self.home.join(path).unwrap()
    }

    /// Signs somebody in, and tells the session.
    async fn sign_in(&self, browser: &mut openid::Browser, login: &str) -> Value {
        let start = self.url("/api/auth/oidc/login?return_to=/chat");
        let (last, page) = browser.go(start, login, None).await;
        assert_eq!(last.path(), "/api/auth/oidc/callback");
        assert!(page.contains("content=\"0;url=/chat\""), "{page}");
        read(&browser.fetch(&self.url("/api/auth/session"), None).await)
    }
}

#[test]
fn people_sign_in_at_the_provider_and_out_of_both() {
    let Some(folder) = openid::provider("accounts-oidc-provider") else {
        return;
    };
    let town = Town::new(&folder);
    let service = town.serve();
    let mut browser = browser();
    let (hint, location) = run(async {
        let session = town.sign_in(&mut browser, "alice").await;
        assert_eq!(session["display"], "alice Martin");
        assert_eq!(session["role"], "auditor");
        assert_eq!(session["clearance"], "personal");
        assert_eq!(session["groups"], json!(["it", "rh"]));
        assert!(
            browser
                .cookie(&town.home, "trousseau")
                .unwrap()
                .starts_with("session-")
        );
        // The cookie lets in, a forged request does not, and the role decides.
        read(&browser.fetch(&town.url("/v1/models"), None).await);
        read(&browser.fetch(&town.url("/api/users"), None).await);
        let keys = town.url("/api/keys");
        let forged = browser.post(&keys, "", "{\"name\":\"a\"}").await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        let csrf = session["csrf"].as_str().unwrap();
        let denied = browser.post(&keys, csrf, "{\"name\":\"a\"}").await;
        assert!(denied.text.contains("http-role"), "{denied:?}");

        let told = read(&browser.post(&town.url("/api/auth/logout"), csrf, "{}").await);
        let location = Url::parse(told["location"].as_str().unwrap()).unwrap();
        let after = browser.fetch(&town.url("/api/auth/session"), None).await;
        assert_eq!(after.status, StatusCode::UNAUTHORIZED);
        let asked = |name: &str| {
            let found = location.query_pairs().find(|(key, _)| key == name);
            found
                .unwrap_or_else(|| panic!("{name}: {location}"))
                .1
                .into_owned()
        };
        assert!(location.as_str().starts_with(&town.issuer), "{location}");
        assert_eq!(asked("client_id"), CLIENT);
        assert_eq!(asked("post_logout_redirect_uri"), town.url("/bye").as_str());
        let (hint, state) = (asked("id_token_hint"), asked("state"));
        let bye = town.url("/bye");
        let (back, _) = browser.go(location.clone(), "nobody", Some(bye.as_str())).await;
        assert_eq!(back.query(), Some(format!("state={state}").as_str()));
        // Nobody is signed in there any more: whoever comes next is asked who they are.
        let session = town.sign_in(&mut browser, "bob").await;
        assert_eq!(session["display"], "bob Martin");
        (hint, location)
    });
    assert!(location.query().unwrap().contains(&hint), "{location}");
    service.stop().ended_with(0);

    // The session outlives the server, and so does what the provider wants to see at its end.
    let service = town.serve();
    let last = run(async {
        let session = read(&browser.fetch(&town.url("/api/auth/session"), None).await);
        let everywhere = town.url("/api/auth/logout-everywhere");
        let told = browser
            .post(&everywhere, session["csrf"].as_str().unwrap(), "{}")
            .await;
        let location = Url::parse(read(&told)["location"].as_str().unwrap()).unwrap();
        let hint = location.query_pairs().find(|(key, _)| key == "id_token_hint");
        hint.unwrap().1.into_owned()
    });
    assert_ne!(last, hint);
    let ended = service.stop().ended_with(0);
    // What the provider said is nowhere once the sessions are over, and was never told.
    for token in [&hint, &last] {
        let signature = token.rsplit('.').next().unwrap();
        assert!(!ended.err.contains(signature), "{ended:#?}");
        for file in ["accounts.sqlite", "accounts.sqlite-wal"] {
            let bytes = fs_err::read(town.dir.data().join(file)).unwrap_or_default();
            let found = bytes
                .windows(signature.len())
                .any(|part| part == signature.as_bytes());
            assert!(!found, "{file}");
        }
    }
    town.dir.run(&["ledger", "verify"]).succeeded();
}

#[test]
fn a_password_is_changed_and_what_failed_is_in_the_ledger_as_one_entry() {
    const FIRST: &str = "quatre mots que je retiens";
    const SECOND: &str = "cinq mots que je retiens";
    let dir = Dir::new();
    let service = Service::start(&dir, &[]);
    let home = Url::parse(&format!("http://{}/", service.address)).unwrap();
    let url = |path: &str| home.join(path).unwrap();
    let invited = dir.json(&["users", "create", "alice"]);
    let token = invited["link"].as_str().unwrap();
    run(async {
        let mut alice = browser();
        let body = json!({ "token": token, "password": FIRST }).to_string();
        let session = read(&alice.post(&url("/api/auth/first"), "", &body).await);
        let csrf = session["csrf"].as_str().unwrap();
        let wrong = json!({ "current": "pas celui-là du tout", "password": SECOND }).to_string();
        for _ in 0..3 {
            let refused = alice.post(&url("/api/auth/password"), csrf, &wrong).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{refused:?}");
        }
        let body = json!({ "current": FIRST, "password": SECOND }).to_string();
        read(&alice.post(&url("/api/auth/password"), csrf, &body).await);
        read(&alice.fetch(&url("/api/auth/session"), None).await);
        let login = url("/api/auth/login");
        for (name, password, status) in [
            ("alice", FIRST, 401),
            ("alice", SECOND, 200),
            ("mon mot de passe", FIRST, 401),
            ("personne", FIRST, 401),
        ] {
            let body = json!({ "name": name, "password": password, "tenant": "default" }).to_string();
            let answered = browser().post(&login, "", &body).await;
            assert_eq!(answered.status, status, "{name}");
        }
        // A tenant that nobody belongs to gets no ledger of its own.
        let body = json!({ "name": "a", "password": FIRST, "tenant": "inventee" }).to_string();
        browser().post(&login, "", &body).await;
    });
    let ended = service.stop().ended_with(0);
    assert!(!ended.err.contains("mots que"), "{ended:#?}");
    assert!(!dir.data().join("ledger/inventee").exists());
    let shown = dir.json(&["ledger", "show"]);
    let entries: Vec<&Value> = shown["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["leaf"])
        .collect();
    let mut failed: Vec<&Value> = entries
        .iter()
        .copied()
        .filter(|entry| entry["operation"] == "sign-in-failed")
        .collect();
    failed.sort_by_key(|entry| entry["account"].is_null());
    assert_eq!(failed.len(), 2, "{failed:#?}");
    assert_eq!(failed[0]["reasons"], json!({ "account-credentials": 4 }));
    assert_eq!(failed[1]["reasons"], json!({ "account-credentials": 3 }));
    let changed = entries
        .iter()
        .find(|entry| entry["operation"] == "password-changed");
    assert_eq!(changed.unwrap()["account"], failed[0]["account"]);
    let told = dir.french(&["ledger", "show"]).succeeded().out;
    assert!(
        told.contains("4 échecs de connexion (account-credentials × 4)"),
        "{told}"
    );
    assert!(told.contains("3 échecs de connexion, à aucun compte"), "{told}");
    assert!(told.contains("mot de passe changé"), "{told}");
    dir.run(&["ledger", "verify"]).succeeded();
}
