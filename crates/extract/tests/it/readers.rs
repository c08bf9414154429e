//! Whole files, one of each format, as they are read.

use std::fmt::Write as _;

use trousseau_core::document::Extracted;
use trousseau_extract::{Format, Limits, read};

/// Title, warnings, the stored text, and each block with its kind, heading path and beginning.
fn show(format: Format, file: &str) -> String {
    let extracted = read(format, file.as_bytes(), &Limits::default()).unwrap();
    let Extracted {
        title,
        text,
        blocks,
        warnings,
    } = extracted;
    let mut shown = format!("title {title:?}, warnings {warnings:?}\n{text}\n---\n");
    for block in blocks {
        let body = &text[block.bytes.clone()];
        let start: String = body.chars().take(24).collect();
        let cut = if body.len() > start.len() { "…" } else { "" };
        writeln!(shown, "{:?} {:?} {start:?}{cut}", block.kind, block.heading).unwrap();
    }
    shown
}

const TEXT: &str = "RÈGLEMENT DE LA MÉDIATHÈQUE

Adopté par le conseil municipal de Valmorel-sur-Ouche le 12 mars 2024. Il remplace le règlement
de 2017.

1. Inscription

L’inscription est gratuite pour les habitants :

- une pièce d’identité ;
- un justificatif de domicile de moins
  de trois mois ;
- pour les mineurs, l’accord d’un parent.

2. Prêts

2.1 Durée

Un livre se garde 21 jours. Est-il prolongeable ? Oui, une fois.

2.2 Retards

a) au premier rappel, rien ;
b) au second, 2 € par semaine.

Horaires d’été
--------------
Du 1er juillet au 31 août :\u{7}
mardi et samedi, 10 h - 17 h.

Article 9 - Réclamations

Elles s’adressent au maire.
";

#[test]
fn a_plain_text() {
    insta::assert_snapshot!(show(Format::Text, TEXT), @r#"
    title Some("RÈGLEMENT DE LA MÉDIATHÈQUE"), warnings ["extract-control-characters"]
    RÈGLEMENT DE LA MÉDIATHÈQUE

    Adopté par le conseil municipal de Valmorel-sur-Ouche le 12 mars 2024. Il remplace le règlement
    de 2017.

    1. Inscription

    L’inscription est gratuite pour les habitants :

    - une pièce d’identité ;
    - un justificatif de domicile de moins
      de trois mois ;
    - pour les mineurs, l’accord d’un parent.

    2. Prêts

    2.1 Durée

    Un livre se garde 21 jours. Est-il prolongeable ? Oui, une fois.

    2.2 Retards

    a) au premier rappel, rien ;
    b) au second, 2 € par semaine.

    Horaires d’été
    --------------
    Du 1er juillet au 31 août : 
    mardi et samedi, 10 h - 17 h.

    Article 9 - Réclamations

    Elles s’adressent au maire.

    ---
    Heading ["RÈGLEMENT DE LA MÉDIATHÈQUE"] "RÈGLEMENT DE LA MÉDIATHÈ"…
    Paragraph ["RÈGLEMENT DE LA MÉDIATHÈQUE"] "Adopté par le conseil mu"…
    Heading ["RÈGLEMENT DE LA MÉDIATHÈQUE", "1. Inscription"] "1. Inscription"
    Paragraph ["RÈGLEMENT DE LA MÉDIATHÈQUE", "1. Inscription"] "L’inscription est gratui"…
    ListItem ["RÈGLEMENT DE LA MÉDIATHÈQUE", "1. Inscription"] "- une pièce d’identité ;"
    ListItem ["RÈGLEMENT DE LA MÉDIATHÈQUE", "1. Inscription"] "- un justificatif de dom"…
    ListItem ["RÈGLEMENT DE LA MÉDIATHÈQUE", "1. Inscription"] "- pour les mineurs, l’ac"…
    Heading ["RÈGLEMENT DE LA MÉDIATHÈQUE", "2. Prêts"] "2. Prêts"
    Heading ["RÈGLEMENT DE LA MÉDIATHÈQUE", "2. Prêts", "2.1 Durée"] "2.1 Durée"
    Paragraph ["RÈGLEMENT DE LA MÉDIATHÈQUE", "2. Prêts", "2.1 Durée"] "Un livre se garde 21 jou"…
    Heading ["RÈGLEMENT DE LA MÉDIATHÈQUE", "2. Prêts", "2.2 Retards"] "2.2 Retards"
    ListItem ["RÈGLEMENT DE LA MÉDIATHÈQUE", "2. Prêts", "2.2 Retards"] "a) au premier rappel, ri"…
    ListItem ["RÈGLEMENT DE LA MÉDIATHÈQUE", "2. Prêts", "2.2 Retards"] "b) au second, 2 € par se"…
    Heading ["RÈGLEMENT DE LA MÉDIATHÈQUE", "Horaires d’été"] "Horaires d’été"
    Paragraph ["RÈGLEMENT DE LA MÉDIATHÈQUE", "Horaires d’été"] "Du 1er juillet au 31 aoû"…
    Heading ["RÈGLEMENT DE LA MÉDIATHÈQUE", "Horaires d’été", "Article 9 - Réclamations"] "Article 9 - Réclamations"
    Paragraph ["RÈGLEMENT DE LA MÉDIATHÈQUE", "Horaires d’été", "Article 9 - Réclamations"] "Elles s’adressent au mai"…
    "#);
}

