//! What is known of real providers: dated cards, each fact with its source.
//!
//! `data/` holds a file per provider, and in it an [`Entry`] per offer: provider and region, where it is reached, its facts,
//! and what is particular to single models. It is data that ages: an entry says when it was last gone through and until when
//! it may be relied on, which is ninety days. What nobody published is left out, and what is left out is unknown.
//!
//! [`Entry::card`] makes the card of one model of an offer. An upstream of the configuration takes it by the entry's id and
//! may state fields of its own, which outweigh the catalogue's ([`Card::overlaid`](trousseau_policy::card::Card::overlaid)).
//! What only the customer knows (contract, training, retention) is in no catalogue: it is attested.
//!
//! Some providers hand requests on to others. Facts of such an offer hold for the models that its entry names and for no
//! other: a model that no row of an entry names has a card on which everything is unknown.
//!
//! Nothing is fetched: entries come with the program, and an organisation's own from its configuration ([`Catalogue::with`]).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, de};
use trousseau_policy::card::Card;
use trousseau_policy::date::Date;
use trousseau_policy::fact::Fact;

mod data;

/// The entries that come with the program.
static BUILT_IN: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let files = data::FILES.iter();
    let entries = files.flat_map(|(name, text)| match toml::from_str::<Entries>(text) {
        Ok(entries) => entries.entry,
        Err(fault) => unreachable!("{name} of the program's own catalogue: {fault}"),
    });
    entries.collect()
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    entry: Vec<Entry>,
}

/// One offer: a provider's models in one region.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name in the configuration, `provider/offer`.
    pub id: String,
    /// The provider's name.
    pub provider: String,
    /// The provider's own name of the region.
    pub region: String,
    /// Where its OpenAI-compatible API is; none where that holds the customer's own name, or is not published.
    #[serde(default)]
    pub url: Option<String>,
    /// The day it was last gone through.
    pub reviewed: Date,
    /// The last day it may be relied on without another look.
    pub valid_until: Date,
    /// What holds for every model that it names.
    #[serde(default)]
    pub facts: Card,
    /// The models that the facts hold for.
    #[serde(default, rename = "model")]
    pub models: Vec<Model>,
}

/// One or several models of an offer, and what is known of them beside the offer's facts.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its name at the provider; one with a `*` at its end stands for all that begin like it, `*` for all.
    pub name: String,
    /// What is particular to it.
    pub facts: Card,
    /// The fields of these facts.
    fields: Vec<String>,
}

impl Model {
    /// Whether it stands for the model of this name, in any capitals.
    fn stands_for(&self, name: &str) -> bool {
        let (own, name) = (self.name.to_lowercase(), name.to_lowercase());
        match own.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => own == name,
        }
    }
}

/// A row is a name beside the fields of a card.
impl<'de> Deserialize<'de> for Model {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut row = toml::Table::deserialize(deserializer)?;
        let name = match row.remove("name") {
            Some(toml::Value::String(name)) => name,
            Some(_) => return Err(de::Error::custom("the name of a model is a text")),
            None => return Err(de::Error::missing_field("name")),
        };
        let fields = row.keys().filter(|field| *field != "evidence").cloned().collect();
        let facts = row
            .try_into()
            .map_err(|fault: toml::de::Error| de::Error::custom(fault.message()))?;
        Ok(Self { name, facts, fields })
    }
}

impl Entry {
    /// The card of one model; everything is unknown on it where the entry names no such model.
    pub fn card(&self, model: &str) -> Card {
        // An exact name outweighs a pattern, and a longer pattern a shorter one.
        let rows = self.models.iter().filter(|row| row.stands_for(model));
        let row = rows.max_by_key(|row| (!row.name.ends_with('*'), row.name.len()));
        let card = match row {
            Some(row) => self.facts.clone().overlaid(row.facts.clone(), &row.fields),
            None => Card::default(),
        };
        Card {
            provider: self.provider.clone(),
            region: self.region.clone(),
            model: model.to_owned(),
            valid_until: Fact::Known(self.valid_until),
            ..card
        }
    }

    /// The names of single models that it knows something of.
    pub fn known_models(&self) -> impl Iterator<Item = &str> {
        let names = self.models.iter().map(|model| model.name.as_str());
        names.filter(|name| !name.ends_with('*'))
    }
}

/// The entries of the program and of one organisation, by their ids.
#[derive(Clone, Debug)]
pub struct Catalogue {
    entries: BTreeMap<String, Entry>,
}

impl Catalogue {
    /// The entries that come with the program.
    pub fn built_in() -> Self {
        Self::with([])
    }

    /// The same with entries of the organisation's own, which replace those of the same id.
    pub fn with(own: impl IntoIterator<Item = Entry>) -> Self {
        let all = BUILT_IN.iter().cloned().chain(own);
        Self {
            entries: all.map(|entry| (entry.id.clone(), entry)).collect(),
        }
    }

    /// The entry with this id.
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// The ids that a mistyped one may have meant: those of its provider, or all where it names none.
    pub fn near(&self, id: &str) -> Vec<&str> {
        let provider = id.split('/').next().unwrap_or_default().to_lowercase();
        let ids = || self.entries.keys().map(String::as_str);
        let own: Vec<&str> = ids()
            .filter(|id| id.split('/').next() == Some(&provider))
            .collect();
        if own.is_empty() { ids().collect() } else { own }
    }

    /// All entries, in the order of their ids.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }
}
