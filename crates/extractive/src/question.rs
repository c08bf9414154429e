//! What a question asks: its terms and how much each tells, and the sort of answer it expects.

use std::collections::HashMap;

use trousseau_core::chat::Rarities;
use trousseau_core::document::Passage;
use trousseau_text::fold::fold;
use trousseau_text::language::{Evidence, Language};
use trousseau_text::words::{analyze, words};

use super::cues::{Expected, expected, folded};
use super::kin::{Family, families};

/// A longer question is read up to here, in bytes.
const LONGEST_QUESTION: usize = 4_000;

/// A question with more terms than this is read up to here.
const MOST_TERMS: usize = 64;

/// The weight of a word that only names the sort of answer (`année`, `nombre`, `name`): the answer seldom
/// repeats it.
const FRAME_WEIGHT: f32 = 0.25;

/// Words that name the sort of answer rather than its subject, folded.
const FRAME: &[&str] = &[
    "age",
    "amount",
    "annee",
    "annees",
    "appel",
    "appelle",
    "appellent",
    "appelait",
    "arrive",
    "but",
    "called",
    "cas",
    "cause",
    "causes",
    "city",
    "combien",
    "comment",
    "cout",
    "country",
    "date",
    "day",
    "definition",
    "delai",
    "difference",
    "differences",
    "distance",
    "duree",
    "endroit",
    "exemple",
    "genre",
    "happen",
    "happened",
    "heure",
    "jour",
    "kind",
    "kinds",
    "lieu",
    "long",
    "many",
    "mois",
    "montant",
    "month",
    "moment",
    "moyen",
    "moyens",
    "much",
    "name",
    "named",
    "names",
    "nom",
    "nomme",
    "noms",
    "nombre",
    "number",
    "object",
    "objectif",
    "part",
    "partie",
    "pays",
    "people",
    "percentage",
    "person",
    "personne",
    "personnes",
    "pourcentage",
    "pourquoi",
    "prix",
    "proportion",
    "quand",
    "raison",
    "raisons",
    "reason",
    "role",
    "rule",
    "regle",
    "regles",
    "siecle",
    "signifie",
    "situe",
    "situee",
    "sort",
    "sorte",
    "taille",
    "taux",
    "temps",
    "time",
    "titre",
    "type",
    "types",
    "used",
    "utilise",
    "ville",
    "way",
    "year",
    "years",
    "existe",
    "existent",
    "permet",
    "sert",
    "consiste",
];

/// One term of the question.
#[derive(Clone, Debug, PartialEq)]
pub struct QuestionTerm {
    /// The term, in French and in English analysis: the passage's language decides.
    pub forms: [String; 2],
    /// How much it tells, above 0.
    pub weight: f32,
    /// Whether it is a name, a number or an acronym inside the question.
    pub name: bool,
}

/// A question as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Its language.
    pub language: Language,
    /// Its terms without repetition, in order.
    pub terms: Vec<QuestionTerm>,
    /// The sort of answer it expects.
    pub expected: Expected,
    /// Its words, folded, for telling a new name from a repeated one.
    pub words: Vec<String>,
    /// The sum of the weights.
    pub mass: f32,
    /// The share of the question's weight that is left when the words that name the sort of answer count less.
    pub subject: f32,
    /// What a term weighs that no passage of the collection holds.
    pub rarest_possible: f32,
    kin: Vec<(Family, usize)>,
    places: [HashMap<String, usize>; 2],
}

impl Question {
    /// Reads `text`. The passages settle the language when the question alone does not, and stand in for
    /// the collection when no `rarities` are known.
    pub fn read(text: &str, passages: &[Passage], rarities: Option<&Rarities>) -> Self {
        let text = &text[..text.floor_char_boundary(LONGEST_QUESTION)];
        let language = Evidence::of(text).language().unwrap_or_else(|| {
            passages
                .iter()
                .take(3)
                .map(|passage| Evidence::of(&passage.text))
                .fold(Evidence::default(), Evidence::and)
                .language()
                .unwrap_or_default()
        });
        let folded = folded(text);
        let mut question = Self {
            language,
            terms: Vec::new(),
            expected: expected(text, &folded),
            words: folded.split_whitespace().map(str::to_owned).collect(),
            kin: Vec::new(),
            mass: 0.0,
            subject: 1.0,
            rarest_possible: 1.0,
            places: [HashMap::new(), HashMap::new()],
        };
        question.add_terms(text);
        match rarities {
            Some(rarities) => question.weigh(|term| rarities.of(term)),
            None => question.weigh(estimated(passages)),
        }
        question
    }

