//! Sign-in, groups and look-ups with a real slapd.

use std::time::Duration;

use trousseau_directory::{
    Address, Directory, DirectoryError, Filter, GroupSearch, Kind, Nested, Settings, Standing,
};
use trousseau_testing::authority::Authority;
use trousseau_testing::slapd::{BASE, ROOT, Slapd};
use trousseau_upstream::secret::Secret;

use super::town::{ENTRIES, READER, directory, names, now, plain, secure, settings};

const SKIP: &str = "directory-slapd";

/// As much of Active Directory's schema as a sign-in sees, under its own numbers ([MS-ADA1] to [MS-ADA3], [MS-ADSC]).
const ACTIVE_DIRECTORY: &str = "
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.782 NAME 'objectCategory' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP organizationalPerson STRUCTURAL MAY ( sAMAccountName $ userPrincipalName $ objectGUID $ userAccountControl $ objectCategory ) )
objectclass ( 1.2.840.113556.1.5.8 NAME 'group' SUP top STRUCTURAL MUST cn MAY member )
";

/// A mark in bytes, some of which mean something in filters.
const GUID: &str = "00010203040506072a2829005c0e0f10";

struct Town {
    slapd: Slapd,
    authority: Authority,
}

fn town(more: &str) -> Option<Town> {
    let authority = Authority::new();
    let slapd = Slapd::start(SKIP, &authority, ENTRIES, more)?;
    Some(Town { slapd, authority })
}

impl Town {
    fn directory(&self) -> Directory {
        directory(settings(vec![secure(&self.slapd)]), &self.authority)
    }

    fn with(&self, change: impl FnOnce(&mut Settings)) -> Directory {
        let mut settings = settings(vec![secure(&self.slapd)]);
        change(&mut settings);
        directory(settings, &self.authority)
    }
}

#[tokio::test]
async fn a_password_is_right_or_wrong() {
    let Some(town) = town("") else { return };
    let directory = town.directory();
    let alice = directory
        .authenticate("alice", "alice’s password", now())
        .await
        .unwrap();
    assert_eq!(alice.entry, format!("uid=alice,ou=people,{BASE}"));
    assert_eq!(alice.display, "Alice Martin-Dupré");
    assert_eq!(alice.mail.as_deref(), Some("alice@mairie.example"));
    assert_eq!(alice.standing, Standing::Open);
    assert_eq!(alice.id.len(), 36, "{}", alice.id);
    assert_eq!(names(&alice), ["agents", "compta", "finances"]);
    for (login, password) in [
        ("alice", "wrong"),
        ("alice", ""),
        ("alice", "Alice’s password"),
        ("nobody", "alice’s password"),
        ("", "alice’s password"),
        ("", ""),
        // An entry without a password.
        ("dora", "x"),
        ("dora", ""),
    ] {
        let refused = directory.authenticate(login, password, now()).await;
        assert_eq!(
            refused,
            Err(DirectoryError::Credentials),
            "{login:?} {password:?}"
        );
    }
    assert_eq!(directory.fault(), None);
}

#[tokio::test]
async fn nothing_that_is_typed_is_part_of_a_filter() {
    let Some(town) = town("") else { return };
    let directory = town.directory();
    for login in [
        "*",
        "a*",
        "alice)(uid=*",
        ")(uid=*",
        "*)(&",
        "alice\0",
        "alice)(|(objectClass=*",
        r"\61lice",
        "{dn}",
        "uid=alice,ou=people,dc=mairie,dc=example",
        "\u{202e}alice",
        &"a".repeat(100_000),
    ] {
        let refused = directory.authenticate(login, "alice’s password", now()).await;
        assert_eq!(refused, Err(DirectoryError::Credentials), "{login:?}");
    }
    // What is compared without regard to case is the directory's own rule.
    assert!(
        directory
            .authenticate("ALICE", "alice’s password", now())
            .await
            .is_ok()
    );
    let elodie = directory.authenticate("élodie", "élodie", now()).await.unwrap();
    assert_eq!(
        (elodie.display.as_str(), names(&elodie)),
        ("Élodie, la maire+", vec!["elus"])
    );
}

#[tokio::test]
async fn a_name_that_stands_for_two_is_nobodys() {
    let Some(town) = town("") else { return };
    let refused = town.directory().authenticate("carol", "one", now()).await;
    assert_eq!(refused, Err(DirectoryError::Ambiguous));
}

