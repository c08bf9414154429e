//! What the configuration says of a directory.

use std::time::Duration;

use trousseau_upstream::secret::Secret;

use crate::filter::Filter;

/// What kind of directory it is: what the usual filters and attributes are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// One with `uid`, `entryUUID` and groups that list their members, such as OpenLDAP or 389 Directory Server.
    #[default]
    Ldap,
    /// Microsoft's, or Samba's.
    ActiveDirectory,
}

impl Kind {
    /// The usual filters for people and for groups, as they are written.
    pub const fn filters(self) -> (&'static str, &'static str) {
        match self {
            Self::Ldap => (
                "(uid={login})",
                "(|(member={dn})(uniqueMember={dn})(memberUid={login}))",
            ),
            Self::ActiveDirectory => (
                "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName={login})(userPrincipalName={login})))",
                "(member={dn})",
            ),
        }
    }
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TLS from the first byte (`ldaps`).
    Tls,
    /// TLS that begins inside the connection (RFC 4511, section 4.14).
    StartTls,
    /// None: whoever is in between reads every password.
    Plain,
}

/// The address of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its name, or its address as a number.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub transport: Transport,
}

/// A text that is no address of a directory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the address of a directory: write 'ldaps://HOST' or 'ldap://HOST'")]
pub struct InvalidAddress(pub String);

impl std::str::FromStr for Address {
    type Err = InvalidAddress;

    /// Reads `ldaps://HOST`, `ldaps://HOST:PORT` and the same with `ldap`, which begins TLS inside the connection.
    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let fault = || InvalidAddress(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(fault)?;
        let (transport, usual) = match scheme.to_ascii_lowercase().as_str() {
            "ldaps" => (Transport::Tls, 636),
            "ldap" => (Transport::StartTls, 389),
            _ => return Err(fault()),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[') {
            Some(inner) => {
                let (host, after) = inner.split_once(']').ok_or_else(fault)?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| fault())?;
                let port = if after.is_empty() {
                    None
                } else {
                    Some(after.strip_prefix(':').ok_or_else(fault)?)
                };
                (host, port)
            }
            None => match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let sound = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        if host.is_empty() || !host.chars().all(sound) {
            return Err(fault());
        }
        let port = port.map_or(Ok(usual), |port| port.parse().map_err(|_| fault()))?;
        Ok(Self {
            host: host.to_owned(),
            port,
            transport,
        })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.transport == Transport::Tls {
            "ldaps"
        } else {
            "ldap"
        };
        match self.host.contains(':') {
            true => write!(f, "{scheme}://[{}]:{}", self.host, self.port),
            false => write!(f, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

impl Address {
    /// Whether it is this machine itself.
    pub fn is_loopback(&self) -> bool {
        let number = self.host.parse::<std::net::IpAddr>();
        number.map_or_else(
            |_| self.host.eq_ignore_ascii_case("localhost"),
            |number| number.to_canonical().is_loopback(),
        )
    }
}

/// How groups inside groups are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nested {
    /// Not at all: only groups that name the person count.
    No,
    /// By asking for the groups of each group, up to eight levels.
    #[default]
    Walk,
    /// By Active Directory's rule for chains, in one search.
    InChain,
}

/// Where a person's groups are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupSearch {
    /// In an attribute of the person's entry with the groups' names, such as `memberOf`.
    Attribute(String),
    /// By a search with a filter that has `{dn}` or `{login}`.
    Search(Filter),
}

/// A directory.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its servers, the one to ask first in front.
    pub servers: Vec<Address>,
    /// Who asks, and with which password; nobody where the directory lets everyone read.
    pub reader: Option<(String, Secret)>,
    /// Below which entry people are.
    pub base: String,
    /// Which entry is meant by what somebody types (`{login}`).
    pub user_filter: Filter,
    /// The attribute with a mark that an entry keeps for its lifetime.
    pub id: String,
    /// The attributes with what a person is called, the first that is there.
    pub display: Vec<String>,
    /// The attribute with a person's address.
    pub mail: String,
    /// Where groups are found.
    pub groups: GroupSearch,
    /// Below which entry groups are; others are none here.
    pub group_base: String,
    /// The attribute with what a group is called.
    pub group_name: String,
    /// Groups inside groups.
    pub nested: Nested,
    /// How long one step may take: to connect, to ask, to be answered.
    pub patience: Duration,
}

impl Settings {
    /// A directory of a kind, with the usual filters and attributes.
    pub fn new(kind: Kind, servers: Vec<Address>, base: &str) -> Self {
        let active = kind == Kind::ActiveDirectory;
        let (user, group) = kind.filters();
        let filter = |text| Filter::parse(text).unwrap_or_else(|_| Filter::anything());
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Self {
            servers,
            reader: None,
            base: base.to_owned(),
            user_filter: filter(user),
            id: if active { "objectGUID" } else { "entryUUID" }.to_owned(),
            display: words(&["displayName", "cn"]),
            mail: "mail".to_owned(),
            groups: GroupSearch::Search(filter(group)),
            group_base: base.to_owned(),
            group_name: "cn".to_owned(),
            nested: if active { Nested::InChain } else { Nested::Walk },
            patience: Duration::from_secs(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_say_how_they_are_protected() {
        for (text, host, port, transport) in [
            ("ldaps://dc1.example", "dc1.example", 636, Transport::Tls),
            (
                "LDAP://dc1.example:3890/",
                "dc1.example",
                3890,
                Transport::StartTls,
            ),
            ("ldaps://[2001:db8::1]:1636", "2001:db8::1", 1636, Transport::Tls),
            ("ldap://[::1]", "::1", 389, Transport::StartTls),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(
                (address.host.as_str(), address.port, address.transport),
                (host, port, transport),
                "{text}"
            );
        }
        for text in [
            "",
            "dc1",
            "http://dc1",
            "ldaps://",
            "ldaps://a:b",
            "ldaps://a:70000",
            "ldaps://u:p@a",
            "ldap://a/dc=x",
            "ldap://[::1",
            "ldap://[::1]389",
            "ldap://a b",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        let local = |text: &str| text.parse::<Address>().unwrap().is_loopback();
        assert!(local("ldap://127.0.0.1") && local("ldap://localhost") && local("ldap://[::1]"));
        assert!(!local("ldap://10.0.0.1") && !local("ldap://localhost.example"));
    }

    #[test]
    fn the_usual_filters_ask_for_what_they_need() {
        for kind in [Kind::Ldap, Kind::ActiveDirectory] {
            let usual = Settings::new(kind, Vec::new(), "dc=x");
            assert!(usual.user_filter.asks_for_login(), "{kind:?}");
            let GroupSearch::Search(filter) = usual.groups else {
                panic!("{kind:?}");
            };
            assert!(filter.asks_for_name(), "{kind:?}");
        }
    }
}
