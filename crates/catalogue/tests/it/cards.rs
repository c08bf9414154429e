//! The card of one model of an offer.

use trousseau_catalogue::{Catalogue, Entry};
use trousseau_policy::card::{Card, Premises};
use trousseau_policy::fact::Fact;

fn entry(text: &str) -> Entry {
    toml::from_str(text).unwrap()
}

const FRONT_DOOR: &str = r#"
    id = "exemple/eu"
    provider = "Exemple"
    region = "eu-1"
    reviewed = 2026-11-20
    valid_until = 2027-02-18

    [facts]
    premises = "network"
    seat = "FR"
    evidence = [{ fields = ["premises", "seat"], source = "a page of theirs", date = 2026-11-20, confidence = "official" }]

    [[model]]
    name = "exemple-*"
    inference_region = "FR"
    open_weights = true

    [[model]]
    name = "exemple-large"
    inference_region = "DE"
    seat = "unknown"
    price = { input = 1, output = 2, currency = "EUR" }
    evidence = [{ fields = ["price"], source = "their price list", date = 2026-11-01, confidence = "official" }]
"#;

#[test]
fn a_model_has_the_facts_of_its_offer_and_its_own() {
    let entry = entry(FRONT_DOOR);
    let small = entry.card("Exemple-Small");
    assert_eq!(
        (small.provider.as_str(), small.region.as_str()),
        ("Exemple", "eu-1")
    );
    assert_eq!(small.model, "Exemple-Small");
    assert_eq!(small.premises, Fact::Known(Premises::Network));
    assert_eq!(small.inference_region, Fact::Known("FR".parse().unwrap()));
    assert_eq!(small.valid_until, Fact::Known("2027-02-18".parse().unwrap()));
    // The exact name outweighs the pattern; a row may say that what holds for the others is not known of it.
    let large = entry.card("exemple-large");
    assert_eq!(large.inference_region, Fact::Known("DE".parse().unwrap()));
    assert_eq!(large.open_weights, Fact::Unknown);
    assert_eq!(large.seat, Fact::Unknown);
    let fields: Vec<String> = large.evidence.iter().flat_map(|one| one.fields.clone()).collect();
    assert_eq!(fields, ["premises", "price"]);
}

#[test]
fn a_model_that_no_row_names_is_unknown() {
    let other = entry(FRONT_DOOR).card("gpt-5");
    let nothing = Card {
        provider: "Exemple".to_owned(),
        model: "gpt-5".to_owned(),
        region: "eu-1".to_owned(),
        valid_until: Fact::Known("2027-02-18".parse().unwrap()),
        ..Card::default()
    };
    assert_eq!(other, nothing);
}

#[test]
fn an_organisations_entry_replaces_the_programs() {
    let own = entry(&FRONT_DOOR.replace("exemple/eu", "scaleway/fr-par"));
    let catalogue = Catalogue::with([own]);
    assert_eq!(catalogue.entry("scaleway/fr-par").unwrap().provider, "Exemple");
    assert_eq!(
        Catalogue::built_in().entry("scaleway/fr-par").unwrap().provider,
        "Scaleway"
    );
    assert!(catalogue.entry("nobody/nowhere").is_none());
}

#[test]
fn a_mistyped_field_and_an_attested_one_are_refused() {
    for (bad, said) in [
        (FRONT_DOOR.replace("open_weights", "open_wights"), "open_wights"),
        (
            FRONT_DOOR.replace("open_weights = true", "trains_on_data = false"),
            "attest",
        ),
        (FRONT_DOOR.replace("name = \"exemple-*\"", ""), "name"),
    ] {
        let fault = toml::from_str::<Entry>(&bad).unwrap_err();
        assert!(fault.message().contains(said), "{fault}");
    }
}