const MARKDOWN: &str = r##"---
titre: "Guide du télétravail"
auteur: Direction des ressources humaines
---

# Télétravail

Deux jours par semaine, *trois* avec l’accord du chef de service[^1].
Voir la [charte](https://exemple.fr/charte) et `teletravail.xlsx`.

### Demande

1. remplir le formulaire ;
2. le remettre
   - au chef de service,
   - aux ressources humaines ;
3. attendre **quinze** jours.

   Sans réponse, la demande est acceptée.

## Matériel

| Objet | Prêté | Montant |
|-------|:-----:|--------:|
| Ordinateur | oui | |
| Écran 24″ | non | 150&nbsp;€ |

> Le matériel prêté reste la propriété de la commune.

```sh
vpn --connect mairie
```

<details>
<summary>Et en cas de panne ?</summary>
Appeler le 3<sup>e</sup> étage,<br>poste 42.
</details>

[^1]: Décision du 4 juin 2023.
"##;

#[test]
fn a_markdown_file() {
    insta::assert_snapshot!(show(Format::Markdown, MARKDOWN), @r#"
    title Some("Guide du télétravail"), warnings []
    Télétravail

    Deux jours par semaine, trois avec l’accord du chef de service. Voir la charte et teletravail.xlsx.

    Demande

    remplir le formulaire ;
    le remettre
    au chef de service,
    aux ressources humaines ;
    attendre quinze jours.
    Sans réponse, la demande est acceptée.

    Matériel

    Objet | Prêté | Montant
    Ordinateur | oui
    Écran 24″ | non | 150 €

    Le matériel prêté reste la propriété de la commune.

    vpn --connect mairie

    Et en cas de panne ?

    Appeler le 3e étage,
    poste 42.

    Décision du 4 juin 2023.
    ---
    Heading ["Télétravail"] "Télétravail"
    Paragraph ["Télétravail"] "Deux jours par semaine, "…
    Heading ["Télétravail", "Demande"] "Demande"
    ListItem ["Télétravail", "Demande"] "remplir le formulaire ;"
    ListItem ["Télétravail", "Demande"] "le remettre"
    ListItem ["Télétravail", "Demande"] "au chef de service,"
    ListItem ["Télétravail", "Demande"] "aux ressources humaines "…
    ListItem ["Télétravail", "Demande"] "attendre quinze jours.\nS"…
    Heading ["Télétravail", "Matériel"] "Matériel"
    TableRow ["Télétravail", "Matériel"] "Objet | Prêté | Montant"
    TableRow ["Télétravail", "Matériel"] "Ordinateur | oui"
    TableRow ["Télétravail", "Matériel"] "Écran 24″ | non | 150\u{a0}€"
    Paragraph ["Télétravail", "Matériel"] "Le matériel prêté reste "…
    Code ["Télétravail", "Matériel"] "vpn --connect mairie"
    Paragraph ["Télétravail", "Matériel"] "Et en cas de panne ?"
    Paragraph ["Télétravail", "Matériel"] "Appeler le 3e étage,\npos"…
    Paragraph ["Télétravail", "Matériel"] "Décision du 4 juin 2023."
    "#);
}

const HTML: &str = r#"<!DOCTYPE html>
<html lang="fr"><head><meta charset="utf-8">
<title>État civil&nbsp;: actes</title>
<style>p { color: red }</style><script>document.write("<p>non</p>")</script></head>
<body>
<nav><ul><li>Accueil</li><li>Contact</li></ul></nav>
<h1>État <em>civil</em></h1>
<div>Le service dél<b>ivr</b>e des <a href="/copies">copies</a> d’actes.<br>Gratuit.
<p>Ouvert le&nbsp;lundi.<p>Fermé le mardi.<p hidden>Texte caché.</div>
<h3>Pièces</h3>
<ul>
 <li>une pi&egrave;ce d&rsquo;identité&nbsp;;
 <li><p>un justificatif&nbsp;:</p><ol><li>facture</li><li>quittance</li></ol></li>
</ul>
<h2>Délais</h2>
<table>
 <caption>Délais en 2024</caption>
 <tr><th>Acte<th>Sur place<th>Par courrier
 <tr><td>Naissance<td>le jour même<td>5&nbsp;jours
 <tr><td>Mariage<td><td><ul><li>10 jours</li><li>15 en été</li></ul>
</table>
Une question<br><br>Une autre
<dl><dt>Livret</dt><dd>Sur demande.</dd></dl>
<pre>
Mairie
  1, place de la Halle
</pre>
<!-- <p>brouillon</p> -->
<svg><title>Dessin</title><text>non</text></svg>
<footer>Mis à jour le 3&#8239;mai</footer>
</body></html>"#;

#[test]
fn an_html_page() {
    insta::assert_snapshot!(show(Format::Html, HTML), @r#"
    title Some("État civil : actes"), warnings ["extract-hidden-text"]
    État civil

    Le service délivre des copies d’actes.
    Gratuit.

    Ouvert le lundi.

    Fermé le mardi.

    Pièces

    une pièce d’identité ;
    un justificatif :
    facture
    quittance

    Délais

    Délais en 2024

    Acte | Sur place | Par courrier
    Naissance | le jour même | 5 jours
    Mariage |  | 10 jours 15 en été

    Une question

    Une autre

    Livret
    Sur demande.

    Mairie
      1, place de la Halle

    Mis à jour le 3 mai
    ---
    Heading ["État civil"] "État civil"
    Paragraph ["État civil"] "Le service délivre des c"…
    Paragraph ["État civil"] "Ouvert le\u{a0}lundi."
    Paragraph ["État civil"] "Fermé le mardi."
    Heading ["État civil", "Pièces"] "Pièces"
    ListItem ["État civil", "Pièces"] "une pièce d’identité\u{a0};"
    ListItem ["État civil", "Pièces"] "un justificatif\u{a0}:"
    ListItem ["État civil", "Pièces"] "facture"
    ListItem ["État civil", "Pièces"] "quittance"
    Heading ["État civil", "Délais"] "Délais"
    Paragraph ["État civil", "Délais"] "Délais en 2024"
    TableRow ["État civil", "Délais"] "Acte | Sur place | Par c"…
    TableRow ["État civil", "Délais"] "Naissance | le jour même"…
    TableRow ["État civil", "Délais"] "Mariage |  | 10 jours 15"…
    Paragraph ["État civil", "Délais"] "Une question"
    Paragraph ["État civil", "Délais"] "Une autre"
    ListItem ["État civil", "Délais"] "Livret"
    ListItem ["État civil", "Délais"] "Sur demande."
    Code ["État civil", "Délais"] "Mairie\n  1, place de la "…
    Paragraph ["État civil", "Délais"] "Mis à jour le 3\u{202f}mai"
    "#);
}
