//! What is cut off, and what that comes to together with what is out already.

use serde::Serialize;
use trousseau_plan::Plan;
use trousseau_policy::decide::is_out;
use trousseau_policy::withdrawn::Withdrawn;
use trousseau_withdrawals::What;

/// Providers, countries and upstreams that are cut off together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut(pub Vec<What>);

/// One of them, with the upstreams that it takes along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// What it is.
    #[serde(flatten)]
    pub what: What,
    /// The upstreams of the plan that it concerns, in their order.
    pub upstreams: Vec<String>,
}

impl Cut {
    /// What it comes to for the policy.
    pub fn withdrawn(&self) -> Withdrawn {
        let mut withdrawn = Withdrawn::default();
        for what in &self.0 {
            what.add_to(&mut withdrawn);
        }
        withdrawn
    }

    /// Each of them, with the upstreams that it takes along.
    pub fn taken(&self, plan: &Plan) -> Vec<Taken> {
        let taken = self.0.iter().map(|what| {
            let mut withdrawn = Withdrawn::default();
            what.add_to(&mut withdrawn);
            let out = plan.targets.iter().filter(|target| is_out(target, &withdrawn));
            Taken {
                what: what.clone(),
                upstreams: out.map(|target| target.name.clone()).collect(),
            }
        });
        taken.collect()
    }
}

/// Both together.
pub fn merged(already: Option<&Withdrawn>, cut: &Withdrawn) -> Withdrawn {
    let mut both = already.cloned().unwrap_or_default();
    both.upstreams.extend(cut.upstreams.iter().cloned());
    both.providers.extend(cut.providers.iter().cloned());
    both.countries.extend(cut.countries.iter().copied());
    both
}
