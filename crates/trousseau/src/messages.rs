//! The catalogue of everything the program says to people, in French and English.
//!
//! The texts stand in the `messages/` folders of the crates, in Fluent's syntax (projectfluent.org), under the
//! codes that errors and reasons carry. `.hint` of a message says how to mend what it tells.

use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use serde::{Deserialize, Serialize};
use trousseau_core::label::Label;
use trousseau_policy::reason::Reason;
use unic_langid::LanguageIdentifier;

use crate::env;
use crate::printer::shown;

/// The two languages of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    /// French.
    French,
    /// English.
    English,
}

impl Language {
    /// The language of the user's locale: French for a French locale, English otherwise.
    pub(crate) fn of_locale() -> Self {
        let named = env::LANGUAGE
            .read_text()
            .or_else(|| env::LOCALE.iter().find_map(env::Variable::read_text));
        match named {
            Some(locale) if locale.starts_with("fr") => Self::French,
            _ => Self::English,
        }
    }

    fn id(self) -> LanguageIdentifier {
        let tag = match self {
            Self::French => "fr-FR",
            Self::English => "en-GB",
        };
        tag.parse().unwrap_or_default()
    }

    /// The texts of every crate.
    const fn sources(self) -> &'static [&'static str] {
        match self {
            Self::French => &[
                include_str!("../messages/fr.ftl"),
                include_str!("../messages/help.fr.ftl"),
                include_str!("../../accounts/messages/fr.ftl"),
                include_str!("../../config/messages/fr.ftl"),
                include_str!("../../core/messages/fr.ftl"),
                include_str!("../../directory/messages/fr.ftl"),
                include_str!("../../extract/messages/fr.ftl"),
                include_str!("../../gateway/messages/fr.ftl"),
                include_str!("../../http/messages/fr.ftl"),
                include_str!("../../ledger/messages/fr.ftl"),
                include_str!("../../limits/messages/fr.ftl"),
                include_str!("../../policy/messages/fr.ftl"),
                include_str!("../../request/messages/fr.ftl"),
                include_str!("../../retrieval/messages/fr.ftl"),
                include_str!("../../scim/messages/fr.ftl"),
                include_str!("../../upstream/messages/fr.ftl"),
                include_str!("../../wire/messages/fr.ftl"),
                include_str!("../../withdrawals/messages/fr.ftl"),
            ],
            Self::English => &[
                include_str!("../messages/en.ftl"),
                include_str!("../messages/help.en.ftl"),
                include_str!("../../accounts/messages/en.ftl"),
                include_str!("../../config/messages/en.ftl"),
                include_str!("../../core/messages/en.ftl"),
                include_str!("../../directory/messages/en.ftl"),
                include_str!("../../extract/messages/en.ftl"),
                include_str!("../../gateway/messages/en.ftl"),
                include_str!("../../http/messages/en.ftl"),
                include_str!("../../ledger/messages/en.ftl"),
                include_str!("../../limits/messages/en.ftl"),
                include_str!("../../policy/messages/en.ftl"),
                include_str!("../../request/messages/en.ftl"),
                include_str!("../../retrieval/messages/en.ftl"),
                include_str!("../../scim/messages/en.ftl"),
                include_str!("../../upstream/messages/en.ftl"),
                include_str!("../../wire/messages/en.ftl"),
                include_str!("../../withdrawals/messages/en.ftl"),
            ],
        }
    }
}

/// The function `BYTES` of the catalogue: a number of bytes as people read it, `64 MiB`.
fn bytes<'a>(values: &[FluentValue<'a>], language: Language) -> FluentValue<'a> {
    let Some(FluentValue::Number(number)) = values.first() else {
        return FluentValue::Error;
    };
    let letter = match language {
        Language::French => 'o',
        Language::English => 'B',
    };
    let (mut number, mut unit) = (number.value, String::new());
    for prefix in ["Ki", "Mi", "Gi"] {
        if number >= 1024.0 {
            number /= 1024.0;
            unit = prefix.to_owned();
        }
    }
    let digits = if number.fract() == 0.0 { 0 } else { 1 };
    let mut told = format!("{number:.digits$}");
    if language == Language::French {
        told = told.replace('.', ",");
    }
    format!("{told}\u{a0}{unit}{letter}").into()
}

