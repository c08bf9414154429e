//! The gateway's parts, put together by the composition root.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use trousseau_core::digest::Digest;
use trousseau_core::model::ChatModel;
use trousseau_core::principal::Principal;
use trousseau_policy::date::Date;
use trousseau_policy::decide::Target;
use trousseau_policy::rules::{LocalTime, Rules, Weekday};
use trousseau_retrieval::extraction::Extraction;
use trousseau_retrieval::library::Library;

use crate::error::GatewayError;
use crate::logs::Logs;
use crate::records::Records;
use crate::settings::{Route, Settings};

/// The service behind every interface: the answer path and the ingest path.
pub struct Gateway {
    /// The configuration of the paths.
    pub settings: Settings,
    /// Every upstream, with its card.
    pub targets: Vec<Target>,
    /// The rules of the decision.
    pub rules: Rules,
    /// The digest of both, as [`policy_digest`] gives it.
    pub policy: Digest,
    /// The models that can be called, by their target's name.
    pub models: HashMap<String, Arc<dyn ChatModel>>,
    /// The documents.
    pub library: Library,
    /// The records.
    pub records: Records,
    /// The ledgers.
    pub logs: Logs,
    /// The worker processes that read files.
    pub extraction: Extraction,
    /// The clock.
    pub now: fn() -> Timestamp,
}

impl Gateway {
    /// The route of this name, or the first one, among those that `principal` may ask through.
    pub fn route_for(&self, principal: &Principal, name: Option<&str>) -> Result<&Route, GatewayError> {
        let mut open = self.routes_of(principal);
        let found = match name {
            Some(name) => open.find(|route| route.name == name),
            None => open.next(),
        };
        found.ok_or_else(|| GatewayError::NoRoute {
            name: name.unwrap_or_default().to_owned(),
            known: names(self.routes_of(principal)),
        })
    }

    /// The routes that `principal` may ask through.
    pub fn routes_of(&self, principal: &Principal) -> impl Iterator<Item = &Route> {
        let routes = self.settings.routes.iter();
        routes.filter(|route| principal.may_ask(&route.name))
    }

    /// The route's targets, in its order. The configuration has seen to it that each exists.
    pub fn targets_of<'a>(&'a self, route: &'a Route) -> impl Iterator<Item = &'a Target> {
        let by_name = |name: &String| self.targets.iter().find(|target| &target.name == name);
        route.targets.iter().filter_map(by_name)
    }

    /// The present day, in UTC.
    pub fn today(&self) -> Date {
        date((self.now)())
    }

    /// The time of the week where the organisation is, for the rules that ask for it.
    pub fn local_time(&self) -> LocalTime {
        local_time((self.now)(), &self.settings.time_zone)
    }

    /// Ends the worker processes, publishes the checkpoints and closes every file.
    pub async fn close(self) -> Result<(), GatewayError> {
        self.extraction.shut_down().await;
        self.logs.close().await?;
        self.records.close().await;
        self.library.close().await;
        Ok(())
    }
}

/// The digest of everything a decision rests on besides the request: rules, cards and attestations.
pub fn policy_digest(rules: &Rules, targets: &[Target]) -> Result<Digest, serde_json::Error> {
    let fields = [serde_json::to_vec(rules)?, serde_json::to_vec(targets)?];
    Ok(Digest::of_fields(fields.iter().map(Vec::as_slice)))
}

/// The time of the week at a moment in a time zone.
pub fn local_time(moment: Timestamp, zone: &TimeZone) -> LocalTime {
    let local = moment.to_zoned(zone.clone());
    let since_monday = usize::from(local.weekday().to_monday_zero_offset().unsigned_abs());
    LocalTime {
        day: Weekday::ALL[since_monday % 7],
        minute: u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs()),
    }
}

/// The day of a moment, in UTC.
pub fn date(moment: Timestamp) -> Date {
    let day = moment.to_zoned(TimeZone::UTC).date();
    let (month, date) = (day.month().unsigned_abs(), day.day().unsigned_abs());
    Date::new(day.year().unsigned_abs(), month, date).unwrap_or(Date::LAST)
}

fn names<'a>(routes: impl Iterator<Item = &'a Route>) -> String {
    let names: Vec<&str> = routes.map(|route| route.name.as_str()).collect();
    names.join(", ")
}
