//! Sign-in at a real slapd over a real socket: what somebody may do by the groups there, and what happens when the directory says
//! something else, or nothing any more.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use trousseau_accounts::{Accounts, DirectorySettings, Mapping, ProvisioningSettings, Refreshed};
use trousseau_core::label::Class;
use trousseau_core::principal::{Role, Tenant};
use trousseau_directory::{Directory, Kind};
use trousseau_http::Settings;
use trousseau_testing::authority::Authority;
use trousseau_testing::slapd::{BASE, ROOT, Slapd};
use trousseau_upstream::egress::{Egress, Network};
use trousseau_upstream::secret::Secret;

use crate::accounts_http::{Browser, OWN, PASSWORD, login, status, user};
use crate::stage::Stage;
use crate::wired::{Wired, new_key, request, staged};

const ENTRIES: &str = "
dn: dc=mairie,dc=example
objectClass: domain
dc: mairie

dn: uid=alice,dc=mairie,dc=example
objectClass: inetOrgPerson
uid: alice
cn: Alice
sn: Martin
displayName: Alice Martin
userPassword: alice in the directory

dn: uid=bob,dc=mairie,dc=example
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: Bob
userPassword: bob in the directory

dn: uid=carol,dc=mairie,dc=example
objectClass: inetOrgPerson
uid: carol
cn: Carol
sn: Carol
userPassword: carol in the directory

dn: cn=agents,dc=mairie,dc=example
objectClass: groupOfNames
cn: agents
member: uid=bob,dc=mairie,dc=example
member: cn=rh,dc=mairie,dc=example

dn: cn=rh,dc=mairie,dc=example
objectClass: groupOfNames
cn: rh
member: uid=alice,dc=mairie,dc=example
";

/// A town with a directory and a service in front of it; what is in its ledger and files goes with it.
struct Town {
    slapd: Slapd,
    wired: Wired,
    _authority: Authority,
    _stage: Stage,
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(seconds)
}

fn with_directory(accounts: Accounts, slapd: &Slapd, authority: &Authority) -> Accounts {
    let server = format!("ldaps://localhost:{}", slapd.tls).parse().unwrap();
    let mut settings = trousseau_directory::Settings::new(Kind::Ldap, vec![server], BASE);
    settings.reader = Some((ROOT.0.to_owned(), Secret::value(ROOT.1, "test").unwrap()));
    let network = Network::open(&Egress {
        ca_files: vec![authority.file()],
        system_authorities: false,
        ..Egress::default()
    });
    let directory = Directory::new(settings, network.unwrap().plain_tls().unwrap());
    let word = str::to_owned;
    let people = DirectorySettings {
        mapping: Mapping {
            // By its name, and by its entry in other letters.
            roles: vec![(word("CN=RH, dc=Mairie,dc=example"), Role::Auditor)],
            clearances: vec![(word("agents"), Class::Internal), (word("rh"), Class::Personal)],
            ..Mapping::default()
        },
        required: BTreeSet::from([word("agents")]),
        tenant: Tenant::default(),
        outage: SignedDuration::from_hours(8),
    };
    accounts.with_directory(directory, people)
}

async fn town() -> Option<Town> {
    let authority = Authority::new();
    let slapd = Slapd::start("accounts-slapd", &authority, ENTRIES, "")?;
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("local", &[])]).await;
    let prepared = |accounts| with_directory(accounts, &slapd, &authority);
    let wired = Wired::start_with(&stage, gateway, (Settings::default(), None), prepared).await;
    Some(Town {
        slapd,
        wired,
        _authority: authority,
        _stage: stage,
    })
}

impl Town {
    async fn sign_in(&self, name: &str) -> Browser {
        let password = format!("{name} in the directory");
        Browser::of(&login(&self.wired, &[OWN], name, &password).await)
    }

    async fn refresh(&self, now: Timestamp) -> Refreshed {
        self.wired.server.accounts.refresh_directory(now).await.unwrap()
    }

    async fn is_in(&self, browser: &Browser) -> bool {
        let call = ("GET", "/api/auth/session");
        status(&self.wired, call, &[&browser.cookie]).await.0 == 200
    }

    async fn readiness(&self) -> (u16, String, String) {
        let reply = self.wired.get("/readyz").await;
        let told = reply.json();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        (
            reply.status,
            text(&told["status"]),
            text(&told["checks"]["directory"]),
        )
    }