/// The function `AMOUNT` of the catalogue: a number with decimals as people write it, `12,50`.
fn amount<'a>(values: &[FluentValue<'a>], language: Language) -> FluentValue<'a> {
    match (values.first(), language) {
        (Some(FluentValue::String(told)), Language::French) => told.replace('.', ",").into(),
        (Some(value), _) => value.clone(),
        (None, _) => FluentValue::Error,
    }
}

/// The texts of one language.
pub(crate) struct Messages {
    bundle: FluentBundle<FluentResource>,
    language: Language,
}

impl Messages {
    /// Reads the catalogue of one language. A text that cannot be read is left out; a test sees to it that
    /// there is none.
    pub(crate) fn new(language: Language) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![language.id()]);
        bundle.set_use_isolating(false);
        // No bundle has had a function of this name.
        let _new = bundle.add_function("BYTES", move |values, _| bytes(values, language));
        let _new = bundle.add_function("AMOUNT", move |values, _| amount(values, language));
        for source in language.sources() {
            let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(read, _)| read);
            bundle.add_resource_overriding(resource);
        }
        Self { bundle, language }
    }

    /// The language.
    pub(crate) const fn language(&self) -> Language {
        self.language
    }

    /// Whether the catalogue has this text.
    #[cfg(test)]
    pub(crate) fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// A text with its fields filled in; the key itself where the catalogue has no such text.
    pub(crate) fn text(&self, key: &str, fields: &[(&str, &dyn fmt::Display)]) -> String {
        let owned: Vec<(&str, String)> = fields
            .iter()
            .map(|(name, value)| (*name, value.to_string()))
            .collect();
        self.render(key, None, &owned).unwrap_or_else(|| key.to_owned())
    }

    /// The same as a function, for the command line's help.
    pub(crate) fn words(&self) -> impl Fn(&str, &[(&str, &dyn fmt::Display)]) -> String {
        |key, fields| self.text(key, fields)
    }

    /// A text without fields.
    pub(crate) fn plain(&self, key: &str) -> String {
        self.text(key, &[])
    }

    /// A label with what its class means.
    pub(crate) fn label(&self, label: &Label) -> String {
        let class = self.plain(&format!("class-{}", label.class));
        self.text("label-told", &[("label", label), ("class", &class)])
    }

    /// What an error with this code says to people.
    pub(crate) fn explained(&self, code: &str, fields: &[(&str, String)]) -> Option<String> {
        self.render(code, None, fields)
    }

    /// Why an upstream may not see a text, with the organisation's rule that says so where it is one of these.
    pub(crate) fn reason(&self, reason: &Reason) -> String {
        let fields = reason.fields();
        let said = self.explained(reason.code.message(), &fields);
        let said = said.unwrap_or_else(|| reason.to_string());
        match self.explained("reason-by-rule", &fields) {
            Some(rule) if reason.line > 0 => format!("{said} ({rule})"),
            _ => said,
        }
    }

    /// How to mend an error with this code, where that is known.
    pub(crate) fn hint(&self, code: &str, fields: &[(&str, String)]) -> Option<String> {
        self.render(code, Some("hint"), fields)
    }

    fn render(&self, key: &str, attribute: Option<&str>, fields: &[(&str, String)]) -> Option<String> {
        let message = self.bundle.get_message(key)?;
        let pattern = match attribute {
            Some(name) => message.get_attribute(name)?.value(),
            None => message.value()?,
        };
        let mut args = FluentArgs::with_capacity(fields.len());
        for (name, value) in fields {
            // Whole numbers choose plural forms; everything else is shown as it stands.
            match value.parse::<i64>() {
                Ok(number) if value == &number.to_string() && number.unsigned_abs() < 1 << 52 => {
                    args.set(*name, FluentValue::from(number));
                }
                _ => args.set(*name, FluentValue::from(shown(value))),
            }
        }
        let mut faults = Vec::new();
        Some(
            self.bundle
                .format_pattern(pattern, Some(&args), &mut faults)
                .into_owned(),
        )
    }
}
