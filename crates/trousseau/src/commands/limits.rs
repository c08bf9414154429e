//! `trousseau limits show`: how far limits and budgets are used, and when what is used up is free again.

use std::fmt::Display;

use jiff::tz::TimeZone;
use serde_json::json;
use trousseau_limits::{Standing, What};

use crate::caller::Caller;
use crate::failure::{Exit, Failure};
use crate::printer::Printer;

pub(super) async fn show(caller: &Caller) -> Result<Exit, Failure> {
    let printer = &*caller.printer;
    let app = caller.open_or_read().await?;
    // Who keeps the keys tells of their limits.
    let accounts = app.accounts().await?;
    let settings = app.gateway.plan().settings.clone();
    let standings = app.gateway.limits.all(&settings.spending, (app.gateway.now)());
    let zone = settings.time_zone;
    drop(accounts);
    app.close().await?;
    if printer.json() {
        printer.object(&json!({ "limits": standings }));
        return Ok(Exit::SUCCESS);
    }
    if standings.is_empty() {
        printer.line(&printer.messages.plain("limits-none"));
        return Ok(Exit::SUCCESS);
    }
    let heading = ["limit", "whose", "counted", "spent", "reserved", "most", "free"];
    let heading = heading.map(|column| printer.messages.plain(&format!("column-{column}")));
    let rows: Vec<_> = standings
        .iter()
        .map(|standing| row(printer, standing, &zone))
        .collect();
    printer.table(&heading, &rows);
    Ok(Exit::SUCCESS)
}

fn row(printer: &Printer, standing: &Standing, zone: &TimeZone) -> Vec<String> {
    let messages = &printer.messages;
    let amount = |amount: f64| match standing.what {
        What::BudgetMoney | What::Unpriced | What::Away => {
            messages.text("amount", &[("amount", &format!("{amount:.2}"))])
        }
        What::Requests | What::Tokens | What::BudgetTokens => format!("{amount:.0}"),
    };
    let whose = match &standing.account {
        Some(account) => account.clone(),
        None => messages.text(
            "limits-whose",
            &[("kind", &standing.kind), ("name", &standing.name)],
        ),
    };
    let per = standing.per.map_or("", |per| per.name());
    let unit = standing.currency.as_deref().unwrap_or_default();
    let what: [(&str, &dyn Display); 3] = [("what", &standing.what.name()), ("unit", &unit), ("per", &per)];
    let moment = |moment: jiff::Timestamp| {
        moment
            .to_zoned(zone.clone())
            .strftime("%Y-%m-%d %H:%M")
            .to_string()
    };
    let free = match (standing.free, standing.until) {
        (Some(free), _) => moment(free),
        (None, Some(until)) => messages.text("limits-anew", &[("moment", &moment(until))]),
        (None, None) => String::new(),
    };
    vec![
        standing.limit.clone(),
        whose,
        messages.text("limits-what", &what),
        amount(standing.used),
        amount(standing.reserved),
        amount(standing.most),
        free,
    ]
}
