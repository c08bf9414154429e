//! A person as an entry tells of one.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::error::DirectoryError;
use crate::message::Entry;
use crate::settings::Settings;

/// The longest value that is taken over, in characters.
const LONGEST: usize = 256;

/// The bit of `userAccountControl` that closes an account ([MS-ADTS], section 2.2.16).
const ACCOUNT_DISABLE: u32 = 0x2;

/// Seconds between 1601, where Active Directory begins to count, and 1970.
const SINCE_1601: i64 = 11_644_473_600;

/// The attributes that say whether an account is closed.
const STANDING: [&str; 5] = [
    "userAccountControl",
    "accountExpires",
    "pwdAccountLockedTime",
    "nsAccountLock",
    "shadowExpire",
];

/// Whether an account may be used, as its entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing stands against it.
    Open,
    /// It was closed, or its time is over.
    Closed,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// What it is called.
    pub name: String,
    /// Its distinguished name, as it is compared: in lower case, without spaces around values.
    pub entry: String,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What stays the same as long as the entry lives.
    pub id: String,
    /// The entry's distinguished name.
    pub entry: String,
    /// What the person typed, as it is asked again.
    pub login: String,
    /// What the person is called.
    pub display: String,
    /// The person's address.
    pub mail: Option<String>,
    /// Whether the account may be used.
    pub standing: Standing,
    /// The groups, those that are reached over other groups among them.
    pub groups: BTreeSet<Group>,
}

/// The attributes that are asked for of a person.
pub(crate) fn attributes(settings: &Settings) -> Vec<&str> {
    let mut wanted: Vec<&str> = STANDING.to_vec();
    wanted.extend([settings.id.as_str(), settings.mail.as_str()]);
    wanted.extend(settings.display.iter().map(String::as_str));
    if let crate::settings::GroupSearch::Attribute(attribute) = &settings.groups {
        wanted.push(attribute);
    }
    wanted
}

/// Reads a person's entry; the groups are still to be found.
pub(crate) fn read(
    entry: &Entry,
    login: &str,
    settings: &Settings,
    now: Timestamp,
) -> Result<Person, DirectoryError> {
    let display = settings.display.iter().find_map(|attribute| {
        let text = short(entry.text(attribute)?);
        (!text.trim().is_empty()).then_some(text)
    });
    Ok(Person {
        id: mark(entry, settings)?,
        display: display.unwrap_or_else(|| short(login)),
        mail: entry.text(&settings.mail).map(short),
        standing: standing(entry, now),
        entry: entry.name.clone(),
        login: login.to_owned(),
        groups: BTreeSet::new(),
    })
}

/// What an entry is known by again. A mark in bytes is written in hexadecimal digits.
fn mark(entry: &Entry, settings: &Settings) -> Result<String, DirectoryError> {
    let missing = || DirectoryError::NoMark {
        name: entry.name.clone(),
        attribute: settings.id.clone(),
    };
    let value = entry.values(&settings.id).next().ok_or_else(missing)?;
    let text = if is_in_bytes(&settings.id) {
        value.iter().map(|byte| format!("{byte:02x}")).collect()
    } else {
        String::from_utf8(value.to_vec()).map_err(|_| missing())?
    };
    if text.is_empty() || text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        return Err(missing());
    }
    Ok(text)
}

/// A mark as it is sent.
pub(crate) fn mark_bytes(id: &str, settings: &Settings) -> Vec<u8> {
    if !is_in_bytes(&settings.id) {
        return id.as_bytes().to_vec();
    }
    let pairs = id.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| {
        let pair = std::str::from_utf8(pair).unwrap_or_default();
        u8::from_str_radix(pair, 16).unwrap_or_default()
    });
    bytes.collect()
}

/// `objectGUID` of Active Directory and `GUID` of eDirectory.
fn is_in_bytes(attribute: &str) -> bool {
    ["objectGUID", "GUID"]
        .iter()
        .any(|known| attribute.eq_ignore_ascii_case(known))
}

