//! `trousseau withdraw`: has a provider, a country or an upstream see nothing more, from this moment on.

use serde_json::{Value, json};
use trousseau_core::principal::Principal;
use trousseau_policy::jurisdiction::NotACountry;
use trousseau_withdrawals::{Running, What, Withdrawal};

use crate::app::{App, tenant};
use crate::caller::Caller;
use crate::cli::{Lift, Withdraw, Withdrawn};
use crate::failure::{AppError, Exit, Failure};
use crate::printer::{Printer, Style};

pub(super) async fn run(caller: &Caller, withdraw: Withdraw) -> Result<Exit, Failure> {
    match withdraw {
        Withdraw::Provider(typed) => {
            let what = What::Provider(typed.name.clone());
            self::withdraw(caller, what, typed).await
        }
        Withdraw::Upstream(typed) => {
            let what = What::Upstream(typed.name.clone());
            self::withdraw(caller, what, typed).await
        }
        Withdraw::Country(typed) => {
            let country = typed.name.to_uppercase().parse();
            let country = country.map_err(|NotACountry(text)| AppError::NotACountry { text })?;
            self::withdraw(caller, What::Country(country), typed).await
        }
        Withdraw::List => list(caller).await,
        Withdraw::Lift(lift) => self::lift(caller, &lift).await,
    }
}

async fn withdraw(caller: &Caller, what: What, typed: Withdrawn) -> Result<Exit, Failure> {
    let app = caller.open().await?;
    let by = Principal::operator(tenant(&caller.global));
    let gateway = &app.gateway;
    let until = typed.until.map(|until| until.after((gateway.now)()));
    let running = if typed.let_finish {
        Running::Finish
    } else {
        Running::Stop
    };
    let withdrawal = gateway.withdraw(&by, what, (until, running)).await?;
    tell(&caller.printer, &app, &withdrawal, "withdraw-made");
    app.close().await?;
    Ok(Exit::SUCCESS)
}

async fn lift(caller: &Caller, lift: &Lift) -> Result<Exit, Failure> {
    let app = caller.open().await?;
    let by = Principal::operator(tenant(&caller.global));
    let lifted = app.gateway.lift(&by, &lift.id).await?;
    tell(&caller.printer, &app, &lifted, "withdraw-lifted");
    app.close().await?;
    Ok(Exit::SUCCESS)
}

async fn list(caller: &Caller) -> Result<Exit, Failure> {
    let app = caller.open().await?;
    let gateway = &app.gateway;
    let there = gateway.withdrawals.list((gateway.now)());
    let printer = &*caller.printer;
    let messages = &printer.messages;
    if printer.json() {
        let there: Vec<Value> = there.iter().map(|one| object(&app, one)).collect();
        printer.object(&json!({ "withdrawals": there }));
    } else if there.is_empty() {
        printer.line(&messages.plain("withdraw-none"));
    } else {
        let heading = ["id", "withdrawn", "since", "until", "upstreams"]
            .map(|name| messages.plain(&format!("column-{name}")));
        let rows = there.iter().map(|one| {
            vec![
                one.id.clone(),
                messages.text(
                    "withdraw-what",
                    &[("kind", &one.what.kind()), ("name", &one.what.name())],
                ),
                format!("{:.0}", one.since),
                one.until.map_or_else(String::new, |until| format!("{until:.0}")),
                gateway.concerned(one).join(", "),
            ]
        });
        printer.table(&heading, &rows.collect::<Vec<_>>());
    }
    app.close().await?;
    Ok(Exit::SUCCESS)
}

fn tell(printer: &Printer, app: &App, withdrawal: &Withdrawal, message: &str) {
    if printer.json() {
        printer.object(&object(app, withdrawal));
        return;
    }
    let messages = &printer.messages;
    let what = messages.text(
        "withdraw-what",
        &[
            ("kind", &withdrawal.what.kind()),
            ("name", &withdrawal.what.name()),
        ],
    );
    printer.line(&messages.text(message, &[("what", &what), ("id", &withdrawal.id)]));
    let concerned = app.gateway.concerned(withdrawal);
    if concerned.is_empty() {
        printer.line(&printer.styled(&messages.plain("withdraw-concerns-nobody"), Style::Bad));
    } else {
        let names = concerned.join(", ");
        printer.line(&messages.text("withdraw-concerns", &[("upstreams", &names)]));
    }
}

fn object(app: &App, withdrawal: &Withdrawal) -> Value {
    let mut object = serde_json::to_value(withdrawal).unwrap_or_default();
    object["upstreams"] = app.gateway.concerned(withdrawal).into();
    object
}
