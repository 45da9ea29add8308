//! Room for what a caller sends. A call holds its arguments from their first byte to its end, however long it waits in
//! line, so they are counted as answers are: before they are read, so that who waits for room holds nothing yet.

use crate::{App, Error, Result};
use std::sync::Arc;
use std::time::Duration;
use valetkey_core::memory::{needed, values_in};
use valetkey_core::{Full, MemoryShare};
use valetkey_domain::{Ctx, Kind};

/// Bodies up to this are read without asking.
const SHORT: usize = 16 * 1024;
/// What is read of them may take this without asking.
const SMALL: usize = 32 * 1024;
/// How long room is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Room that is held until all clones of this are dropped: a batch has several calls.
#[derive(Clone, Debug, Default)]
pub struct RequestMemory {
    room: Option<Arc<MemoryShare>>,
    bytes: usize,
}

impl RequestMemory {
    /// Waits for room for a body of so many bytes and for the text that is read out of it.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED`, with the limit's name: there is none in time.
    pub async fn room(app: &App, ctx: &Ctx, bytes: usize) -> Result<Self> {
        match bytes {
            ..=SHORT => Ok(Self::default()),
            _ => reserved(app, ctx, bytes * 2, PATIENCE).await,
        }
    }

    /// Makes it as large as what will be read of this JSON takes: see [`RequestMemory::fit`].
    ///
    /// # Errors
    /// As there.
    pub async fn fit_json(&mut self, app: &App, ctx: &Ctx, body: &[u8]) -> Result<()> {
        self.fit(app, ctx, body.len(), values_in(body)).await
    }

    /// Makes it as large as what will be read of a body with so many bytes and values takes: less than was reserved for
    /// one of unknown length, and of many small values many times the body. Who has read a long one does not wait with it.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED`, with the limit's name: there is not so much of it.
    pub async fn fit(&mut self, app: &App, ctx: &Ctx, bytes: usize, values: usize) -> Result<()> {
        let needed = needed(bytes, values);
        if needed <= SMALL {
            *self = Self::default();
            return Ok(());
        }
        if let Some(room) = self.room.as_mut().and_then(Arc::get_mut).filter(|_| needed <= self.bytes) {
            room.shrink_to(needed);
            self.bytes = needed;
            return Ok(());
        }
        let patience = if self.room.take().is_some() { Duration::ZERO } else { PATIENCE };
        *self = reserved(app, ctx, needed, patience).await?;
        Ok(())
    }
}

async fn reserved(app: &App, ctx: &Ctx, bytes: usize, patience: Duration) -> Result<RequestMemory> {
    let room = app.core.memory.to_ask(&ctx.environment, bytes, patience).await;
    room.map(|room| RequestMemory { room: Some(Arc::new(room)), bytes }).map_err(|full: Full| {
        app.core.metrics.refused(full.limit);
        Error::new(Kind::ResourceExhausted, format!("{full}: wait for calls to end, then try again"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;

    const MIB: usize = 1024 * 1024;

    #[tokio::test]
    async fn attack_78_what_callers_send_stays_within_the_budget_however_many_values_it_has() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx) = (&fixture.app, &fixture.ctx);
        let room = async |bytes| app.core.memory.to_ask(&ctx.environment, bytes, Duration::ZERO).await;
        let mut held = Vec::new();
        for _ in 0..2 {
            held.push(RequestMemory::room(app, ctx, 4 * MIB).await.unwrap());
        }
        room(1).await.expect_err("all of it is held");
        let mut short = RequestMemory::room(app, ctx, 200).await.unwrap();
        short.fit_json(app, ctx, &[b'x'; 200]).await.expect("what is short needs none");
        held.pop();
        let many = [b','; 100_000];
        let mut one = RequestMemory::room(app, ctx, many.len()).await.unwrap();
        let refused = one.fit_json(app, ctx, &many).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::ResourceExhausted, "24 MB of values in a body of 100 KB");
        assert!(refused.message().contains("bytes_in_flight_per_environment"), "{refused}");
        held.clear();
        one.fit_json(app, ctx, &many).await.unwrap();
        room(20 * MIB).await.expect_err("and they are held");
        drop(one);
        let mut unknown = RequestMemory::room(app, ctx, 16 * MIB).await.unwrap();
        room(MIB).await.expect_err("as if it were as long as may be");
        unknown.fit_json(app, ctx, &[b'x'; 100_000]).await.unwrap();
        room(15 * MIB).await.expect("and then as long as it is");
    }
}
