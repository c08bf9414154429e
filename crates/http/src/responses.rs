//! `POST /v1/responses` and `POST /v1/completions`: OpenAI's newer form of a question, and its oldest.
//!
//! `previous_response_id` names a record of whoever asks: the messages of it, its answer and what tools it called stand
//! before what is asked now, and its label comes back.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use trousseau_core::permit::Purpose;
use trousseau_core::principal::Principal;
use trousseau_gateway::entry::State as Ended;
use trousseau_gateway::error::GatewayError;
use trousseau_wire::Fault;
use trousseau_wire::server::ChatCall;
use trousseau_wire::server::completions::{CompletionShape, completions};
use trousseau_wire::server::responses::{ResponseShape, ResponsesCall, earlier_answer, follow, responses};

use super::chat::{admit, answer, read_as};
use super::records::named_entry;
use super::refusal::Refusal;
use super::{Caller, Server};

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
