//! What has a form and no check digits: telephone numbers (ARCEP's plan, E.164), mail and internet addresses, number
//! plates, postal addresses, health beside a person, passwords and keys.

use super::{Dice, Made, Specimen, cut};

const FIRST: [&str; 16] = [
    "Jeanne",
    "Paul",
    "Amina",
    "Karim",
    "Lucie",
    "Thomas",
    "Chloé",
    "Jean-Pierre",
    "Françoise",
    "Mohamed",
    "Inès",
    "Anna",
    "Marco",
    "Sofia",
    "James",
    "Élodie",
];
const LAST: [&str; 16] = [
    "Dupont",
    "Martin",
    "Le Goff",
    "Benali",
    "Moreau",
    "Lefèvre",
    "Nguyen",
    "Garcia",
    "Rossi",
    "Müller",
    "Kowalski",
    "O’Connor",
    "Petit",
    "Roux",
    "Girard",
    "Bonnet",
];

fn plain(text: &str) -> String {
    let fold = |symbol: char| match symbol {
        'é' | 'è' | 'É' => 'e',
        'ç' => 'c',
        'ü' => 'u',
        other => other.to_ascii_lowercase(),
    };
    text.chars()
        .map(fold)
        .filter(char::is_ascii_alphanumeric)
        .collect()
}

pub(super) fn email(dice: &mut Dice) -> Made {
    let (first, last) = (plain(dice.pick(&FIRST)), plain(dice.pick(&LAST)));
    let host = dice.pick(&[
        "exemple.fr",
        "mairie-saint-exemple.fr",
        "mail.example.co.uk",
        "universite.exemple.eu",
        "societe-exemple.com",
        "exemple.gouv.fr",
    ]);
    let local = match dice.range(0, 4) {
        0 => format!("{}.{last}", &first[..1]),
        1 => format!("{first}_{last}{}", dice.range(1, 99)),
        2 => format!("{first}+liste"),
        3 => last,
        _ => format!("{first}.{last}"),
    };
    Made::whole(
        "email",
        format!("{local}@{host}"),
        &["", "courriel : ", "mailto:", "écrire à "],
    )
}

pub(super) fn phone(dice: &mut Dice) -> Made {
    let national = format!(
        "{}{}",
        dice.pick(&["1", "2", "3", "4", "5", "6", "7", "9"]),
        dice.digits(8)
    );
    let pairs = cut(&national, &[1, 2, 2, 2, 2]).join(" ");
    let before: &[&str] = &["", "tél. ", "Tél : ", "appelez le ", "mobile ", "Portable: "];
    let (kind, text, gaps): (&str, String, &'static [&'static str]) = match dice.range(0, 6) {
        0 | 1 => ("fr", format!("0{pairs}"), &[" ", ".", "-"]),
        2 => ("fr-compact", format!("0{national}"), &[""]),
        3 => ("fr-plus", format!("+33 {pairs}"), &[" ", "."]),
        4 => ("fr-zero", format!("+33 (0){pairs}"), &[" "]),
        5 => ("fr-double-zero", format!("0033 {pairs}"), &[" "]),
        _ => {
            let (code, length) = [
                ("+32", 9),
                ("+49", 10),
                ("+34", 9),
                ("+39", 10),
                ("+352", 9),
                ("+41", 9),
                ("+44", 10),
                ("+351", 9),
                ("+31", 9),
                ("+48", 9),
            ][dice.range(0, 9) as usize];
            let rest = format!("{}{}", dice.pick(&["4", "6", "7"]), dice.digits(length - 1));
            (
                "europe",
                format!("{code} {}", cut(&rest, &[3, 3, 2]).join(" ")),
                &[" ", ""],
            )
        }
    };
    Made {
        kind: format!("phone-{kind}"),
        groups: text.split(' ').map(str::to_owned).collect(),
        gaps,
        compact: kind == "fr-plus",
        strong: false,
        before,
    }
}

pub(super) fn ip(dice: &mut Dice) -> Made {
    let before: &[&str] = &["", "IP ", "adresse IP : ", "connexion depuis ", "from "];
    if dice.once_in(3) {
        let text = format!(
            "2a01:{:x}:{:x}:{:x}::{:x}",
            dice.range(0x100, 0xfff),
            dice.range(0x100, 0xffff),
            dice.range(1, 0xffff),
            dice.range(1, 0xffff)
        );
        return Made::whole("ipv6", text, before);
    }
    let first = dice.pick(&["78", "81", "90", "109", "176", "185", "193", "212"]);
    let text = format!(
        "{first}.{}.{}.{}",
        dice.range(1, 254),
        dice.range(100, 254),
        dice.range(1, 254)
    );
    Made::whole("ipv4", text, before)
}

