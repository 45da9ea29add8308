//! The keys: every one that is stored must open, and no rotation be left half done.

use super::report::{Part, cause};
use crate::upkeep::keys;
use crate::{App, Result};
use valetkey_domain::ctx::Progress;
use valetkey_storage::data_keys;

/// Unwraps every data key, as at a first use: a KMS is asked.
pub(super) async fn look(app: &App, progress: &dyn Progress) -> Result<Part> {
    let mut part = Part::of("keys");
    let stored = data_keys::all(&mut app.core.store.read().await?).await?;
    let total = u64::try_from(stored.len()).unwrap_or(u64::MAX);
    for (done, key) in (1..).zip(stored) {
        let (id, purpose) = (key.id.clone(), key.purpose.clone());
        if let Err(error) = app.core.keyring.try_key(key).await {
            let found = format!("the data key {id} ({purpose}) does not open: {}", cause(&error));
            part.problem(found, "what it sealed is lost unless its root key or a backup of the database comes back");
        }
        progress.report(done, Some(total), "data keys opened");
    }
    part.checked(format!("{total} data keys open"));
    roots(app, &mut part).await?;
    Ok(part)
}

async fn roots(app: &App, part: &mut Part) -> Result<()> {
    let uses = keys::root_uses(app).await?;
    let Some(((wraps, _), others)) = uses.split_first() else { return Ok(()) };
    part.checked(format!("new ones are wrapped under {wraps}"));
    for (root, count) in others {
        if *count > 0 {
            let found = format!("{count} data keys are still wrapped under {root}: changing the root key was cut off");
            part.warning(found, format!("`valetkey key rotate root --to {wraps}` goes on with it"));
        } else {
            part.checked(format!("{root} is at hand and wraps nothing: keep it only for older backups or a rotation"));
        }
    }
    Ok(())
}