#[tokio::test]
async fn groups_are_found_in_every_way() {
    let Some(town) = town(
        "moduleload memberof\noverlay memberof\nmemberof-group-oc groupOfNames\nmemberof-member-ad member",
    ) else {
        return;
    };
    let of = async |login: &str, password: &str, change: fn(&mut Settings)| {
        let person = town
            .with(change)
            .authenticate(login, password, now())
            .await
            .unwrap();
        let names: Vec<String> = names(&person).into_iter().map(str::to_owned).collect();
        names
    };
    let alice = ("alice", "alice’s password");
    let direct = of(alice.0, alice.1, |settings| settings.nested = Nested::No).await;
    assert_eq!(direct, ["compta"]);
    // `memberUid` names no entry: the groups of a group are not asked for by it.
    assert_eq!(of("bob", "bob’s password", |_| ()).await, ["voirie"]);
    // A wider base lets more groups in.
    let wide = of(alice.0, alice.1, |settings| settings.group_base = BASE.to_owned()).await;
    assert_eq!(wide, ["agents", "compta", "finances", "secret"]);
    let only = of(alice.0, alice.1, |settings| {
        let filter = Filter::parse("(&(objectClass=groupOfNames)(member={dn}))").unwrap();
        settings.groups = GroupSearch::Search(filter);
    });
    assert_eq!(only.await, ["compta"]);
}

#[tokio::test]
async fn groups_are_read_from_memberof() {
    let Some(town) = town("moduleload memberof\noverlay memberof") else {
        return;
    };
    // The overlay fills in what is written while it is there.
    town.slapd.modify(
        "dn: cn=direct,ou=groups,dc=mairie,dc=example
changetype: add
objectClass: groupOfNames
cn: direct
member: uid=bob,ou=people,dc=mairie,dc=example

dn: cn=outer,ou=groups,dc=mairie,dc=example
changetype: add
objectClass: groupOfNames
cn: outer
member: cn=direct,ou=groups,dc=mairie,dc=example

dn: cn=elsewhere,dc=mairie,dc=example
changetype: add
objectClass: groupOfNames
cn: elsewhere
member: uid=bob,ou=people,dc=mairie,dc=example
",
    );
    let by_attribute = |nested| {
        town.with(|settings| {
            settings.groups = GroupSearch::Attribute("memberOf".to_owned());
            settings.nested = nested;
        })
    };
    let bob = by_attribute(Nested::No)
        .authenticate("bob", "bob’s password", now())
        .await;
    assert_eq!(names(&bob.unwrap()), ["direct"]);
    let bob = by_attribute(Nested::Walk)
        .authenticate("bob", "bob’s password", now())
        .await;
    assert_eq!(names(&bob.unwrap()), ["direct", "outer"]);
}

#[tokio::test]
async fn somebody_is_looked_up_again_until_the_entry_is_gone() {
    let Some(town) = town("") else { return };
    let directory = town.directory();
    let bob = directory
        .authenticate("bob", "bob’s password", now())
        .await
        .unwrap();
    let again = directory.look_up(&bob.id, "bob", now()).await.unwrap();
    assert_eq!(again, Some(bob.clone()));
    town.slapd.modify(
        "dn: cn=voirie,ou=groups,dc=mairie,dc=example
changetype: modify
delete: memberUid
memberUid: bob
",
    );
    let again = directory.look_up(&bob.id, "bob", now()).await.unwrap().unwrap();
    assert_eq!(names(&again), [""; 0]);
    // Somebody else's name beside the mark is nobody.
    assert_eq!(directory.look_up(&bob.id, "alice", now()).await, Ok(None));
    town.slapd
        .modify("dn: uid=bob,ou=people,dc=mairie,dc=example\nchangetype: delete\n");
    assert_eq!(directory.look_up(&bob.id, "bob", now()).await, Ok(None));
    // The name is another's now: the mark tells.
    town.slapd.modify(
        "dn: uid=bob,ou=people,dc=mairie,dc=example
changetype: add
objectClass: inetOrgPerson
uid: bob
cn: Another Bob
sn: Bob
userPassword: another
",
    );
    assert_eq!(directory.look_up(&bob.id, "bob", now()).await, Ok(None));
    let another = directory.authenticate("bob", "another", now()).await.unwrap();
    assert_ne!(another.id, bob.id);
}

#[tokio::test]
async fn a_closed_account_is_told_only_to_who_knows_the_password() {
    let Some(town) = town("") else { return };
    let directory = town.directory();
    let closed = directory.authenticate("left", "left", now()).await;
    assert_eq!(closed, Err(DirectoryError::Disabled));
    let wrong = directory.authenticate("left", "wrong", now()).await;
    assert_eq!(wrong, Err(DirectoryError::Credentials));
}

