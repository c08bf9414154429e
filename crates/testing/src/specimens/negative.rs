//! What looks like personal data and is none.

use super::Dice;

/// A sentence with numbers and words in which nothing is to be found.
pub fn negative(dice: &mut Dice) -> String {
    let thing = match dice.range(0, 29) {
        0 => format!("Commande n° {}", dice.digits(9)),
        1 => format!("facture {}-{}", dice.range(2015, 2026), dice.digits(6)),
        2 => format!(
            "article L. {}-{} du code de la santé publique",
            dice.range(1111, 6432),
            dice.range(1, 30)
        ),
        3 => format!(
            "Code civil, art. {}-{} à {}",
            dice.range(1, 2278),
            dice.range(1, 9),
            dice.range(1, 2534)
        ),
        4 => isbn(dice),
        5 => dice.word("0123456789abcdef", 64),
        6 => format!("commit {}", dice.word("0123456789abcdef", 40)),
        7 => format!(
            "du {:02}/{:02}/{} au {:02}/{:02}/{}",
            dice.range(1, 28),
            dice.range(1, 12),
            dice.range(1990, 2030),
            dice.range(1, 28),
            dice.range(1, 12),
            dice.range(1990, 2030)
        ),
        8 => format!(
            "{}-{:02}-{:02}T{:02}:30:00Z",
            dice.range(2000, 2030),
            dice.range(1, 12),
            dice.range(1, 28),
            dice.range(0, 23)
        ),
        9 => format!(
            "version {}.{}.{}.{}",
            dice.range(0, 20),
            dice.range(0, 20),
            dice.range(0, 30),
            dice.range(0, 99)
        ),
        10 => format!(
            "{} {:03} {:03},{:02} €",
            dice.range(1, 999),
            dice.range(0, 999),
            dice.range(0, 999),
            dice.range(0, 99)
        ),
        11 => format!("réf. {}", dice.digits(10)),
        12 => format!("réf. 0{}{}", dice.range(1, 9), dice.digits(8)),
        13 => colis(dice),
        14 => format!(
            "loi n° {}-{} du {} mai {}",
            dice.range(1978, 2026),
            dice.range(1, 1999),
            dice.range(1, 31),
            dice.range(1978, 2026)
        ),
        15 => format!(
            "règlement (UE) {}/{}",
            dice.range(2010, 2026),
            dice.range(1, 2999)
        ),
        16 => format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            dice.range(0, 0xffff_ffff),
            dice.range(0, 0xffff),
            dice.range(0, 0xfff),
            dice.range(0, 0xfff),
            dice.range(0, 0xffff_ffff_ffff)
        ),
        17 => format!("EAN {}", dice.digits(13)),
        18 => format!(
            "n° de série {}{}",
            dice.word("ABCDEFGHJKLMNPQRSTUVWXYZ", 3),
            dice.digits(9)
        ),
        19 => format!(
            "{:.4}, {:.4}",
            dice.range(430_000, 500_000) as f64 / 1e4,
            dice.range(0, 60_000) as f64 / 1e4
        ),
        20 => format!(
            "{} habitants, {} logements et {} hectares",
            dice.range(1000, 999_999),
            dice.range(100, 9999),
            dice.range(1, 999)
        ),
        21 => format!("ISSN {}-{}", dice.digits(4), dice.digits(4)),
        22 => dice
            .pick(&[
                "Le diabète touche quatre millions de personnes en France.",
                "La campagne de vaccination contre la grippe commence en octobre.",
                "Une affection de longue durée ouvre droit à une prise en charge.",
                "La maladie d’Alzheimer est étudiée à l’Institut Pasteur.",
                "Le cancer du sein se dépiste à partir de cinquante ans.",
                "La dépression est un motif fréquent d’arrêt de travail.",
            ])
            .to_owned(),
        23 => dice
            .pick(&[
                "Votre mot de passe doit contenir huit caractères au moins.",
                "Le token expire au bout d’une heure.",
                "password: ********",
                "mot de passe : <à compléter>",
                "Le secret des correspondances est protégé.",
                "password=${DB_PASSWORD}",
                "mot de passe oublié ?",
                "Ne communiquez jamais votre mot de passe.",
            ])
            .to_owned(),
        24 => dice
            .pick(&[
                "La rue était déserte, 12 voitures y passaient.",
                "Elle a mis 3 places de côté.",
                "page 12, place de la preuve dans le procès",
                "Il reste 2 places à pourvoir.",
                "En 2024, rue et boulevard ont été refaits.",
                "le 14 juillet, avenue fermée",
                "Il a 3 cours de français.",
                "La 3e place est prise.",
            ])
            .to_owned(),
        25 => format!(
            "tableau {} : {} {} {} {}",
            dice.range(1, 9),
            dice.range(10, 99),
            dice.range(10, 99),
            dice.range(10, 99),
            dice.range(10, 99)
        ),
        26 => format!(
            "192.168.{}.{} ou 10.0.{}.1",
            dice.range(0, 254),
            dice.range(1, 254),
            dice.range(0, 254)
        ),
        27 => format!(
            "modèle {}{}-{:03}-{}{}",
            dice.word("ABCD", 1),
            dice.word("EFGH", 1),
            dice.range(1, 999),
            dice.word("KLMN", 1),
            dice.word("PRST", 1)
        ),
        28 => format!("ticket #{} (priorité {})", dice.digits(8), dice.range(1, 4)),
        _ => format!(
            "dossier {}/{}/{}",
            dice.range(2000, 2026),
            dice.digits(4),
            dice.digits(3)
        ),
    };
    let (before, after) = [
        ("", ""),
        ("Voir ", "."),
        ("(", ")"),
        ("| ", " |"),
        ("Reçu ce jour : ", ", merci."),
    ][dice.range(0, 4) as usize];
    format!("{before}{thing}{after}")
}

/// A tracking number.
fn colis(dice: &mut Dice) -> String {
    let length = dice.range(11, 15) as usize;
    format!("colis n° {}", dice.digits(length))
}

fn isbn(dice: &mut Dice) -> String {
    let body = format!("978{}", dice.digits(9));
    let sum = super::weighted(&body, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]);
    format!(
        "ISBN {}-{}-{}-{}-{}",
        &body[..3],
        &body[3..4],
        &body[4..8],
        &body[8..],
        (10 - sum % 10) % 10
    )
}
