//! Every kind of detector, over made-up data in all its spellings.

use serde_json::Value;
use trousseau_core::label::Label;
use trousseau_masking::{Kinds, mask};
use trousseau_policy::detect::{Detectors, detect};
use trousseau_testing::specimens::{CHECKED, Dice, FREE, negative, specimen};

use crate::{kinds, label_of, question, restored, text_of, with_own};

/// What an echo gives back is what was asked, the value is nowhere in what is sent, and nothing is found in it any more.
#[test]
fn what_is_found_is_replaced_and_comes_back_from_an_echo() {
    let (mut dice, detectors) = (Dice::new(38), Detectors::default());
    let (mut clear, mut all) = (0, 0);
    for detector in CHECKED.into_iter().chain(FREE) {
        let (mut found_of, mut clear_of) = (0, 0);
        for _ in 0..300 {
            let specimen = specimen(detector, &mut dice);
            let asked = question(&specimen.text);
            let findings = detect(&specimen.text);
            let Some(masked) = mask(&asked, &detectors, &Kinds::All) else {
                assert!(findings.is_empty(), "{}", specimen.text);
                continue;
            };
            for finding in &findings {
                let value = &specimen.text[finding.bytes.clone()];
                assert!(
                    !text_of(&masked).contains(value),
                    "{} -> {}",
                    specimen.text,
                    text_of(&masked)
                );
            }
            // Of what is JSON, the values are those that its strings say.
            match serde_json::from_str::<Value>(&specimen.text) {
                Ok(said) => {
                    let echo = masked.table.restore(text_of(&masked), true);
                    assert_eq!(serde_json::from_str::<Value>(&echo).unwrap(), said);
                }
                Err(_) => assert_eq!(restored(&masked.table, [text_of(&masked)]), specimen.text),
            }
            let label = label_of(&masked, &asked, &detectors);
            found_of += 1;
            clear_of += usize::from(label == Label::default());
        }
        assert!(found_of >= 240, "{detector}: {found_of}");
        println!("{detector}: {clear_of} of {found_of} are public once masked");
        clear += clear_of;
        all += found_of;
    }
    // What is left is labelled as high as before: the others are only less useful.
    assert!(clear * 100 >= all * 99, "{clear} of {all}");
}

#[test]
fn what_only_looks_like_something_is_left_alone() {
    let mut dice = Dice::new(39);
    for _ in 0..2000 {
        let text = negative(&mut dice);
        if detect(&text).is_empty() {
            assert!(
                mask(&question(&text), &Detectors::default(), &Kinds::All).is_none(),
                "{text}"
            );
        }
    }
}

#[test]
fn a_kind_that_is_not_masked_keeps_its_label_although_its_neighbour_is_gone() {
    let asked = question("Mme Dupont est suivie pour un diabète, dossier 2 55 08 14 168 025 38.");
    let detectors = Detectors::default();
    let original = crate::labelling(&asked, &detectors).label().clone();
    assert_eq!(original.class.name(), "sensitive");
    // Without a person near it the word of health is no finding any more. It was one in what was asked.
    let masked = mask(&asked, &detectors, &kinds(&["nir", "name"])).unwrap();
    assert!(!text_of(&masked).contains("Dupont") && text_of(&masked).contains("diabète"));
    assert_eq!(
        label_of(&masked, &asked, &detectors).to_string(),
        "sensitive+health"
    );
    let masked = mask(&asked, &detectors, &Kinds::All).unwrap();
    assert_eq!(
        text_of(&masked),
        "Mme [PERSON-1] est suivie pour un [HEALTH-1], dossier [NIR-1]."
    );
    assert_eq!(label_of(&masked, &asked, &detectors), Label::default());
}

#[test]
fn words_of_the_organisation_are_masked_without_the_name_of_their_detector() {
    let (detectors, asked) = (with_own(), question("Où en est Grand  Cèdre, et qui suit orme ?"));
    let masked = mask(&asked, &detectors, &kinds(&["projects"])).unwrap();
    assert_eq!(text_of(&masked), "Où en est [TERM-1], et qui suit [TERM-2] ?");
    assert_eq!(label_of(&masked, &asked, &detectors), Label::default());
    assert_eq!(masked.table.counts()["projects"], 2);
    assert!(mask(&asked, &detectors, &kinds(&["iban"])).is_none());
}

#[test]
fn the_same_value_is_the_same_token_and_is_found_where_no_detector_sees_it() {
    let asked = question(
        "Le mot de passe est kJ8!mQ2x#Lp. Redis : kJ8!mQ2x#Lp ; IBAN FR14 2004 1010 0505 0001 3M02 606 ou \
         FR1420041010050500013M02606.",
    );
    let masked = mask(&asked, &Detectors::default(), &Kinds::All).unwrap();
    assert_eq!(
        text_of(&masked),
        "Le mot de passe est [PASS-1]. Redis : [PASS-1] ; IBAN [IBAN-1] ou [IBAN-1B]."
    );
}