#[tokio::test]
async fn an_account_that_the_server_has_locked_is_refused() {
    let Some(town) = town("moduleload ppolicy\noverlay ppolicy") else {
        return;
    };
    let directory = town.directory();
    let alice = directory
        .authenticate("alice", "alice’s password", now())
        .await
        .unwrap();
    // By an administrator, for good.
    town.slapd.modify(
        "dn: uid=alice,ou=people,dc=mairie,dc=example
changetype: modify
add: pwdAccountLockedTime
pwdAccountLockedTime: 000001010000Z
",
    );
    let refused = directory.authenticate("alice", "alice’s password", now()).await;
    assert!(
        matches!(
            refused,
            Err(DirectoryError::Credentials | DirectoryError::Disabled)
        ),
        "{refused:?}"
    );
    assert_eq!(directory.look_up(&alice.id, "alice", now()).await, Ok(None));
}

#[tokio::test]
async fn active_directory_s_attributes_are_understood() {
    let authority = Authority::new();
    let entries = "
dn: dc=mairie,dc=example
objectClass: domain
dc: mairie

dn: cn=Alice,dc=mairie,dc=example
objectClass: user
cn: Alice
sn: Martin
objectCategory: person
sAMAccountName: amartin
userPrincipalName: alice@mairie.example
objectGUID:: AAECAwQFBgcqKCkAXA4PEA==
userAccountControl: 512
userPassword: alice

dn: cn=Compta,dc=mairie,dc=example
objectClass: group
cn: Compta
member: cn=Alice,dc=mairie,dc=example
";
    let Some(slapd) = Slapd::start(SKIP, &authority, entries, ACTIVE_DIRECTORY) else {
        return;
    };
    let mut settings = Settings::new(Kind::ActiveDirectory, vec![secure(&slapd)], BASE);
    settings.reader = Some((ROOT.0.to_owned(), Secret::value(ROOT.1, "test").unwrap()));
    // slapd has no rule for chains.
    settings.nested = Nested::Walk;
    let directory = directory(settings, &authority);
    for login in ["amartin", "AMartin", "alice@mairie.example"] {
        let alice = directory.authenticate(login, "alice", now()).await.unwrap();
        assert_eq!(alice.id, GUID);
        assert_eq!(names(&alice), ["Compta"]);
    }
    // A mark with bytes that mean something in filters finds its entry.
    assert!(directory.look_up(GUID, "amartin", now()).await.unwrap().is_some());
    slapd.modify(
        "dn: cn=Alice,dc=mairie,dc=example
changetype: modify
replace: userAccountControl
userAccountControl: 514
",
    );
    assert_eq!(
        directory.authenticate("amartin", "alice", now()).await,
        Err(DirectoryError::Disabled)
    );
    assert_eq!(directory.look_up(GUID, "amartin", now()).await, Ok(None));
}

