//! `trousseau keys`: makes, lists and revokes the keys that programs ask with over HTTP.

use serde_json::{Value, json};
use trousseau_accounts::{Grants, KeyRow, NewKey};
use trousseau_core::principal::Role;
use trousseau_gateway::account_changes::{AccountChange, Operation};
use trousseau_limits::{Allowance, Budget};

use crate::app::{App, tenant};
use crate::caller::Caller;
use crate::cli::{Allowed, KeyCreate, KeyRevoke, Keys, Limited};
use crate::failure::{Exit, Failure};
use crate::printer::Printer;

/// Who makes an account at the command line.
pub(super) const OPERATOR: &str = "operator";

pub(super) async fn run(caller: &Caller, keys: Keys) -> Result<Exit, Failure> {
    match keys {
        Keys::Create(create) => self::create(caller, *create).await,
        Keys::List => list(caller).await,
        Keys::Revoke(revoke) => self::revoke(caller, &revoke).await,
    }
}

async fn create(caller: &Caller, create: KeyCreate) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.open().await?;
    let now = (app.gateway.now)();
    let new = NewKey {
        name: create.name,
        grants: grants(&app, create.allowed)?,
        expires: create.expires.map(|expires| expires.after(now)),
        limits: allowance(create.limited),
        created_by: OPERATOR.to_owned(),
    };
    let accounts = app.accounts().await?;
    let (row, key) = accounts.create_key(&tenant(&caller.global), new, now).await?;
    drop(accounts);
    enter(caller, &app, Operation::KeyCreated, (&row.name, row.grants.role)).await?;
    app.close().await?;
    if printer.json() {
        let mut object = object(&row);
        object["key"] = key.into();
        printer.object(&object);
        return Ok(Exit::SUCCESS);
    }
    printer.line(&format!("key: {key}"));
    printer.note(
        &printer
            .messages
            .text("keys-made", &[("name", &row.name), ("id", &row.id)]),
    );
    Ok(Exit::SUCCESS)
}

/// What may be spent with a key, as it was typed.
fn allowance(limited: Limited) -> Allowance {
    let is_budget = limited.budget_tokens.is_some() || limited.budget_money.is_some();
    Allowance {
        requests_per_minute: limited.requests_per_minute,
        tokens_per_minute: limited.tokens_per_minute,
        budget: is_budget.then(|| Budget {
            tokens: limited.budget_tokens,
            money: limited.budget_money,
            currency: limited.budget_currency,
            per: limited.budget_per.into(),
        }),
    }
}

/// Enters in the ledger what was done to an account, before anybody hears of it.
pub(super) async fn enter(
    caller: &Caller,
    app: &App,
    operation: Operation,
    (account, role): (&str, Role),
) -> Result<(), Failure> {
    let change = AccountChange {
        operation,
        by: OPERATOR,
        account,
        role,
    };
    Ok(app
        .gateway
        .record_account(&tenant(&caller.global), change)
        .await?)
}

/// What was typed of an account's rights. A route must be one of the configuration.
pub(super) fn grants(app: &App, allowed: Allowed) -> Result<Grants, Failure> {
    let config = app.config();
    for name in &allowed.route {
        if config.settings.route(Some(name)).is_none() {
            let routes = config.settings.routes.iter();
            let known: Vec<&str> = routes.map(|route| route.name.as_str()).collect();
            let (name, known) = (name.clone(), known.join(", "));
            return Err(trousseau_gateway::error::GatewayError::NoRoute { name, known }.into());
        }
    }
    let usual = Grants::default();
    Ok(Grants {
        role: allowed.role.unwrap_or(Role::User),
        groups: allowed.group.into_iter().collect(),
        clearance: allowed.clearance.unwrap_or(usual.clearance),
        label_floor: allowed.label_floor.unwrap_or(usual.label_floor),
        routes: (!allowed.route.is_empty()).then(|| allowed.route.into_iter().collect()),
    })
}

async fn list(caller: &Caller) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.open_or_read().await?;
    let listed = app.accounts().await?.keys(&tenant(&caller.global)).await;
    app.close().await?;
    let rows = listed?;
    if printer.json() {
        let keys: Vec<Value> = rows.iter().map(object).collect();
        printer.object(&json!({ "keys": keys }));
        return Ok(Exit::SUCCESS);
    }
    if rows.is_empty() {
        printer.line(&printer.messages.plain("keys-none"));
        return Ok(Exit::SUCCESS);
    }
    let heading = ["id", "name", "role", "clearance", "state", "used"];
    let heading = heading.map(|column| printer.messages.plain(&format!("column-{column}")));
    let cells = |row: &KeyRow| {
        vec![
            row.id.clone(),
            row.name.clone(),
            role(printer, row.grants.role),
            row.grants.clearance.to_string(),
            state(printer, row),
            moment(row.used),
        ]
    };
    printer.table(&heading, &rows.iter().map(cells).collect::<Vec<_>>());
    Ok(Exit::SUCCESS)
}

async fn revoke(caller: &Caller, revoke: &KeyRevoke) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.open().await?;
    let now = (app.gateway.now)();
    let row = app
        .accounts()
        .await?
        .revoke_key(&tenant(&caller.global), &revoke.key, now)
        .await?;
    enter(caller, &app, Operation::KeyRevoked, (&row.name, row.grants.role)).await?;
    app.close().await?;
    if printer.json() {
        printer.object(&object(&row));
    } else {
        printer.line(
            &printer
                .messages
                .text("keys-revoked", &[("name", &row.name), ("id", &row.id)]),
        );
    }
    Ok(Exit::SUCCESS)
}

fn object(row: &KeyRow) -> Value {
    serde_json::to_value(row).unwrap_or_default()
}

fn state(printer: &Printer, row: &KeyRow) -> String {
    let (state, moment) = match (row.revoked, row.expires) {
        (Some(revoked), _) => ("account-state-revoked", Some(revoked)),
        (None, Some(expires)) => ("account-state-until", Some(expires)),
        (None, None) => ("account-state-valid", None),
    };
    printer.messages.text(state, &[("moment", &self::moment(moment))])
}

/// A role, in words.
pub(super) fn role(printer: &Printer, role: Role) -> String {
    printer.messages.plain(&format!("role-{role}"))
}

/// A moment to the second, or nothing.
pub(super) fn moment(moment: Option<jiff::Timestamp>) -> String {
    moment.map(|moment| format!("{moment:.0}")).unwrap_or_default()
}
