//! `[page]`: how the web page is called and looks.

use std::path::Path;

use serde::Deserialize;
use trousseau_http::settings::PageSettings;

use super::faults::Faults;
use super::resolve::beside;

/// The most characters of a name: it stands in one line beside the logo.
const NAME: usize = 60;
/// What the declaration of accessibility may say: not conformal, or not audited; partly; wholly (RGAA 4.1).
const CONFORMITIES: [&str; 3] = ["none", "partial", "full"];
/// The most characters of whom one writes to about it.
const CONTACT: usize = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPage {
    name: Option<String>,
    logo: Option<String>,
    accent: Option<String>,
    accent_dark: Option<String>,
    accessibility: Option<String>,
    accessibility_contact: Option<String>,
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
    let accessibility = raw.accessibility.unwrap_or(usual.accessibility);
    if !CONFORMITIES.contains(&accessibility.as_str()) {
        faults.value("page.accessibility", &accessibility, "none, partial, full");
    }
    if let Some(contact) = &raw.accessibility_contact
        && (contact.trim().is_empty()
            || contact.chars().count() > CONTACT
            || contact.chars().any(char::is_control))
    {
        faults.value("page.accessibility_contact", contact, "accessibilite@example.org");
    }
    PageSettings {
        name,
        logo: raw.logo.map(|logo| beside(file, &logo)),
        accent: raw.accent,
        accent_dark: raw.accent_dark,
        accessibility,
        accessibility_contact: raw.accessibility_contact,
        ..usual
    }
}

/// Whether a text is a colour as `#rrggbb`.
fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#');
    digits.is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
