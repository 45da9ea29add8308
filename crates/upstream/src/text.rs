//! One message's text, with the room that it takes: read where that keeps no thread from others, and no further once nobody
//! waits for it.

use crate::carrier::{Carrier, Room};
use crate::error::Error;
use crate::message::{self, Id, Incoming};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A text that came, and the room that it was given, if it is long.
pub(crate) struct Text<R> {
    pub(crate) bytes: Bytes,
    pub(crate) room: Option<R>,
}

/// What a message takes.
pub(crate) struct Rooms<R> {
    /// How many bytes it has.
    pub(crate) bytes: usize,
    /// The room of its text, if it is long.
    pub(crate) text: Option<R>,
    /// The room of what was read of it.
    pub(crate) read: R,
}

/// Stops some work when it is dropped.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<R: Room> Text<R> {
    /// Reads it as a message that came while this request waits for its answer.
    pub(crate) async fn read<C>(self, carrier: &C, id: Id) -> Result<(Incoming, Rooms<R>), Error<C::Fault>>
    where
        C: Carrier<Room = R>,
    {
        let Self { bytes, mut room } = self;
        let length = bytes.len();
        if let Some(room) = &mut room {
            room.shrink_to(length);
        }
        let read = carrier.room_to_parse(&bytes).await.map_err(Error::Unsent)?;
        let rooms = Rooms { bytes: length, text: room, read };
        let stop = Stop::default();
        let stopped = Arc::clone(&stop.0);
        // The room goes with the work: it lasts as long as the thread, whoever still waits for it.
        let work = move || (message::read(&bytes, id, &stopped), rooms);
        let (incoming, rooms) = carrier.aside(length, work).await.map_err(Error::Unsent)?;
        Ok((incoming?, rooms))
    }
}