    /// The place of the term `form` of a text in `language` among the question's terms.
    pub fn place(&self, form: &str, language: Language) -> Option<usize> {
        self.places[side(language)].get(form).copied()
    }

    /// The place of the question's term that the folded word `form` is kin to, without being the same term.
    pub fn kin_place(&self, form: &str) -> Option<usize> {
        self.kin
            .iter()
            .find(|(family, _)| family.has(form))
            .map(|(_, place)| *place)
    }

    /// Whether every word of `written` stands in the question.
    pub(super) fn repeats(&self, written: &str) -> bool {
        words(written).all(|word| self.words.contains(&fold(&written[word.bytes])))
    }

    fn add_terms(&mut self, text: &str) {
        let other = match self.language {
            Language::French => Language::English,
            Language::English => Language::French,
        };
        let foreign: HashMap<usize, String> = analyze(text, other)
            .into_iter()
            .map(|term| (term.bytes.start, term.text))
            .collect();
        for term in analyze(text, self.language) {
            let form = &text[term.bytes.clone()];
            if self.place(&term.text, self.language).is_some() || self.terms.len() == MOST_TERMS {
                continue;
            }
            let frame = FRAME.contains(&fold(form).as_str());
            let capital = term.bytes.start > 0 && form.starts_with(char::is_uppercase);
            let twin = foreign.get(&term.bytes.start).unwrap_or(&term.text).clone();
            let place = self.terms.len();
            self.places[side(self.language)].insert(term.text.clone(), place);
            self.places[side(other)].entry(twin.clone()).or_insert(place);
            self.kin
                .extend(families(&fold(form)).map(|family| (family, place)));
            let forms = match self.language {
                Language::French => [term.text, twin],
                Language::English => [twin, term.text],
            };
            self.terms.push(QuestionTerm {
                forms,
                weight: if frame { FRAME_WEIGHT } else { 1.0 },
                name: capital || form.starts_with(|c: char| c.is_ascii_digit()),
            });
        }
    }

    fn weigh(&mut self, weight: impl Fn(&str) -> f32) {
        // No text has the empty term: its rarity is that of a term never seen.
        self.rarest_possible = weight("").max(1.0);
        let side = side(self.language);
        let mut whole = 0.0;
        for term in &mut self.terms {
            let rarity = weight(&term.forms[side]).max(0.01);
            whole += rarity;
            term.weight *= rarity;
            self.mass += term.weight;
        }
        self.mass = self.mass.max(f32::MIN_POSITIVE);
        self.subject = self.mass / whole.max(f32::MIN_POSITIVE);
    }
}

const fn side(language: Language) -> usize {
    match language {
        Language::French => 0,
        Language::English => 1,
    }
}

/// Rarity among the passages alone.
fn estimated(passages: &[Passage]) -> impl Fn(&str) -> f32 {
    let mut holders: HashMap<String, u32> = HashMap::new();
    for passage in passages {
        let language = Evidence::of(&passage.text).language().unwrap_or_default();
        let mut terms: Vec<String> = analyze(&passage.text, language)
            .into_iter()
            .map(|term| term.text)
            .collect();
        terms.sort_unstable();
        terms.dedup();
        for term in terms {
            *holders.entry(term).or_default() += 1;
        }
    }
    let count = passages.len() as f32;
    move |term: &str| {
        let holders = holders.get(term).map_or(0.0, |holders| *holders as f32);
        // One is added because what a search returns holds the question's terms by selection.
        1.0 + (1.0 + (count - holders + 0.5) / (holders + 0.5)).ln()
    }
}
