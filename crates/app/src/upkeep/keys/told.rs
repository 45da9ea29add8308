//! What the installation's journal tells of a rotation: what was begun, how far each stage came, and that it ended; also of
//! one whose caller went away. Of one whose process died the intent has no outcome, and what goes on with the rest tells.

use crate::{App, Result};
use serde_json::{Map, Value, json};
use valetkey_core::{context, journal};
use valetkey_domain::Ctx;
use valetkey_domain::ctx::Actor;
use valetkey_domain::id::ulid;

/// What the journal calls a rotation of data keys.
pub(super) const DATA_KEYS: &str = "rotation.data_keys";

/// How the subject of each rotation begins; its ULID follows.
pub(super) const SUBJECT: &str = "rotation_";

/// How far a rotation has come: how much of each kind is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// Data keys that were made.
    pub made: u64,
    /// Accounts whose tokens were sealed again.
    pub accounts: u64,
    /// Tokens to be revoked that were.
    pub revocations: u64,
    /// Connections whose secrets were.
    pub connections: u64,
    /// Webhooks whose secrets were.
    pub webhooks: u64,
    /// Signing keys that were.
    pub signing_keys: u64,
    /// Data keys that were wrapped under another root.
    pub wrapped: u64,
}

impl Stages {
    /// Stored values that were sealed again.
    #[must_use]
    pub const fn resealed(&self) -> u64 {
        self.accounts + self.revocations + self.connections + self.webhooks + self.signing_keys
    }

    fn detail(&self) -> Map<String, Value> {
        let all = [
            ("made", self.made),
            ("accounts", self.accounts),
            ("revocations", self.revocations),
            ("connections", self.connections),
            ("webhooks", self.webhooks),
            ("signing_keys", self.signing_keys),
            ("wrapped", self.wrapped),
        ];
        let some = all.into_iter().filter(|(_, count)| *count > 0);
        some.map(|(name, count)| (name.to_owned(), json!(count))).collect()
    }
}

/// A rotation under way. Dropped before it ended, the journal says that it was cut off, and where.
pub(super) struct Rotation<'a> {
    app: &'a App,
    ctx: Ctx,
    action: &'static str,
    id: String,
    ended: bool,
    /// How far it has come.
    pub(super) stages: Stages,
}

impl<'a> Rotation<'a> {
    /// Begins one, once the journal has what is meant.
    pub(super) async fn begin(app: &'a App, action: &'static str, meant: Map<String, Value>) -> Result<Self> {
        let id = format!("{SUBJECT}{}", ulid(app.core.clock.as_ref(), app.core.rng.as_ref()));
        let ctx = context::installation(&app.core, Actor::Operator);
        let mut begun = Self { app, ctx, action, id, ended: false, stages: Stages::default() };
        let recorded = app.core.journal.intent(&begun.ctx, action, &begun.id, meant).await;
        // One that isn't recorded is not begun.
        begun.ended = recorded.is_err();
        recorded.map(|()| begun)
    }

    /// Tells how it ended.
    pub(super) fn end<T>(mut self, ended: Result<T>) -> Result<(T, Stages)> {
        self.ended = true;
        let why = ended.as_ref().err().map(|error| error.message().to_owned());
        let recorded = self.tell(why.as_deref());
        let whole = ended?;
        recorded.map(|()| (whole, self.stages))
    }

    fn tell(&self, why: Option<&str>) -> Result<()> {
        let mut detail = self.stages.detail();
        detail.insert("ended".to_owned(), json!(if why.is_some() { "early" } else { "whole" }));
        detail.extend(why.map(|why| ("why".to_owned(), json!(why))));
        self.app.core.journal.outcome(&self.ctx, self.action, &self.id, detail)
    }
}

impl Drop for Rotation<'_> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        if let Err(error) = self.tell(Some("whoever asked for it went away")) {
            tracing::warn!(rotation = self.id, error = &error as &dyn std::error::Error, "its end is not recorded");
        }
    }
}

/// Tells of what a rotation had left and is done now; nothing if that was nothing. The intent of the one that was cut off,
/// if there is one, has its outcome then.
pub(super) async fn resumed(app: &App, left: Option<&str>, stages: &Stages, ended: &Result<()>) -> Result<()> {
    let whole = left.filter(|_| ended.is_ok());
    if *stages == Stages::default() && whole.is_none() {
        return Ok(());
    }
    let ctx = context::installation(&app.core, Actor::System);
    if let Some(rotation) = whole {
        // Committed with the fact behind it, which is waited for.
        let detail = journal::detail([("ended", json!("whole")), ("resumed", json!(true))]);
        app.core.journal.outcome(&ctx, DATA_KEYS, rotation, detail)?;
    }
    let mut detail = stages.detail();
    detail.extend(ended.as_ref().err().map(|error| ("why".to_owned(), json!(error.message()))));
    detail.extend(journal::detail([("ended", json!(if ended.is_ok() { "whole" } else { "early" }))]));
    app.core.journal.fact_now(&ctx, "rotation.resumed", left.unwrap_or("data_keys"), detail).await
}
