//! Users and their sessions: links, passwords, signing in and out, across restarts.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use trousseau_accounts::{
    AccountError, Accounts, Grants, NewKey, NewUser, Opened, Password, SessionLimits, SignIn, UserChange,
    check_csrf, csrf,
};
use trousseau_core::label::Class;
use trousseau_core::principal::{Role, Tenant};
use trousseau_limits::Allowance;
use trousseau_retrieval::database::Access;

use crate::stage::{Stage, tenant};

const PASSWORD: &str = "quatre mots que je retiens";

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

async fn open(stage: &Stage) -> Accounts {
    Accounts::open(&stage.data(), Access::Write).await.unwrap()
}

fn alice() -> NewUser {
    NewUser {
        name: "alice".to_owned(),
        display: "Alice Martin".to_owned(),
        grants: Grants {
            groups: BTreeSet::from(["rh".to_owned()]),
            clearance: Class::Personal,
            ..Grants::default()
        },
        created_by: "root".to_owned(),
    }
}

/// A stage with Alice, who has followed her link and signed in.
async fn settled(stage: &Stage, town: &Tenant) -> (Accounts, Opened) {
    let accounts = open(stage).await;
    let (_, link) = accounts.create_user(town, alice(), at(0)).await.unwrap();
    let password = Password::new(PASSWORD);
    let opened = accounts
        .follow_link(&link.token, None, password, at(1))
        .await
        .unwrap();
    (accounts, opened)
}

async fn sign_in(
    accounts: &Accounts,
    town: &Tenant,
    (name, password): (&str, &str),
    now: Timestamp,
) -> Result<Opened, AccountError> {
    let sign_in = SignIn {
        name,
        password: Password::new(password),
        address: "192.0.2.7".parse().unwrap(),
    };
    accounts.sign_in(town, sign_in, now).await
}

#[tokio::test]
async fn the_first_administrator_comes_in_through_a_link_that_works_once() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let accounts = open(&stage).await;
    let lost = accounts.first_link(&town, at(0)).await.unwrap();
    let link = accounts.first_link(&town, at(1)).await.unwrap();
    let follow = async |token: &str, name: &str, password: &str, now| {
        let password = Password::new(password);
        accounts.follow_link(token, Some(name), password, now).await
    };
    let unknown = |result: Result<Opened, AccountError>| matches!(result, Err(AccountError::UnknownLink));
    // A newer link takes the place of an older one; one that is too old leads nowhere.
    assert!(unknown(follow(&lost.token, "root", PASSWORD, at(2)).await));
    assert!(unknown(follow(&link.token, "root", PASSWORD, link.expires).await));
    assert!(unknown(follow("first-x", "root", PASSWORD, at(2)).await));
    // What was typed wrongly leaves the link for another try.
    let short = follow(&link.token, "root", "court", at(2)).await;
    assert!(
        matches!(short, Err(AccountError::PasswordLength { .. })),
        "{short:?}"
    );
    let name = follow(&link.token, "operator", PASSWORD, at(2)).await;
    assert!(matches!(name, Err(AccountError::Name { .. })), "{name:?}");

    let opened = follow(&link.token, "root", PASSWORD, at(2)).await.unwrap();
    let principal = opened.session.admitted.principal;
    assert_eq!(
        (principal.user.as_str(), principal.role),
        ("root", Role::Administrator)
    );
    assert!(accounts.session(&opened.cookie, at(3)).is_ok());
    assert!(unknown(follow(&link.token, "other", PASSWORD, at(3)).await));
    assert!(sign_in(&accounts, &town, ("root", PASSWORD), at(4)).await.is_ok());
    assert!(!format!("{link:?}").contains(link.token.as_str()));
}

#[tokio::test]
async fn of_two_who_follow_a_link_at_once_one_gets_in() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let accounts = open(&stage).await;
    let link = accounts.first_link(&town, at(0)).await.unwrap();
    let follow =
        |name: &'static str| accounts.follow_link(&link.token, Some(name), Password::new(PASSWORD), at(1));
    let (one, other) = tokio::join!(follow("one"), follow("other"));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert_eq!(accounts.users(&town).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_survives_a_restart_and_its_secrets_are_not_in_the_file() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let (accounts, opened) = settled(&stage, &town).await;
    let session = accounts.session(&opened.cookie, at(50)).unwrap();
    assert_eq!(session.display, "Alice Martin");
    assert_eq!(
        session.admitted.principal,
        alice().grants.principal(&town, "alice")
    );
    accounts.close(at(60)).await;

    let accounts = open(&stage).await;
    assert!(accounts.session(&opened.cookie, at(70)).is_ok());
    assert!(
        sign_in(&accounts, &town, ("Alice", PASSWORD), at(80))
            .await
            .is_ok()
    );
    accounts.close(at(90)).await;
    let file = fs_err::read(stage.data().join("accounts.sqlite")).unwrap();
    for secret in [opened.cookie.trim_start_matches("session-"), PASSWORD] {
        assert!(
            !file
                .windows(secret.len())
                .any(|window| window == secret.as_bytes())
        );
    }
}

