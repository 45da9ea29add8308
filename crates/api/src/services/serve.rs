//! The way from a method of the wire to its use case and back.

use crate::failure::Failure;
use tonic::{Request, Response, Status};
use valetkey_app::App;
use valetkey_domain::{Ctx, Kind};

/// Runs a use case for the caller that the gate let in.
pub(super) async fn serve<Q, A, E: IntoFailure>(
    app: &App,
    request: Request<Q>,
    run: impl AsyncFnOnce(&App, &Ctx, Q) -> Result<A, E>,
) -> Result<Response<A>, Status> {
    let (_, extensions, request) = request.into_parts();
    let Some(ctx) = extensions.get::<Ctx>() else {
        return Err(Failure::new(Kind::Internal, "the call did not come through the gate").into());
    };
    let answer = run(app, ctx, request).await;
    answer.map(Response::new).map_err(|error| error.into_failure(ctx).into())
}

/// What ends a method without an answer.
pub(super) trait IntoFailure {
    /// It, as both wires show it.
    fn into_failure(self, ctx: &Ctx) -> Failure;
}

impl IntoFailure for valetkey_app::Error {
    fn into_failure(self, ctx: &Ctx) -> Failure {
        Failure::from_app(&self, Some(&ctx.request))
    }
}

impl IntoFailure for Failure {
    fn into_failure(self, ctx: &Ctx) -> Failure {
        self.of(&ctx.request)
    }
}