    async fn end(self) {
        self.wired.end().await.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_page_signs_in_at_the_directory_with_the_rights_of_its_groups() {
    let Some(town) = town().await else { return };
    let alice = town.sign_in("alice").await;
    assert_eq!(alice.session["display"], "Alice Martin");
    assert_eq!(alice.session["role"], "auditor");
    assert_eq!(alice.session["clearance"], "personal");
    assert_eq!(alice.session["groups"], serde_json::json!(["agents", "rh"]));
    let account = alice.session["user"].as_str().unwrap().to_owned();
    assert!(account.starts_with("ldap-") && account.len() == 37, "{account}");
    let bob = town.sign_in("bob").await;
    assert_eq!(
        (&bob.session["role"], &bob.session["clearance"]),
        (&"user".into(), &"internal".into())
    );
    // The same person is the same account, however the name is written.
    let again = login(&town.wired, &[OWN], "ALICE", "alice in the directory").await;
    assert_eq!(Browser::of(&again).session["user"], account);
    for (name, password, code) in [
        ("alice", "wrong", "account-credentials"),
        ("alice", "", "account-credentials"),
        ("nobody", "alice in the directory", "account-credentials"),
        ("*", "alice in the directory", "account-credentials"),
        ("alice)(uid=*", "alice in the directory", "account-credentials"),
        ("carol", "carol in the directory", "directory-not-admitted"),
        // The account's own name opens nothing.
        (&account, "alice in the directory", "account-credentials"),
    ] {
        let refused = login(&town.wired, &[OWN], name, password).await;
        assert_eq!(refused.code(), code, "{name}");
        assert_eq!(refused.header("set-cookie"), None);
    }
    town.end().await;
}

#[tokio::test]
async fn whoever_guesses_waits_and_a_disabled_account_stays_out() {
    let Some(town) = town().await else { return };
    let bob = town.sign_in("bob").await;
    for _ in 0..5 {
        login(&town.wired, &[OWN], "bob", "wrong").await;
    }
    let waits = login(&town.wired, &[OWN], "Bob", "bob in the directory").await;
    assert_eq!((waits.status, waits.code().as_str()), (429, "account-throttled"));
    let failures = town.wired.server.accounts.take_failures().await.unwrap();
    assert_eq!(failures[0].reasons["account-credentials"], 5);
    // Closed here, whatever the directory says.
    let (accounts, now) = (&town.wired.server.accounts, Timestamp::now());
    let alice = town.sign_in("alice").await;
    let name = alice.session["user"].as_str().unwrap();
    let change = trousseau_accounts::UserChange::Disable;
    accounts
        .change_user(&Tenant::default(), name, change, now)
        .await
        .unwrap();
    assert!(!town.is_in(&alice).await && town.is_in(&bob).await);
    let refused = login(&town.wired, &[OWN], "alice", "alice in the directory").await;
    assert_eq!(refused.code(), "account-disabled");
    town.end().await;
}

#[tokio::test]
async fn who_leaves_the_directory_or_a_group_is_signed_out() {
    let Some(town) = town().await else { return };
    let (alice, bob) = (town.sign_in("alice").await, town.sign_in("bob").await);
    assert_eq!(town.refresh(at(0)).await, Refreshed::default());
    assert!(town.is_in(&alice).await && town.is_in(&bob).await);
    town.slapd
        .modify("dn: uid=bob,dc=mairie,dc=example\nchangetype: delete\n");
    town.slapd.modify(
        "dn: cn=agents,dc=mairie,dc=example
changetype: modify
add: member
member: uid=alice,dc=mairie,dc=example

dn: cn=rh,dc=mairie,dc=example
changetype: modify
replace: member
member: uid=carol,dc=mairie,dc=example
",
    );
    let refreshed = town.refresh(at(0)).await;
    assert_eq!(refreshed.signed_out, [bob.session["user"].as_str().unwrap()]);
    assert_eq!(refreshed.changed.len(), 1);
    assert!(!town.is_in(&bob).await && !town.is_in(&alice).await);
    let alice = town.sign_in("alice").await;
    assert_eq!(
        (&alice.session["role"], &alice.session["clearance"]),
        (&"user".into(), &"internal".into())
    );
    assert_eq!(town.refresh(at(0)).await, Refreshed::default());
    town.end().await;
}

#[tokio::test]
async fn a_directory_that_is_gone_is_not_a_wrong_password() {
    let Some(mut town) = town().await else { return };
    user(&town.wired, "root", Role::Administrator).await;
    let alice = town.sign_in("alice").await;
    assert_eq!(town.readiness().await, (200, "ready".to_owned(), "ok".to_owned()));
    town.slapd.kill();
    // More often than anybody may guess.
    for _ in 0..8 {
        let refused = login(&town.wired, &[OWN], "alice", "alice in the directory").await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (503, "account-directory-down")
        );
        // Nothing of the directory's addresses is told to a stranger.
        assert!(
            !refused.json().to_string().contains("localhost") && !refused.json().to_string().contains("ldap"),
            "{}",
            refused.json().to_string()
        );
    }
    assert_eq!(
        town.readiness().await,
        (200, "degraded".to_owned(), "failing".to_owned())
    );
    // Who has a password here comes in.
    let root = login(&town.wired, &[OWN], "root", PASSWORD).await;
    assert_eq!(root.status, 200);
    // Who is in stays in, as long as the configuration says and no longer.
    for hours in [0, 7] {
        assert_eq!(town.refresh(at(hours * 3600)).await, Refreshed::default());
        assert!(town.is_in(&alice).await);
    }
    let refreshed = town.refresh(at(8 * 3600 + 60)).await;
    assert_eq!(refreshed.signed_out, [alice.session["user"].as_str().unwrap()]);
    assert!(!town.is_in(&alice).await);
    assert_eq!(
        status(
            &town.wired,
            ("GET", "/api/auth/session"),
            &[&Browser::of(&root).cookie]
        )
        .await
        .0,
        200
    );
    town.slapd.restart();
    town.refresh(at(9 * 3600)).await;
    assert_eq!(town.readiness().await, (200, "ready".to_owned(), "ok".to_owned()));
    town.sign_in("alice").await;
    town.end().await;
}

#[tokio::test]
async fn an_outage_is_counted_from_the_last_answer() {
    let Some(mut town) = town().await else { return };
    let alice = town.sign_in("alice").await;
    for (hours, answers) in [(0, false), (7, false), (7, true), (8, false), (15, false)] {
        if answers {
            town.slapd.restart();
        } else {
            town.slapd.kill();
        }
        assert_eq!(
            town.refresh(at(hours * 3600)).await,
            Refreshed::default(),
            "{hours}"
        );
    }
    assert!(town.is_in(&alice).await);
    town.end().await;
}

#[tokio::test]
async fn who_was_provisioned_signs_in_at_the_directory_with_the_groups_handed_out() {
    let authority = Authority::new();
    let Some(slapd) = Slapd::start("accounts-slapd", &authority, ENTRIES, "") else {
        return;
    };
    let stage = Stage::new();
    let (gateway, _) = staged(&stage, &[("local", &[])]).await;
    let settings = ProvisioningSettings {
        mapping: Mapping {
            clearances: vec![("Conseil".to_owned(), Class::Sensitive)],
            ..Mapping::default()
        },
        only: true,
        tenant: Tenant::default(),
    };
    let prepared = |accounts| with_directory(accounts, &slapd, &authority).with_provisioning(settings);
    let wired = Wired::start_with(&stage, gateway, (Settings::default(), None), prepared).await;
    let key = new_key(&wired.server, Role::Provisioner, |_| {}).await;
    let bearer = format!("authorization: Bearer {key}");
    let hand_out = async |kind: &str, body: serde_json::Value| {
        let path = format!("/scim/v2/{kind}");
        let made = wired
            .send(request("POST", &path, &[&bearer], &body.to_string()))
            .await;
        assert_eq!(made.status, 201, "{made:?}");
        made.json()["id"].as_str().unwrap().to_owned()
    };
    let password = "alice in the directory";
    let stranger = login(&wired, &[OWN], "alice", password).await;
    assert_eq!(
        (stranger.status, stranger.code().as_str()),
        (403, "account-not-provisioned")
    );
    let alice = hand_out("Users", serde_json::json!({ "userName": "Alice" })).await;
    let members = serde_json::json!([{ "value": alice }]);
    hand_out(
        "Groups",
        serde_json::json!({ "displayName": "Conseil", "members": members }),
    )
    .await;
    let browser = Browser::of(&login(&wired, &[OWN], "alice", password).await);
    assert_eq!(browser.session["groups"], serde_json::json!(["Conseil"]));
    assert_eq!(browser.session["clearance"], "sensitive");
    // The directory has other groups for her, which change nothing while she is signed in either.
    let refreshed = wired.server.accounts.refresh_directory(at(0)).await.unwrap();
    assert_eq!(refreshed, Refreshed::default());
    let path = format!("/scim/v2/Users/{alice}");
    let shut = r#"{"Operations":[{"op":"Replace","path":"active","value":"False"}]}"#;
    assert_eq!(
        wired.send(request("PATCH", &path, &[&bearer], shut)).await.status,
        200
    );
    let call = ("GET", "/api/auth/session");
    assert_eq!(status(&wired, call, &[&browser.cookie]).await.0, 401);
    let shut = login(&wired, &[OWN], "alice", password).await;
    assert_eq!(shut.code(), "account-disabled");
    wired.end().await.close().await.unwrap();
}
