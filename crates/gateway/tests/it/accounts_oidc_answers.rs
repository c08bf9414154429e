//! What an identity provider publishes and answers: its keys, its description, its userinfo, its refusals.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::StatusCode;
use reqwest::Url;
use serde_json::json;
use trousseau_accounts::Accounts;
use trousseau_accounts::oidc::{OidcError, OidcSettings, Provider};
use trousseau_retrieval::database::Access;
use trousseau_upstream::egress::{Egress, client};

use crate::forger::{CLIENT, Signer};
use crate::oidc_scene::{CALLBACK, HERE, Scene, Way, at, why};
use crate::stage::Stage;

#[tokio::test]
async fn what_the_provider_says_instead_of_tokens_is_told_without_its_words() {
    let scene = Scene::new(|_| ()).await;
    let way = scene.depart(at(0)).await;
    let query = format!(
        "error=access_denied%3Cscript%3E&error_description=x&state={}",
        way.query["state"]
    );
    let refused = scene.arrive_with(&query, &way.departure.cookie, at(1)).await;
    assert_eq!(
        why(refused),
        "the identity provider refused the sign-in: access_deniedscript"
    );
    let large = "x".repeat(600_000);
    for (status, body, expected) in [
        (
            StatusCode::BAD_REQUEST,
            r#"{"error":"invalid_grant"}"#,
            "the identity provider refused the sign-in: invalid_grant",
        ),
        (
            StatusCode::UNAUTHORIZED,
            "<html>",
            "the identity provider refused the sign-in: 401 Unauthorized",
        ),
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "",
            "the identity provider does not answer (its tokens): it answers 500 Internal Server Error",
        ),
        (
            StatusCode::FOUND,
            "",
            "the identity provider does not answer (its tokens): it answers 302 Found",
        ),
        (
            StatusCode::OK,
            "{}",
            "the answer of the identity provider cannot be read (its tokens): there is no id_token in it",
        ),
        (
            StatusCode::OK,
            &large,
            "the answer of the identity provider cannot be read (its tokens): more than 524288 bytes",
        ),
    ] {
        let way = scene.depart(at(0)).await;
        scene
            .forger
            .change(|play| play.tokens = (status, body.to_owned()));
        assert_eq!(why(scene.arrive(&way, at(1)).await), expected);
    }
    assert_eq!(scene.forger.calls("jwks"), 0);
}

#[tokio::test]
async fn a_new_key_is_fetched_and_the_keys_are_not_fetched_for_every_stranger() {
    let scene = Scene::new(|_| ()).await;
    let sign_in = async |signer: &Signer, seconds: i64| {
        let way = scene.depart(at(seconds)).await;
        let claims = scene.forger.claims(&way.query["nonce"], at(seconds).as_second());
        scene.will_give(&signer.sign(&claims));
        scene.arrive(&way, at(seconds)).await.map(|_| ())
    };
    let calls = || (scene.forger.calls("description"), scene.forger.calls("jwks"));
    let (first, second) = (scene.forger.signer(), Signer::new("second"));
    sign_in(&first, 0).await.unwrap();
    sign_in(&first, 1).await.unwrap();
    assert_eq!(calls(), (1, 1));
    // A key that is not known: the keys are asked for again, but not within half a minute.
    let unknown = "it is signed with a key that the provider does not publish";
    for seconds in [2, 3, 29] {
        let refused = why(sign_in(&second, seconds).await);
        assert!(refused.ends_with(unknown), "{refused}");
    }
    assert_eq!(calls(), (1, 1));
    scene.forger.change(|play| play.keys.push(Arc::clone(&second)));
    sign_in(&second, 31).await.unwrap();
    sign_in(&first, 32).await.unwrap();
    assert_eq!(calls(), (1, 2));
    // A key that the provider took back is good for ten minutes at most.
    scene
        .forger
        .change(|play| play.keys.retain(|key| Arc::ptr_eq(key, &second)));
    sign_in(&first, 100).await.unwrap();
    let refused = why(sign_in(&first, 631).await);
    assert!(refused.ends_with(unknown), "{refused}");
    sign_in(&second, 3599).await.unwrap();
    assert_eq!(calls().0, 1);
    sign_in(&second, 3600).await.unwrap();
    assert_eq!(calls().0, 2);
}

