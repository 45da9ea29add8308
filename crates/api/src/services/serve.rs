//! The way from a method of the wire to its use case and back.

use crate::failure::Failure;
use tonic::{Request, Response, Status};
use valetkey_app::{App, Result};
use valetkey_domain::{Ctx, Kind};

/// Runs a use case for the caller that the gate let in.
pub(super) async fn serve<Q, A>(
    app: &App,
    request: Request<Q>,
    run: impl AsyncFnOnce(&App, &Ctx, Q) -> Result<A>,
) -> std::result::Result<Response<A>, Status> {
    let (_, extensions, request) = request.into_parts();
    let Some(ctx) = extensions.get::<Ctx>() else {
        return Err(Failure::new(Kind::Internal, "the call did not come through the gate").into());
    };
    let answer = run(app, ctx, request).await;
    answer.map(Response::new).map_err(|error| Failure::from_app(&error, Some(&ctx.request)).into())
}
