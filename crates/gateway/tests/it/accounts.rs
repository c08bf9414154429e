//! Keys: made, used, listed, revoked, across restarts.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use trousseau_accounts::{AccountError, Accounts, Grants, NewKey};
use trousseau_core::label::Class;
use trousseau_core::principal::{Principal, Reach, Role};
use trousseau_limits::Allowance;
use trousseau_retrieval::database::Access;

use crate::stage::{Stage, tenant};

fn portal() -> NewKey {
    NewKey {
        name: "portal".to_owned(),
        grants: Grants {
            role: Role::User,
            groups: BTreeSet::from(["rh".to_owned()]),
            clearance: Class::Personal,
            label_floor: "internal+health".parse().unwrap(),
            routes: Some(BTreeSet::from(["documents".to_owned()])),
        },
        expires: None,
        limits: Allowance::default(),
        created_by: "operator".to_owned(),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

async fn open(stage: &Stage) -> Accounts {
    Accounts::open(&stage.data(), Access::Write).await.unwrap()
}

#[tokio::test]
async fn a_key_lets_its_principal_in_before_and_after_a_restart() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let accounts = open(&stage).await;
    assert!(accounts.is_empty().await.unwrap());
    let (row, key) = accounts.create_key(&town, portal(), at(0)).await.unwrap();
    assert!(!accounts.is_empty().await.unwrap());
    assert!(key.starts_with("trs-") && key.len() == 47, "{key}");
    let expected = Principal {
        tenant: town.clone(),
        user: "portal".to_owned(),
        groups: BTreeSet::from(["rh".to_owned()]),
        reach: Reach::Granted,
        clearance: Class::Personal,
        label_floor: "internal+health".parse().unwrap(),
        role: Role::User,
        routes: Some(BTreeSet::from(["documents".to_owned()])),
    };
    assert_eq!(accounts.key(&key, at(1)).unwrap(), expected);
    assert!(!serde_json::to_string(&row).unwrap().contains(&key[4..]));
    accounts.close(at(2)).await;

    let accounts = open(&stage).await;
    assert_eq!(accounts.key(&key, at(9)).unwrap(), expected);
    let listed = accounts.keys(&town).await.unwrap();
    assert_eq!(
        (listed[0].used, listed[0].id.as_str()),
        (Some(at(1)), row.id.as_str())
    );
    assert!(accounts.keys(&tenant("other")).await.unwrap().is_empty());
    accounts.close(at(9)).await;
    // The key is nowhere in the file.
    let file = fs_err::read(stage.data().join("accounts.sqlite")).unwrap();
    assert!(!file.windows(43).any(|window| window == &key.as_bytes()[4..]));
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_what_runs_in_its_name_ends() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let accounts = open(&stage).await;
    let (row, key) = accounts.create_key(&town, portal(), at(0)).await.unwrap();
    let admitted = accounts.admit_key(&key, at(1)).unwrap();
    let elsewhere = accounts.revoke_key(&tenant("other"), &row.id, at(2)).await;
    assert!(
        matches!(elsewhere, Err(AccountError::NoAccount { .. })),
        "{elsewhere:?}"
    );
    assert!(!admitted.ended.is_cancelled());

    let revoked = accounts.revoke_key(&town, "portal", at(2)).await.unwrap();
    assert_eq!((revoked.id, revoked.revoked), (row.id.clone(), Some(at(2))));
    assert!(admitted.ended.is_cancelled());
    let refused = |accounts: &Accounts| matches!(accounts.key(&key, at(3)), Err(AccountError::UnknownKey));
    assert!(refused(&accounts));
    // Once more changes nothing, and the name is free for the key that replaces it.
    let again = accounts.revoke_key(&town, &row.id, at(9)).await.unwrap();
    assert_eq!(again.revoked, Some(at(2)));
    let (_, fresh) = accounts.create_key(&town, portal(), at(4)).await.unwrap();
    accounts.close(at(5)).await;

    let accounts = open(&stage).await;
    assert!(refused(&accounts));
    assert!(accounts.key(&fresh, at(6)).is_ok());
    assert_eq!(accounts.keys(&town).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_ends_at_its_expiry() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let accounts = open(&stage).await;
    let new = NewKey {
        expires: Some(at(60)),
        ..portal()
    };
    let late = accounts.create_key(&town, new.clone(), at(60)).await;
    assert!(matches!(late, Err(AccountError::Passed { .. })), "{late:?}");
    let (_, key) = accounts.create_key(&town, new, at(0)).await.unwrap();
    let last = at(60) - SignedDuration::from_millis(1);
    assert!(accounts.key(&key, last).is_ok());
    let expired = accounts.key(&key, at(60));
    assert!(
        matches!(expired, Err(AccountError::ExpiredKey { .. })),
        "{expired:?}"
    );
}

#[tokio::test]
async fn two_live_keys_never_share_a_name_and_no_key_takes_a_reserved_one() {
    let (stage, town) = (Stage::new(), tenant("town"));
    let accounts = open(&stage).await;
    accounts.create_key(&town, portal(), at(0)).await.unwrap();
    let named = |name: &str| NewKey {
        name: name.to_owned(),
        ..portal()
    };
    let taken = accounts.create_key(&town, named("PORTAL"), at(1)).await;
    assert!(matches!(taken, Err(AccountError::Taken { .. })), "{taken:?}");
    let reserved = accounts.create_key(&town, named("operator"), at(1)).await;
    assert!(matches!(reserved, Err(AccountError::Name { .. })), "{reserved:?}");
    // Another tenant is another world.
    assert!(
        accounts
            .create_key(&tenant("other"), portal(), at(1))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let stage = Stage::new();
    let accounts = open(&stage).await;
    let (_, key) = accounts
        .create_key(&tenant("town"), portal(), at(0))
        .await
        .unwrap();
    let other = format!("trs-{}", "A".repeat(43));
    for wrong in ["", "trs-", &key[4..], &key[..46], &key.to_uppercase(), &other] {
        let refused = accounts.key(wrong, at(1));
        assert!(matches!(refused, Err(AccountError::UnknownKey)), "{wrong}");
    }
}

#[tokio::test]
async fn a_key_is_refused_once_it_is_revoked_though_the_file_cannot_say_so() {
    let stage = Stage::new();
    let accounts = Accounts::open(&stage.data(), Access::Write).await.unwrap();
    let town = tenant("town");
    let now = Timestamp::from_second(1).unwrap();
    let (_, key) = accounts.create_key(&town, portal(), now).await.unwrap();
    let file = format!("sqlite://{}", stage.data().join("accounts.sqlite").display());
    let mut other = <sqlx::SqliteConnection as sqlx::Connection>::connect(&file)
        .await
        .unwrap();
    sqlx::raw_sql("DROP TABLE keys")
        .execute(&mut other)
        .await
        .unwrap();
    assert!(accounts.key(&key, now).is_ok(), "what is in memory is let in");
    let revoked = accounts.revoke_key(&town, "portal", now).await;
    assert!(matches!(revoked, Err(AccountError::Store(_))), "{revoked:?}");
    assert!(matches!(accounts.key(&key, now), Err(AccountError::UnknownKey)));
}
