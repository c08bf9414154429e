//! `/v1/responses` and `POST /v1/completions`: OpenAI's newer form of a question, and its oldest.
//!
//! A response is its record, in the form of a response: it is there for whoever asked, until it is erased.
//!
//! `previous_response_id` names a record of whoever asks: the messages of it, its answer and what tools it called stand
//! before what is asked now, and its label comes back.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{Extensions, Uri};
use serde_json::{Value, json};
use trousseau_core::chat::ChatAnswer;
use trousseau_core::permit::Purpose;
use trousseau_core::principal::Principal;
use trousseau_gateway::entry::State as Ended;
use trousseau_gateway::error::GatewayError;
use trousseau_gateway::records::{EntryId, Record};
use trousseau_wire::Fault;
use trousseau_wire::server::ChatCall;
use trousseau_wire::server::completions::{CompletionShape, completions};
use trousseau_wire::server::responses::{
    Echo, Kept, ResponseShape, ResponsesCall, earlier_answer, follow, named_entry as response_entry,
    responses,
};

use super::chat::{admit, answer, read_as};
use super::envelope::Asking;
use super::query::Pairs;
use super::records::{hide, named_entry};
use super::refusal::Refusal;
use super::segment::Segments;
use super::{Caller, HttpError, Server};

/// `POST /v1/responses`.
pub(super) async fn create(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, asked) = read_as(&server, request, responses).await?;
    let ResponsesCall {
        mut call,
        previous,
        stores,
        mut echo,
    } = asked;
    if let Some(previous) = previous {
        put_before(&server, &caller.principal, &previous, &mut call).await?;
    }
    let searches = stores.is_some();
    if let Some(ids) = stores {
        call.options.collections = Some(collections(&server, &caller.principal, &ids).await?);
    }
    let asked = admit(&server, &caller, &parts, call)?;
    if searches && !asked.grounded {
        let param = "tools".to_owned();
        return Err(Fault::RunsElsewhere {
            param,
            tool: "file_search".to_owned(),
        }
        .into());
    }
    if server.gateway.plan().settings.forgets {
        echo.is_not_stored();
    }
    let created = (server.gateway.now)().as_second();
    let shape = ResponseShape::new(created, asked.call.model.clone(), echo);
    answer(&server, caller, asked, Box::new(shape)).await
}

/// Puts an earlier answer of the caller's, and what it was given to, before what is asked now.
async fn put_before(
    server: &Server,
    principal: &Principal,
    previous: &str,
    call: &mut ChatCall,
) -> Result<(), Refusal> {
    const PARAM: &str = "previous_response_id";
    let entry = named_entry(previous).map_err(|_| Fault::Invalid {
        param: PARAM.to_owned(),
        reason: "no response of this server has this id".to_owned(),
    })?;
    let found = server.gateway.own_record(principal, &entry).await;
    let record = found.map_err(|error| match error {
        GatewayError::NoEntry { .. } => Refusal::from(error).about(PARAM),
        error => error.into(),
    })?;
    // What was measured is no answer, and one that broke off is not gone on from.
    let answered = matches!(record.state, Ended::Answered | Ended::Abstained);
    if !answered || record.decision["decision"]["purpose"] != Purpose::Chat.name() {
        let (param, reason) = (
            PARAM.to_owned(),
            "that is no whole answer to a question".to_owned(),
        );
        return Err(Fault::Invalid { param, reason }.into());
    }
    call.options.label.get_or_insert_default().raise(&record.label);
    let reasoning = record.reasoning.map(|reasoning| reasoning.text);
    let answer = earlier_answer(record.answer.unwrap_or_default(), reasoning, record.tool_calls);
    follow(call, record.messages, answer);
    Ok(())
}

/// The collections that vector stores are, of those that the caller may see.
async fn collections(server: &Server, principal: &Principal, ids: &[String]) -> Result<Vec<String>, Refusal> {
    let mut names = Vec::with_capacity(ids.len());
    for id in ids {
        names.push(server.gateway.store(principal, id).await?.collection.name);
    }
    Ok(names)
}

