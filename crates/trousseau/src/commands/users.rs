//! `trousseau users`: the people who sign in with a password of their own.

use serde_json::{Value, json};
use trousseau_accounts::{Link, NewUser, UserChange, UserRow};
use trousseau_core::principal::Role;
use trousseau_gateway::account_changes::Operation;

use super::keys::{OPERATOR, enter, grants, moment, role};
use crate::app::tenant;
use crate::caller::Caller;
use crate::cli::{UserCreate, UserName, Users};
use crate::failure::{Exit, Failure};
use crate::printer::Printer;

pub(super) async fn run(caller: &Caller, users: Users) -> Result<Exit, Failure> {
    match users {
        Users::First => first(caller).await,
        Users::Create(create) => self::create(caller, create).await,
        Users::List => list(caller).await,
        Users::Link(user) => link(caller, &user).await,
        Users::Disable(user) => disable(caller, &user).await,
        Users::Enable(user) => enable(caller, &user).await,
    }
}

/// A link for the first administrator, who chooses a name as well.
async fn first(caller: &Caller) -> Result<Exit, Failure> {
    let app = caller.open().await?;
    let now = (app.gateway.now)();
    let accounts = app.accounts().await?;
    let link = accounts.first_link(&tenant(&caller.global), now).await?;
    drop(accounts);
    enter(
        caller,
        &app,
        Operation::LinkCreated,
        (OPERATOR, Role::Administrator),
    )
    .await?;
    app.close().await?;
    tell_link(&caller.printer, &link, None);
    Ok(Exit::SUCCESS)
}

async fn create(caller: &Caller, create: UserCreate) -> Result<Exit, Failure> {
    let app = caller.open().await?;
    let new = NewUser {
        display: create.display.unwrap_or_else(|| create.name.clone()),
        name: create.name,
        grants: grants(&app, create.allowed)?,
        created_by: OPERATOR.to_owned(),
    };
    let now = (app.gateway.now)();
    let accounts = app.accounts().await?;
    let (row, link) = accounts.create_user(&tenant(&caller.global), new, now).await?;
    drop(accounts);
    enter(caller, &app, Operation::UserCreated, (&row.name, row.grants.role)).await?;
    app.close().await?;
    tell_link(&caller.printer, &link, Some(&row));
    Ok(Exit::SUCCESS)
}

/// A link by which a user chooses a new password.
async fn link(caller: &Caller, user: &UserName) -> Result<Exit, Failure> {
    let app = caller.open().await?;
    let now = (app.gateway.now)();
    let accounts = app.accounts().await?;
    let tenant = tenant(&caller.global);
    let link = accounts.user_link(&tenant, &user.user, now).await?;
    let rows = accounts.users(&tenant).await?;
    drop(accounts);
    if let Some(row) = rows.iter().find(|row| row.name == user.user) {
        enter(caller, &app, Operation::LinkCreated, (&row.name, row.grants.role)).await?;
    }
    app.close().await?;
    tell_link(&caller.printer, &link, None);
    Ok(Exit::SUCCESS)
}

fn tell_link(printer: &Printer, link: &Link, row: Option<&UserRow>) {
    if printer.json() {
        let mut object = row.map_or_else(|| json!({}), object);
        object["link"] = link.token.as_str().into();
        object["link_expires"] = json!(link.expires);
        printer.object(&object);
        return;
    }
    printer.line(&format!("link: {}", link.token.as_str()));
    let expires = moment(Some(link.expires));
    printer.note(&printer.messages.text("users-link", &[("expires", &expires)]));
}

async fn list(caller: &Caller) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.open_or_read().await?;
    let listed = app.accounts().await?.users(&tenant(&caller.global)).await;
    app.close().await?;
    let rows = listed?;
    if printer.json() {
        let users: Vec<Value> = rows.iter().map(object).collect();
        printer.object(&json!({ "users": users }));
        return Ok(Exit::SUCCESS);
    }
    if rows.is_empty() {
        printer.line(&printer.messages.plain("users-none"));
        return Ok(Exit::SUCCESS);
    }
    let heading = ["name", "role", "clearance", "state", "used"];
    let heading = heading.map(|column| printer.messages.plain(&format!("column-{column}")));
    let cells = |row: &UserRow| {
        vec![
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

fn state(printer: &Printer, row: &UserRow) -> String {
    let messages = &printer.messages;
    match (row.disabled, &row.issuer) {
        (Some(disabled), _) => {
            messages.text("account-state-disabled", &[("moment", &moment(Some(disabled)))])
        }
        (None, Some(issuer)) => messages.text("account-state-provided", &[("issuer", issuer)]),
        (None, None) if row.has_password => messages.plain("account-state-valid"),
        (None, None) => messages.plain("account-state-invited"),
    }
}

async fn disable(caller: &Caller, user: &UserName) -> Result<Exit, Failure> {
    let row = change(caller, user, UserChange::Disable, Operation::UserDisabled).await?;
    Ok(tell(caller, "users-disabled", &row))
}

async fn enable(caller: &Caller, user: &UserName) -> Result<Exit, Failure> {
    let row = change(caller, user, UserChange::Enable, Operation::UserEnabled).await?;
    Ok(tell(caller, "users-enabled", &row))
}

async fn change(
    caller: &Caller,
    user: &UserName,
    change: UserChange,
    operation: Operation,
) -> Result<UserRow, Failure> {
    let app = caller.open().await?;
    let now = (app.gateway.now)();
    let row = app
        .accounts()
        .await?
        .change_user(&tenant(&caller.global), &user.user, change, now)
        .await?;
    enter(caller, &app, operation, (&row.name, row.grants.role)).await?;
    app.close().await?;
    Ok(row)
}

fn tell(caller: &Caller, told: &str, row: &UserRow) -> Exit {
    let printer = &*caller.printer;
    if printer.json() {
        printer.object(&object(row));
    } else {
        printer.line(&printer.messages.text(told, &[("name", &row.name)]));
    }
    Exit::SUCCESS
}

fn object(row: &UserRow) -> Value {
    serde_json::to_value(row).unwrap_or_default()
}
