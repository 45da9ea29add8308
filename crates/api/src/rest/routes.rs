//! The HTTP forms of all methods, most particular first.

use super::template::{Captures, Template};
use crate::contract::{Body, Contract, Method};
use crate::options::BadContract;
use prost_reflect::{Cardinality, FieldDescriptor};
use std::sync::Arc;

/// All HTTP forms.
pub(crate) struct Routes(Vec<Route>);

/// One HTTP form, ready to be matched.
pub(crate) struct Route {
    verb: http::Method,
    /// Its template as it is written.
    pub(crate) name: String,
    template: Template,
    /// The field that the body is, unless the body is the whole request or absent.
    pub(crate) body: RouteBody,
    /// What it calls.
    pub(crate) method: Arc<Method>,
}

/// What the body of a request is.
pub(crate) enum RouteBody {
    /// Nothing.
    None,
    /// The request message.
    Whole,
    /// This field of it, a message.
    Field(FieldDescriptor),
}

/// What a path leads to.
pub(crate) enum RouteMatch<'a> {
    /// A method, with what the path says for its request.
    Route(&'a Route, Captures),
    /// Something, but by these HTTP methods only.
    OtherVerbs(Vec<&'a http::Method>),
    /// Nothing.
    Nothing,
}

impl Routes {
    /// Reads the forms of every method.
    pub(crate) fn read(contract: &Contract) -> Result<Self, BadContract> {
        let mut routes = Vec::new();
        for method in contract.methods() {
            for form in &method.forms {
                let template = Template::parse(&form.template)
                    .ok_or_else(|| BadContract::new(format!("cannot serve the template '{}'", form.template)))?;
                let body = body(&method, &form.body)?;
                routes.push(Route {
                    verb: form.verb.clone(),
                    name: form.template.clone(),
                    template,
                    body,
                    method: Arc::clone(&method),
                });
            }
        }
        routes.sort_by_key(|route| route.template.rank());
        Ok(Self(routes))
    }

    /// What a raw path leads to.
    pub(crate) fn find(&self, verb: &http::Method, path: &str) -> RouteMatch<'_> {
        let mut others = Vec::new();
        for route in &self.0 {
            match route.template.fit(path) {
                Some(captures) if route.verb == *verb => return RouteMatch::Route(route, captures),
                Some(_) if !others.contains(&&route.verb) => others.push(&route.verb),
                _ => {}
            }
        }
        if others.is_empty() { RouteMatch::Nothing } else { RouteMatch::OtherVerbs(others) }
    }
}

fn body(method: &Method, body: &Body) -> Result<RouteBody, BadContract> {
    match body {
        Body::None => Ok(RouteBody::None),
        Body::Whole => Ok(RouteBody::Whole),
        Body::Field(name) => {
            let field = method.descriptor.input().get_field_by_name(name);
            let field = field
                .filter(|field| field.kind().as_message().is_some() && field.cardinality() != Cardinality::Repeated);
            let field = field.ok_or_else(|| BadContract::new(format!("{}: no message field '{name}'", method.path)))?;
            Ok(RouteBody::Field(field))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::loaded;
    use http::Method as Verb;

    fn leads_to(verb: &Verb, path: &str) -> String {
        let routes = Routes::read(&loaded()).unwrap();
        match routes.find(verb, path) {
            RouteMatch::Route(route, captures) => format!("{} {captures:?}", route.method.descriptor.name()),
            RouteMatch::OtherVerbs(verbs) => format!("only {verbs:?}"),
            RouteMatch::Nothing => "nothing".into(),
        }
    }

    #[test]
    fn the_awkward_ones() {
        let cases = [
            (Verb::GET, "/api/v1/connected_accounts/auth", "GetConnectedAccountAuth []"),
            (Verb::GET, "/api/v1/connected_accounts/this", "GetConnectedAccount []"),
            (Verb::GET, "/api/v1/connected_accounts/ca_1", r#"GetConnectedAccount [("id", "ca_1")]"#),
            (
                Verb::POST,
                "/api/v1/connected_accounts/ca_1:disconnect",
                r#"DisconnectConnectedAccount [("id", "ca_1")]"#,
            ),
            (Verb::POST, "/api/v1/connected_accounts/-:disconnect", "DisconnectConnectedAccount []"),
            (Verb::POST, "/api/v1/connected_accounts/this:disconnect", "DisconnectConnectedAccount []"),
            (Verb::POST, "/api/v1/connected_accounts:delete", "DeleteConnectedAccount []"),
            (Verb::GET, "/api/v1/connected_accounts:search", "SearchConnectedAccounts []"),
            (Verb::GET, "/api/v1/connections/app", "ListAppConnections []"),
            (
                Verb::PATCH,
                "/api/v1/connections/conn_1:enable",
                r#"EnableEnvironmentConnection [("connection_id", "conn_1")]"#,
            ),
            (Verb::GET, "/api/v1/organizations/-/connections", "ListOrganizationConnections []"),
            (Verb::POST, "/api/v1/mcp/connections/gmail/tokens", r#"CreateMcpSessionToken [("key_id", "gmail")]"#),
            (Verb::PUT, "/api/v1/trigger-delivery/wb/a/b/c", "TriggerWebhookWrapper []"),
            (Verb::POST, "/api/v1/connected_accounts/auth", "only [GET]"),
            (Verb::PUT, "/api/v1/mcp/instances/inst_1", "only [GET, DELETE, PATCH]"),
            (Verb::GET, "/api/v1/nothing", "nothing"),
            (Verb::GET, "/api/v1/mcp/configs/", "nothing"),
        ];
        for (verb, path, expected) in cases {
            let found = leads_to(&verb, path);
            let (mut found, mut expected) = (found.into_bytes(), expected.as_bytes().to_vec());
            if expected.starts_with(b"only") {
                found.sort_unstable();
                expected.sort_unstable();
            }
            assert_eq!(String::from_utf8(found), String::from_utf8(expected), "{verb} {path}");
        }
    }
}
