//! The way of a call to its server, on which what let the call begin is looked at again before each request: a session may be
//! opened first, and a request be made once more, and each may take as long as the server likes.

use crate::calls::failed::Failed;
use crate::calls::job::Job;
use crate::calls::standing::Standing;
use crate::upstream::{Fault, RoomTaken, ToServer};
use bytes::Bytes;
use http::{Request, Response};
use std::sync::Mutex;
use valetkey_core::queue::locked;
use valetkey_outbound::Download;
use valetkey_upstream::Carrier;

/// The way of one call.
pub(super) struct Watched<'a> {
    way: ToServer<'a>,
    standing: &'a Standing<'a, Job>,
    stopped: Mutex<Option<Failed>>,
}

impl<'a> Watched<'a> {
    pub(super) fn new(way: ToServer<'a>, standing: &'a Standing<'a, Job>) -> Self {
        Self { way, standing, stopped: Mutex::default() }
    }

    /// Why a request was not sent that should have been, if one was not.
    pub(super) fn stopped(&self) -> Option<Failed> {
        locked(&self.stopped).take()
    }
}

impl Carrier for Watched<'_> {
    type Body = Download;
    type Fault = Fault;
    type Room = RoomTaken;

    async fn carry(&self, request: Request<Bytes>) -> Result<Response<Download>, Fault> {
        // Of the requests of a call the last one makes the call, so before each nothing was done.
        if let Err(failed) = self.standing.look().await {
            *locked(&self.stopped) = Some(failed);
            return Err(Fault::Withdrawn);
        }
        self.way.carry(request).await
    }

    async fn room_to_read(&self, bytes: Option<usize>) -> Result<RoomTaken, Fault> {
        self.way.room_to_read(bytes).await
    }

    async fn room_to_parse(&self, json: &[u8]) -> Result<RoomTaken, Fault> {
        self.way.room_to_parse(json).await
    }

    async fn aside<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        self.way.aside(bytes, work).await
    }
}