pub(super) fn api_key(dice: &mut Dice) -> Made {
    const WORD: &str = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ0123456789";
    let (kind, text) = match dice.range(0, 7) {
        0 => ("openai", format!("sk-proj-{}", dice.word(WORD, 48))),
        1 => ("github", format!("ghp_{}", dice.word(WORD, 36))),
        2 => (
            "aws",
            format!("AKIA{}", dice.word("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
        ),
        3 => ("google", format!("AIza{}", dice.word(WORD, 35))),
        4 => ("gitlab", format!("glpat-{}", dice.word(WORD, 20))),
        5 => ("stripe", format!("sk_live_{}", dice.word(WORD, 24))),
        6 => ("huggingface", format!("hf_{}", dice.word(WORD, 34))),
        _ => (
            "jwt",
            format!(
                "eyJ{}.eyJ{}.{}",
                dice.word(WORD, 30),
                dice.word(WORD, 60),
                dice.word(WORD, 43)
            ),
        ),
    };
    Made::whole(
        kind,
        text,
        &["", "clé ", "key=", "Authorization: Bearer ", "export KEY="],
    )
}

/// A person beside their health, an address, a plate, a password or a private key, in a sentence of its own.
pub(super) fn sentence(detector: &'static str, dice: &mut Dice) -> Specimen {
    let (before, found, after) = match detector {
        "address" => address(dice),
        "health" => health(dice),
        "plate" => plate(dice),
        "password" => password(dice),
        _ => private_key(dice),
    };
    let start = before.len();
    Specimen {
        detector,
        kind: detector.to_owned(),
        spelling: "plain",
        text: format!("{before}{found}{after}"),
        place: start..start + found.len(),
    }
}

type Parts = (String, String, String);

fn address(dice: &mut Dice) -> Parts {
    let before = dice.pick(&[
        "J’habite au ",
        "Adresse : ",
        "Domiciliée ",
        "Livrer à :\nMme Durand\n",
        "sise ",
        "{\"adresse\":\"",
        "Wohnhaft: ",
        "Il demeure ",
    ]);
    let after = dice.pick(&[
        ".",
        ", depuis 2019.",
        "\nFrance",
        "\"}",
        " (France)",
        " et y reste.",
    ]);
    let number = dice.range(1, 250);
    let suffix = dice.pick(&["", "", "", " bis", " ter", "B"]);
    let comma = dice.pick(&["", "", ","]);
    let street = dice.pick(&[
        "rue de la République",
        "avenue Jean-Jaurès",
        "boulevard Voltaire",
        "chemin des Vignes",
        "impasse du Moulin",
        "place de l’Église",
        "allée des Tilleuls",
        "quai de la Loire",
        "route de Vannes",
        "rue du 8 Mai 1945",
        "bd Saint-Michel",
        "av. du Général-de-Gaulle",
        "rue Victor Hugo",
        "cours Lafayette",
    ]);
    let town = dice.pick(&[
        "44000 Nantes",
        "75011 Paris",
        "69003 LYON",
        "35000 Rennes",
        "2A004 Ajaccio",
        "20000 Ajaccio",
        "13008 Marseille",
        "59800 Lille",
        "33000 Bordeaux Cedex",
        "97400 Saint-Denis",
        "56100 Lorient",
    ]);
    let found = match dice.range(0, 9) {
        0 => format!("{number}{suffix}{comma} {street}"),
        1 => format!("{number}{suffix}{comma} {street}\n{town}"),
        2 => format!(
            "Hauptstraße {number}, {} {}",
            dice.range(10115, 98999),
            dice.pick(&["Berlin", "München", "Köln"])
        ),
        3 => format!(
            "Calle Mayor {number}, {} {}",
            dice.range(10_001, 50_999),
            dice.pick(&["Madrid", "Sevilla"])
        ),
        4 => format!(
            "Via Roma {number}, {:05} {}",
            dice.range(10_000, 98_999),
            dice.pick(&["Roma", "Milano"])
        ),
        5 => format!(
            "Kerkstraat {number}, {} {} {}",
            dice.range(1000, 9999),
            dice.word("ABCDEGHJKLMNP", 2),
            dice.pick(&["Amsterdam", "Utrecht"])
        ),
        6 => format!(
            "Rue de la Loi {number}, {} {}",
            dice.range(1000, 9999),
            dice.pick(&["Bruxelles", "Liège"])
        ),
        _ => format!(
            "{number}{suffix}{comma} {street}{} {town}",
            dice.pick(&[",", "", " -"])
        ),
    };
    (before.to_owned(), found, after.to_owned())
}

fn health(dice: &mut Dice) -> Parts {
    let illness = dice.pick(&[
        "diabète",
        "cancer du sein",
        "schizophrénie",
        "épilepsie",
        "VIH",
        "dépression",
        "sclérose en plaques",
        "tuberculose",
        "asthme",
        "hépatite B",
        "maladie de Crohn",
        "leucémie",
        "autisme",
        "chimiothérapie",
        "burn-out",
        "insuffisance rénale",
        "trouble bipolaire",
    ]);
    let (first, last) = (dice.pick(&FIRST), dice.pick(&LAST));
    let person = match dice.range(0, 4) {
        0 => format!("Mme {last}"),
        1 => format!("M. {last}"),
        2 => format!("{first} {}", last.to_uppercase()),
        3 => format!("{} {first}", last.to_uppercase()),
        _ => format!("{first} {last}"),
    };
    let parts = match dice.range(0, 5) {
        0 => (
            format!("Le dossier de {person} indique : "),
            illness.to_owned(),
            ", suivi à l’hôpital.".to_owned(),
        ),
        1 => (
            "Diagnostic de ".to_owned(),
            illness.to_owned(),
            format!(" posé pour {person} en mars."),
        ),
        2 => (
            format!("{person} est en arrêt, traitement pour "),
            illness.to_owned(),
            ".".to_owned(),
        ),
        3 => (
            format!("Patient : {person}\nMotif : "),
            illness.to_owned(),
            "\nDate : 12/03/2026".to_owned(),
        ),
        4 => (
            "Patient 06 12 34 56 78, antécédent de ".to_owned(),
            illness.to_owned(),
            ".".to_owned(),
        ),
        _ => (
            format!("{person} was treated for "),
            illness.to_owned(),
            " last year.".to_owned(),
        ),
    };
    (parts.0, parts.1, parts.2)
}

fn plate(dice: &mut Dice) -> Parts {
    const LETTERS: &str = "ABCDEFGHJKLMNPQRSTVWXYZ";
    let before = dice.pick(&[
        "Le véhicule immatriculé ",
        "plaque ",
        "Immatriculation : ",
        "voiture garée, ",
        "Ma Renault Clio (",
        "carte grise du ",
    ]);
    let after = dice.pick(&[".", ") a été enlevée.", " était en stationnement.", "\n"]);
    let gap = dice.pick(&["-", "-", " ", ""]);
    let found = match dice.range(0, 3) {
        0 => format!(
            "{}{gap}{}{gap}{}",
            dice.range(10, 9999),
            dice.word(LETTERS, 2),
            dice.pick(&["75", "29", "2A", "69", "974"])
        ),
        _ => format!(
            "{}{}{gap}{:03}{gap}{}",
            dice.word("ABCDEFGH", 1),
            dice.word(LETTERS, 1),
            dice.range(1, 999),
            // The pair SS is not given.
            dice.word(LETTERS, 2).replace("SS", "ST")
        ),
    };
    (before.to_owned(), found, after.to_owned())
}

fn password(dice: &mut Dice) -> Parts {
    let before = dice.pick(&[
        "mot de passe : ",
        "Mot de passe: ",
        "password=",
        "\"password\": \"",
        "mdp : ",
        "le mot de passe est ",
        "pwd=",
        "API_TOKEN=",
        "secret: ",
        "Passwort: ",
        "my password is ",
        "DB_PASSWORD='",
    ]);
    let found = match dice.range(0, 3) {
        0 => format!(
            "{}{}{}",
            dice.pick(&["Soleil", "Nantes", "Bretagne"]),
            dice.range(10, 2999),
            dice.pick(&["!", "?", "$", "#"])
        ),
        1 => dice.word("abcdefghijkmnpqrstuvwxyz0123456789", 24) + &dice.digits(1),
        _ => {
            format!(
                "{}{}{}",
                dice.word("ABCDEFGHJKLMNPQRSTUVWXYZ", 2),
                dice.word("abcdefghijkmnpqrstuvwxyz", 6),
                dice.word("23456789!$%*?", 4)
            ) + "7"
        }
    };
    let after = match before.chars().last() {
        Some(quote @ ('"' | '\'')) => format!("{quote} "),
        _ => dice.pick(&["", "\n", " merci"]).to_owned(),
    };
    (
        format!("{}{before}", dice.pick(&["", "Bonjour, ", "config: "])),
        found,
        after,
    )
}

fn private_key(dice: &mut Dice) -> Parts {
    let name = dice.pick(&[
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "EC PRIVATE KEY",
    ]);
    let line = || "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let end = dice.pick(&["\n", "\\n"]);
    let lines: String = (0..4).map(|_| dice.word(line(), 64) + end).collect();
    let key = format!("-----BEGIN {name}-----{end}{lines}-----END {name}-----");
    (
        dice.pick(&["", "Voici la clé :\n", "key: \""]).to_owned(),
        key,
        "\n".to_owned(),
    )
}
