//! A change and its record are one transaction. [`Change`] is a write transaction that cannot be committed: only what
//! [`Change::record`] makes of it can, so a change that the journal doesn't tell of doesn't compile.
//!
//! The record comes after the change: it counts and digests the row as it has become (docs/decisions/0022). What changes
//! no row that lasts (leases, when something was used) is written by `store.write()`; the house test lists where.
//!
//! What apps are told of (`events`) is made here too, out of the record, so it is in the same transaction.

use crate::events::Telling;
use crate::{Core, Error, Result};
use serde_json::{Map, Value};
use std::ops::{Deref, DerefMut};
use valetkey_domain::Ctx;
use valetkey_domain::id::{AccountId, RecordId};
use valetkey_storage::{Tx, journal};

/// A write transaction whose change has still to be recorded. Dropped, it changes nothing.
pub struct Change<'a> {
    core: &'a Core,
    ctx: &'a Ctx,
    tx: Tx,
    /// Whether a webhook is to be told of it.
    heard: bool,
    /// Its first record: while that is there, all of it is.
    record: Option<RecordId>,
}

/// A change with its record, to be committed. Dropped, it changes nothing.
pub struct Recorded<'a>(Change<'a>);

impl Core {
    /// Begins a change on behalf of `ctx`.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn change<'a>(&'a self, ctx: &'a Ctx) -> Result<Change<'a>> {
        Ok(Change { core: self, ctx, tx: self.store.write().await?, heard: false, record: None })
    }

    /// The same over a connection that is kept for what must not be lost: tokens that exist nowhere else.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn change_reserved<'a>(&'a self, ctx: &'a Ctx) -> Result<Change<'a>> {
        Ok(Change { core: self, ctx, tx: self.store.write_reserved().await?, heard: false, record: None })
    }

    /// Whether the change of this record was made.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn is_recorded(&self, record: &RecordId) -> Result<bool> {
        let known = journal::chain::known(&mut self.store.glance().await?, &[record.to_string()]).await?;
        if !known.is_empty() {
            self.deliveries.notify_one();
        }
        Ok(!known.is_empty())
    }
}

impl<'a> Change<'a> {
    /// Records what was changed: the noun of `action` names the table, `subject` the row.
    ///
    /// # Errors
    /// The record cannot be written; nothing is changed then.
    pub async fn record(
        mut self,
        action: &'static str,
        subject: &str,
        detail: Map<String, Value>,
    ) -> Result<Recorded<'a>> {
        let telling = Telling::of(action, subject, &detail);
        let record = self.core.journal.fact(self.ctx, &mut self.tx, action, subject, detail).await?;
        self.record.get_or_insert(record);
        if let Some(telling) = telling {
            self.heard |= telling.make(self.core, self.ctx, &mut self.tx).await?;
        }
        Ok(Recorded(self))
    }

    /// Tells of an account that it ends, while its row still says whose it is.
    ///
    /// # Errors
    /// The database cannot be written; nothing is changed then.
    pub async fn account_ends(&mut self, account: &AccountId) -> Result<()> {
        let telling = Telling::of_end(account.as_str());
        self.heard |= telling.make(self.core, self.ctx, &mut self.tx).await?;
        Ok(())
    }
}

impl<'a> Change<'a> {
    /// Records a change of as many rows as there are subjects; of none, if it changed none.
    ///
    /// # Errors
    /// A record cannot be written; nothing is changed then.
    pub async fn record_each(
        self,
        action: &'static str,
        subjects: impl IntoIterator<Item = String, IntoIter: Send>,
    ) -> Result<Recorded<'a>> {
        let mut recorded = Recorded(self);
        for subject in subjects {
            recorded = recorded.record(action, &subject, Map::new()).await?;
        }
        Ok(recorded)
    }
}

impl<'a> Recorded<'a> {
    /// Records one more change of the same transaction.
    ///
    /// # Errors
    /// The record cannot be written; nothing is changed then.
    pub async fn record(self, action: &'static str, subject: &str, detail: Map<String, Value>) -> Result<Self> {
        self.0.record(action, subject, detail).await
    }

    /// The same in another environment's journal: some changes of an operator are in several.
    ///
    /// # Errors
    /// The record cannot be written; nothing is changed then.
    pub async fn record_in(
        mut self,
        ctx: &Ctx,
        action: &'static str,
        subject: &str,
        detail: Map<String, Value>,
    ) -> Result<Self> {
        let telling = Telling::of(action, subject, &detail);
        self.0.core.journal.fact(ctx, &mut self.0.tx, action, subject, detail).await?;
        if let Some(telling) = telling {
            self.0.heard |= telling.make(self.0.core, ctx, &mut self.0.tx).await?;
        }
        Ok(self)
    }

    /// Makes both last.
    ///
    /// # Errors
    /// The database cannot be written, or somebody else changed the same: nothing is changed then. Where the database went
    /// away before it answered, the change may have been made all the same; the error has the record that tells.
    pub async fn commit(self) -> Result<()> {
        let Change { core, tx, heard, record, .. } = self.0;
        if let Err(error) = tx.commit().await {
            let is_undecided = matches!(error, valetkey_storage::Error::Broken { .. });
            let Some(record) = record.filter(|_| is_undecided) else { return Err(error.into()) };
            if !core.is_recorded(&record).await.unwrap_or(false) {
                return Err(Error::from(error).unless_recorded(record));
            }
        }
        if heard {
            core.deliveries.notify_one();
        }
        Ok(())
    }
}

impl Deref for Change<'_> {
    type Target = Tx;
    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl DerefMut for Change<'_> {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.tx
    }
}

impl Deref for Recorded<'_> {
    type Target = Tx;
    fn deref(&self) -> &Tx {
        &self.0.tx
    }
}

impl DerefMut for Recorded<'_> {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.0.tx
    }
}
