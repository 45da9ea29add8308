//! A connection with what is known of it, and how the pool opens connections and looks at them before it lends them.

use super::trust::Trust;
use crate::turns::Turn;
use deadpool::managed::{self, Metrics, Object, RecycleError, RecycleResult};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use std::io;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// How long opening a connection, or asking whether one is still there, may take.
pub(super) const ACQUIRE: Duration = Duration::from_secs(2);

/// How long a connection that somebody gave up may take to come to rest. One that takes longer is closed, and the server,
/// which looks after its clients as it works, ends what nobody waits for.
const REST: Duration = Duration::from_millis(250);

/// Lets the server look every now and then whether the client is still there. Before version 14, and on systems that
/// cannot tell, it refuses; then a statement ends by its own limit.
const LOOK: &str = "SET client_connection_check_interval = '250ms'";

/// An idle connection is tried before it is used again after this long.
const UNTRIED: Duration = Duration::from_secs(1);

/// A connection is replaced when it is this old: what a server keeps for one grows.
const LIFE: Duration = Duration::from_secs(30 * 60);

/// The pause between tries to open a connection to a server that is starting.
const PAUSE: Duration = Duration::from_millis(50);

/// A connection.
pub(super) struct Link {
    connection: PgConnection,
    state: LinkState,
}

/// How a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkState {
    /// Outside of any transaction: whoever comes next may have it.
    Rest,
    /// In a transaction.
    Begun,
    /// Something was asked, and either the answer has not come or it was a failure.
    Unclear,
}

impl Link {
    /// The connection to ask something of. How it stands is unclear from here on, until [`Link::set_state`] says so: who
    /// asks may go away before the answer.
    pub(super) const fn ask(&mut self) -> &mut PgConnection {
        self.state = LinkState::Unclear;
        &mut self.connection
    }

    /// The answer has come.
    pub(super) const fn set_state(&mut self, state: LinkState) {
        self.state = state;
    }
}

/// A lent connection. It comes back at rest, for which it may need a task of its own; or not at all.
pub(super) struct PooledLink {
    object: Option<Object<Opener>>,
    /// For reading what takes long; it is given back behind the connection.
    turn: Option<Turn>,
}

impl From<Object<Opener>> for PooledLink {
    fn from(object: Object<Opener>) -> Self {
        Self { object: Some(object), turn: None }
    }
}

impl PooledLink {
    /// No connection.
    pub(super) const fn none() -> Self {
        Self { object: None, turn: None }
    }

    /// The connection; none after it was given back.
    pub(super) fn link(&mut self) -> Option<&mut Link> {
        self.object.as_deref_mut()
    }

    /// The same with the place for its turn.
    pub(super) fn link_and_turn(&mut self) -> Option<(&mut Link, &mut Option<Turn>)> {
        Some((self.object.as_deref_mut()?, &mut self.turn))
    }
}

impl Drop for PooledLink {
    fn drop(&mut self) {
        let Some(object) = self.object.take_if(|object| object.state != LinkState::Rest) else { return };
        let turn = self.turn.take();
        // Nobody waits for it, and at the latest the server ends it. Without a runtime the connection is closed.
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(put_to_rest(object, turn))),
            Err(_) => drop(Object::take(object)),
        }
    }
}

/// Rolls back, whatever there is. The answers to what was asked before are read on the way. Until then its turn is taken.
async fn put_to_rest(mut object: Object<Opener>, _turn: Option<Turn>) {
    let done = tokio::time::timeout(REST, sqlx::raw_sql("ROLLBACK").execute(object.ask())).await;
    if matches!(done, Ok(Ok(_))) {
        object.set_state(LinkState::Rest);
    } else {
        drop(Object::take(object));
    }
}

/// Opens connections for a pool.
pub(super) struct Opener {
    pub(super) options: PgConnectOptions,
    /// What each connection is told when it is new.
    pub(super) settings: &'static str,
    pub(super) trust: Trust,
}

impl managed::Manager for Opener {
    type Type = Link;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Link, sqlx::Error> {
        let begun = Instant::now();
        loop {
            match self.open().await {
                Err(error) if is_starting(&error) && begun.elapsed() + PAUSE < ACQUIRE => {
                    tokio::time::sleep(PAUSE).await;
                }
                opened => return opened,
            }
        }
    }

    async fn recycle(&self, link: &mut Link, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if link.state != LinkState::Rest || metrics.age() > LIFE {
            return Err(RecycleError::message("it is of no use any more"));
        }
        if metrics.last_used() < UNTRIED && self.trust.holds(metrics.age()) {
            return Ok(());
        }
        link.ask().ping().await.inspect_err(|_| self.trust.broke())?;
        link.set_state(LinkState::Rest);
        Ok(())
    }
}

impl Opener {
    async fn open(&self) -> Result<Link, sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.options).await?;
        sqlx::raw_sql(self.settings).execute(&mut connection).await?;
        drop(sqlx::raw_sql(LOOK).execute(&mut connection).await);
        Ok(Link { connection, state: LinkState::Rest })
    }
}

/// Whether a server that is being restarted would answer like this, or one that has no connection left for a moment.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(cause) => cause.kind() == io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(cause) => cause.is_transient_in_connect_phase(),
        _ => false,
    }
}
