//! What is asked: routes, labels and groups, and how often. No content.

use std::collections::BTreeSet;

use trousseau_core::label::{Class, Label};
use trousseau_core::permit::Purpose;
use trousseau_plan::Plan;
use trousseau_plan::settings::Route;

/// Requests that are alike for the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The route.
    pub route: String,
    /// The label that was decided under.
    pub label: Label,
    /// What the call is for.
    pub purpose: Purpose,
    /// The highest class among the documents whose text was sent.
    pub read: Class,
    /// The collections of these documents.
    pub collections: Vec<String>,
    /// The tenant of whoever asks.
    pub tenant: String,
    /// Whoever asks.
    pub who: String,
    /// What kind of account that is.
    pub kind: Kind,
    /// Its groups, as they are now.
    pub groups: Vec<String>,
    /// The highest class of documents that it may read, as it is now.
    pub clearance: Class,
    /// How many there were.
    pub requests: u64,
    /// The tokens that they had, read and written, where somebody counted.
    pub tokens: u64,
}

/// A kind of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A person's.
    User,
    /// A key's.
    Key,
    /// The operator's own, or one that is not there any more.
    Other,
}

/// What could be asked through a route that nobody asked: every class, as nobody in particular and as a member of each known
/// group, from no document and from each collection that the route searches. One request each.
pub fn assumed(plan: &Plan, route: &Route, groups: &BTreeSet<String>) -> Vec<Asked> {
    let purposes = [Purpose::Chat, Purpose::Embedding, Purpose::Reranking];
    let serves = |purpose: &Purpose| plan.targets_of(route).any(|target| target.is_for(*purpose));
    let purpose = purposes.into_iter().find(serves).unwrap_or(Purpose::Chat);
    let nobody = std::iter::once(None);
    let searched = route.collections.iter().flatten().filter(|_| route.grounded);
    let collections: Vec<Option<&String>> = nobody.chain(searched.map(Some)).collect();
    let members: Vec<Option<&String>> = std::iter::once(None).chain(groups.iter().map(Some)).collect();
    let mut assumed = Vec::new();
    for class in Class::ALL {
        let mut label = Label::of(class);
        label.raise(&route.label_floor);
        // Below the floor the same would be tried again.
        if label.class != class {
            continue;
        }
        for (group, collection) in members
            .iter()
            .flat_map(|group| collections.iter().map(move |collection| (*group, *collection)))
        {
            assumed.push(Asked {
                route: route.name.clone(),
                label: label.clone(),
                purpose,
                read: Class::Public,
                collections: collection.into_iter().cloned().collect(),
                tenant: trousseau_core::principal::Tenant::default().as_str().to_owned(),
                who: String::new(),
                kind: Kind::Other,
                groups: group.into_iter().cloned().collect(),
                clearance: Class::Restricted,
                requests: 1,
                tokens: 0,
            });
        }
    }
    assumed
}