#[tokio::test]
async fn a_session_ends_when_idle_and_in_any_case_after_its_time() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let (accounts, opened) = settled(&stage, &town).await;
    let limits = SessionLimits {
        idle: SignedDuration::from_secs(100),
        absolute: SignedDuration::from_secs(250),
    };
    let accounts = accounts.with_limits(limits);
    let signed_in = sign_in(&accounts, &town, ("alice", PASSWORD), at(1))
        .await
        .unwrap();
    for (now, is_in) in [(100, true), (200, true), (250, true), (251, false)] {
        let found = accounts.session(&signed_in.cookie, at(now));
        assert_eq!(found.is_ok(), is_in, "after {now} s");
    }
    let idle = sign_in(&accounts, &town, ("alice", PASSWORD), at(1))
        .await
        .unwrap();
    assert!(accounts.session(&idle.cookie, at(102)).is_err());
    // What is over leaves the memory and the file.
    accounts.write_used(at(400)).await.unwrap();
    assert!(idle.session.admitted.ended.is_cancelled());
    accounts.close(at(400)).await;
    let accounts = open(&stage).await;
    for cookie in [&signed_in.cookie, &idle.cookie, &opened.cookie] {
        assert!(accounts.session(cookie, at(100)).is_err());
    }
}

#[tokio::test]
async fn the_last_use_is_known_after_a_restart() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let (accounts, opened) = settled(&stage, &town).await;
    let hours = |hours: i64| at(hours * 3600);
    assert!(accounts.session(&opened.cookie, hours(11)).is_ok());
    accounts.close(hours(11)).await;
    let accounts = open(&stage).await;
    assert!(accounts.session(&opened.cookie, hours(22)).is_ok());
    assert!(accounts.session(&opened.cookie, hours(35)).is_err());
}

#[tokio::test]
async fn signing_out_ends_one_session_and_signing_out_everywhere_all() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let (accounts, first) = settled(&stage, &town).await;
    let second = sign_in(&accounts, &town, ("alice", PASSWORD), at(2))
        .await
        .unwrap();
    let third = sign_in(&accounts, &town, ("alice", PASSWORD), at(3))
        .await
        .unwrap();
    let in_by = |opened: &Opened| accounts.session(&opened.cookie, at(9)).is_ok();
    accounts.end_session(&second.cookie).await.unwrap();
    assert_eq!(
        [in_by(&first), in_by(&second), in_by(&third)],
        [true, false, true]
    );
    assert!(second.session.admitted.ended.is_cancelled());
    accounts.end_sessions(&town, "alice").await.unwrap();
    assert_eq!([in_by(&first), in_by(&third)], [false, false]);
    assert!(third.session.admitted.ended.is_cancelled());
    accounts.close(at(9)).await;
    let accounts = open(&stage).await;
    for opened in [&first, &second, &third] {
        assert!(accounts.session(&opened.cookie, at(10)).is_err());
    }
}

#[tokio::test]
async fn a_change_to_a_user_ends_what_was_granted_before() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let (accounts, opened) = settled(&stage, &town).await;
    let auditor = Grants {
        role: Role::Auditor,
        ..Grants::default()
    };
    let change = UserChange::Grants(auditor.clone());
    accounts.change_user(&town, "alice", change, at(2)).await.unwrap();
    assert!(accounts.session(&opened.cookie, at(3)).is_err());
    let opened = sign_in(&accounts, &town, ("alice", PASSWORD), at(3))
        .await
        .unwrap();
    assert_eq!(opened.session.admitted.principal.role, Role::Auditor);

    accounts
        .change_user(&town, "alice", UserChange::Disable, at(4))
        .await
        .unwrap();
    assert!(accounts.session(&opened.cookie, at(5)).is_err());
    assert!(opened.session.admitted.ended.is_cancelled());
    let refused = sign_in(&accounts, &town, ("alice", PASSWORD), at(5)).await;
    assert!(matches!(refused, Err(AccountError::Credentials)), "{refused:?}");
    let link = accounts.user_link(&town, "alice", at(5)).await;
    assert!(matches!(link, Err(AccountError::Disabled { .. })), "{link:?}");
    accounts
        .change_user(&town, "alice", UserChange::Enable, at(6))
        .await
        .unwrap();
    assert!(
        sign_in(&accounts, &town, ("alice", PASSWORD), at(7))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_new_password_ends_the_old_one_and_every_session() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let (accounts, opened) = settled(&stage, &town).await;
    let link = accounts.user_link(&town, "alice", at(2)).await.unwrap();
    assert!(
        accounts.session(&opened.cookie, at(3)).is_ok(),
        "nothing changes before it is followed"
    );
    let other = "cinq mots bien plus longs encore";
    let password = Password::new(other);
    accounts
        .follow_link(&link.token, Some("ignored"), password, at(4))
        .await
        .unwrap();
    assert!(accounts.session(&opened.cookie, at(5)).is_err());
    assert!(
        sign_in(&accounts, &town, ("alice", PASSWORD), at(5))
            .await
            .is_err()
    );
    assert!(sign_in(&accounts, &town, ("alice", other), at(5)).await.is_ok());
}

