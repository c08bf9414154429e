//! Signing in and administering accounts over a real socket: cookies, forged requests, what the ledger says.

use serde_json::{Value, json};
use trousseau_accounts::{Grants, NewUser, Password};
use trousseau_core::principal::{Role, Tenant};
use trousseau_http::Settings;

use crate::stage::Stage;
use crate::wired::{Reply, Wired, request, scripted, staged};

pub(crate) const PASSWORD: &str = "quatre mots que je retiens";
pub(crate) const JSON: &str = "content-type: application/json";
pub(crate) const OWN: &str = "sec-fetch-site: same-origin";

/// A browser that has signed in.
pub(crate) struct Browser {
    pub(crate) cookie: String,
    pub(crate) csrf: String,
    pub(crate) session: Value,
}

impl Browser {
    pub(crate) fn of(reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{reply:?}");
        let session = reply.json();
        let set = reply.header("set-cookie").unwrap();
        let (cookie, _) = set.split_once(';').unwrap();
        Self {
            cookie: format!("cookie: {cookie}"),
            csrf: format!("x-csrf-token: {}", session["csrf"].as_str().unwrap()),
            session,
        }
    }

    /// The headers of a request of a page of this site.
    pub(crate) fn page(&self) -> Vec<&str> {
        vec![&self.cookie, &self.csrf, OWN, JSON]
    }
}

/// Makes a user of this role who has a password.
pub(crate) async fn user(wired: &Wired, name: &str, role: Role) {
    let (accounts, now) = (&wired.server.accounts, (wired.server.gateway.now)());
    let new = NewUser {
        name: name.to_owned(),
        display: "Alice Martin".to_owned(),
        grants: Grants {
            role,
            clearance: "restricted".parse().unwrap(),
            ..Grants::default()
        },
        created_by: "test".to_owned(),
    };
    let made = accounts.create_user(&Tenant::default(), new, now).await;
    let (_, link) = made.unwrap();
    let followed = accounts.follow_link(&link.token, None, Password::new(PASSWORD), now);
    followed.await.unwrap();
}

pub(crate) async fn login(wired: &Wired, headers: &[&str], name: &str, password: &str) -> Reply {
    let body = json!({ "name": name, "password": password }).to_string();
    let headers: Vec<&str> = headers.iter().copied().chain([JSON]).collect();
    wired
        .send(request("POST", "/api/auth/login", &headers, &body))
        .await
}

pub(crate) async fn send(
    wired: &Wired,
    (method, path): (&str, &str),
    headers: &[&str],
    body: &Value,
) -> Reply {
    wired
        .send(request(method, path, headers, &body.to_string()))
        .await
}

pub(crate) async fn status(wired: &Wired, call: (&str, &str), headers: &[&str]) -> (u16, String) {
    let reply = send(wired, call, headers, &json!({})).await;
    let code = if reply.status < 400 {
        String::new()
    } else {
        reply.code()
    };
    (reply.status, code)
}

#[tokio::test]
async fn a_page_signs_in_asks_and_signs_out() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    user(&wired, "alice", Role::User).await;
    let reply = login(&wired, &[OWN], "alice", PASSWORD).await;
    let set = reply.header("set-cookie").unwrap();
    assert!(set.starts_with("trousseau=session-"), "{set}");
    assert!(
        set.ends_with("; HttpOnly; SameSite=Strict") && set.contains("; Path=/; Max-Age=604"),
        "{set}"
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let browser = Browser::of(&reply);
    assert_eq!(browser.session["display"], "Alice Martin");
    assert_eq!(
        (&browser.session["user"], &browser.session["role"]),
        (&"alice".into(), &"user".into())
    );

    let told = send(
        &wired,
        ("GET", "/api/auth/session"),
        &[&browser.cookie],
        &json!({}),
    )
    .await;
    assert_eq!(told.json(), browser.session);
    let models = send(&wired, ("GET", "/v1/models"), &[&browser.cookie], &json!({})).await;
    assert_eq!(models.json()["data"][0]["id"], "documents");

    let gone = send(&wired, ("POST", "/api/auth/logout"), &browser.page(), &json!({})).await;
    assert_eq!(gone.status, 204);
    let cleared = gone.header("set-cookie").unwrap();
    assert!(cleared.starts_with("trousseau=; Path=/; Max-Age=0;"), "{cleared}");
    let after = status(&wired, ("GET", "/api/auth/session"), &[&browser.cookie]).await;
    assert_eq!(after, (401, "account-unknown-session".to_owned()));
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    user(&wired, "root", Role::Administrator).await;
    let browser = Browser::of(&login(&wired, &[], "root", PASSWORD).await);
    let other = Browser::of(&login(&wired, &[], "root", PASSWORD).await);
    let (cookie, csrf) = (browser.cookie.as_str(), browser.csrf.as_str());
    let cross = (403, "auth-cross-site".to_owned());
    let token = (403, "auth-csrf".to_owned());
    for call in [
        ("POST", "/api/keys"),
        ("DELETE", "/api/keys/none"),
        ("PATCH", "/api/users/root"),
        ("POST", "/api/auth/logout"),
        ("POST", "/api/auth/logout-everywhere"),
        ("POST", "/v1/chat/completions"),
    ] {
        for (headers, expected) in [
            (vec![cookie, JSON], &token),
            (vec![cookie, JSON, OWN], &token),
            (vec![cookie, JSON, OWN, &other.csrf], &token),
            (vec![cookie, JSON, OWN, "x-csrf-token: "], &token),
            (vec![cookie, JSON, csrf, "sec-fetch-site: cross-site"], &cross),
            (vec![cookie, JSON, csrf, "sec-fetch-site: same-site"], &cross),
            (vec![cookie, JSON, csrf, "origin: https://evil.example"], &cross),
            (vec![cookie, JSON, csrf, "origin: null"], &cross),
        ] {
            assert_eq!(
                &status(&wired, call, &headers).await,
                expected,
                "{call:?} {headers:?}"
            );
        }
    }
    // A page of another site cannot sign a browser in as somebody else either.
    for header in ["sec-fetch-site: cross-site", "origin: https://evil.example"] {
        let reply = login(&wired, &[header], "root", PASSWORD).await;
        assert_eq!((reply.status, reply.code().as_str()), (403, "auth-cross-site"));
        assert_eq!(reply.header("set-cookie"), None);
    }
    let body = json!({ "name": "root", "password": PASSWORD }).to_string();
    let form = request("POST", "/api/auth/login", &["content-type: text/plain"], &body);
    assert_eq!(wired.send(form).await.status, 415);
    // The session is as good as before, for a page of this site.
    let made = send(
        &wired,
        ("POST", "/api/keys"),
        &browser.page(),
        &json!({ "name": "portal" }),
    )
    .await;
    assert_eq!(made.status, 201, "{made:?}");
    let own = [cookie, csrf, JSON, "origin: http://test"];
    let made = send(&wired, ("POST", "/api/keys"), &own, &json!({ "name": "other" })).await;
    assert_eq!(made.status, 201, "{made:?}");
}

