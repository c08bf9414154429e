//! `[directory]`: the LDAP directory or Active Directory that people sign in at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use trousseau_accounts::{DirectorySettings, Mapping};
use trousseau_core::principal::Tenant;
use trousseau_directory::{Address, Filter, GroupSearch, Kind, Nested, Settings, Transport};

use super::faults::Faults;
use super::mapping::{self, RawMapping};
use super::resolve::beside;
use super::secret::{self, RawSecret, SecretPlace};

/// How often it is asked whether who is signed in is still there, in seconds.
const REFRESH: u64 = 300;

/// How long sessions go on while it does not answer, in hours.
const OUTAGE: u32 = 8;

/// The directory.
#[derive(Clone, Debug)]
pub struct Directory {
    /// How the page calls it.
    pub name: String,
    /// Everything but the password.
    pub settings: Settings,
    /// Who asks, and where the password stands.
    pub reader: Option<(String, SecretPlace)>,
    /// Authorities that are trusted beside those of `[egress]`.
    pub ca_files: Vec<PathBuf>,
    /// What its people may do.
    pub people: DirectorySettings,
    /// How often it is asked again about who is signed in.
    pub refresh: std::time::Duration,
    kind: Kind,
    filters: BTreeMap<&'static str, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDirectory {
    name: Option<String>,
    kind: Option<String>,
    servers: Vec<String>,
    #[serde(default)]
    plain: bool,
    #[serde(default)]
    ca_files: Vec<String>,
    bind_dn: Option<String>,
    bind_password: Option<RawSecret>,
    base: String,
    user_filter: Option<String>,
    id_attribute: Option<String>,
    display_attributes: Option<Vec<String>>,
    mail_attribute: Option<String>,
    groups: Option<String>,
    group_base: Option<String>,
    group_name_attribute: Option<String>,
    nested_groups: Option<String>,
    #[serde(default)]
    roles: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    clearances: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    required_groups: Vec<String>,
    clearance: Option<String>,
    label_floor: Option<String>,
    routes: Option<Vec<String>>,
    tenant: Option<String>,
    timeout_seconds: Option<u64>,
    refresh_seconds: Option<u64>,
    outage_hours: Option<u32>,
}

const KINDS: [(&str, Kind); 2] = [("ldap", Kind::Ldap), ("active-directory", Kind::ActiveDirectory)];
const NESTED: [(&str, Nested); 3] = [
    ("no", Nested::No),
    ("walk", Nested::Walk),
    ("in-chain", Nested::InChain),
];

pub(super) fn resolve(mut raw: RawDirectory, file: Option<&Path>, faults: &mut Faults) -> Directory {
    let kind = one_of("directory.kind", raw.kind.as_deref(), &KINDS, faults).unwrap_or_default();
    let servers = servers(&raw, faults);
    let mut settings = Settings::new(kind, servers, &raw.base);
    if raw.base.trim().is_empty() {
        faults.missing("directory.base");
    }
    let (user, group) = kind.filters();
    let mut filters = BTreeMap::from([("user_filter", user.to_owned()), ("groups", group.to_owned())]);
    if let Some(text) = raw.user_filter.take() {
        settings.user_filter = filter("directory.user_filter", &text, Filter::asks_for_login, faults);
        filters.insert("user_filter", text);
    }
    groups(&mut settings, &mut raw, &mut filters, faults);
    settings.id = raw.id_attribute.take().unwrap_or(settings.id);
    settings.display = raw.display_attributes.take().unwrap_or(settings.display);
    settings.mail = raw.mail_attribute.take().unwrap_or(settings.mail);
    let usual = settings.patience;
    settings.patience = faults.seconds("directory.timeout_seconds", raw.timeout_seconds, usual);
    let refresh = std::time::Duration::from_secs(REFRESH);
    let refresh = faults.seconds("directory.refresh_seconds", raw.refresh_seconds, refresh);
    let outage = raw.outage_hours.unwrap_or(OUTAGE);
    if outage > 24 * 7 {
        faults.value("directory.outage_hours", &outage.to_string(), "0..168");
    }
    let host = settings.servers.first().map(|server| server.host.clone());
    Directory {
        name: raw.name.take().or(host).unwrap_or_default(),
        reader: reader(&mut raw, file, faults),
        ca_files: raw.ca_files.iter().map(|path| beside(file, path)).collect(),
        people: people(raw, i64::from(outage), faults),
        refresh,
        settings,
        kind,
        filters,
    }
}

