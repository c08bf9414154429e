//! What a question asks: its terms and how much each tells, and the sort of answer it expects.

use std::collections::HashMap;

use trousseau_core::document::Passage;
use trousseau_text::fold::fold;
use trousseau_text::language::{Evidence, Language};
use trousseau_text::quantities::{Kind, quantities};
use trousseau_text::words::{analyze, words};

use super::TermWeight;

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

/// The sort of answer that a question expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expected {
    /// A number or a count.
    Number,
    /// Money.
    Amount,
    /// A share of a whole.
    Percent,
    /// A length of time.
    Duration,
    /// A date, a year, a century.
    Date,
    /// A time of day.
    Time,
    /// A physical measure.
    Measure,
    /// A place.
    Place,
    /// A person or an organisation.
    Person,
    /// What something is.
    Definition,
    /// Yes or no.
    Verdict,
    /// A reason.
    Reason,
    /// A way to do something.
    Manner,
    /// Anything else.
    Other,
}

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
    places: [HashMap<String, usize>; 2],
}

impl Question {
    /// Reads `text`. The passages settle the language when the question alone does not, and stand in for
    /// the collection when no `weight` is known.
    pub fn read(text: &str, passages: &[Passage], weight: Option<TermWeight<'_>>) -> Self {
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
        let words: Vec<String> = words(text).map(|word| fold(&text[word.bytes])).collect();
        let mut question = Self {
            language,
            terms: Vec::new(),
            expected: expected(&words, text),
            words,
            mass: 0.0,
            places: [HashMap::new(), HashMap::new()],
        };
        question.add_terms(text);
        match weight {
            Some(weight) => question.weigh(weight),
            None => question.weigh(&estimated(passages)),
        }
        question
    }