#[tokio::test]
async fn a_session_that_was_planted_is_never_taken_over() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    user(&wired, "alice", Role::User).await;
    user(&wired, "mallory", Role::User).await;
    // An invented cookie, and the cookie of somebody else's session.
    let invented = format!("cookie: trousseau=session-{}", "A".repeat(43));
    let planted = Browser::of(&login(&wired, &[], "mallory", PASSWORD).await);
    for cookie in [invented.as_str(), &planted.cookie] {
        let browser = Browser::of(&login(&wired, &[cookie], "alice", PASSWORD).await);
        assert_ne!(browser.cookie, cookie);
        let old = status(&wired, ("GET", "/api/auth/session"), &[cookie]).await;
        assert_eq!(old.0, 401, "{cookie}");
        assert_eq!(browser.session["user"], "alice");
    }
}

#[tokio::test]
async fn failures_to_sign_in_are_told_alike_and_slowed_down() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    user(&wired, "alice", Role::User).await;
    let mut told = Vec::new();
    for name in ["alice", "nobody"] {
        let mut of_name = Vec::new();
        for _ in 0..6 {
            let reply = login(
                &wired,
                &["accept-language: en", "x-request-id: one"],
                name,
                "un autre mot de passe",
            )
            .await;
            assert_eq!(reply.header("set-cookie"), None);
            of_name.push((
                reply.status,
                reply.header("retry-after").map(str::to_owned),
                reply.body.clone(),
            ));
        }
        told.push(of_name);
    }
    assert_eq!(told[0], told[1]);
    let statuses: Vec<u16> = told[0].iter().map(|(status, ..)| *status).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429]);
    assert_eq!(told[0][5].1.as_deref(), Some("1"));
    // What was typed is in no answer, whatever is wrong with it.
    for body in [
        r#"{"name":"alice","password":12345678901234567}"#,
        r#"{"name":"alice","password":"secret"#,
        r#"{"name":"alice"}"#,
        r#"{"name":"alice","password":"a","more":1}"#,
    ] {
        let reply = wired
            .send(request(
                "POST",
                "/api/auth/login",
                &[JSON, "accept-language: en"],
                body,
            ))
            .await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (400, "auth-body"),
            "{body}"
        );
        assert!(
            !reply.body.contains("secret") && !reply.body.contains("12345678"),
            "{}",
            reply.body
        );
    }
    let large = "x".repeat(100_000);
    assert_eq!(login(&wired, &[], "alice", &large).await.status, 413);
}

