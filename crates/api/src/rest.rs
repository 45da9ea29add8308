//! REST: the same methods by google.api.http. A request becomes the gRPC message and goes to the very same handlers,
//! in process; the answer, or the error with its details, becomes JSON. There is no second implementation.

mod answer;
mod assign;
mod call;
mod json;
mod names;
pub(crate) mod routes;
pub(crate) mod template;

pub(crate) use answer::{message as written, refuse};
pub(crate) use call::unary;
pub(crate) use json::message_of;

use crate::body::{BodyLimit, Unread};
use crate::contract::Contract;
use crate::cut::quoted;
use crate::entrance::{Admitted, Entrance};
use crate::failure::Failure;
use crate::options::BadContract;
use crate::route;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use prost::Message;
use prost_reflect::{DynamicMessage, ReflectMessage, Value};
use routes::{Route, RouteBody, RouteMatch, Routes};
use std::sync::Arc;
use template::Captures;
use valetkey_app::App;
use valetkey_domain::Kind;

/// What REST requests are answered with.
#[derive(Clone)]
struct Rest {
    app: App,
    contract: Arc<Contract>,
    routes: Arc<Routes>,
    grpc: Router,
    entrance: Entrance,
    limit: BodyLimit,
}

/// Routes for everything under `/api/`, answered by the methods of `grpc`.
pub(crate) fn router(
    app: App,
    contract: Arc<Contract>,
    grpc: Router,
    entrance: Entrance,
    limit: BodyLimit,
) -> Result<Router, BadContract> {
    let routes = Arc::new(Routes::read(&contract)?);
    let rest = Rest { app, contract, routes, grpc, entrance, limit };
    Ok(Router::new().route("/api/{*rest}", axum::routing::any(serve)).with_state(rest))
}

async fn serve(State(rest): State<Rest>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    match rest.routes.find(&head.method, head.uri.path()) {
        RouteMatch::Route(found, captures) => {
            let answered = rest.run(found, &captures, &head, body).await;
            let response = answered.map_or_else(|refusal| refusal, |written| answer::body(written).into_response());
            route::by(&found.name, response)
        }
        RouteMatch::OtherVerbs(verbs) => rest.wrong_verb(&head, &verbs),
        RouteMatch::Nothing => {
            let message = format!("there is nothing at {}: /openapi.json lists what there is", quoted(head.uri.path()));
            answer::refuse(&rest.contract, Failure::new(Kind::NotFound, message))
        }
    }
}

impl Rest {
    /// Lets the caller in by its headers, before anything of the body is read or looked at.
    async fn run(&self, route: &Route, captures: &Captures, head: &Parts, body: Body) -> Result<Bytes, Response> {
        let refuse = |failure| answer::refuse(&self.contract, failure);
        let by = self.entrance.admit(&route.method.path, &head.headers).await.map_err(refuse)?;
        let (time_left, id, called) = (by.time_left, by.ctx.request.clone(), by.called.clone());
        match tokio::time::timeout(time_left, self.answer(route, captures, head, body, by)).await {
            Ok(answered) => answered,
            Err(_) => Err(refuse(called.failed(Failure::too_late(), self.app.now()).of(&id))),
        }
    }

    async fn answer(
        &self,
        route: &Route,
        captures: &Captures,
        head: &Parts,
        body: Body,
        mut by: Admitted,
    ) -> Result<Bytes, Response> {
        let (id, tool) = (by.ctx.request.clone(), by.called.clone());
        let refuse = |failure: Failure| answer::refuse(&self.contract, tool.failed(failure, self.app.now()).of(&id));
        let read = self.limit.read(&by.ctx, body, None).await;
        let (body, mut asked) = read.map_err(|unread| match unread {
            Unread::NotWhole => self.too_large(),
            Unread::Full(failure) => refuse(failure),
        })?;
        // Whoever was let in must still be, or gets no rule explained.
        self.entrance.before(&mut by).await.map_err(refuse)?;
        self.limit.fit_json(&by.ctx, &mut asked, &body).await.map_err(refuse)?;
        let request = message(route, captures, head, &body).map_err(refuse)?;
        let ctx = by.ctx.clone();
        let called = call::unary(&self.grpc, &route.method.path, (by, asked), &request.encode_to_vec()).await;
        let (reply, room) = called.map_err(|status| answer::status(&self.contract, &status))?;
        let (json, room) = answer::message(&self.app, &ctx, &route.method, reply, room).await.map_err(refuse)?;
        Ok(room.hold(json))
    }

    fn wrong_verb(&self, head: &Parts, verbs: &[&http::Method]) -> Response {
        let allowed = verbs.iter().map(|verb| verb.as_str()).collect::<Vec<_>>().join(", ");
        let message =
            format!("{} is not possible at {}: use {allowed}", quoted(head.method.as_str()), quoted(head.uri.path()));
        let failure = Failure::new(Kind::Unimplemented, message);
        let mut response = answer::refuse(&self.contract, failure);
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        if let Ok(allowed) = HeaderValue::from_str(&allowed) {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        response
    }

    fn too_large(&self) -> Response {
        let most = self.limit.most;
        let failure = Failure::invalid(format!("the body could not be read whole: it may have {most} bytes at most"));
        let mut response = answer::refuse(&self.contract, failure);
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        response
    }
}

/// The request message that path, query and body make together.
fn message(route: &Route, captures: &Captures, head: &Parts, body: &Bytes) -> Result<DynamicMessage, Failure> {
    let mut request = from_body(route, body)?;
    for (name, text) in captures {
        let field = request.descriptor().get_field_by_name(name);
        let given = field.as_ref().filter(|field| request.has_field(field)).map(|field| request.get_field(field));
        if given.is_some_and(|given| given.as_str() != Some(text.as_str())) {
            return Err(Failure::invalid(format!("'{name}' is in the path and in the body, and they differ")));
        }
        assign::put(&mut request, name, text).map_err(|why| Failure::invalid(format!("the path: {why}")))?;
    }
    let query = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
    for (name, text) in query {
        if captures.iter().any(|(captured, _)| *captured == name) {
            return Err(Failure::invalid(format!("'{name}' is in the path: leave it out of the query")));
        }
        if matches!(route.body, RouteBody::Whole) {
            return Err(Failure::invalid(format!("'{}' belongs in the body, not in the query", quoted(&name))));
        }
        assign::put(&mut request, &name, &text).map_err(|why| Failure::invalid(format!("the query: {why}")))?;
    }
    Ok(request)
}

fn from_body(route: &Route, body: &Bytes) -> Result<DynamicMessage, Failure> {
    let input = route.method.descriptor.input();
    match &route.body {
        RouteBody::Whole => json::read(&input, body, None),
        RouteBody::Field(field) => {
            let mut request = DynamicMessage::new(input);
            if let Some(inner) = field.kind().as_message() {
                request.set_field(field, Value::Message(json::read(inner, body, Some(field.name()))?));
            }
            Ok(request)
        }
        RouteBody::None if json::is_empty(body) => Ok(DynamicMessage::new(input)),
        RouteBody::None => {
            let empty = json::read(&input, body, None).is_ok_and(|given| given == DynamicMessage::new(input.clone()));
            let message = "this method takes no body: give its parameters in the query";
            if empty { Ok(DynamicMessage::new(input)) } else { Err(Failure::invalid(message)) }
        }
    }
}
