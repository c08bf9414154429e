//! What form an answer has: the sort that a question expects, and whether a text holds one.

use trousseau_text::fold::fold;
use trousseau_text::quantities::{Kind, quantities};
use trousseau_text::words::words;

use super::question::Question;

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

/// The words of `text` folded, hyphens and apostrophes opened, with one space around each.
pub(super) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + 2);
    folded.push(' ');
    for word in words(text) {
        for part in text[word.bytes]
            .split(['-', '\'', '’'])
            .filter(|part| !part.is_empty())
        {
            folded.push_str(&fold(part));
            folded.push(' ');
        }
    }
    folded
}

fn any(folded: &str, cues: &[&str]) -> bool {
    cues.iter().any(|cue| folded.contains(cue))
}

/// The sort of answer that the question `text`, folded to `words`, expects.
pub(super) fn expected(text: &str, words: &str) -> Expected {
    if let Some(asked) = asked_noun(words) {
        return asked;
    }
    let place =
        text.contains("où") || text.contains("Où") || text.contains("OÙ") || words.contains(" where ");
    let quantity = [
        (
            Expected::Number,
            &[" combien ", " how many ", " how much ", " how old "][..],
        ),
        (Expected::Date, &[" quand ", " when "][..]),
    ];
    for (sort, cues) in quantity {
        if any(words, cues) {
            return sort;
        }
    }
    if place {
        return Expected::Place;
    }
    if any(words, DEFINITION) || (words.starts_with(" what is ") && words.split_whitespace().count() <= 6) {
        return Expected::Definition;
    }
    if any(
        words,
        &[
            " pourquoi ",
            " why ",
            " pour quelle raison ",
            " pour quelles raisons ",
            " what caused ",
        ],
    ) {
        return Expected::Reason;
    }
    if any(words, PERSON)
        || [" qui ", " who ", " whose "]
            .iter()
            .any(|cue| words.starts_with(cue))
    {
        return Expected::Person;
    }
    if any(
        words,
        &[
            " quel ",
            " quelle ",
            " quels ",
            " quelles ",
            " what ",
            " which ",
            " que faire ",
        ],
    ) {
        return Expected::Other;
    }
    if any(words, &[" comment ", " how "]) {
        return Expected::Manner;
    }
    let auxiliary = VERDICT_HEADS.iter().any(|cue| words.starts_with(cue));
    if auxiliary || any(words, VERDICT) {
        return Expected::Verdict;
    }
    Expected::Other
}

const DEFINITION: &[&str] = &[
    " qu est ce que ",
    " qu est ce qu ",
    " c est quoi ",
    " qu appelle t on ",
    " definition ",
    " signifie ",
    " que veut dire ",
    " definir ",
    " define ",
    " mean ",
    " what does ",
    " a quoi correspond ",
    " en quoi consiste ",
    " a quoi sert ",
    " what is a ",
    " what is an ",
];

const PERSON: &[&str] = &[
    " par qui ",
    " a qui ",
    " de qui ",
    " pour qui ",
    " chez qui ",
    " avec qui ",
    " qui est ",
    " qui a ",
    " qui etait ",
    " qui sont ",
    " qui fut ",
    " by whom ",
    " who ",
    " whom ",
];

const VERDICT_HEADS: &[&str] = &[
    " est ce que ",
    " est ce qu ",
    " is ",
    " are ",
    " can ",
    " do ",
    " does ",
    " did ",
    " should ",
    " may ",
    " must ",
    " was ",
    " were ",
    " has ",
    " have ",
];

const VERDICT: &[&str] = &[
    " peut on ",
    " puis je ",
    " peut il ",
    " peut elle ",
    " peuvent ils ",
    " peuvent elles ",
    " doit on ",
    " dois je ",
    " doit il ",
    " faut il ",
    " a t on ",
    " a t il ",
    " a t elle ",
    " est on ",
    " est il ",
    " est elle ",
    " sont ils ",
    " sont elles ",
    " ai je ",
    " suis je ",
    " ont ils ",
    " ont elles ",
    " t on ",
    " t il ",
    " t elle ",
    " pouvez vous ",
    " pouvons nous ",
    " doivent ils ",
    " doivent elles ",
];

/// What the noun after the question word asks for: `quel montant`, `en quelle année`, `how long`.
fn asked_noun(words: &str) -> Option<Expected> {
    const ASKING: &[&str] = &[
        "quel", "quelle", "quels", "quelles", "what", "which", "combien", "how",
    ];
    // "quel est le montant", "what was the total cost": the noun may stand a few words on.
    const FILLERS: &[&str] = &[
        "a",
        "est",
        "sont",
        "etait",
        "etaient",
        "fut",
        "le",
        "la",
        "les",
        "l",
        "de",
        "d",
        "du",
        "is",
        "was",
        "are",
        "were",
        "the",
        "total",
        "totale",
        "nouveau",
        "nouvelle",
        "exact",
        "exacte",
        "en",
        "approximate",
        "approximatif",
        "minimum",
        "maximum",
        "maximal",
        "maximale",
        "moyen",
        "moyenne",
    ];
    let words: Vec<&str> = words.split_whitespace().collect();
    let at = words.iter().position(|word| ASKING.contains(word))?;
    let noun = words[at + 1..]
        .iter()
        .take(6)
        .find(|word| !FILLERS.contains(word))?;
    match words[at] {
        "how" => how(noun),
        "combien" => how_many(noun),
        _ => noun_sort(noun),
    }
}

fn how(word: &str) -> Option<Expected> {
    match word {
        "long" => Some(Expected::Duration),
        "far" | "tall" | "high" | "deep" | "wide" | "big" | "large" | "heavy" | "fast" => {
            Some(Expected::Measure)
        }
        _ => None,
    }
}

