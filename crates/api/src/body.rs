//! Reading a request's body: no further than its limit, and within the budget of bytes in flight.

use crate::failure::Failure;
use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use valetkey_app::calls::RequestMemory;
use valetkey_app::{App, Error, Limit};
use valetkey_domain::Ctx;

/// Of a body that doesn't say how long it is, so much is read before there has to be room for all that may come.
const SHORT: usize = 16 * 1024;

/// The most that a request's body may have, on either wire.
#[derive(Clone)]
pub(crate) struct BodyLimit {
    /// In bytes.
    pub(crate) most: usize,
    app: App,
}

/// Why there is no body.
pub(crate) enum Unread {
    /// It is longer than it may be, or broke off.
    NotWhole,
    /// Others take all of the room.
    Full(Failure),
}

impl BodyLimit {
    /// What the operator chose.
    pub(crate) fn of(app: &App) -> Self {
        Self { most: app.settings().bounds.api_body_bytes, app: app.clone() }
    }

    /// The whole body, with the room that it takes, unless somebody has asked for that already.
    pub(crate) async fn read(
        &self,
        ctx: &Ctx,
        body: Body,
        mut asked: Option<RequestMemory>,
    ) -> Result<(Bytes, RequestMemory), Unread> {
        let told = body.size_hint().exact().and_then(|told| usize::try_from(told).ok());
        let room = async |bytes: usize| {
            let asked = RequestMemory::room(&self.app, ctx, bytes.min(self.most)).await;
            asked.map_err(|error| Unread::Full(full(&error)))
        };
        if let (None, Some(told)) = (&asked, told) {
            asked = Some(room(told).await?);
        }
        let (mut body, mut whole) = (Limited::new(body, self.most), BytesMut::new());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.not_whole(error.is::<LengthLimitError>()))?;
            whole.extend(frame.into_data());
            if asked.is_none() && whole.len() > SHORT {
                asked = Some(room(self.most).await?);
            }
        }
        Ok((whole.freeze(), asked.unwrap_or_default()))
    }

    fn not_whole(&self, too_long: bool) -> Unread {
        if too_long {
            self.app.metrics().refused(Limit::ApiBody);
        }
        Unread::NotWhole
    }

    /// Makes room for what is read out of a message with so many values.
    pub(crate) async fn fit(
        &self,
        ctx: &Ctx,
        asked: &mut RequestMemory,
        bytes: usize,
        values: usize,
    ) -> Result<(), Failure> {
        asked.fit(&self.app, ctx, bytes, values).await.map_err(|error| full(&error))
    }

    /// The same for a document of JSON.
    pub(crate) async fn fit_json(&self, ctx: &Ctx, asked: &mut RequestMemory, body: &[u8]) -> Result<(), Failure> {
        asked.fit_json(&self.app, ctx, body).await.map_err(|error| full(&error))
    }
}

fn full(error: &Error) -> Failure {
    Failure::from_app(error, None)
}
