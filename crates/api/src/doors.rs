//! Every door of this room and who may pass, from the descriptors: a test elsewhere tries each as a nobody and as a
//! stranger, and a door that is missing here cannot be tried, so the table is made where the routes are made.

use crate::contract::Contract;
use crate::options::BadContract;
use crate::proxy;
use valetkey_proto::options::Caller;

/// One way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// How it is spoken to.
    pub wire: Wire,
    /// The HTTP method; `POST` for all gRPC.
    pub verb: http::Method,
    /// The gRPC path of the method behind it; empty where there is none.
    pub method: String,
    /// The path with its variables as in the template, `/api/v1/mcp/configs/{config_id}`.
    pub path: String,
    /// Who may pass.
    pub who: Who,
    /// Whether there is anything behind it but UNIMPLEMENTED.
    pub implemented: bool,
}

/// How a door is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// One framed message each way.
    Grpc,
    /// JSON.
    Rest,
    /// A form, a document: neither of both.
    Http,
}

/// Who may pass a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anyone.
    Anyone,
    /// A client with its id and secret.
    Credentials,
    /// A client with a token; it sees its own environment only.
    Client,
    /// Callers that this server doesn't have (end users' sessions, portals): a client with a token is refused too.
    Nobody,
}

impl Door {
    /// The path with `sample` in place of each variable.
    #[must_use]
    pub fn sample_path(&self, sample: &str) -> String {
        let segment = |part: &str| match (part.find('{'), part.find('}')) {
            (Some(0), Some(end)) => format!("{sample}{}", part.get(end + 1..).unwrap_or_default()),
            _ => part.replace("**", sample),
        };
        self.path.split('/').map(segment).collect::<Vec<_>>().join("/")
    }
}

/// All doors of this room.
///
/// # Errors
/// The .proto files say something that cannot be served.
pub fn doors() -> Result<Vec<Door>, BadContract> {
    let mut doors = vec![
        open(Wire::Http, http::Method::POST, "/oauth/token", Who::Credentials),
        open(Wire::Http, http::Method::GET, "/keys", Who::Anyone),
        open(Wire::Http, http::Method::GET, "/openapi.json", Who::Anyone),
        open(Wire::Grpc, http::Method::POST, "/grpc.health.v1.Health/Check", Who::Anyone),
        open(Wire::Grpc, http::Method::POST, "/grpc.health.v1.Health/Watch", Who::Anyone),
        open(Wire::Grpc, http::Method::POST, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Who::Client),
    ];
    for method in Contract::load()?.methods() {
        let implemented = method.implemented;
        let who = if method.access.callers.contains(&Caller::Client.into()) { Who::Client } else { Who::Nobody };
        let door =
            |wire, verb, path: &str| Door { implemented, method: method.path.clone(), ..open(wire, verb, path, who) };
        doors.push(door(Wire::Grpc, http::Method::POST, &method.path));
        doors.extend(method.forms.iter().map(|form| door(Wire::Rest, form.verb.clone(), &form.template)));
    }
    let verbs = [http::Method::GET, http::Method::POST, http::Method::PUT, http::Method::PATCH, http::Method::DELETE];
    doors.extend(verbs.map(|verb| open(Wire::Rest, verb, proxy::PATH, Who::Client)));
    Ok(doors)
}

fn open(wire: Wire, verb: http::Method, path: &str, who: Who) -> Door {
    Door { wire, verb, method: String::new(), path: path.to_owned(), who, implemented: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_and_every_form_is_a_door() {
        let doors = doors().unwrap();
        let count = |wire| doors.iter().filter(|door| door.wire == wire).count();
        assert_eq!((count(Wire::Grpc), count(Wire::Rest), count(Wire::Http)), (102 + 6, 112 + 8, 3));
        let nobody = |door: &&Door| door.wire == Wire::Grpc && door.who == Who::Nobody;
        assert_eq!(doors.iter().filter(nobody).count(), 12);
        assert!(doors.iter().filter(|door| door.who == Who::Nobody).all(|door| !door.implemented));
    }

    #[test]
    fn samples_fill_variables_and_keep_verbs() {
        let door = |path: &str| open(Wire::Rest, http::Method::GET, path, Who::Client).sample_path("x");
        assert_eq!(
            door("/api/v1/mcp/instances/{instance_id}:get_auth_state"),
            "/api/v1/mcp/instances/x:get_auth_state"
        );
        assert_eq!(door("/api/v1/connections/{connection_id}/triggers"), "/api/v1/connections/x/triggers");
        assert_eq!(door("/api/v1/trigger-delivery/wb/**"), "/api/v1/trigger-delivery/wb/x");
    }
}
