//! Who is measured: processes, an address, and how its users ask.

use crate::client::{Ask, Connection};
use crate::gateways::messages::{Era, What};
use crate::gateways::token;
use crate::load::{Make, Side};
use crate::process::Process;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long a program may take until it answers, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(120);
const AGAIN: Duration = Duration::from_millis(100);

/// Makes the request of the n-th user.
pub(crate) type OfUser = Arc<dyn Fn(usize) -> Ask + Send + Sync>;

/// How the requests of one kind are made.
pub(crate) type Asking = Box<dyn Fn(Era, What) -> OfUser>;

/// One of those that are measured.
pub(crate) struct Contestant {
    /// How the table calls it.
    pub(crate) name: &'static str,
    /// All that is its own, without database and cache.
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    /// How many users it has, each with a credential of its own at the upstream; none where it has no upstream.
    pub(crate) users: usize,
    pub(crate) asking: Asking,
}

impl Contestant {
    /// A user's request, whose answer has to be that user's.
    pub(crate) fn of_user(&self, era: Era, what: What) -> OfUser {
        let made = (self.asking)(era, what);
        let known = self.users > 0;
        Arc::new(move |user| match what {
            What::Call if known => made(user).expecting(token::greeting(user)),
            What::Call => made(user).expecting("\"content\"".to_owned()),
            What::List => made(user).expecting("inputSchema".to_owned()),
        })
    }

    /// Requests of its users, who take turns.
    fn requests(&self, era: Era, what: What) -> Make {
        let (made, users) = (self.of_user(era, what), self.users.max(1));
        // Neighbours in time are not neighbours in the database.
        Arc::new(move |number| made(number.wrapping_mul(7_919) % users))
    }

    /// Connections over which they ask.
    ///
    /// # Errors
    /// Nobody listens.
    pub(crate) async fn side(&self, era: Era, what: What, connections: usize) -> Result<Side<'_>> {
        Side::open(self.address, connections, vec![&self.process], self.requests(era, what)).await
    }

    /// Asks once in the name of a user, and again until the answer is right or time is over.
    ///
    /// # Errors
    /// It never was, and what was said last.
    pub(crate) async fn answers(&self, era: Era, what: What) -> Result<()> {
        let ask = self.of_user(era, what)(0);
        until(self.address, &ask).await.with_context(|| format!("{} does not answer", self.name))
    }
}

/// Asks at this address until the answer is right, and gives up with the last one after two minutes.
///
/// # Errors
/// It never was.
pub(crate) async fn until(address: SocketAddr, ask: &Ask) -> Result<()> {
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        let asked = async { Connection::open(address).await?.ask(ask).await };
        match asked.await {
            Ok(_) => return Ok(()),
            Err(error) if tokio::time::Instant::now() > end => return Err(error),
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
    }
}
