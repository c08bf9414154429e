//! `[page]`: how the web page is called and looks.

use std::path::Path;

use serde::Deserialize;
use trousseau_http::settings::PageSettings;

use super::faults::Faults;
use super::resolve::beside;

/// The most characters of a name: it stands in one line beside the logo.
const NAME: usize = 60;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPage {
    name: Option<String>,
    logo: Option<String>,
    accent: Option<String>,
    accent_dark: Option<String>,
}

pub(super) fn resolve(raw: RawPage, file: Option<&Path>, faults: &mut Faults) -> PageSettings {
    let usual = PageSettings::default();
    let name = raw.name.unwrap_or(usual.name);
    if name.trim().is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
        faults.value("page.name", &name, "Montclair");
    }
    for (key, colour) in [
        ("page.accent", &raw.accent),
        ("page.accent_dark", &raw.accent_dark),
    ] {
        if let Some(colour) = colour.as_ref().filter(|colour| !is_colour(colour)) {
            faults.value(key, colour, "#000091");
        }
    }
    PageSettings {
        name,
        logo: raw.logo.map(|logo| beside(file, &logo)),
        accent: raw.accent,
        accent_dark: raw.accent_dark,
        ..usual
    }
}

/// Whether a text is a colour as `#rrggbb`.
fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#');
    digits.is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
