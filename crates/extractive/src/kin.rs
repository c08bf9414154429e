//! Words of one family that stemming keeps apart: `naître` and `né`, `décès` and `mort`, `write` and `author`.
//!
//! A question seldom uses the very word of the text. A family says that two words tend to speak of the same
//! thing; it counts for less than the word itself. Beyond the list, two long words with the same beginning
//! are taken for kin (`création`, `créé`; `travaillent`, `travail`).

/// Folded beginnings of words, or whole words where they end in `$`.
const FAMILIES: &[&[&str]] = &[
    &[
        "naiss", "naitr", "naqu", "ne$", "nee$", "nes$", "nees$", "nait$", "born$", "birth", "natif", "natal",
    ],
    &[
        "mort$", "morte$", "morts$", "mour", "meur", "deced", "deces", "dead$", "death", "died$", "dies$",
        "die$",
    ],
    &["ecri", "auteur", "redig", "wrot", "writ", "author"],
    &[
        "fond",
        "cree",
        "creat",
        "etabli",
        "found",
        "establish",
        "instaur",
        "institu",
    ],
    &[
        "epou", "mari$", "marie", "marri", "femme$", "husband", "wife", "conjoint", "spouse",
    ],
    &["constru", "bati", "edifi", "erig", "built", "build"],
    &[
        "dirig",
        "chef$",
        "chefs$",
        "directeur",
        "command",
        "lead",
        "led$",
        "head",
        "presid",
    ],
    &["invent", "decouv", "discover"],
    &["gagn", "remport", "vainq", "vict", "won$", "win", "champion"],
    &["achet", "achat", "acqui", "buy", "bought", "purchas"],
    &["vend", "vent$", "ventes$", "sold$", "sell", "sale"],
    &["pai", "pay", "vers", "regle", "finan", "paid$", "fund"],
    &["commenc", "debut", "demarr", "begin", "began$", "begun$", "start"],
    &["fin$", "fini", "termin", "achev", "end$", "ended$", "ends$"],
    &["habit", "resid", "domicil", "loge", "live", "living$", "home"],
    &[
        "travail",
        "emploi",
        "employ",
        "metier",
        "profession",
        "work",
        "job",
    ],
    &["enfant", "fils$", "fille", "child", "son$", "sons$", "daughter"],
    &["pere$", "mere$", "parent", "father", "mother"],
    &[
        "appel", "nomm", "nom$", "surnom", "denomm", "intitul", "call", "name",
    ],
    &[
        "augment", "hauss", "accroi", "croiss", "increas", "ris", "grow", "grew$",
    ],
    &[
        "diminu", "baiss", "redu", "declin", "decreas", "fall", "fell$", "drop",
    ],
    &[
        "utilis", "emploi", "usag", "serv", "use$", "used$", "uses$", "using$",
    ],
    &["situ", "trouv", "local", "locat"],
    &[
        "compos", "constitu", "comport", "compr", "consist", "contain", "contien",
    ],
    &["caus", "provoqu", "entrain", "raison", "origin", "due$", "result"],
    &["aid", "assist", "souti", "soutenu", "help", "support"],
    &["demand", "sollicit", "requet", "reclam", "request", "ask"],
    &[
        "obten", "obtien", "recev", "recoi", "recu", "delivr", "obtain", "receiv", "get$", "got$",
    ],
    &["supprim", "effac", "retir", "enlev", "delet", "remov", "eras"],
    &["interdi", "prohib", "defend", "ban$", "banned$", "forbid"],
    &[
        "autoris", "permet", "permis", "droit", "peut$", "peuv", "possib", "allow", "permit", "can$",
    ],
    &[
        "oblig", "doit$", "doiv", "devoir", "faut$", "must$", "requir", "exig",
    ],
    &[
        "voitur",
        "vehicul",
        "auto$",
        "automobil",
        "car$",
        "cars$",
        "vehicl",
    ],
    &["salari", "employe", "employee", "travailleu", "staff"],
    &["employeu", "patron", "entrepri", "employer", "societe"],
    &["tue$", "tuer", "tues$", "assassin", "meurtr", "kill", "murder"],
    &["succed", "success", "remplac", "replac"],
    &["elu$", "elus$", "elue$", "elir", "elect"],
    &["attaqu", "assaut", "envah", "invas", "attack", "invad"],
    &["langu", "parl", "languag", "speak", "spoke"],
    &["film", "realis", "tourn", "direct"],
    &["chans", "chant", "album", "song", "sing"],
    &["prix$", "cout", "tarif", "montant", "price", "cost"],
    &[
        "guerr", "confli", "batail", "combat", "war$", "wars$", "battle", "fought$",
    ],
    &[
        "but$", "objecti", "finalit", "vise", "vocation", "goal", "purpos", "aim",
    ],
    &["email", "mail", "courriel", "electroni", "messageri"],
    &[
        "internet", "web$", "site$", "sites$", "ligne$", "online", "website",
    ],
    &["licenci", "renvo", "congedi", "dismiss", "fired$"],
    &["etudi", "eleve", "student", "scolar", "univers"],
    &["medec", "docteur", "sant", "medic", "soin", "doctor", "health"],
    &["loi$", "lois$", "legal", "juridi", "law$", "laws$"],
    &["differ", "distin", "contrair"],
    &["refus", "rejet", "oppos", "refut"],
    &["dur", "pendant", "last"],
    &["celebr", "connu", "famou", "known$", "renomm", "reput"],
    &["surveill", "controle", "monitor"],
];

/// How many letters two words must share at their beginning to be kin without a family.
const SHARED: usize = 5;

/// What makes a word kin to a term of the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Family {
    members: &'static [&'static str],
    beginning: String,
}

impl Family {
    /// Whether the folded word `form` belongs to it.
    pub(super) fn has(&self, form: &str) -> bool {
        (!self.beginning.is_empty() && form.starts_with(&self.beginning)) || listed(self.members, form)
    }
}

fn listed(members: &[&str], form: &str) -> bool {
    members.iter().any(|member| match member.strip_suffix('$') {
        Some(whole) => whole == form,
        None => form.starts_with(member),
    })
}

/// The families of the folded word `form`.
pub(super) fn families(form: &str) -> impl Iterator<Item = Family> {
    let long = form.chars().nth(SHARED).is_some() && form.is_ascii() && !form.as_bytes()[0].is_ascii_digit();
    let beginning = long.then(|| form[..SHARED].to_owned());
    let own = beginning.map(|beginning| Family {
        members: &[],
        beginning,
    });
    let form = form.to_owned();
    let named = FAMILIES
        .iter()
        .filter(move |members| listed(members, &form))
        .map(|members| Family {
            members,
            beginning: String::new(),
        });
    own.into_iter().chain(named)
}
