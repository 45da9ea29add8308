//! Which route answered, for whoever counts and logs answers. The address itself may hold anything.

use axum::response::Response;
use std::sync::Arc;

/// An extension of an answer: the template of the route that gave it, `/api/v1/mcp/configs/{config_id}`, or a gRPC
/// method's path.
#[derive(Clone, Debug)]
pub struct Route(pub Arc<str>);

/// The same answer, saying which route gave it.
pub(crate) fn by(route: &str, mut response: Response) -> Response {
    response.extensions_mut().insert(Route(route.into()));
    response
}