    /// The place of the term `form` of a text in `language` among the question's terms.
    pub fn place(&self, form: &str, language: Language) -> Option<usize> {
        self.places[side(language)].get(form).copied()
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

    fn weigh(&mut self, weight: TermWeight<'_>) {
        let side = side(self.language);
        for term in &mut self.terms {
            term.weight *= weight(&term.forms[side]).max(0.01);
        }
        self.mass = self
            .terms
            .iter()
            .map(|term| term.weight)
            .sum::<f32>()
            .max(f32::MIN_POSITIVE);
    }
}

const fn side(language: Language) -> usize {
    match language {
        Language::French => 0,
        Language::English => 1,
    }
}

/// Rarity among the passages alone.
fn estimated(passages: &[Passage]) -> impl Fn(&str) -> f32 + Sync {
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

/// The sort of answer that a question of these folded words expects.
fn expected(words: &[String], text: &str) -> Expected {
    let words: Vec<&str> = words
        .iter()
        .map(|word| word.trim_end_matches(['\'', '’']))
        .collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let asks = has(&[
        "quel", "quelle", "quels", "quelles", "lequel", "laquelle", "what", "which", "combien", "how",
    ]);
    let noun = asks.then(|| asked_noun(&words)).flatten();
    if let Some(noun) = noun {
        return noun;
    }
    if has(&["combien"]) || pair(&words, "how", &["many", "much", "few"]) {
        return Expected::Number;
    }
    if has(&["quand", "when"]) {
        return Expected::Date;
    }
    if text.contains("où") || text.contains("Où") || has(&["where"]) {
        return Expected::Place;
    }
    if defines(&words) {
        return Expected::Definition;
    }
    if has(&["pourquoi", "why"]) {
        return Expected::Reason;
    }
    if pair(&words, "est-ce", &["que", "qu"]) && !asks && words.first() == Some(&"est-ce") {
        return Expected::Verdict;
    }
    if matches!(words.first(), Some(&("qui" | "who" | "whom" | "whose")))
        || has(&["who", "whose", "whom"])
        || asks_for_person(&words)
    {
        return Expected::Person;
    }
    if has(&["comment", "how"]) {
        return Expected::Manner;
    }
    if !asks && !has(&["que", "qu", "quoi", "qui"]) && verdict(&words) {
        return Expected::Verdict;
    }
    Expected::Other
}

fn pair(words: &[&str], first: &str, second: &[&str]) -> bool {
    words
        .windows(2)
        .any(|pair| pair[0] == first && second.contains(&pair[1]))
}

/// `qui a écrit ...`, `par qui`, `à qui`; not the relative `la loi qui ...`.
fn asks_for_person(words: &[&str]) -> bool {
    pair(words, "par", &["qui"])
        || pair(words, "a", &["qui"])
        || pair(words, "de", &["qui"])
        || pair(words, "pour", &["qui"])
}

fn defines(words: &[&str]) -> bool {
    let quest = words
        .windows(3)
        .any(|three| matches!(three, ["qu", "est-ce", "que" | "qu"] | ["c", "est", "quoi"]));
    quest
        || matches!(
            words,
            ["what", "is" | "are" | "was" | "were", "a" | "an" | "the", _]
                | ["what", "is" | "are" | "was" | "were", _]
        )
        || words
            .iter()
            .any(|word| matches!(*word, "definition" | "signifie" | "definir" | "define" | "mean"))
}

/// An inversion (`peut-on`, `a-t-il`, `faut-il`) or an English auxiliary at the head.
fn verdict(words: &[&str]) -> bool {
    let inverted = |word: &&str| {
        [
            "-on", "-il", "-elle", "-je", "-ils", "-elles", "-t-on", "-nous", "-vous",
        ]
        .iter()
        .any(|ending| word.ends_with(ending))
    };
    let auxiliary = [
        "is", "are", "can", "do", "does", "did", "should", "may", "must", "was", "were", "has", "have",
        "will",
    ];
    words.iter().any(inverted) || words.first().is_some_and(|first| auxiliary.contains(first))
}

/// What the noun after the question word asks for: `quel montant`, `en quelle année`, `how long`.
fn asked_noun(words: &[&str]) -> Option<Expected> {
    let asking = [
        "quel", "quelle", "quels", "quelles", "what", "which", "combien", "how",
    ];
    let at = words.iter().position(|word| asking.contains(word))?;
    // "quel est le montant", "what was the total cost": the noun may stand a few words on.
    let fillers = [
        "est", "sont", "etait", "etaient", "fut", "le", "la", "les", "l", "de", "d", "du", "is", "was",
        "are", "were", "the", "total", "totale", "nouveau", "nouvelle", "exact", "exacte", "en",
    ];
    let noun = words[at + 1..]
        .iter()
        .take(6)
        .find(|word| !fillers.contains(word))?;
    let how = words[at] == "how";
    Some(match *noun {
        "montant" | "prix" | "cout" | "tarif" | "tarifs" | "salaire" | "budget" | "somme" | "cost"
        | "price" | "salary" | "amount" | "coute" | "coutent" => Expected::Amount,
        "euros" | "dollars" | "money" => Expected::Amount,
        "pourcentage" | "taux" | "proportion" | "part" | "percentage" | "percent" | "rate" => {
            Expected::Percent
        }
        "temps" | "duree" | "delai" | "delais" | "duration" | "mois" | "jours" | "heures" | "annees"
        | "ans" | "semaines"
            if words[at] == "combien" || !matches!(*noun, "mois" | "jours") =>
        {
            Expected::Duration
        }
        "long" if how => Expected::Duration,
        "date" | "annee" | "jour" | "mois" | "siecle" | "year" | "day" | "month" | "century" | "decade"
        | "epoque" => Expected::Date,
        "heure" | "horaires" | "time" => Expected::Time,
        "distance" | "taille" | "hauteur" | "superficie" | "longueur" | "altitude" | "poids"
        | "temperature" | "vitesse" | "largeur" | "surface" | "profondeur" | "height" | "length"
        | "speed" | "weight" | "size" => Expected::Measure,
        "far" | "tall" | "high" | "deep" | "wide" | "big" | "large" | "heavy" | "fast" if how => {
            Expected::Measure
        }
        "nombre" | "number" | "population" | "numero" | "age" => Expected::Number,
        "old" if how => Expected::Number,
        "ville" | "pays" | "region" | "lieu" | "endroit" | "city" | "country" | "state" | "place"
        | "continent" | "location" | "villes" | "departement" | "commune" => Expected::Place,
        "auteur" | "personne" | "roi" | "president" | "person" | "king" | "author" | "homme" | "femme"
        | "acteur" | "chanteur" | "realisateur" | "joueur" | "player" => Expected::Person,
        _ => return None,
    })
}

impl Expected {
    /// How well a quantity of this kind answers: 1, 0.5 or 0.
    pub const fn fits(self, kind: Kind) -> f32 {
        match (self, kind) {
            (Self::Amount, Kind::Amount)
            | (Self::Percent, Kind::Percent)
            | (Self::Duration, Kind::Duration)
            | (Self::Date, Kind::Date)
            | (Self::Time, Kind::Time)
            | (Self::Measure, Kind::Measure)
            | (Self::Number, Kind::Number | Kind::Amount | Kind::Percent | Kind::Measure | Kind::Duration) => {
                1.0
            }
            (Self::Amount | Self::Percent | Self::Measure, Kind::Number)
            | (Self::Amount, Kind::Percent)
            | (Self::Percent, Kind::Amount)
            | (Self::Number, Kind::Ordinal | Kind::Reference)
            | (Self::Duration, Kind::Date | Kind::Time)
            | (Self::Time, Kind::Duration)
            | (Self::Measure, Kind::Duration) => 0.5,
            _ => 0.0,
        }
    }

    /// Whether a quantity answers at all.
    pub const fn is_quantity(self) -> bool {
        matches!(
            self,
            Self::Number
                | Self::Amount
                | Self::Percent
                | Self::Duration
                | Self::Date
                | Self::Time
                | Self::Measure
        )
    }
}

/// How well the text `written` holds what is expected, 0 to 1; what the question itself says does not count.
/// `None` when the question expects nothing that can be told by its form.
pub fn match_expected(question: &Question, written: &str) -> Option<f32> {
    if question.expected.is_quantity() {
        let best = quantities(written, question.language)
            .into_iter()
            .filter(|found| !question.repeats(&written[found.bytes.clone()]))
            .map(|found| question.expected.fits(found.value.kind()))
            .fold(0.0, f32::max);
        return Some(best);
    }
    match question.expected {
        Expected::Person => Some(f32::from(u8::from(new_name(question, written, false)))),
        Expected::Place => Some(f32::from(u8::from(new_name(question, written, true)))),
        Expected::Reason => Some(f32::from(u8::from(gives_reason(written)))),
        _ => None,
    }
}

impl Question {
    fn repeats(&self, written: &str) -> bool {
        words(written).all(|word| self.words.contains(&fold(&written[word.bytes])))
    }
}

/// Whether a capitalised word stands inside a sentence that the question does not name; for a place, after
/// a preposition.
fn new_name(question: &Question, written: &str, place: bool) -> bool {
    const PLACE: &[&str] = &[
        "a", "au", "aux", "en", "dans", "de", "du", "d'", "pres", "vers", "in", "at", "from", "near", "to",
        "of", "the", "la", "l'",
    ];
    let mut before: Option<String> = None;
    for word in words(written) {
        let form = &written[word.bytes.clone()];
        let folded = fold(form).replace('’', "'");
        let fresh = form.starts_with(char::is_uppercase) && !question.words.contains(&folded);
        let inside = before
            .as_ref()
            .is_some_and(|before| !place || PLACE.contains(&before.as_str()));
        if fresh && inside && form.chars().nth(1).is_some() {
            return true;
        }
        before = Some(folded);
    }
    false
}

fn gives_reason(written: &str) -> bool {
    let folded = format!(" {} ", fold(written));
    [
        " car ",
        " parce qu",
        " afin ",
        " en raison ",
        " grace ",
        " a cause ",
        " pour ",
        " puisqu",
        " because ",
        " due to ",
        " since ",
        " in order ",
        " as a result",
        " so that ",
    ]
    .iter()
    .any(|cue| folded.contains(cue))
}