#[tokio::test]
async fn an_administrator_makes_and_unmakes_keys_and_users_and_the_ledger_says_so() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    user(&wired, "root", Role::Administrator).await;
    let root = Browser::of(&login(&wired, &[], "root", PASSWORD).await);
    let page = root.page();

    let wanted = json!({ "name": "portal", "grants": { "clearance": "personal", "groups": ["rh"] } });
    let made = send(&wired, ("POST", "/api/keys"), &page, &wanted).await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    let key = format!("authorization: Bearer {}", made["secret"].as_str().unwrap());
    let asked = send(&wired, ("GET", "/api/auth/session"), &[&key], &json!({}))
        .await
        .json();
    assert_eq!(
        (&asked["user"], &asked["clearance"]),
        (&"portal".into(), &"personal".into())
    );
    assert_eq!(asked.get("csrf"), None);
    let listed = send(&wired, ("GET", "/api/keys"), &page, &json!({})).await;
    assert!(
        listed.json()["keys"].as_array().unwrap().contains(&made["key"]),
        "{listed:?}"
    );
    assert!(!listed.body.contains("trs-"));
    let gone = send(&wired, ("DELETE", "/api/keys/portal"), &page, &json!({})).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    assert_eq!(status(&wired, ("GET", "/v1/models"), &[&key]).await.0, 401);
    assert_eq!(status(&wired, ("DELETE", "/api/keys/portal"), &page).await.0, 404);

    let wanted = json!({ "name": "alice", "grants": { "role": "auditor" } });
    let made = send(&wired, ("POST", "/api/users"), &page, &wanted).await;
    assert_eq!(made.status, 201, "{made:?}");
    let token = made.json()["link"]["token"].clone();
    let following = json!({ "token": token, "password": PASSWORD });
    let followed = send(&wired, ("POST", "/api/auth/first"), &[JSON, OWN], &following).await;
    let alice = Browser::of(&followed);
    assert_eq!(alice.session["role"], "auditor");
    let again = send(&wired, ("POST", "/api/auth/first"), &[JSON, OWN], &following).await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (401, "account-unknown-link")
    );

    let change = json!({ "disabled": true });
    let changed = send(&wired, ("PATCH", "/api/users/alice"), &page, &change).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(
        status(&wired, ("GET", "/api/auth/session"), &[&alice.cookie])
            .await
            .0,
        401
    );
    let own = send(&wired, ("PATCH", "/api/users/Root"), &page, &change).await;
    assert_eq!((own.status, own.code().as_str()), (409, "account-own"));
    let link = send(&wired, ("POST", "/api/users/root/link"), &page, &json!({})).await;
    assert_eq!(link.status, 201, "{link:?}");
    let unknown = json!({ "name": "bob", "grants": { "rolle": "user" } });
    let refused = send(&wired, ("POST", "/api/users"), &page, &unknown).await;
    assert_eq!(refused.status, 400, "{refused:?}");

    wired.end().await.close().await.unwrap();
    let entries = stage.entries(&Tenant::default());
    let accounts: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry["type"] == "account")
        .collect();
    let told: Vec<(&str, &str)> = accounts
        .iter()
        .map(|entry| {
            (
                entry["operation"].as_str().unwrap(),
                entry["role"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("key-created", "user"),
            ("key-revoked", "user"),
            ("user-created", "auditor"),
            ("password-set", "auditor"),
            ("user-disabled", "auditor"),
            ("link-created", "administrator"),
        ]
    );
    // Pseudonyms only: the same for the same, other for others, and no names.
    assert_eq!(accounts[0]["account"], accounts[1]["account"]);
    assert_eq!(
        (&accounts[0]["by"], &accounts[5]["by"]),
        (&accounts[2]["by"], &accounts[5]["account"])
    );
    assert_ne!(accounts[2]["account"], accounts[2]["by"]);
    let text = serde_json::to_string(&accounts).unwrap();
    for name in ["root", "alice", "portal"] {
        assert!(!text.contains(name), "{text}");
    }
}

#[tokio::test]
async fn behind_tls_the_cookie_says_so() {
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("local", &[])]).await;
    let settings = Settings {
        trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
        ..Settings::default()
    };
    let wired = Wired::start(&stage, gateway, settings).await;
    user(&wired, "alice", Role::User).await;
    let tls = "x-forwarded-proto: https";
    let reply = login(&wired, &[tls, "x-forwarded-for: 203.0.113.9"], "alice", PASSWORD).await;
    let set = reply.header("set-cookie").unwrap();
    assert!(
        set.starts_with("__Host-trousseau=session-") && set.ends_with("; SameSite=Strict; Secure"),
        "{set}"
    );
    let browser = Browser::of(&reply);
    let from = [tls, "x-forwarded-for: 203.0.113.9", &browser.cookie];
    assert_eq!(status(&wired, ("GET", "/api/auth/session"), &from).await.0, 200);
    assert_eq!(
        status(&wired, ("GET", "/api/auth/session"), &[&browser.cookie])
            .await
            .0,
        401,
        "not over TLS"
    );
}

#[tokio::test]
async fn signing_out_everywhere_ends_the_other_browsers() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    user(&wired, "alice", Role::User).await;
    let one = Browser::of(&login(&wired, &[], "alice", PASSWORD).await);
    let other = Browser::of(&login(&wired, &[], "alice", PASSWORD).await);
    let gone = send(
        &wired,
        ("POST", "/api/auth/logout-everywhere"),
        &one.page(),
        &json!({}),
    )
    .await;
    assert_eq!(gone.status, 204);
    for browser in [&one, &other] {
        assert_eq!(
            status(&wired, ("GET", "/api/auth/session"), &[&browser.cookie])
                .await
                .0,
            401
        );
    }
}
