//! Sign-in at an identity provider, and every token and answer that must not be one.

use std::collections::{BTreeSet, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use reqwest::Url;
use serde_json::{Value, json};
use trousseau_accounts::{AccountError, Grants, UserChange};
use trousseau_core::digest::Digest;
use trousseau_core::label::Class;
use trousseau_core::principal::Role;

use crate::forger::{CLIENT, Signer, part};
use crate::oidc_scene::{CALLBACK, Scene, at, why};
use crate::stage::tenant;

#[tokio::test]
async fn a_user_comes_in_with_what_the_claims_say() {
    let scene = Scene::new(|settings| {
        settings.roles = vec![
            ("dpo".to_owned(), Role::DataProtectionOfficer),
            ("it".to_owned(), Role::Administrator),
        ];
        settings.clearances = vec![
            ("rh".to_owned(), Class::Sensitive),
            ("all".to_owned(), Class::Personal),
        ];
        settings.grants = Grants {
            clearance: Class::Internal,
            groups: BTreeSet::from(["staff".to_owned()]),
            ..Grants::default()
        };
    })
    .await;
    let way = scene.depart(at(0)).await;
    let asked = |name: &str| way.query[name].as_str();
    assert_eq!(asked("brand"), "town", "the endpoint's own query stays");
    assert_eq!(
        [asked("response_type"), asked("client_id"), asked("redirect_uri")],
        ["code", CLIENT, CALLBACK]
    );
    assert_eq!(
        [asked("scope"), asked("code_challenge_method")],
        ["openid profile email", "S256"]
    );
    let mut claims = scene.forger.claims(asked("nonce"), at(1).as_second());
    claims["groups"] = json!(["rh", "all", "it", 7, "bad\u{7}"]);
    scene.will_give(&scene.forger.signer().sign(&claims));
    let (opened, page) = scene.arrive(&way, at(2)).await.unwrap();

    assert_eq!(
        (page.as_str(), opened.session.display.as_str()),
        ("/chat", "Alice Martin")
    );
    let principal = opened.session.admitted.principal;
    let groups: Vec<&str> = principal.groups.iter().map(String::as_str).collect();
    assert_eq!(groups, ["all", "it", "rh", "staff"]);
    assert_eq!(
        (principal.role, principal.clearance),
        (Role::Administrator, Class::Sensitive)
    );
    assert!(principal.user.starts_with("oidc-"), "{}", principal.user);
    assert!(scene.accounts.session(&opened.cookie, at(3)).is_ok());

    // The provider heard the code, the verifier of the challenge, and the secret in the header.
    let play = scene.forger.play.lock().unwrap();
    let (_, authorization, body) = play.heard.iter().find(|(path, ..)| *path == "token").unwrap();
    let mut url = Url::parse("http://localhost/").unwrap();
    url.set_query(Some(body));
    let form: HashMap<String, String> = url.query_pairs().into_owned().collect();
    assert_eq!(form["code"], "c&d");
    let digest = Digest::of(form["code_verifier"].as_bytes());
    assert_eq!(URL_SAFE_NO_PAD.encode(digest.0), way.query["code_challenge"]);
    let basic = base64::engine::general_purpose::STANDARD.decode(&authorization["Basic ".len()..]);
    assert_eq!(basic.unwrap(), b"trousseau:un+secret%3A+%25");
    assert!(!form.contains_key("client_secret"));
}

#[tokio::test]
async fn a_user_is_the_issuer_and_the_subject_and_nothing_else() {
    let scene = Scene::new(|settings| settings.groups = "realm_access.roles".to_owned()).await;
    let sign_in = async |subject: &str, name: &str, role: &str| {
        let change = |claims: &mut Value| {
            claims["sub"] = subject.into();
            claims["name"] = name.into();
            claims["realm_access"] = json!({ "roles": [role] });
        };
        let opened = scene.sign_in(change).await.unwrap();
        (opened.session.admitted.principal.clone(), opened)
    };
    let (first, session) = sign_in("u-1", "Alice", "rh").await;
    let (same, _) = sign_in("u-1", "Alice Martin", "rh").await;
    assert_eq!(first.user, same.user);
    assert!(scene.accounts.session(&session.cookie, at(3)).is_ok());
    let (other, _) = sign_in("u-2", "Alice", "rh").await;
    assert_ne!(first.user, other.user);
    // Whoever has other groups today has no session with the old ones left.
    let (changed, _) = sign_in("u-1", "Alice", "finance").await;
    assert_eq!(changed.groups, BTreeSet::from(["finance".to_owned()]));
    assert!(scene.accounts.session(&session.cookie, at(3)).is_err());

    // An administrator can lock a user out, whatever the provider says.
    let users = scene.accounts.users(&tenant("town")).await.unwrap();
    assert_eq!(users.len(), 2);
    let disable = UserChange::Disable;
    scene
        .accounts
        .change_user(&tenant("town"), &first.user, disable, at(4))
        .await
        .unwrap();
    let way = scene.depart(at(5)).await;
    let claims = scene.forger.claims(&way.query["nonce"], at(5).as_second());
    scene.will_give(&scene.forger.signer().sign(&claims));
    let refused = scene.arrive(&way, at(6)).await;
    assert!(
        matches!(refused, Err(AccountError::Disabled { .. })),
        "{refused:?}"
    );
    drop(scene.stage);
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_lets_nobody_in() {
    let scene = Scene::new(|settings| settings.acr_values = vec!["eidas1".to_owned()]).await;
    type Spoil = fn(&mut Value);
    let second = at(0).as_second();
    let cases: [(Spoil, &str); 20] = [
        (
            |claims| claims["iss"] = "https://evil.example".into(),
            "its issuer is another",
        ),
        (|claims| claims["iss"] = Value::Null, "its issuer is another"),
        (
            |claims| claims["aud"] = "other".into(),
            "it is for another service",
        ),
        (|claims| claims["aud"] = json!([]), "it is for another service"),
        (
            |claims| claims["aud"] = json!(["trousseau", "other"]),
            "it is for another service",
        ),
        (
            |claims| claims["azp"] = "other".into(),
            "it is for another service",
        ),
        (|claims| claims["azp"] = Value::Null, "it is for another service"),
        (
            |claims| claims["nonce"] = "other".into(),
            "it belongs to another sign-in",
        ),
        (
            |claims| claims["nonce"] = Value::Null,
            "it belongs to another sign-in",
        ),
        (
            |claims| claims["exp"] = (1_800_000_002 - 60).into(),
            "it has expired",
        ),
        (|claims| claims["exp"] = "soon".into(), "it has no exp"),
        (|claims| claims["iat"] = Value::Null, "it has no iat"),
        (
            |claims| claims["iat"] = (1_800_000_002 + 61).into(),
            "it is not valid yet: do the clocks differ?",
        ),
        (
            |claims| claims["nbf"] = (1_800_000_002 + 61).into(),
            "it is not valid yet: do the clocks differ?",
        ),
        (
            |claims| claims["iat"] = (1_800_000_000 - 61).into(),
            "it was made before this sign-in",
        ),
        (
            |claims| claims["sub"] = "".into(),
            "its subject is missing or another",
        ),
        (
            |claims| claims["sub"] = 7.into(),
            "its subject is missing or another",
        ),
        (
            |claims| claims["sub"] = "x".repeat(256).into(),
            "its subject is missing or another",
        ),
        (
            |claims| claims["acr"] = "eidas0".into(),
            "how the user signed in is not accepted (acr)",
        ),
        (
            |claims| claims["acr"] = Value::Null,
            "how the user signed in is not accepted (acr)",
        ),
    ];
    assert_eq!(second, 1_800_000_000);
    for (spoil, expected) in cases {
        let refused = scene
            .sign_in(|claims| {
                claims["acr"] = "eidas1".into();
                spoil(claims);
            })
            .await;
        let expected = format!("the identity provider's token is not accepted: {expected}");
        assert_eq!(why(refused), expected);
        let good = |claims: &mut Value| {
            claims["acr"] = "eidas1".into();
            claims["aud"] = json!(["trousseau", "other"]);
            claims["azp"] = "trousseau".into();
            claims["nbf"] = at(1).as_second().into();
        };
        scene.sign_in(good).await.unwrap();
    }
    assert_eq!(scene.accounts.users(&tenant("town")).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_that_the_provider_did_not_sign_lets_nobody_in() {
    let scene = Scene::new(|_| ()).await;
    let stranger = Signer::new("first");
    let unknown = Signer::new("other");
    let fault = |fault: &str| format!("the identity provider's token is not accepted: {fault}");
    for (forge, expected) in [
        (
            (&|claims: &Value| stranger.sign(claims)) as &dyn Fn(&Value) -> String,
            fault("its signature is wrong"),
        ),
        (
            &|claims| unknown.sign(claims),
            fault("it is signed with a key that the provider does not publish"),
        ),
        (
            &|claims| format!("{}.{}.", part(&json!({ "alg": "none" })), part(claims)),
            fault("its algorithm is not accepted"),
        ),
        (
            &|claims| {
                // The public key, which everybody knows, taken for a shared secret.
                let header = json!({ "alg": "HS256", "kid": "first" });
                let signed = format!("{}.{}", part(&header), part(claims));
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"public");
                let tag = ring::hmac::sign(&key, signed.as_bytes());
                format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
            },
            fault("its algorithm is not accepted"),
        ),
        (&|_| "nonsense".to_owned(), fault("it is not a signed token")),
    ] {
        let way = scene.depart(at(0)).await;
        let claims = scene.forger.claims(&way.query["nonce"], at(1).as_second());
        scene.will_give(&forge(&claims));
        assert_eq!(why(scene.arrive(&way, at(2)).await), expected);
    }
    assert!(scene.accounts.users(&tenant("town")).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_counts_once_soon_and_in_the_browser_that_asked() {
    let scene = Scene::new(|_| ()).await;
    let way = scene.depart(at(0)).await;
    let claims = scene.forger.claims(&way.query["nonce"], at(1).as_second());
    scene.will_give(&scene.forger.signer().sign(&claims));
    let state = &way.query["state"];
    let good = format!("code=c&state={state}");
    let elsewhere = scene.depart(at(0)).await;
    let over = "this sign-in was not begun here, or is over";
    for (query, cookie) in [
        // Another browser: somebody is led to sign in as somebody else.
        (good.as_str(), elsewhere.departure.cookie.as_str()),
        (&good, ""),
        (&good, "signin-x"),
        ("code=c", &way.departure.cookie),
        ("code=c&state=other", &way.departure.cookie),
        (&format!("state={state}"), &way.departure.cookie),
        (
            &format!("code=c&state={state}&state={state}"),
            &way.departure.cookie,
        ),
        (&format!("code=c&code=d&state={state}"), &way.departure.cookie),
    ] {
        let refused = scene.arrive_with(query, cookie, at(2)).await;
        assert_eq!(why(refused), over, "{query}");
    }
    assert_eq!(scene.forger.calls("token"), 0, "no code went to the provider");
    // None of that has used up the sign-in; coming back has.
    assert!(scene.arrive(&way, at(2)).await.is_ok());
    assert_eq!(why(scene.arrive(&way, at(2)).await), over);
    // After ten minutes it is over.
    let slow = scene.depart(at(10)).await;
    let refused = scene.arrive(&slow, at(10) + SignedDuration::from_mins(10)).await;
    assert_eq!(why(refused), over);
}

#[tokio::test]
async fn an_answer_of_another_provider_is_refused_before_the_code_is_used() {
    let scene = Scene::new(|_| ()).await;
    let way = scene.depart(at(0)).await;
    let query = format!(
        "code=c&state={}&iss=https%3A%2F%2Fevil.example",
        way.query["state"]
    );
    let refused = scene.arrive_with(&query, &way.departure.cookie, at(1)).await;
    assert!(why(refused).ends_with("its issuer is another"));

    // Where the provider says that it names itself, an answer that does not is refused as well.
    let scene = Scene::new(|_| ()).await;
    let promise = json!({ "authorization_response_iss_parameter_supported": true });
    scene.forger.change(|play| play.description = promise);
    let way = scene.depart(at(0)).await;
    assert!(why(scene.arrive(&way, at(1)).await).ends_with("its issuer is another"));
    let way = scene.depart(at(0)).await;
    let claims = scene.forger.claims(&way.query["nonce"], at(1).as_second());
    scene.will_give(&scene.forger.signer().sign(&claims));
    let query = format!("code=c&state={}&iss={}", way.query["state"], scene.forger.issuer);
    assert!(
        scene
            .arrive_with(&query, &way.departure.cookie, at(1))
            .await
            .is_ok()
    );
    assert_eq!(scene.forger.calls("token"), 1);
}
