//! Countries, the EU and the EEA, and the countries that the European Commission found adequate.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::date::Date;

/// A country by its ISO 3166-1 alpha-2 code, such as `FR`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

/// A text that is not a country's code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a country: write its ISO 3166-1 code, such as FR, DE or GB")]
pub struct NotACountry(pub String);

impl Country {
    /// The United States.
    pub const US: Self = Self(*b"US");
    /// The People's Republic of China.
    pub const CN: Self = Self(*b"CN");

    /// Whether it is a member of the European Union or of the European Economic Area.
    pub fn in_eea(self) -> bool {
        EU.contains(&&self.0) || EEA_ONLY.contains(&&self.0)
    }

    /// The adequacy decision under GDPR, article 45, that stands for it on the day `today`.
    pub fn adequacy(self, today: Date) -> Option<&'static Adequacy> {
        ADEQUATE
            .iter()
            .find(|entry| entry.country == self && entry.until.is_none_or(|until| today <= until))
    }

    /// The code, in capitals.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Reads capitals or small letters. `UK`, `EL` and `EU`, which ISO reserves or leaves to others, are refused.
impl FromStr for Country {
    type Err = NotACountry;

    fn from_str(text: &str) -> Result<Self, NotACountry> {
        let fault = || NotACountry(text.to_owned());
        let code: [u8; 2] = text.as_bytes().try_into().map_err(|_| fault())?;
        let code = code.map(|byte| byte.to_ascii_uppercase());
        if !code.iter().all(u8::is_ascii_uppercase) || matches!(&code, b"UK" | b"EL" | b"EU") {
            return Err(fault());
        }
        Ok(Self(code))
    }
}

impl TryFrom<String> for Country {
    type Error = NotACountry;

    fn try_from(text: String) -> Result<Self, NotACountry> {
        text.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.code().to_owned()
    }
}

/// Where something is done: in one country, or somewhere in the EU or the EEA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Region {
    /// In this country.
    Country(Country),
    /// Anywhere in the European Union, and nowhere else.
    Eu,
    /// Anywhere in the European Economic Area, and nowhere else.
    Eea,
}

/// A text that is neither a country's code nor `EU` nor `EEA`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a region: write a country's ISO 3166-1 code such as FR, or EU, or EEA")]
pub struct NotARegion(pub String);

impl Region {
    /// Whether all of it lies in the EU or the EEA.
    pub fn in_eea(self) -> bool {
        match self {
            Self::Country(country) => country.in_eea(),
            Self::Eu | Self::Eea => true,
        }
    }

    /// Whether all of it lies in `other`: a country in itself, in the EU where it is a member, in the EEA where it is a
    /// party; the EU in the EEA.
    pub fn lies_in(self, other: Self) -> bool {
        match (self, other) {
            (Self::Country(country), Self::Eu) => EU.contains(&&country.0),
            (_, Self::Eea) => self.in_eea(),
            _ => self == other,
        }
    }

    /// The country, when it is one.
    pub const fn country(self) -> Option<Country> {
        match self {
            Self::Country(country) => Some(country),
            Self::Eu | Self::Eea => None,
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Country(country) => country.fmt(f),
            Self::Eu => f.pad("EU"),
            Self::Eea => f.pad("EEA"),
        }
    }
}

impl FromStr for Region {
    type Err = NotARegion;

