//! A whole sign-in between a browser, this server and a real identity provider (`oidc-provider` from npm, certified
//! by the OpenID Foundation), for each kind of signature.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use http::StatusCode;
use reqwest::Url;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use trousseau_accounts::Accounts;
use trousseau_accounts::oidc::{OidcSettings, Provider};
use trousseau_core::principal::Role;
use trousseau_http::{Listener, Server, Settings, serve};
use trousseau_retrieval::database::Access;
use trousseau_testing::openid::{self, CLIENT, Node, SECRET, Setup};
use trousseau_upstream::egress::{Egress, client};
use trousseau_upstream::secret::Secret;

use crate::stage::Stage;
use crate::wired::{Words, staged};

/// A browser without cookies.
fn fresh() -> openid::Browser {
    openid::Browser::new(client(&Egress::default(), None).unwrap())
}

#[tokio::test]
async fn a_real_provider_signs_people_in() {
    let Some(folder) = openid::provider("accounts-oidc-provider") else {
        return;
    };
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
    let setup = Setup {
        redirect_uri: callback.as_str(),
        post_logout_redirect_uri: home.as_str(),
        algorithm,
        userinfo,
    };
    let (_node, issuer) = Node::start(folder, setup);

    let mut settings = OidcSettings::new(&issuer, CLIENT, callback.as_str());
    settings.client_secret = Some(Secret::value(SECRET, "test").unwrap());
    settings.userinfo = userinfo != "none";
    settings.roles = vec![("it".to_owned(), Role::Administrator)];
    let provider = Provider::new(settings, client(&Egress::default(), None).unwrap()).unwrap();
    let accounts = Accounts::open(&stage.data(), Access::Write).await.unwrap();
    let (gateway, _) = staged(&stage, &[("local", &[])]).await;
    let accounts = Arc::new(accounts.with_provider(provider));
    let server = Server::new(Arc::new(gateway), accounts, Arc::new(Words), Settings::default());
    let (server, shutdown) = (Arc::new(server), CancellationToken::new());
    let serving = TaskTracker::new().spawn(serve(Arc::clone(&server), listener, shutdown.clone()));

    let mut browser = fresh();
    let start = home
        .join("/api/auth/oidc/login?return_to=/chat%3Fa=1%26b")
        .unwrap();
    let (last, page) = browser.go(start, "alice", None).await;
    assert_eq!(last.path(), callback.path(), "{algorithm}");
    assert!(page.contains("content=\"0;url=/chat?a=1&amp;b\""), "{page}");
    let told = browser
        .fetch(&home.join("/api/auth/session").unwrap(), None)
        .await;
    assert_eq!(told.status, StatusCode::OK, "{told:?}");
    let told: Value = serde_json::from_str(&told.text).unwrap();
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
    assert_eq!(browser.fetch(&last, None).await.status, StatusCode::UNAUTHORIZED);
    let elsewhere = fresh().fetch(&last, None).await;
    assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED);

    // An answer that another browser did not ask for: the code is real and unused.
    let login = home.join("/api/auth/oidc/login").unwrap();
    let caught = fresh()
        .go(login.clone(), "mallory", Some(callback.as_str()))
        .await;
    let mut victim = fresh();
    victim.fetch(&login, None).await;
    let refused = victim.fetch(&caught.0, None).await;
    assert_eq!(
        refused.status,
        StatusCode::UNAUTHORIZED,
        "signed in as somebody else"
    );

    shutdown.cancel();
    serving.await.unwrap().unwrap();
}
