//! A town hall's directory: people, groups, groups in groups.

use std::sync::Arc;

use jiff::Timestamp;
use trousseau_directory::{Address, Directory, Kind, Settings, Transport};
use trousseau_testing::authority::Authority;
use trousseau_testing::slapd::{BASE, Slapd};
use trousseau_upstream::egress::{Egress, Network};
use trousseau_upstream::secret::Secret;

/// The service's own account.
pub(crate) const READER: (&str, &str) = ("cn=trousseau,dc=mairie,dc=example", "reader: 100%");

/// Alice is in `compta`, which is in `finances`, which is in `agents`, which is in `compta` again; Bob only by his `uid`; Carol is
/// two people; the password of Dora's entry is none; Élodie's name needs escapes.
pub(crate) const ENTRIES: &str = r"
dn: dc=mairie,dc=example
objectClass: domain
dc: mairie

dn: cn=trousseau,dc=mairie,dc=example
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: trousseau
userPassword: reader: 100%

dn: ou=people,dc=mairie,dc=example
objectClass: organizationalUnit
ou: people

dn: uid=alice,ou=people,dc=mairie,dc=example
objectClass: inetOrgPerson
uid: alice
cn: Alice Martin
sn: Martin
displayName: Alice Martin-Dupré
mail: alice@mairie.example
userPassword: alice’s password

dn: uid=bob,ou=people,dc=mairie,dc=example
objectClass: inetOrgPerson
uid: bob
cn: Bob
sn: Bob
userPassword: bob’s password

dn: uid=carol,ou=people,dc=mairie,dc=example
objectClass: inetOrgPerson
uid: carol
cn: Carol
sn: Carol
userPassword: one

dn: cn=Carol Two,ou=people,dc=mairie,dc=example
objectClass: inetOrgPerson
uid: carol
cn: Carol Two
sn: Two
userPassword: one

dn: uid=dora,ou=people,dc=mairie,dc=example
objectClass: inetOrgPerson
uid: dora
cn: Dora
sn: Dora

dn: cn=\C3\89lodie\, la maire\2B,ou=people,dc=mairie,dc=example
objectClass: inetOrgPerson
uid: élodie
cn: Élodie, la maire+
sn: Maire
userPassword: élodie

dn: uid=left,ou=people,dc=mairie,dc=example
objectClass: inetOrgPerson
objectClass: shadowAccount
uid: left
cn: Left
sn: Left
shadowExpire: 1
userPassword: left

dn: ou=groups,dc=mairie,dc=example
objectClass: organizationalUnit
ou: groups

dn: cn=compta,ou=groups,dc=mairie,dc=example
objectClass: groupOfNames
cn: compta
member: uid=alice,ou=people,dc=mairie,dc=example
member: cn=agents,ou=groups,dc=mairie,dc=example

dn: cn=finances,ou=groups,dc=mairie,dc=example
objectClass: groupOfUniqueNames
cn: finances
uniqueMember: cn=compta,ou=groups,dc=mairie,dc=example

dn: cn=agents,ou=groups,dc=mairie,dc=example
objectClass: groupOfNames
cn: agents
member: cn=finances,ou=groups,dc=mairie,dc=example

dn: cn=voirie,ou=groups,dc=mairie,dc=example
objectClass: posixGroup
cn: voirie
gidNumber: 1000
memberUid: bob

dn: cn=elus,ou=groups,dc=mairie,dc=example
objectClass: groupOfNames
cn: elus
member: cn=\C3\89lodie\, la maire\2B,ou=people,dc=mairie,dc=example

dn: cn=secret,dc=mairie,dc=example
objectClass: groupOfNames
cn: secret
member: uid=alice,ou=people,dc=mairie,dc=example
";

pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

/// A way to the server with TLS, as the name it has a certificate for.
pub(crate) fn secure(slapd: &Slapd) -> Address {
    format!("ldaps://localhost:{}", slapd.tls).parse().unwrap()
}

pub(crate) fn plain(port: u16) -> Address {
    Address {
        transport: Transport::Plain,
        ..format!("ldap://127.0.0.1:{port}").parse().unwrap()
    }
}

pub(crate) fn settings(servers: Vec<Address>) -> Settings {
    let mut settings = Settings::new(Kind::Ldap, servers, &format!("ou=people,{BASE}"));
    settings.group_base = format!("ou=groups,{BASE}");
    settings.reader = Some((READER.0.to_owned(), Secret::value(READER.1, "test").unwrap()));
    settings
}

/// A directory that trusts one authority.
pub(crate) fn directory(settings: Settings, authority: &Authority) -> Directory {
    let network = Network::open(&Egress {
        ca_files: vec![authority.file()],
        system_authorities: false,
        ..Egress::default()
    });
    Directory::new(settings, network.unwrap().plain_tls().unwrap())
}

/// What the groups are called, in order.
pub(crate) fn names(person: &trousseau_directory::Person) -> Vec<&str> {
    person.groups.iter().map(|group| group.name.as_str()).collect()
}

pub(crate) type Shared = Arc<Directory>;