/// The addresses. Without TLS a password goes to another machine only where the file says that it may.
fn servers(raw: &RawDirectory, faults: &mut Faults) -> Vec<Address> {
    if raw.servers.is_empty() {
        faults.missing("directory.servers");
    }
    let mut servers = Vec::new();
    for text in &raw.servers {
        match text.parse::<Address>() {
            Ok(address) if raw.plain && address.transport == Transport::StartTls => {
                servers.push(Address {
                    transport: Transport::Plain,
                    ..address
                });
            }
            Ok(address) => servers.push(address),
            Err(_) => faults.value("directory.servers", text, "ldaps://HOST, ldap://HOST"),
        }
    }
    servers
}

fn groups(
    settings: &mut Settings,
    raw: &mut RawDirectory,
    filters: &mut BTreeMap<&'static str, String>,
    faults: &mut Faults,
) {
    match raw.groups.take() {
        Some(text) if text.starts_with('(') => {
            let asks = |filter: &Filter| filter.asks_for_name() || filter.asks_for_login();
            let filter = filter("directory.groups", &text, asks, faults);
            settings.groups = GroupSearch::Search(filter);
            filters.insert("groups", text);
        }
        Some(attribute) => {
            settings.groups = GroupSearch::Attribute(attribute.clone());
            filters.insert("groups", attribute);
        }
        None => {}
    }
    if let Some(base) = raw.group_base.take() {
        settings.group_base = base;
    }
    if let Some(name) = raw.group_name_attribute.take() {
        settings.group_name = name;
    }
    let nested = one_of(
        "directory.nested_groups",
        raw.nested_groups.as_deref(),
        &NESTED,
        faults,
    );
    if let Some(nested) = nested {
        settings.nested = nested;
    }
    if matches!(settings.groups, GroupSearch::Attribute(_)) && settings.nested == Nested::InChain {
        match nested {
            // Active Directory's rule is for searches.
            Some(_) => faults.value("directory.nested_groups", "in-chain", "no, walk"),
            None => settings.nested = Nested::Walk,
        }
    }
}

fn reader(raw: &mut RawDirectory, file: Option<&Path>, faults: &mut Faults) -> Option<(String, SecretPlace)> {
    let password = secret::resolve(raw.bind_password.take(), "directory.bind_password", file, faults);
    match (raw.bind_dn.take().filter(|name| !name.is_empty()), password) {
        (Some(name), Some(password)) => Some((name, password)),
        (Some(_), None) => {
            faults.missing("directory.bind_password");
            None
        }
        (None, Some(_)) => {
            faults.missing("directory.bind_dn");
            None
        }
        (None, None) => None,
    }
}

fn people(raw: RawDirectory, outage: i64, faults: &mut Faults) -> DirectorySettings {
    let tenant = mapping::tenant("directory", raw.tenant, faults);
    let mapping = RawMapping {
        roles: raw.roles,
        clearances: raw.clearances,
        clearance: raw.clearance,
        label_floor: raw.label_floor,
        routes: raw.routes,
    };
    DirectorySettings {
        mapping: mapping.resolve("directory", faults),
        required: raw.required_groups.into_iter().collect(),
        tenant,
        outage: SignedDuration::from_hours(outage),
    }
}

fn filter(key: &str, text: &str, asks: impl Fn(&Filter) -> bool, faults: &mut Faults) -> Filter {
    match Filter::parse(text) {
        Ok(filter) => {
            if !asks(&filter) {
                faults.value(key, text, "{login}, {dn}");
            }
            filter
        }
        Err(invalid) => {
            faults.extend([super::Fault {
                code: "config-directory-filter",
                fields: vec![
                    ("key", key.to_owned()),
                    ("found", invalid.text.clone()),
                    ("reason", invalid.reason.to_owned()),
                ],
                english: format!("{key}: {invalid}"),
            }]);
            Settings::new(Kind::Ldap, Vec::new(), "").user_filter
        }
    }
}

fn one_of<T: Copy>(key: &str, written: Option<&str>, known: &[(&str, T)], faults: &mut Faults) -> Option<T> {
    let written = written?;
    let found = known.iter().find(|(word, _)| *word == written);
    if found.is_none() {
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        faults.value(key, written, &words.join(", "));
    }
    found.map(|(_, value)| *value)
}