#[tokio::test]
async fn userinfo_adds_claims_of_the_same_user_only() {
    // As ProConnect has it: userinfo is a signed token, and who may come in depends on the organisation in it.
    let scene = Scene::new(|settings| {
        settings.userinfo = true;
        settings.display = vec!["given_name".to_owned(), "usual_name".to_owned()];
        settings.required = vec![("siret".to_owned(), BTreeSet::from(["21310555400017".to_owned()]))];
    })
    .await;
    let signer = scene.forger.signer();
    let issuer = scene.forger.issuer.clone();
    let info = move |siret: &str, subject: &str, audience: &str| {
        json!({
            "sub": subject, "iss": issuer, "aud": audience, "siret": siret,
            "given_name": "Alice", "usual_name": "Martin", "nonce": "ignored",
        })
    };
    let own = "21310555400017";
    let answer = |kind, body: String| scene.forger.change(|play| play.userinfo = (kind, body));
    answer(
        "application/jwt; charset=utf-8",
        signer.sign(&info(own, "u-1", CLIENT)),
    );
    let opened = scene.sign_in(|_| ()).await.unwrap();
    assert_eq!(opened.session.display, "Alice Martin");
    assert_eq!(
        scene.forger.play.lock().unwrap().heard.last().unwrap().1,
        "Bearer open"
    );
    answer("application/json", info(own, "u-1", "anybody").to_string());
    scene.sign_in(|_| ()).await.unwrap();

    let token = |fault: &str| format!("the identity provider's token is not accepted: {fault}");
    let stranger = Signer::new("first");
    for (kind, body, expected) in [
        (
            "application/jwt",
            stranger.sign(&info(own, "u-1", CLIENT)),
            token("its signature is wrong"),
        ),
        (
            "application/jwt",
            signer.sign(&info(own, "u-2", CLIENT)),
            token("its subject is missing or another"),
        ),
        (
            "application/jwt",
            signer.sign(&info(own, "u-1", "other")),
            token("it is for another service"),
        ),
        (
            "application/json",
            info(own, "u-2", CLIENT).to_string(),
            token("its subject is missing or another"),
        ),
        (
            "application/jwt",
            signer.sign(&info("13002526500013", "u-1", CLIENT)),
            "the identity provider's \"siret\" does not admit this user".to_owned(),
        ),
    ] {
        answer(kind, body);
        assert_eq!(why(scene.sign_in(|_| ()).await), expected);
    }
}

#[tokio::test]
async fn a_description_that_points_elsewhere_is_not_followed() {
    for (change, expected) in [
        (json!({ "issuer": "https://evil.example" }), "it names the issuer"),
        (
            json!({ "token_endpoint": "http://evil.example/token" }),
            "https is needed",
        ),
        (json!({ "jwks_uri": "file:///etc/passwd" }), "https is needed"),
        (
            json!({ "userinfo_endpoint": "http://127.0.0.1.evil.example/" }),
            "https is needed",
        ),
        (json!({ "jwks_uri": null }), "cannot be read (its description)"),
    ] {
        let scene = Scene::new(|_| ()).await;
        scene.forger.change(|play| play.description = change);
        let refused = scene.accounts.depart(HERE, None, at(0)).await;
        let refused = why(refused);
        assert!(refused.contains(expected), "{refused}");
    }
    let nowhere = OidcSettings::new("http://id.example", CLIENT, CALLBACK);
    let refused = Provider::new(nowhere, client(&Egress::default(), None).unwrap());
    assert!(matches!(refused, Err(OidcError::Address { .. })), "{refused:?}");
}

#[tokio::test]
async fn the_page_to_go_to_is_on_this_server() {
    let scene = Scene::new(|_| ()).await;
    for (asked, expected) in [
        (Some("/chat?a=b#c"), "/chat?a=b#c"),
        (None, "/"),
        (Some("https://evil.example"), "/"),
        (Some("//evil.example"), "/"),
        (Some("/\\evil.example"), "/"),
        (Some("/\t/evil.example"), "/"),
        (Some("chat"), "/"),
    ] {
        let departure = scene.accounts.depart(HERE, asked, at(0)).await.unwrap();
        let url = Url::parse(&departure.location).unwrap();
        let query = url.query_pairs().into_owned().collect();
        let way = Way { departure, query };
        let claims = scene.forger.claims(&way.query["nonce"], at(1).as_second());
        scene.will_give(&scene.forger.signer().sign(&claims));
        let (_, page) = scene.arrive(&way, at(2)).await.unwrap();
        assert_eq!(page, expected, "{asked:?}");
    }
}

#[tokio::test]
async fn a_secret_goes_into_the_body_where_the_provider_wants_it_there() {
    let scene = Scene::new(|_| ()).await;
    let methods = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] });
    scene.forger.change(|play| play.description = methods);
    scene.sign_in(|_| ()).await.unwrap();
    let play = scene.forger.play.lock().unwrap();
    let (_, authorization, body) = play.heard.iter().find(|(path, ..)| *path == "token").unwrap();
    assert_eq!(authorization, "");
    assert!(
        body.contains("client_id=trousseau&client_secret=un+secret%3A+%25"),
        "{body}"
    );
}

#[tokio::test]
async fn without_a_provider_there_is_no_way_out() {
    let stage = Stage::new();
    let accounts = Accounts::open(&stage.data(), Access::Write).await.unwrap();
    let refused = accounts.depart(HERE, None, at(0)).await;
    assert_eq!(why(refused), "no identity provider is configured");
}
