//! `trousseau drill cut`: what becomes of routes and people when a country, a provider or an upstream is cut off.

use std::collections::BTreeMap;

use serde_json::json;
use trousseau_core::principal::Principal;
use trousseau_drill::cut::Cut;
use trousseau_drill::recovery::Recovery;
use trousseau_drill::report::{Affected, Report, RouteTold, Verdict};
use trousseau_drill::watch::Measured;
use trousseau_policy::jurisdiction::NotACountry;
use trousseau_withdrawals::What;

use crate::app::tenant;
use crate::caller::Caller;
use crate::cli::DrillCut;
use crate::control::drill;
use crate::failure::{AppError, Exit, Failure};
use crate::printer::{Printer, Style};

pub(super) async fn cut(caller: &Caller, typed: DrillCut) -> Result<Exit, Failure> {
    if typed.live && caller.server().is_none() {
        let data = caller.place()?.data;
        return Err(AppError::NoServer { data }.into());
    }
    let cut = cut_of(&typed)?;
    let app = caller.open_or_read().await?;
    let since = typed.since.before((app.gateway.now)());
    let by = Principal::operator(tenant(&caller.global));
    let report = drill::foretell(&app, &by.tenant, (&cut, since)).await?;
    let printer = &*caller.printer;
    let measured = match typed.live {
        false => None,
        true => {
            if !printer.json() {
                tell(printer, &report);
                let seconds = typed.duration.0.as_secs();
                printer.line(&printer.messages.text("drill-holding", &[("seconds", &seconds)]));
            }
            let held = (&cut, typed.duration.0, &report);
            Some(drill::hold(&app, &by, held, caller.gone()).await?)
        }
    };
    app.close().await?;
    match (&measured, printer.json()) {
        (_, true) => {
            let mut object = json!(report);
            object["since"] = json!(since);
            if let Some(measured) = &measured {
                object["measured"] = json!(measured);
                object["duration_seconds"] = typed.duration.0.as_secs().into();
            }
            printer.object(&object);
        }
        (None, false) => tell(printer, &report),
        (Some(measured), false) => tell_measured(printer, &report, measured),
    }
    Ok(match report.died().next() {
        Some(_) => Exit::DIED,
        None => Exit::SUCCESS,
    })
}

fn cut_of(typed: &DrillCut) -> Result<Cut, Failure> {
    let mut cut = Vec::new();
    for code in &typed.country {
        let country = code.to_uppercase().parse();
        let country = country.map_err(|NotACountry(text)| AppError::NotACountry { text })?;
        cut.push(What::Country(country));
    }
    cut.extend(typed.provider.iter().cloned().map(What::Provider));
    cut.extend(typed.upstream.iter().cloned().map(What::Upstream));
    Ok(Cut(cut))
}

fn tell(printer: &Printer, report: &Report) {
    let messages = &printer.messages;
    for taken in &report.cut {
        let what = messages.text(
            "withdraw-what",
            &[("kind", &taken.what.kind()), ("name", &taken.what.name())],
        );
        let names = taken.upstreams.join(", ");
        let key = if names.is_empty() {
            "drill-cut-nobody"
        } else {
            "drill-cut"
        };
        printer.line(&messages.text(key, &[("what", &what), ("upstreams", &names)]));
    }
    let heading = [
        "route", "verdict", "basis", "requests", "lost", "goes", "recovery",
    ]
    .map(|name| messages.plain(&format!("column-{name}")));
    let rows: Vec<_> = report.routes.iter().map(|told| row(printer, told)).collect();
    printer.table(&heading, &rows);
    for told in &report.routes {
        let lost = told.classes.iter().filter(|class| class.lost > 0);
        for class in lost {
            let fields: [(&str, &dyn std::fmt::Display); 4] = [
                ("route", &told.route),
                ("class", &class.class.name()),
                ("lost", &class.lost),
                ("requests", &class.requests),
            ];
            printer.line(&printer.styled(&messages.text("drill-class-lost", &fields), Style::Bad));
        }
    }
    printer.line(&affected(printer, "drill-affected", &report.affected));
    printer.line(&affected(printer, "drill-without-answer", &report.without_answer));
    for group in &report.groups {
        let fields: [(&str, &dyn std::fmt::Display); 4] = [
            ("group", &group.group),
            ("requests", &group.requests),
            ("moved", &group.moved),
            ("lost", &group.lost),
        ];
        printer.line(&messages.text("drill-group", &fields));
    }
    printer.line(&printer.styled(&messages.plain("drill-recovery-note"), Style::Faint));
}

fn row(printer: &Printer, told: &RouteTold) -> Vec<String> {
    let messages = &printer.messages;
    let verdict = messages.text("drill-verdict", &[("verdict", &told.verdict.name())]);
    let basis = if told.recorded { "asked" } else { "assumed" };
    let goes = told.goes.iter().map(|step| {
        let to = step.to.clone().unwrap_or_else(|| messages.plain("drill-nowhere"));
        let fields: [(&str, &dyn std::fmt::Display); 3] =
            [("from", &step.from), ("to", &to), ("requests", &step.requests)];
        messages.text("drill-goes", &fields)
    });
    vec![
        told.route.clone(),
        verdict,
        messages.text("drill-basis", &[("basis", &basis)]),
        told.requests.to_string(),
        told.lost.to_string(),
        goes.collect::<Vec<_>>().join("; "),
        recovery(printer, told),
    ]
}

/// How soon it answers again.
fn recovery(printer: &Printer, told: &RouteTold) -> String {
    let Some(recovery) = told
        .recovery
        .as_ref()
        .filter(|_| matches!(told.verdict, Verdict::Lives | Verdict::Partly))
    else {
        return String::new();
    };
    let Recovery {
        unreachable_seconds,
        silent_seconds,
        failures_until_left_alone,
        health_check_seconds,
        ..
    } = recovery;
    let check = health_check_seconds.map_or_else(|| "none".to_owned(), |seconds| seconds.to_string());
    let fields: [(&str, &dyn std::fmt::Display); 4] = [
        ("unreachable", unreachable_seconds),
        ("silent", silent_seconds),
        ("failures", failures_until_left_alone),
        ("check", &check),
    ];
    printer.messages.text("drill-recovery", &fields)
}

fn affected(printer: &Printer, key: &str, told: &Affected) -> String {
    let fields: [(&str, &dyn std::fmt::Display); 4] = [
        ("users", &told.users),
        ("keys", &told.keys),
        ("others", &told.others),
        ("groups", &told.groups),
    ];
    let whom = printer.messages.text("drill-whom", &fields);
    printer.messages.text(key, &[("whom", &whom)])
}

fn tell_measured(printer: &Printer, report: &Report, measured: &BTreeMap<String, Measured>) {
    let messages = &printer.messages;
    printer.line(&messages.plain("drill-lifted"));
    let touched = report
        .routes
        .iter()
        .filter(|told| !told.goes.is_empty() || measured.contains_key(&told.route));
    for told in touched {
        let line = match measured.get(&told.route) {
            Some(Measured { target, after_ms }) => {
                let fields: [(&str, &dyn std::fmt::Display); 3] =
                    [("route", &told.route), ("target", target), ("ms", after_ms)];
                messages.text("drill-measured", &fields)
            }
            None => messages.text("drill-unmeasured", &[("route", &told.route)]),
        };
        printer.line(&line);
    }
}