/// `GET /v1/responses/{response}`: one of the caller's own, as its record keeps it.
pub(super) async fn get(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
    uri: Uri,
    extensions: Extensions,
) -> Result<Json<Value>, Refusal> {
    let mut pairs = Pairs::of(&uri)?;
    // A response is given back whole.
    if pairs.take("stream").is_some_and(|stream| stream != "false") {
        return Err(Fault::unsupported("stream").into());
    }
    pairs.end()?;
    let (entry, mut record) = kept(&server, &caller.principal, &id).await?;
    hide(&server, &caller.principal, &mut record).await?;
    let status = match record.state {
        Ended::Open => Kept::InProgress,
        Ended::Answered | Ended::Abstained => Kept::Completed,
        Ended::Cancelled => Kept::Cancelled,
        Ended::Refused | Ended::Failed | Ended::Interrupted => Kept::Failed,
    };
    let asking = extensions.get::<Asking>().cloned().unwrap_or_default();
    let error = (status == Kept::Failed).then(|| {
        let refusal = Refusal::from(HttpError::Unanswered);
        refusal.body(server.texts.as_ref(), asking.language, &asking.id)
    });
    let trousseau = report_of(&record);
    let echo = Echo::of_kept(&record.messages);
    let created = record.created.div_euclid(1000);
    let shape = ResponseShape::new(created, record.route, echo);
    let answer = ChatAnswer {
        text: record.answer.unwrap_or_default(),
        reasoning: record
            .reasoning
            .map(|reasoning| reasoning.text)
            .unwrap_or_default(),
        tool_calls: record.tool_calls,
        citations: record.citations,
        ..ChatAnswer::default()
    };
    let entry = entry.to_string();
    Ok(Json(shape.kept(
        &entry,
        &answer,
        (status, error.as_ref()),
        &trousseau,
    )))
}

/// `DELETE /v1/responses/{response}`: the content of one of the caller's own; its proof stays.
pub(super) async fn delete(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Segments(id): Segments<String>,
) -> Result<Json<Value>, Refusal> {
    let (entry, _) = kept(&server, &caller.principal, &id).await?;
    let gateway = Arc::clone(&server.gateway);
    let deleting = async move { gateway.delete_record(&caller.principal, &entry).await };
    server.see_through(deleting).await?;
    Ok(Json(json!({ "id": id, "object": "response", "deleted": true })))
}

/// The record that a response is. What was measured is none.
async fn kept(server: &Server, principal: &Principal, id: &str) -> Result<(EntryId, Record), Refusal> {
    let none = || GatewayError::NoEntry { entry: id.to_owned() };
    let entry = response_entry(id).ok_or_else(none)?;
    let entry = named_entry(&entry).map_err(|_| none())?;
    let record = server
        .gateway
        .own_record(principal, &entry)
        .await
        .map_err(|error| match error {
            GatewayError::NoEntry { .. } => none(),
            error => error,
        })?;
    if record.decision["decision"]["purpose"] != Purpose::Chat.name() {
        return Err(none().into());
    }
    Ok((entry, record))
}

/// What a record tells of where it was made and why there, what it stands on, and what proves it.
fn report_of(record: &Record) -> Value {
    let decision = &record.decision["decision"];
    let mut report = json!({
        "route": record.route,
        "label": record.label,
        "decision": {
            "target": record.target,
            "model": record.model,
            "permitted": decision["permitted"],
            "rejected": decision["rejected"],
            "rules": decision["rules"],
        },
        "citations": record.citations,
        "abstained": record.state == Ended::Abstained,
        "state": record.state,
        "entry": format!("{}/{}", record.replica, record.entry),
        "outcome": record.outcome.map(|outcome| format!("{}/{outcome}", record.replica)),
    });
    if !record.seams.is_empty() {
        report["seams"] = json!(record.seams);
    }
    report
}

/// `POST /v1/completions`.
pub(super) async fn complete(
    State(server): State<Arc<Server>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let (parts, call) = read_as(&server, request, completions).await?;
    let asked = admit(&server, &caller, &parts, call)?;
    let shape = CompletionShape::new(asked.head(&server, "cmpl"), asked.call.include_usage);
    answer(&server, caller, asked, Box::new(shape)).await
}