#[tokio::test]
async fn starttls_protects_and_is_not_left_out() {
    let Some(town) = town("") else { return };
    let address: Address = format!("ldap://localhost:{}", town.slapd.plain).parse().unwrap();
    let settings = settings(vec![address]);
    let over_tls = directory(settings.clone(), &town.authority);
    assert!(
        over_tls
            .authenticate("alice", "alice’s password", now())
            .await
            .is_ok()
    );
    // Another authority's certificate is no good, and nothing goes on without TLS.
    let other = directory(settings, &Authority::new());
    let refused = other.authenticate("alice", "alice’s password", now()).await;
    let Err(DirectoryError::Unreachable { reason, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(reason.contains("certificate"), "{reason}");
}

#[tokio::test]
async fn a_wrong_certificate_is_refused() {
    let Some(town) = town("") else { return };
    // The certificate is for `localhost`.
    let by_number: Address = format!("ldaps://127.0.0.1:{}", town.slapd.tls).parse().unwrap();
    for directory in [
        directory(settings(vec![by_number]), &town.authority),
        directory(settings(vec![secure(&town.slapd)]), &Authority::new()),
    ] {
        let refused = directory.authenticate("alice", "alice’s password", now()).await;
        let Err(DirectoryError::Unreachable { reason, .. }) = &refused else {
            panic!("{refused:?}");
        };
        assert!(reason.contains("certificate"), "{reason}");
        assert_eq!(directory.fault(), refused.err());
    }
}

#[tokio::test]
async fn another_server_takes_over() {
    let Some(mut town) = town("") else { return };
    let Some(second) = Slapd::start(SKIP, &town.authority, ENTRIES, "") else {
        return;
    };
    let both = settings(vec![secure(&town.slapd), secure(&second)]);
    let directory = directory(both, &town.authority);
    assert!(
        directory
            .authenticate("alice", "alice’s password", now())
            .await
            .is_ok()
    );
    town.slapd.kill();
    for _ in 0..2 {
        assert!(
            directory
                .authenticate("alice", "alice’s password", now())
                .await
                .is_ok()
        );
    }
    assert_eq!(
        directory.authenticate("alice", "wrong", now()).await,
        Err(DirectoryError::Credentials)
    );
    drop(second);
    let gone = directory.authenticate("alice", "alice’s password", now()).await;
    assert!(
        matches!(gone, Err(DirectoryError::Unreachable { .. })),
        "{gone:?}"
    );
    assert!(directory.check().await.is_err() && directory.fault().is_some());
    town.slapd.restart();
    assert_eq!(directory.check().await, Ok(()));
    assert_eq!(directory.fault(), None);
    assert!(
        directory
            .authenticate("alice", "alice’s password", now())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn referrals_are_not_followed() {
    let Some(town) = town("referral ldap://127.0.0.1:9/") else {
        return;
    };
    // One that stands below the base is passed over.
    town.slapd.modify(
        "dn: ou=others,ou=people,dc=mairie,dc=example
changetype: add
objectClass: referral
objectClass: extensibleObject
ou: others
ref: ldap://127.0.0.1:9/ou=people,dc=mairie,dc=example
",
    );
    let directory = town.directory();
    assert!(
        directory
            .authenticate("alice", "alice’s password", now())
            .await
            .is_ok()
    );
    assert_eq!(
        directory.authenticate("nobody", "x", now()).await,
        Err(DirectoryError::Credentials)
    );
    // A base that only another server has is a fault of the configuration.
    let elsewhere = town.with(|settings| settings.base = "dc=elsewhere".to_owned());
    let refused = elsewhere.authenticate("alice", "alice’s password", now()).await;
    assert!(
        matches!(refused, Err(DirectoryError::Refused { code: 10, .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_is_configured_wrongly_is_told() {
    let Some(town) = town("") else { return };
    let check = async |change: fn(&mut Settings)| town.with(change).check().await;
    assert_eq!(check(|_| ()).await, Ok(()));
    let wrong = check(|settings| {
        settings.reader = Some((READER.0.to_owned(), Secret::value("wrong", "test").unwrap()));
    });
    let wrong = wrong.await;
    assert!(
        matches!(
            wrong,
            Err(DirectoryError::Refused {
                what: "bind",
                code: 49,
                ..
            })
        ),
        "{wrong:?}"
    );
    let base = check(|settings| settings.base = format!("ou=nowhere,{BASE}")).await;
    assert_eq!(
        base,
        Err(DirectoryError::NoEntry {
            name: format!("ou=nowhere,{BASE}")
        })
    );
    // A wrong password of this service is not one of whoever signs in.
    let misconfigured = town.with(|settings| {
        settings.reader = Some((READER.0.to_owned(), Secret::value("wrong", "test").unwrap()));
    });
    let refused = misconfigured
        .authenticate("alice", "alice’s password", now())
        .await;
    assert!(
        matches!(refused, Err(DirectoryError::Refused { .. })),
        "{refused:?}"
    );
    assert!(misconfigured.fault().is_some());
    // Whoever may not read sees nobody.
    let mark = town.with(|settings| settings.id = "employeeNumber".to_owned());
    let refused = mark.authenticate("alice", "alice’s password", now()).await;
    assert!(
        matches!(refused, Err(DirectoryError::NoMark { .. })),
        "{refused:?}"
    );
    let plain = directory(settings(vec![plain(town.slapd.plain)]), &town.authority);
    assert!(
        plain
            .authenticate("alice", "alice’s password", now())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn many_at_once_are_all_served() {
    let Some(town) = town("") else { return };
    let directory = town.with(|settings| settings.patience = Duration::from_secs(60));
    let directory = std::sync::Arc::new(directory);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..100 {
        let directory = super::town::Shared::clone(&directory);
        let right = number % 2 == 0;
        tasks.spawn(async move {
            let password = if right { "alice’s password" } else { "wrong" };
            (
                right,
                directory.authenticate("alice", password, now()).await.is_ok(),
            )
        });
    }
    while let Some(done) = tasks.join_next().await {
        let (right, let_in) = done.unwrap();
        assert_eq!(right, let_in);
    }
}
