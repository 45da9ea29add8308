//! The way from a method of the wire to its use case and back.

use crate::failure::Failure;
use crate::given::LongAnswer;
use prost::Message;
use tonic::{Request, Response, Status};
use valetkey_app::App;
use valetkey_app::calls::AnswerRoom;
use valetkey_domain::{Ctx, Kind};

/// Runs a use case for the caller that the gate let in.
pub(super) async fn serve<Q, A: Message, E: IntoFailure>(
    app: &App,
    request: Request<Q>,
    run: impl AsyncFnOnce(&App, &Ctx, Q) -> Result<A, E>,
) -> Result<Response<A>, Status> {
    let run = async |app: &App, ctx: &Ctx, request| Ok((run(app, ctx, request).await?, AnswerRoom::default()));
    serve_with_room::<Q, A, E>(app, request, run).await
}

/// The same of one whose answer may have room already.
pub(super) async fn serve_with_room<Q, A: Message, E: IntoFailure>(
    app: &App,
    request: Request<Q>,
    run: impl AsyncFnOnce(&App, &Ctx, Q) -> Result<(A, AnswerRoom), E>,
) -> Result<Response<A>, Status> {
    let (_, extensions, request) = request.into_parts();
    let Some(ctx) = extensions.get::<Ctx>() else {
        return Err(Failure::new(Kind::Internal, "the call did not come through the gate").into());
    };
    let (answer, room) = run(app, ctx, request).await.map_err(|error| error.into_failure(ctx))?;
    let long = LongAnswer::of(&answer, room);
    let mut response = Response::new(answer);
    if let Some(long) = long {
        response.extensions_mut().insert(long);
    }
    Ok(response)
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
