//! Where somebody goes on who signs out of a session that began at the identity provider.

use std::collections::HashMap;

use reqwest::Url;
use serde_json::json;
use trousseau_accounts::{AccountError, NewUser, Password};

use crate::forger::CLIENT;
use crate::oidc_scene::{Scene, at, why};
use crate::stage::tenant;

const BYE: &str = "https://trousseau.example/bye";

/// A provider that signs people out at `/out`.
async fn with_a_way_out() -> Scene {
    let scene = Scene::new(|settings| settings.post_logout_redirect_uri = Some(BYE.to_owned())).await;
    let endpoint = format!("{}/out?brand=town", scene.forger.issuer);
    scene
        .forger
        .change(|play| play.description = json!({ "end_session_endpoint": endpoint }));
    scene
}

fn query(location: &str) -> HashMap<String, String> {
    let url = Url::parse(location).unwrap();
    url.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn the_provider_is_told_which_session_ends_and_where_to_come_back() {
    let scene = with_a_way_out().await;
    let (one, two) = (
        scene.sign_in(|_| ()).await.unwrap(),
        scene.sign_in(|_| ()).await.unwrap(),
    );
    let location = scene
        .accounts
        .sign_out(&one.cookie, at(3))
        .await
        .unwrap()
        .unwrap();
    assert!(location.starts_with(&format!("{}/out?", scene.forger.issuer)));
    let asked = query(&location);
    assert_eq!(
        [
            &asked["brand"],
            &asked["client_id"],
            &asked["post_logout_redirect_uri"]
        ],
        ["town", CLIENT, BYE]
    );
    assert_eq!(asked["state"].len(), 43);
    // The very token of that sign-in: it is the provider's, and for nobody else.
    let told = scene.forger.play.lock().unwrap().tokens.1.clone();
    assert_eq!(asked["id_token_hint"].split('.').count(), 3);
    assert!(
        !told.contains(&asked["id_token_hint"]),
        "the later sign-in has another"
    );
    assert!(scene.accounts.session(&one.cookie, at(3)).is_err());
    assert!(scene.accounts.session(&two.cookie, at(3)).is_ok());
    // Out twice is out; there is nothing left to say to the provider.
    assert_eq!(scene.accounts.sign_out(&one.cookie, at(3)).await.unwrap(), None);

    let user = two.session.admitted.principal.user.clone();
    let everywhere = scene
        .accounts
        .sign_out_everywhere((&tenant("town"), &user), &two.cookie, at(4))
        .await;
    let asked = query(&everywhere.unwrap().unwrap());
    assert!(told.contains(&asked["id_token_hint"]));
    assert!(scene.accounts.session(&two.cookie, at(4)).is_err());
}

#[tokio::test]
async fn without_a_way_out_or_a_provider_one_signs_out_here_alone() {
    // A provider that has no such place.
    let scene = Scene::new(|_| ()).await;
    let opened = scene.sign_in(|_| ()).await.unwrap();
    assert_eq!(
        scene.accounts.sign_out(&opened.cookie, at(3)).await.unwrap(),
        None
    );
    assert!(scene.accounts.session(&opened.cookie, at(3)).is_err());

    // A user with a password, beside a provider that has one.
    let scene = with_a_way_out().await;
    let new = NewUser {
        name: "bob".to_owned(),
        display: String::new(),
        grants: trousseau_accounts::Grants::default(),
        created_by: "test".to_owned(),
    };
    let (_, link) = scene
        .accounts
        .create_user(&tenant("town"), new, at(0))
        .await
        .unwrap();
    let password = Password::new("quatre mots que je retiens");
    let opened = scene
        .accounts
        .follow_link(&link.token, None, password, at(1))
        .await
        .unwrap();
    assert_eq!(
        scene.accounts.sign_out(&opened.cookie, at(2)).await.unwrap(),
        None
    );
    assert_eq!(
        scene.forger.calls("description"),
        0,
        "it is no matter of the provider's"
    );

    // A provider that has lost its mind since: the session here is over all the same.
    let opened = scene.sign_in(|_| ()).await.unwrap();
    scene
        .forger
        .change(|play| play.description = json!({ "issuer": "https://other.example" }));
    let later = at(2 * 3600);
    assert_eq!(
        scene.accounts.sign_out(&opened.cookie, later).await.unwrap(),
        None
    );
    assert!(scene.accounts.session(&opened.cookie, later).is_err());
}

#[tokio::test]
async fn a_token_too_long_for_an_address_is_not_sent_back() {
    let scene = with_a_way_out().await;
    let opened = scene
        .sign_in(|claims| claims["picture"] = "x".repeat(5000).into())
        .await
        .unwrap();
    let location = scene
        .accounts
        .sign_out(&opened.cookie, at(3))
        .await
        .unwrap()
        .unwrap();
    let asked = query(&location);
    assert_eq!(asked.get("id_token_hint"), None);
    assert_eq!(asked["client_id"], CLIENT);
}

#[tokio::test]
async fn a_way_out_that_others_can_read_along_is_none() {
    let scene = Scene::new(|_| ()).await;
    scene
        .forger
        .change(|play| play.description = json!({ "end_session_endpoint": "http://sso.example/out" }));
    let way = scene.accounts.depart(crate::oidc_scene::HERE, None, at(0)).await;
    assert_eq!(
        why::<trousseau_accounts::oidc::Departure>(way),
        "end_session_endpoint: \"http://sso.example/out\" cannot be used: https is needed"
    );
}

#[tokio::test]
async fn what_failed_at_the_provider_counts_as_nobodys() {
    let scene = Scene::new(|_| ()).await;
    for _ in 0..3 {
        let refused = scene.sign_in(|claims| claims["aud"] = "other".into()).await;
        assert!(matches!(refused, Err(AccountError::Oidc(_))));
    }
    // Nobody belongs to this provider's tenant yet, so its ledger is not begun for strangers.
    let failed = scene.accounts.take_failures().await.unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!((failed[0].tenant.as_str(), &failed[0].user), ("default", &None));
    assert_eq!(failed[0].reasons["oidc-token"], 3);
    scene.sign_in(|_| ()).await.unwrap();
    let _refused = scene.sign_in(|claims| claims["aud"] = "other".into()).await;
    let failed = scene.accounts.take_failures().await.unwrap();
    assert_eq!(failed[0].tenant.as_str(), "town");
    assert_eq!(scene.accounts.take_failures().await.unwrap(), []);
}