fn how_many(noun: &str) -> Option<Expected> {
    match noun {
        "temps" | "mois" | "jours" | "heures" | "annees" | "ans" | "semaines" | "minutes" => {
            Some(Expected::Duration)
        }
        "euros" | "dollars" | "coute" | "coutent" | "coutait" | "paye" | "gagne" => Some(Expected::Amount),
        _ => None,
    }
}

fn noun_sort(noun: &str) -> Option<Expected> {
    Some(match noun {
        "montant" | "montants" | "prix" | "cout" | "couts" | "tarif" | "tarifs" | "salaire" | "budget"
        | "somme" | "cost" | "price" | "salary" | "amount" | "frais" => Expected::Amount,
        "pourcentage" | "taux" | "proportion" | "part" | "percentage" | "percent" | "rate" => {
            Expected::Percent
        }
        "temps" | "duree" | "delai" | "delais" | "duration" => Expected::Duration,
        "date" | "dates" | "annee" | "annees" | "jour" | "mois" | "siecle" | "year" | "years" | "day"
        | "month" | "century" | "decade" | "epoque" | "decennie" | "periode" | "moment" => Expected::Date,
        "heure" | "heures" | "horaires" | "time" => Expected::Time,
        "distance" | "taille" | "hauteur" | "superficie" | "longueur" | "altitude" | "poids"
        | "temperature" | "vitesse" | "largeur" | "surface" | "profondeur" | "height" | "length"
        | "speed" | "weight" | "size" | "area" => Expected::Measure,
        "nombre" | "number" | "population" | "numero" | "age" | "effectif" => Expected::Number,
        "ville" | "villes" | "pays" | "region" | "regions" | "lieu" | "lieux" | "endroit" | "city"
        | "country" | "countries" | "state" | "place" | "continent" | "location" | "departement"
        | "commune" | "village" | "quartier" | "ile" | "province" | "capitale" => Expected::Place,
        "auteur" | "personne" | "roi" | "reine" | "president" | "person" | "king" | "queen" | "author"
        | "homme" | "femme" | "acteur" | "actrice" | "chanteur" | "realisateur" | "joueur" | "player"
        | "peintre" | "philosophe" | "ecrivain" | "empereur" | "general" | "pape" | "ministre"
        | "personnage" | "personnalite" | "artiste" | "architecte" => Expected::Person,
        "raison" | "raisons" | "reason" | "cause" | "causes" => Expected::Reason,
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
pub(super) fn match_expected(question: &Question, written: &str) -> Option<f32> {
    let flag = |yes: bool| Some(f32::from(u8::from(yes)));
    match question.expected {
        sort if sort.is_quantity() => Some(
            quantities(written, question.language)
                .into_iter()
                .filter(|found| !question.repeats(&written[found.bytes.clone()]))
                .map(|found| sort.fits(found.value.kind()))
                .fold(0.0, f32::max),
        ),
        Expected::Person => flag(new_names(question, written).0 > 0),
        Expected::Place => flag(new_names(question, written).1),
        Expected::Reason => flag(any(&folded(written), REASON)),
        Expected::Verdict => flag(
            VERDICTS
                .iter()
                .any(|verdict| folded(written).starts_with(verdict)),
        ),
        Expected::Definition => flag(defines(&folded(written))),
        _ => None,
    }
}

const REASON: &[&str] = &[
    " car ",
    " parce qu",
    " afin ",
    " en raison ",
    " grace a",
    " a cause ",
    " pour ",
    " puisqu",
    " because ",
    " due to ",
    " in order ",
    " as a result",
    " so that ",
    " en effet ",
    " cause ",
    " raison ",
    " reason ",
];

const VERDICTS: &[&str] = &[" oui ", " non ", " yes ", " no "];

const DEFINING: &[&str] = &[
    " est un ",
    " est une ",
    " est le ",
    " est la ",
    " est l ",
    " sont des ",
    " sont les ",
    " designe",
    " consiste ",
    " correspond ",
    " signifie ",
    " permet ",
    " permettent ",
    " s agit ",
    " constitue",
    " se definit ",
    " sert a ",
    " vise a ",
    " is a ",
    " is an ",
    " is the ",
    " are ",
    " refers to ",
    " means ",
    " was a ",
    " was the ",
    " consists ",
    " defined as ",
    " appelle ",
    " appele",
    " called ",
    " known as ",
];

/// Whether the first half of a sentence says what something is.
fn defines(folded: &str) -> bool {
    let first = DEFINING.iter().filter_map(|cue| folded.find(cue)).min();
    first.is_some_and(|at| at < 120)
}

/// How many capitalised words stand inside the sentence that the question does not name, and whether one of
/// them follows a preposition of place.
pub(super) fn new_names(question: &Question, written: &str) -> (usize, bool) {
    const PLACE: &[&str] = &[
        "a", "au", "aux", "en", "dans", "de", "du", "d", "pres", "vers", "in", "at", "from", "near", "to",
        "of", "the", "la", "l",
    ];
    let mut before: Option<String> = None;
    let mut count = 0;
    let mut placed = false;
    for word in words(written) {
        let form = &written[word.bytes];
        let folded = fold(form);
        let name = form.starts_with(char::is_uppercase) && form.chars().nth(1).is_some();
        if let Some(before) = before
            .as_deref()
            .filter(|_| name && !question.words.contains(&folded))
        {
            count += 1;
            placed |= PLACE.contains(&before);
        }
        before = Some(folded);
    }
    (count, placed)
}
