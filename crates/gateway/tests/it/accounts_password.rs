//! Changing one's own password over HTTP, and what becomes of who tries another's.

use serde_json::{Value, json};
use trousseau_core::principal::{Role, Tenant};

use crate::accounts_http::{Browser, PASSWORD, login, send, status, user};
use crate::stage::Stage;
use crate::wired::{Reply, Wired, scripted};

const OTHER: &str = "cinq mots que je retiens";
const CHANGE: (&str, &str) = ("POST", "/api/auth/password");
const SESSION: (&str, &str) = ("GET", "/api/auth/session");

async fn change(wired: &Wired, browser: &Browser, current: &str, password: &str) -> Reply {
    let body = json!({ "current": current, "password": password });
    send(wired, CHANGE, &browser.page(), &body).await
}

async fn signed_in(wired: &Wired, name: &str, password: &str) -> Browser {
    Browser::of(&login(wired, &[], name, password).await)
}

#[tokio::test]
async fn whoever_knows_the_password_changes_it_and_every_other_session_ends() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    user(&wired, "alice", Role::User).await;
    user(&wired, "bob", Role::User).await;
    let (alice, elsewhere) = (
        signed_in(&wired, "alice", PASSWORD).await,
        signed_in(&wired, "alice", PASSWORD).await,
    );
    let bob = signed_in(&wired, "bob", PASSWORD).await;
    let reply = change(&wired, &alice, PASSWORD, OTHER).await;
    let fresh = Browser::of(&reply);
    assert_ne!(fresh.cookie, alice.cookie);
    for gone in [&alice, &elsewhere] {
        let told = status(&wired, SESSION, &[&gone.cookie]).await;
        assert_eq!(told, (401, "account-unknown-session".to_owned()));
    }
    for stays in [&fresh, &bob] {
        assert_eq!(status(&wired, SESSION, &[&stays.cookie]).await.0, 200);
    }
    assert_eq!(login(&wired, &[], "alice", PASSWORD).await.status, 401);
    signed_in(&wired, "alice", OTHER).await;
    signed_in(&wired, "bob", PASSWORD).await;

    wired.end().await.close().await.unwrap();
    let entries = stage.entries(&Tenant::default());
    let changed: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry["operation"] == "password-changed")
        .collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0]["by"], changed[0]["account"]);
    assert_eq!(changed[0]["role"], "user");
    assert!(!serde_json::to_string(&entries).unwrap().contains("alice"));
}

#[tokio::test]
async fn a_session_that_was_left_open_is_no_way_to_the_password() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    user(&wired, "alice", Role::User).await;
    let alice = signed_in(&wired, "alice", PASSWORD).await;
    // What is wrong with the new one is told before the present one is looked at, and counts as nothing.
    for _ in 0..8 {
        let short = change(&wired, &alice, "devinette devinette", "court").await;
        assert_eq!(
            (short.status, short.code().as_str()),
            (400, "account-password-length")
        );
    }
    let body = json!({ "current": PASSWORD, "password": OTHER });
    let forged = [alice.cookie.as_str(), "content-type: application/json"];
    assert_eq!(send(&wired, CHANGE, &forged, &body).await.code(), "auth-csrf");
    for _ in 0..5 {
        let wrong = change(&wired, &alice, "devinette devinette", OTHER).await;
        assert_eq!(
            (wrong.status, wrong.code().as_str()),
            (401, "account-credentials")
        );
        assert!(!wrong.body.contains("devinette"), "{wrong:?}");
    }
    // From here on one has to wait, whoever knows it too, and at the door as well: it is one count.
    let late = change(&wired, &alice, PASSWORD, OTHER).await;
    assert_eq!((late.status, late.code().as_str()), (429, "account-throttled"));
    assert!(late.header("retry-after").is_some());
    assert_eq!(login(&wired, &[], "alice", PASSWORD).await.status, 429);
    assert_eq!(status(&wired, SESSION, &[&alice.cookie]).await.0, 200);

    let failed = wired.server.accounts.take_failures().await.unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].user.as_deref(), Some("alice"));
    let reasons: Vec<(&str, u64)> = failed[0]
        .reasons
        .iter()
        .map(|(reason, times)| (*reason, *times))
        .collect();
    assert_eq!(reasons, [("account-credentials", 5), ("account-throttled", 2)]);
    wired.end().await.close().await.unwrap();
}

#[tokio::test]
async fn of_two_who_change_a_password_at_once_one_is_too_late() {
    let stage = Stage::new();
    let wired = scripted(&stage, &[]).await;
    user(&wired, "alice", Role::User).await;
    let (one, two) = (
        signed_in(&wired, "alice", PASSWORD).await,
        signed_in(&wired, "alice", PASSWORD).await,
    );
    let (first, second) = tokio::join!(
        change(&wired, &one, PASSWORD, OTHER),
        change(&wired, &two, PASSWORD, "six mots que je retiens")
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    let good = if first.status == 200 {
        OTHER
    } else {
        "six mots que je retiens"
    };
    signed_in(&wired, "alice", good).await;
    wired.end().await.close().await.unwrap();
}
