//! How a request comes by its label: from whoever asks, the route, what the caller states, what detectors find,
//! earlier answers and passages. Each can only raise it.

use trousseau_core::chat::{ChatRequest, Role};
use trousseau_core::digest::Digest;
use trousseau_core::label::Label;
use trousseau_core::principal::Principal;
use trousseau_plan::Plan;
use trousseau_policy::explanation::{Labelling, Origin};

use crate::error::GatewayError;
use crate::service::Gateway;
use crate::settings::Route;

impl Gateway {
    /// The label of what is asked, before any passage: key, route, header, detectors, earlier answers.
    pub(crate) async fn label(
        &self,
        principal: &Principal,
        (plan, route): (&Plan, &Route),
        header: Option<&Label>,
        request: &ChatRequest,
    ) -> Result<Labelling, GatewayError> {
        let mut labelling = label_asker(principal, route, header);
        let detectors = &plan.settings.detectors;
        request.visit_texts(&mut |text| labelling.raise_findings(text, &detectors.detect(text)));
        for message in &request.messages {
            if message.role == Role::Assistant {
                let known = self
                    .records
                    .label_of_answer(&principal.tenant, &message.content)
                    .await?;
                let label = known.unwrap_or_else(|| route.label_floor.clone());
                let entry = entry_of(&message.content);
                labelling.raise(Origin::History { entry }, &label);
            }
        }
        Ok(labelling)
    }
}

/// What is known of a label before any text is read: key, route, header.
pub(crate) fn label_asker(principal: &Principal, route: &Route, header: Option<&Label>) -> Labelling {
    let mut labelling = Labelling::new();
    let name = principal.user.clone();
    labelling.raise(Origin::Key { name }, &principal.label_floor);
    let name = route.name.clone();
    labelling.raise(Origin::Route { name }, &route.label_floor);
    if let Some(header) = header {
        labelling.raise(Origin::Header, header);
    }
    labelling
}

/// Raises the label to cover every passage that stands in the request.
pub(crate) fn label_passages(labelling: &mut Labelling, request: &ChatRequest) {
    for passage in &request.passages {
        let origin = Origin::Passage {
            document: passage.document.clone(),
            title: passage.title.clone(),
        };
        labelling.raise(origin, &passage.label);
    }
}

fn entry_of(answer: &str) -> String {
    Digest::of(answer.as_bytes()).to_string()
}
