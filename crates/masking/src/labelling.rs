//! The label of what was masked, from its beginning.

use trousseau_core::label::Label;
use trousseau_policy::detect::Detectors;
use trousseau_policy::explanation::{Labelling, Origin};

use crate::mask::Masked;

impl Masked {
    /// The label of the masked request, which was made from one with the label `original`. Whatever raised that and was
    /// no detector raises this one too: key, route, header, earlier answers, passages. So does what was found and not
    /// replaced. What is found in the masked texts comes on top, and nothing is below `floor`, which is said by the route of
    /// this name.
    pub fn labelling(
        &self,
        original: &Labelling,
        detectors: &Detectors,
        (route, floor): (&str, &Label),
    ) -> Labelling {
        let mut labelling = Labelling::new();
        for raise in original.raises() {
            if !matches!(raise.origin, Origin::Detector { .. }) {
                labelling.raise(raise.origin.clone(), &raise.label);
            }
        }
        let name = route.to_owned();
        labelling.raise(Origin::Route { name }, floor);
        for (text, findings) in &self.left {
            labelling.raise_findings(text, findings);
        }
        self.still_found(detectors, &mut |text, findings| {
            labelling.raise_findings(text, findings);
        });
        labelling
    }
}