    fn from_str(text: &str) -> Result<Self, NotARegion> {
        match text.to_ascii_uppercase().as_str() {
            "EU" => Ok(Self::Eu),
            "EEA" => Ok(Self::Eea),
            code => code
                .parse()
                .map(Self::Country)
                .map_err(|_| NotARegion(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Region {
    type Error = NotARegion;

    fn try_from(text: String) -> Result<Self, NotARegion> {
        text.parse()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.to_string()
    }
}

/// A decision of the European Commission that a country protects personal data adequately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adequacy {
    /// The country.
    pub country: Country,
    /// The decision's number in the Official Journal.
    pub decision: &'static str,
    /// The last day it stands, where the decision itself names one.
    pub until: Option<Date>,
}

/// The members of the European Union.
const EU: [&[u8; 2]; 27] = [
    b"AT", b"BE", b"BG", b"CY", b"CZ", b"DE", b"DK", b"EE", b"ES", b"FI", b"FR", b"GR", b"HR", b"HU", b"IE",
    b"IT", b"LT", b"LU", b"LV", b"MT", b"NL", b"PL", b"PT", b"RO", b"SE", b"SI", b"SK",
];

/// The other contracting parties of the Agreement on the European Economic Area.
const EEA_ONLY: [&[u8; 2]; 3] = [b"IS", b"LI", b"NO"];

/// The adequacy decisions under article 45 of Regulation (EU) 2016/679, or under article 25(6) of Directive
/// 95/46/EC and kept in force by article 45(9), as they stood on 20 November 2026.
///
/// The United States are not among them: Decision (EU) 2023/1795 covers only organisations that certified
/// themselves, and no rule here lets data through that US law reaches. The decision on Canada covers
/// commercial organisations only, which upstreams are.
const ADEQUATE: [Adequacy; 15] = [
    adequate(b"AD", "2010/625/EU", None),
    adequate(b"AR", "2003/490/EC", None),
    adequate(b"BR", "(EU) 2026/179", None),
    adequate(b"CA", "2002/2/EC", None),
    adequate(b"CH", "2000/518/EC", None),
    adequate(b"FO", "2010/146/EU", None),
    adequate(b"GB", "(EU) 2021/1772", Date::new(2031, 12, 27)),
    adequate(b"GG", "2003/821/EC", None),
    adequate(b"IL", "2011/61/EU", None),
    adequate(b"IM", "2004/411/EC", None),
    adequate(b"JE", "2008/393/EC", None),
    adequate(b"JP", "(EU) 2019/419", None),
    adequate(b"KR", "(EU) 2022/254", None),
    adequate(b"NZ", "2013/65/EU", None),
    adequate(b"UY", "2012/484/EU", None),
];

const fn adequate(code: &[u8; 2], decision: &'static str, until: Option<Date>) -> Adequacy {
    Adequacy {
        country: Country(*code),
        decision,
        until,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(code: &str) -> Country {
        code.parse().unwrap()
    }

    #[test]
    fn only_codes_are_countries() {
        assert_eq!(country("fr").to_string(), "FR");
        for bad in ["", "F", "FRA", "UK", "EL", "EU", "é", "F1"] {
            assert_eq!(bad.parse::<Country>(), Err(NotACountry(bad.to_owned())));
        }
        for bad in ["", "eu-west-1", "UK", "fr-par"] {
            assert_eq!(bad.parse::<Region>(), Err(NotARegion(bad.to_owned())));
        }
    }

    #[test]
    fn the_eea_is_the_union_and_three_more() {
        for code in ["FR", "IE", "GR", "HR", "NO", "IS", "LI"] {
            assert!(country(code).in_eea(), "{code}");
        }
        for code in ["CH", "GB", "US", "CN", "TR", "RS"] {
            assert!(!country(code).in_eea(), "{code}");
        }
        assert!("eea".parse::<Region>().unwrap().in_eea());
        assert!(!"US".parse::<Region>().unwrap().in_eea());
    }

    #[test]
    fn adequacy_ends_with_its_decision() {
        let day = |year| Date::new(year, 12, 28).unwrap();
        assert_eq!(country("CH").adequacy(day(2040)).unwrap().decision, "2000/518/EC");
        assert!(country("GB").adequacy(day(2026)).is_some());
        assert!(country("GB").adequacy(day(2031)).is_none());
        for code in ["US", "CN", "IN", "RU", "FR"] {
            assert!(country(code).adequacy(day(2026)).is_none(), "{code}");
        }
    }
}
