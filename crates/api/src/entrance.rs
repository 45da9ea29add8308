//! Who asks, decided on the headers alone and before a byte of the body is read; and whether that still holds once the
//! body is there.
//!
//! A caller may open a request, wait with its body, and finish it after its client was deleted. So what was decided at
//! the door stands for [`DOOR_VALID_FOR`] and is looked at again, by the same function of `app`, before the use case runs. A
//! request that comes in one piece pays nothing for that; of one that keeps us waiting, the door's decision is never
//! older than that when its effect begins. An answer that took long and may simply be asked for again (the method is a
//! GET) is looked at once more before it leaves, for it may hold a credential.

use crate::called::Called;
use crate::contract::Contract;
use crate::failure::Failure;
use crate::{bearer, deadline};
use http::HeaderMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument as _;
use valetkey_app::App;
use valetkey_app::entrance::doors;
use valetkey_domain::{Ctx, Kind, Secret};

/// How long a decision of the door stands until the use case begins.
const DOOR_VALID_FOR: Duration = Duration::from_millis(100);
/// How old it may be when an answer leaves that can be asked for again.
const ANSWER_VALID_FOR: Duration = Duration::from_secs(2);

/// Decides who comes in.
#[derive(Clone)]
pub(crate) struct Entrance {
    app: App,
    contract: Arc<Contract>,
}

/// Who was let in, until when, and how long ago.
#[derive(Clone)]
pub(crate) struct Admitted {
    /// The caller's right.
    pub(crate) ctx: Ctx,
    /// How long the caller waits.
    pub(crate) time_left: Duration,
    /// What was looked at, to be looked at again.
    pub(crate) token: Arc<Secret<str>>,
    /// When it was looked at last.
    pub(crate) decided: Instant,
    /// The tool's call that it leads to.
    pub(crate) called: Called,
}

impl Entrance {
    pub(crate) fn new(app: App, contract: Arc<Contract>) -> Self {
        Self { app, contract }
    }

    /// Lets a caller in to a method. Unknown methods first, for they are told to anyone; then the caller; then what
    /// isn't offered yet.
    pub(crate) async fn admit(&self, path: &str, headers: &HeaderMap) -> Result<Admitted, Failure> {
        let method = self.contract.method(path).ok_or_else(|| Failure::no_method(path))?;
        let Admitted { ctx, token, decided, called, .. } = self.client(headers).await?;
        if !method.implemented {
            let message = format!("{} is not implemented by this server", path.trim_start_matches('/'));
            return Err(Failure::new(Kind::Unimplemented, message).of(&ctx.request));
        }
        let time_left = deadline::time_left(headers, self.app.settings().bounds.api_time)
            .map_err(|failure| failure.of(&ctx.request))?;
        if time_left.is_zero() {
            return Err(Failure::too_late().of(&ctx.request));
        }
        let ctx = Ctx { deadline: self.app.now() + time_left, ..ctx };
        Ok(Admitted { ctx, time_left, token, decided, called })
    }

    /// Lets in anyone with a client's token.
    pub(crate) async fn client(&self, headers: &HeaderMap) -> Result<Admitted, Failure> {
        let token = bearer::token(headers)?;
        let ctx = doors::client_token(&self.app, token).await.map_err(|error| Failure::from_app(&error, None))?;
        let time_left = self.app.settings().bounds.api_time;
        let (token, called) = (Arc::new(token.into()), Called::by(headers));
        Ok(Admitted { ctx, time_left, token, decided: Instant::now(), called })
    }

    /// Before the use case: the body may have been long in coming.
    pub(crate) async fn before(&self, admitted: &mut Admitted) -> Result<(), Failure> {
        self.again(admitted, DOOR_VALID_FOR).await
    }

    /// Before the answer of a method leaves that can be asked again without harm: the use case may have taken long.
    /// Where it cannot, the effect is there already, and a refusal would only make the caller repeat it.
    pub(crate) async fn after(&self, path: &str, admitted: &mut Admitted) -> Result<(), Failure> {
        let repeatable = self.contract.method(path).is_some_and(|method| method.reads());
        if repeatable { self.again(admitted, ANSWER_VALID_FOR).await } else { Ok(()) }
    }

    /// For a stream that goes on: the door's decision, made anew.
    pub(crate) async fn still(&self, admitted: &mut Admitted) -> Result<(), Failure> {
        self.again(admitted, Duration::ZERO).await
    }

    async fn again(&self, admitted: &mut Admitted, stands: Duration) -> Result<(), Failure> {
        if admitted.decided.elapsed() <= stands {
            return Ok(());
        }
        // The request has its name in the trace; a second look is none of its own.
        let looked = doors::client_token(&self.app, admitted.token.expose()).instrument(tracing::Span::none());
        looked.await.map_err(|error| Failure::from_app(&error, None).of(&admitted.ctx.request))?;
        admitted.decided = Instant::now();
        Ok(())
    }
}