fn word<T: PartialEq>(known: &[(&'static str, T)], value: &T) -> Option<&'static str> {
    known
        .iter()
        .find(|(_, known)| known == value)
        .map(|(word, _)| *word)
}

/// The table as it would be written with every default filled in.
pub(super) fn shown(directory: &Directory) -> Value {
    let (settings, people) = (&directory.settings, &directory.people);
    let Mapping {
        roles,
        clearances,
        least,
    } = &people.mapping;
    let (roles, clearances) = mapping::shown(roles, clearances);
    let tenant: &Tenant = &people.tenant;
    json!({
        "name": directory.name,
        "kind": word(&KINDS, &directory.kind),
        "servers": settings.servers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "plain": settings.servers.iter().any(|server| server.transport == Transport::Plain),
        "ca_files": directory.ca_files,
        "bind_dn": directory.reader.as_ref().map(|(name, _)| name),
        "bind_password": directory.reader.as_ref().map(|(_, place)| place),
        "base": settings.base,
        "user_filter": directory.filters.get("user_filter"),
        "id_attribute": settings.id,
        "display_attributes": settings.display,
        "mail_attribute": settings.mail,
        "groups": directory.filters.get("groups"),
        "group_base": settings.group_base,
        "group_name_attribute": settings.group_name,
        "nested_groups": word(&NESTED, &settings.nested),
        "roles": roles,
        "clearances": clearances,
        "required_groups": people.required,
        "clearance": least.clearance,
        "label_floor": least.label_floor.to_string(),
        "routes": least.routes,
        "tenant": tenant,
        "timeout_seconds": settings.patience.as_secs(),
        "refresh_seconds": directory.refresh.as_secs(),
        "outage_hours": people.outage.as_hours(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, ConfigError};

    const LEAST: &str = "[directory]\nservers = [\"ldap://dc1.example\"]\nbase = \"dc=example\"\n";

    fn faults(text: &str) -> Vec<(&'static str, String)> {
        let Err(ConfigError::Faults { faults, .. }) = Config::parse(text, None) else {
            panic!("{text}");
        };
        let key = |fault: &crate::Fault| fault.fields[0].1.clone();
        faults.iter().map(|fault| (fault.code, key(fault))).collect()
    }

    #[test]
    fn without_a_word_everything_is_the_kind_s_usual() {
        let directory = Config::parse(LEAST, None).unwrap().directory.unwrap();
        assert_eq!(directory.name, "dc1.example");
        assert_eq!(directory.settings.servers[0].transport, Transport::StartTls);
        assert_eq!(
            (directory.settings.nested, directory.settings.id.as_str()),
            (Nested::Walk, "entryUUID")
        );
        let active = Config::parse(&format!("{LEAST}kind = \"active-directory\"\n"), None).unwrap();
        let settings = active.directory.unwrap().settings;
        assert_eq!(
            (settings.nested, settings.id.as_str()),
            (Nested::InChain, "objectGUID")
        );
        let plain = Config::parse(&format!("{LEAST}plain = true\n"), None).unwrap();
        let warned = plain.warnings(trousseau_policy::date::Date::new(2026, 9, 1).unwrap());
        assert_eq!(warned[0].code, "config-directory-plain");
        let local = LEAST.replace("dc1.example", "localhost");
        let local = Config::parse(&format!("{local}plain = true\n"), None).unwrap();
        assert_eq!(
            local.warnings(trousseau_policy::date::Date::new(2026, 9, 1).unwrap()),
            []
        );
    }

    #[test]
    fn every_fault_is_told() {
        for (more, code, key) in [
            ("kind = \"nis\"", "config-value", "directory.kind"),
            ("bind_dn = \"cn=a\"", "config-missing", "directory.bind_password"),
            (
                "bind_password = { env = \"A\" }",
                "config-missing",
                "directory.bind_dn",
            ),
            (
                "bind_dn = \"cn=a\"\nbind_password = \"secret\"",
                "config-literal-secret",
                "directory.bind_password",
            ),
            (
                "user_filter = \"(uid=alice)\"",
                "config-value",
                "directory.user_filter",
            ),
            (
                "user_filter = \"uid={login}\"",
                "config-directory-filter",
                "directory.user_filter",
            ),
            ("groups = \"(cn=a)\"", "config-value", "directory.groups"),
            (
                "groups = \"memberOf\"\nnested_groups = \"in-chain\"",
                "config-value",
                "directory.nested_groups",
            ),
            ("outage_hours = 200", "config-value", "directory.outage_hours"),
            ("refresh_seconds = 0", "config-value", "directory.refresh_seconds"),
            ("tenant = \"A\"", "config-value", "directory.tenant"),
            (
                "[directory.roles]\nking = [\"a\"]",
                "config-value",
                "directory.roles",
            ),
            (
                "[directory.clearances]\nhigh = [\"a\"]",
                "config-value",
                "directory.clearances",
            ),
        ] {
            let found = faults(&format!("{LEAST}{more}\n"));
            assert!(found.contains(&(code, key.to_owned())), "{more}: {found:?}");
        }
        let found = faults("[directory]\nservers = [\"ldapi:///\"]\nbase = \"\"\n");
        assert_eq!(
            found,
            [
                ("config-value", "directory.servers".to_owned()),
                ("config-missing", "directory.base".to_owned())
            ]
        );
    }
}
