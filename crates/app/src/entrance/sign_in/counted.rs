//! A try at a password counts before the password is looked at, and one at a time: who sends a thousand at once has one of
//! them looked at.
//!
//! What counts is the name, for whoever comes as a stranger. A browser at which the member signed in before has a count of
//! its own: else anybody could keep them out by trying. A name that nobody has counts like any other, so that the answers
//! don't tell which names there are (docs/decisions/0046).

use crate::at_work::Working;
use crate::entrance::browsers::Browser;
use crate::entrance::tries::Counted;
use crate::{App, Error, Result};
use valetkey_core::keyring::DoorRow;
use valetkey_domain::member::Member;
use valetkey_domain::{Kind, Timestamp};
use valetkey_storage::members::{self as rows, StoredMember};
use valetkey_storage::meta;
use valetkey_vault::sha256;

/// Who tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// A browser at which this member signed in before, by a hash of both.
    Known([u8; 32]),
    /// Anybody.
    Stranger,
}

impl Caller {
    /// A member who is signed in, at whichever browser.
    pub(super) fn signed_in(member: &Member) -> Self {
        Self::Known(sha256(member.id.as_str().as_bytes()))
    }

    /// Who tries this member's password.
    ///
    /// # Errors
    /// The keys of MACs can't be had.
    pub(super) async fn at(app: &App, browser: &Browser<'_>, found: Option<&StoredMember>) -> Result<Self> {
        let (Some(found), Some(secret), Some(mark)) = (found, browser.secret, browser.mark) else {
            return Ok(Self::Stranger);
        };
        let Ok(mac) = hex::decode(mark.bytes()) else { return Ok(Self::Stranger) };
        let (member, hash) = (&found.member.id, sha256(secret.bytes()));
        let known = app.core.keyring.row_macs().await?.check(DoorRow::Browser(member, &hash), Some(&mac)).is_ok();
        Ok(if known { Self::Known(sha256(&[member.as_str().as_bytes(), &hash].concat())) } else { Self::Stranger })
    }

    /// Counts a try at the password of this name. While what is given lives no other of the same is looked at.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED` with how long to wait.
    pub(super) async fn tries(self, app: &App, name: &str, found: Option<&StoredMember>) -> Result<Working<[u8; 32]>> {
        let (tries, now, folded) = (&app.tries, app.core.now(), sha256(name.to_lowercase().as_bytes()));
        let key = if let Self::Known(key) = self { key } else { folded };
        let working = tries.looked_at.begin(&key).ok_or_else(|| wait(now, now))?;
        let until = |until| wait(until, now);
        match (self, found) {
            (Self::Known(key), _) => tries.count_known(key, now).map_err(until)?,
            (Self::Stranger, None) => {
                tries.count_nobodys(&folded, now).map_err(until)?;
                // It takes as long as with a name that somebody has.
                let mut tx = app.core.store.write().await?;
                meta::set(&mut tx, meta::NOBODYS_TRY, &now.to_string()).await?;
                tx.commit().await?;
            }
            (Self::Stranger, Some(found)) => {
                let mut counted = Counted { times: found.wrong_times, until: found.wrong_until };
                counted.next(now).map_err(until)?;
                let mut tx = app.core.store.write().await?;
                let is_ours = rows::count_try(&mut tx, &found.member.id, found.wrong_times, counted.until).await?;
                tx.commit().await?;
                if !is_ours {
                    return Err(wait(now, now));
                }
            }
        }
        Ok(working)
    }
}

fn wait(until: Timestamp, now: Timestamp) -> Error {
    let seconds = until.duration_since(now).as_secs().max(1);
    let message = format!("too many wrong passwords for this name: try again in {seconds} s, or ask for a link");
    Error::new(Kind::ResourceExhausted, message)
}