/// What an entry says of its account's state. The server refuses the password of a closed account itself, at least most do; this
/// is also for whoever has signed in before.
fn standing(entry: &Entry, now: Timestamp) -> Standing {
    let number = |attribute| entry.text(attribute).and_then(|text| text.parse::<i64>().ok());
    let disabled = number("userAccountControl").is_some_and(|bits| bits as u32 & ACCOUNT_DISABLE != 0);
    // In steps of 100 ns since 1601; 0 and the largest number there is stand for no end.
    let expired = number("accountExpires").is_some_and(|steps| {
        steps > 0 && steps != i64::MAX && steps / 10_000_000 - SINCE_1601 <= now.as_second()
    });
    // In days since 1970.
    let over = number("shadowExpire")
        .is_some_and(|days| days >= 0 && days.saturating_mul(86_400) <= now.as_second());
    // By an administrator and for good; a lock that ends by itself has the moment it began.
    let locked = entry.text("pwdAccountLockedTime") == Some("000001010000Z");
    let inactive = entry
        .text("nsAccountLock")
        .is_some_and(|text| text.eq_ignore_ascii_case("true"));
    if disabled || expired || over || locked || inactive {
        Standing::Closed
    } else {
        Standing::Open
    }
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Kind;

    fn entry(attributes: &[(&str, &[u8])]) -> Entry {
        let owned = |(name, value): &(&str, &[u8])| ((*name).to_owned(), vec![value.to_vec()]);
        Entry {
            name: "cn=a".to_owned(),
            attributes: attributes.iter().map(owned).collect(),
        }
    }

    #[test]
    fn a_closed_account_is_recognised() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let of = |attribute, value: &str| standing(&entry(&[(attribute, value.as_bytes())]), now);
        let steps = |seconds: i64| ((1_800_000_000 + seconds + SINCE_1601) * 10_000_000).to_string();
        for (attribute, value) in [
            ("userAccountControl", "514"),
            ("useraccountcontrol", "66050"),
            ("accountExpires", &steps(-1)),
            ("accountExpires", &steps(0)),
            ("pwdAccountLockedTime", "000001010000Z"),
            ("nsAccountLock", "TRUE"),
            ("shadowExpire", "0"),
            ("shadowExpire", "20833"),
        ] {
            assert_eq!(of(attribute, value), Standing::Closed, "{attribute} {value}");
        }
        for (attribute, value) in [
            ("userAccountControl", "512"),
            ("userAccountControl", "nonsense"),
            ("accountExpires", "0"),
            ("accountExpires", "9223372036854775807"),
            ("accountExpires", &steps(1)),
            ("pwdAccountLockedTime", "20270101000000Z"),
            ("nsAccountLock", "FALSE"),
            ("shadowExpire", "-1"),
            ("shadowExpire", "20834"),
        ] {
            assert_eq!(of(attribute, value), Standing::Open, "{attribute} {value}");
        }
    }

    #[test]
    fn a_mark_in_bytes_comes_back() {
        let settings = Settings::new(Kind::ActiveDirectory, Vec::new(), "dc=x");
        let guid: Vec<u8> = (0xf0..=0xff).collect();
        let person = read(
            &entry(&[("objectGUID", &guid)]),
            "a",
            &settings,
            Timestamp::UNIX_EPOCH,
        )
        .unwrap();
        assert_eq!(person.id, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        assert_eq!(mark_bytes(&person.id, &settings), guid);
        let settings = Settings::new(Kind::Ldap, Vec::new(), "dc=x");
        assert_eq!(mark_bytes("abc", &settings), b"abc");
        let none = read(&entry(&[]), "a", &settings, Timestamp::UNIX_EPOCH);
        assert!(matches!(none, Err(DirectoryError::NoMark { .. })));
    }
}