#[tokio::test]
async fn every_failure_to_sign_in_looks_the_same() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let (accounts, _) = settled(&stage, &town).await;
    let named = |name: &str| NewUser {
        name: name.to_owned(),
        ..alice()
    };
    accounts
        .create_user(&town, named("without"), at(1))
        .await
        .unwrap();
    let (_, link) = accounts.create_user(&town, named("gone"), at(1)).await.unwrap();
    let password = Password::new(PASSWORD);
    accounts
        .follow_link(&link.token, None, password, at(1))
        .await
        .unwrap();
    accounts
        .change_user(&town, "gone", UserChange::Disable, at(1))
        .await
        .unwrap();
    let elsewhere = tenant("other");
    let cases = [
        (&town, "alice", "un autre mot de passe"),
        (&town, "without", PASSWORD),
        (&town, "gone", PASSWORD),
        (&town, "nobody", PASSWORD),
        (&elsewhere, "alice", PASSWORD),
    ];
    let mut told = BTreeSet::new();
    for (attempt, (place, name, password)) in cases.into_iter().cycle().take(20).enumerate() {
        let later = at(100 + attempt as i64);
        let error = sign_in(&accounts, place, (name, password), later)
            .await
            .unwrap_err();
        told.insert(error.to_string());
    }
    assert_eq!(
        told,
        BTreeSet::from(["the name or the password is wrong".to_owned()])
    );
}

#[tokio::test]
async fn guessing_is_slowed_down_for_a_name_that_exists_as_for_one_that_does_not() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let (accounts, _) = settled(&stage, &town).await;
    let mut waits = Vec::new();
    for (start, name) in [(100, "nobody"), (200, "alice")] {
        let mut of_name = Vec::new();
        for attempt in start..start + 9 {
            let refused = sign_in(&accounts, &town, (name, "faux faux faux faux"), at(attempt)).await;
            of_name.push(match refused.unwrap_err() {
                AccountError::Throttled { seconds } => seconds,
                _ => 0,
            });
        }
        waits.push(of_name);
    }
    assert_eq!(waits[0], waits[1]);
    assert_eq!(waits[0], [0, 0, 0, 0, 0, 0, 1, 0, 3]);
    // The right password waits as well, and is forgiven afterwards.
    let early = sign_in(&accounts, &town, ("alice", PASSWORD), at(209)).await;
    assert!(matches!(early, Err(AccountError::Throttled { .. })), "{early:?}");
    assert!(
        sign_in(&accounts, &town, ("alice", PASSWORD), at(260))
            .await
            .is_ok()
    );
    let again = sign_in(&accounts, &town, ("alice", "faux faux faux faux"), at(260)).await;
    assert!(matches!(again, Err(AccountError::Credentials)), "{again:?}");
}

#[tokio::test]
async fn a_user_has_no_more_sessions_than_can_be_overseen() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let (accounts, first) = settled(&stage, &town).await;
    let mut last = None;
    for number in 0..32 {
        last = Some(
            sign_in(&accounts, &town, ("alice", PASSWORD), at(10 + number))
                .await
                .unwrap(),
        );
    }
    assert!(accounts.session(&first.cookie, at(99)).is_err());
    assert!(accounts.session(&last.unwrap().cookie, at(99)).is_ok());
}

#[tokio::test]
async fn nobody_inherits_a_name() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let (accounts, _) = settled(&stage, &town).await;
    let key = |name: &str| NewKey {
        name: name.to_owned(),
        grants: Grants::default(),
        expires: None,
        limits: Allowance::default(),
        created_by: "root".to_owned(),
    };
    accounts
        .change_user(&town, "alice", UserChange::Disable, at(2))
        .await
        .unwrap();
    let taken = accounts.create_key(&town, key("Alice"), at(3)).await;
    assert!(matches!(taken, Err(AccountError::Taken { .. })), "{taken:?}");
    let taken = accounts.create_user(&town, alice(), at(3)).await;
    assert!(matches!(taken, Err(AccountError::Taken { .. })), "{taken:?}");
    // Nor does a user inherit what a revoked key asked.
    accounts.create_key(&town, key("portal"), at(3)).await.unwrap();
    accounts.revoke_key(&town, "portal", at(4)).await.unwrap();
    let portal = NewUser {
        name: "portal".to_owned(),
        ..alice()
    };
    let taken = accounts.create_user(&town, portal, at(5)).await;
    assert!(matches!(taken, Err(AccountError::Taken { .. })), "{taken:?}");
}

#[tokio::test]
async fn the_csrf_token_belongs_to_one_session() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let (accounts, first) = settled(&stage, &town).await;
    let second = sign_in(&accounts, &town, ("alice", PASSWORD), at(2))
        .await
        .unwrap();
    let token = csrf(&first.cookie);
    assert!(check_csrf(&first.cookie, &token));
    for wrong in ["", &token[1..], &csrf(&second.cookie), &first.cookie] {
        assert!(!check_csrf(&first.cookie, wrong), "{wrong}");
    }
}
