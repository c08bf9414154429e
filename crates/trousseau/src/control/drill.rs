//! Holds a drill: gathers what was asked and how long upstreams are waited for, and has the mechanism decide; or makes the cut in
//! earnest for a while.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use trousseau_config::Kind as Behind;
use trousseau_core::label::Class;
use trousseau_core::permit::Purpose;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_drill::cut::Cut;
use trousseau_drill::recovery::Patience;
use trousseau_drill::report::Report;
use trousseau_drill::traffic::{Asked, Kind};
use trousseau_drill::watch::{Measured, Watch};
use trousseau_drill::{Scene, drill};
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::records::traffic::Traffic;
use trousseau_gateway::withdrawing::Drilled;
use trousseau_withdrawals::{Running, WithdrawalError};

use crate::app::App;
use crate::failure::Failure;

/// How often the ledger is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// What a cut would do to what was asked in a tenant since a moment. Nothing is called, and nothing changes.
pub(crate) async fn foretell(
    app: &App,
    tenant: &Tenant,
    (cut, since): (&Cut, Timestamp),
) -> Result<Report, Failure> {
    let gateway = &app.gateway;
    let (plan, now) = (gateway.plan(), (gateway.now)());
    let until = now.as_millisecond().saturating_add(1);
    let asked = gateway.records.traffic(tenant, (since.as_millisecond(), until));
    let asked = asked.await.map_err(GatewayError::from)?;
    let people = People::of(app, tenant).await?;
    let asked: Vec<Asked> = asked.into_iter().map(|asked| people.ask(tenant, asked)).collect();
    let withdrawn = gateway.withdrawals.in_force(now);
    let patience = patience(app);
    let scene = Scene {
        withdrawn: withdrawn.as_deref(),
        patience: &patience,
        time: plan.settings.local_time(now),
        today: gateway.today(),
    };
    Ok(drill(&plan, cut, (&asked, &people.groups), scene))
}

/// Makes the cut in earnest, for so long or until whoever typed the command has gone, and tells when each route answered from
/// elsewhere. The withdrawals end by themselves, whatever becomes of this program.
pub(crate) async fn hold(
    app: &App,
    by: &Principal,
    (cut, lasting, report): (&Cut, Duration, &Report),
    gone: &CancellationToken,
) -> Result<BTreeMap<String, Measured>, Failure> {
    let gateway = &app.gateway;
    let since = (gateway.now)();
    let until = since.checked_add(lasting).unwrap_or(Timestamp::MAX);
    let log = gateway.logs.log(&by.tenant, &gateway.records, since).await?;
    let mut next = log.size();
    let mut withdrawals = Vec::new();
    let died: Vec<String> = report.died().map(str::to_owned).collect();
    let taken = report
        .cut
        .iter()
        .flat_map(|taken| taken.upstreams.iter().cloned());
    let mut watch = Watch::new(since, taken.collect());
    let watching = async {
        for what in &cut.0 {
            let how = (Some(until), Running::Stop);
            withdrawals.push(gateway.withdraw(by, what.clone(), how).await?.id);
        }
        let begun = drilled("begun", &withdrawals, until, &died);
        gateway.enter_drill(by, &begun).await?;
        loop {
            let over = (gateway.now)() >= until || gone.is_cancelled();
            let size = log.size();
            for index in next..size {
                let before = watch.take(index, &log.read(index).await?);
                // Decided before the cut, answered after it.
                if let Some(decision) = before {
                    watch.take(decision, &log.read(decision).await?);
                    watch.take(index, &log.read(index).await?);
                }
            }
            next = size;
            if over {
                return Ok::<_, GatewayError>(());
            }
            let _gone = gone.run_until_cancelled(sleep(LOOK)).await;
        }
    };
    let watched = watching.await;
    // Whatever went wrong: what was cut is let in again.
    for id in &withdrawals {
        match gateway.lift(by, id).await {
            Err(GatewayError::Withdrawals(WithdrawalError::Unknown { .. })) | Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
    }
    watched?;
    let measured = watch.into_measured();
    let mut ended = drilled("ended", &withdrawals, until, &died);
    ended.answered = measured.keys().cloned().collect();
    gateway.enter_drill(by, &ended).await?;
    Ok(measured)
}

fn drilled(operation: &'static str, withdrawals: &[String], until: Timestamp, died: &[String]) -> Drilled {
    Drilled {
        operation,
        withdrawals: withdrawals.to_vec(),
        until,
        died: died.to_vec(),
        answered: Vec::new(),
    }
}

/// How long each upstream is waited for that is reached over a network.
fn patience(app: &App) -> BTreeMap<String, Patience> {
    let config = app.config();
    let remote = config.kinds.iter().filter_map(|(name, kind)| match kind {
        Behind::OpenAi(remote) => Some((name, remote)),
        Behind::Extractive => None,
    });
    let patience = remote.map(|(name, remote)| {
        let patience = Patience {
            connect: remote.timeouts.connect,
            first_byte: remote.timeouts.first_byte,
            health_check: remote.health_check,
            limits: config.settings.limits_of(name),
        };
        (name.clone(), patience)
    });
    patience.collect()
}

/// Who asks, as the accounts say now.
struct People {
    known: BTreeMap<String, (Kind, BTreeSet<String>, Class)>,
    /// Every group that somebody is in.
    groups: BTreeSet<String>,
}

impl People {
    async fn of(app: &App, tenant: &Tenant) -> Result<Self, Failure> {
        let mut known = BTreeMap::new();
        let operator = Principal::operator(tenant.clone());
        known.insert(operator.user, (Kind::Other, operator.groups, operator.clearance));
        for key in &app.gateway.plan().settings.keys {
            let key = key.clone();
            known.insert(key.name, (Kind::Key, key.groups, key.clearance));
        }
        let accounts = app.accounts().await?;
        for user in accounts.users(tenant).await? {
            let grants = user.grants;
            known.insert(user.name, (Kind::User, grants.groups, grants.clearance));
        }
        // The newest first: of several that had a name, the one that has it now.
        let keys = accounts.keys(tenant).await?;
        for key in keys.into_iter().rev() {
            let grants = key.grants;
            known.insert(key.name, (Kind::Key, grants.groups, grants.clearance));
        }
        let groups = known
            .values()
            .flat_map(|(_, groups, _)| groups)
            .cloned()
            .collect();
        Ok(Self { known, groups })
    }

    /// What was asked, by whom it is now. Of an account that is gone the groups are not known any more; what it might read it
    /// may still read.
    fn ask(&self, tenant: &Tenant, asked: Traffic) -> Asked {
        let gone = || (Kind::Other, BTreeSet::new(), Class::Restricted);
        let (kind, groups, clearance) = self.known.get(&asked.actor).cloned().unwrap_or_else(gone);
        let purposes = [
            Purpose::Chat,
            Purpose::Embedding,
            Purpose::Reranking,
            Purpose::Rewriting,
            Purpose::Ocr,
            Purpose::Judging,
        ];
        let purpose = purposes
            .into_iter()
            .find(|purpose| purpose.name() == asked.purpose);
        Asked {
            route: asked.route,
            label: asked.label,
            purpose: purpose.unwrap_or(Purpose::Chat),
            read: asked.read,
            collections: asked.collections,
            tenant: tenant.as_str().to_owned(),
            who: asked.actor,
            kind,
            groups: groups.into_iter().collect(),
            clearance,
            requests: asked.requests,
            tokens: asked.tokens,
        }
    }
}
