//! How an environment's app looks to the people who consent. The logo's bytes lie here and are served from here: no page of
//! ours loads anything from elsewhere.

use crate::{App, Error, Result};
use serde_json::json;
use valetkey_core::journal;
use valetkey_domain::brand::{Brand, Colour, LogoKind};
use valetkey_domain::environment::Environment;
use valetkey_domain::{Ctx, Kind};
use valetkey_storage::{doors, environments as rows};
use valetkey_vault::sha256;

/// What becomes of a logo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Logo {
    /// It stays.
    #[default]
    Keep,
    /// It goes.
    Remove,
    /// Another one takes its place.
    Put(Vec<u8>),
}

/// What to change; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The app's name; an empty one takes it away.
    pub display_name: Option<String>,
    /// The colour, as `#0b5d4e`; an empty one takes it away.
    pub colour: Option<String>,
    /// The logo.
    pub logo: Logo,
    /// How it looked to who asks for the change, as [`fingerprint`] says it; none if that is no matter.
    pub seen: Option<String>,
}

/// How an environment's app looks, in a word that is another one as soon as anything of it is.
#[must_use]
pub fn fingerprint(environment: &Environment) -> String {
    let Brand { colour, logo } = &environment.brand;
    let colour = colour.map(|colour| colour.to_string());
    hex::encode(sha256(json!([environment.display_name, colour, logo]).to_string().as_bytes()))
}

/// Changes how the environment's app looks.
///
/// # Errors
/// A name that breaks its rule, a colour that nobody could read, or a picture that is no logo: the message says why. Somebody
/// else changed it since it was seen.
pub async fn change(app: &App, ctx: &Ctx, wanted: Change) -> Result<()> {
    let colour = wanted.colour.as_deref().map(checked_colour).transpose()?;
    if let Logo::Put(bytes) = &wanted.logo {
        LogoKind::of(bytes).map_err(|wrong| Error::invalid(wrong.to_string()))?;
    }
    let name = wanted.display_name.map(|name| Some(name).filter(|name| !name.is_empty()));
    if let Some(Some(name)) = &name {
        super::environments::fits("display name", name)?;
    }
    let id = &ctx.environment;
    let unknown = || Error::not_found("environment", id.as_str());
    let mut tx = app.core.change(ctx).await?;
    tx.alone(id.as_str()).await?;
    let before = rows::get(&mut tx, id).await?.ok_or_else(unknown)?;
    if wanted.seen.is_some_and(|seen| seen != fingerprint(&before)) {
        return Err(Error::new(
            Kind::Aborted,
            "how the app looks was changed elsewhere since the form was shown, and nothing was saved: look at what you chose \
             below, and save it again if it is what you want",
        ));
    }
    let name = name.unwrap_or(before.display_name);
    let logo = match &wanted.logo {
        Logo::Keep => before.brand.logo,
        Logo::Remove => {
            rows::drop_logo(&mut tx, id).await?;
            None
        }
        Logo::Put(bytes) => {
            let hash = hex::encode(sha256(bytes));
            rows::put_logo(&mut tx, id, &hash, bytes).await?;
            Some(hash)
        }
    };
    let brand = Brand { colour: colour.unwrap_or(before.brand.colour), logo };
    rows::set_display_name(&mut tx, id, name.as_deref()).await?;
    rows::set_brand(&mut tx, id, &brand).await?;
    let colour = brand.colour.map(|colour| colour.to_string());
    let detail = [("display_name", json!(name)), ("colour", json!(colour)), ("logo", json!(brand.logo))];
    tx.record("environment.updated", id.as_str(), journal::detail(detail)).await?.commit().await
}

/// A colour that can be read, or none.
fn checked_colour(text: &str) -> Result<Option<Colour>> {
    if text.is_empty() {
        return Ok(None);
    }
    Colour::parse(text).map(Some).map_err(|wrong| Error::invalid(wrong.to_string()))
}

/// A logo by its SHA-256 in hexadecimal digits, with what it is; none if there is no such one, or its bytes are others than
/// those that were saved.
///
/// # Errors
/// The database cannot be read.
pub async fn logo(app: &App, hash: &str) -> Result<Option<(LogoKind, Vec<u8>)>> {
    let Some(bytes) = doors::logo(&mut app.core.store.glance().await?, hash).await? else { return Ok(None) };
    let kind = LogoKind::of(&bytes).ok().filter(|_| hex::encode(sha256(&bytes)) == hash);
    Ok(kind.map(|kind| (kind, bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;
    use crate::insight::audit;
    use crate::tenancy::environments;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x40\0\0\0\x40\x08\x06";

    #[tokio::test]
    async fn what_is_chosen_is_kept_recorded_and_served_and_what_is_wrong_changes_nothing() {
        let fixture = fixture("{rotates: true}").await;
        let (app, ctx) = (&fixture.app, &fixture.ctx);
        let now = async || environments::list(app).await.unwrap().remove(0);
        let first = Change {
            colour: Some("#7a1fa2".into()),
            logo: Logo::Put(PNG.into()),
            display_name: Some("Acme".into()),
            seen: Some(fingerprint(&now().await)),
        };
        let stale = Change { seen: Some("another".into()), ..first.clone() };
        assert_eq!(change(app, ctx, stale).await.unwrap_err().kind(), Kind::Aborted);
        change(app, ctx, first).await.unwrap();
        let saved = now().await;
        let hash = saved.brand.logo.clone().unwrap();
        assert_eq!(saved.brand.colour.unwrap().to_string(), "#7a1fa2");
        assert_eq!(logo(app, &hash).await.unwrap(), Some((LogoKind::Png, PNG.to_vec())));
        let records = audit::newest(app, ctx, Some(ctx.environment.as_str()), 9).await.unwrap();
        let told = |record: &audit::JournalRecord| record.detail.get("colour") == Some(&json!("#7a1fa2"));
        assert!(records.iter().any(|record| record.action == "environment.updated" && told(record)), "{records:?}");
        let colour = |text: &str| Change { colour: Some(text.into()), ..Change::default() };
        for wrong in [
            colour("#ffff00"),
            colour("blue"),
            Change { logo: Logo::Put(b"<svg/>".to_vec()), ..Change::default() },
            Change { display_name: Some(" Acme".into()), ..Change::default() },
        ] {
            assert_eq!(change(app, ctx, wrong).await.unwrap_err().kind(), Kind::InvalidArgument);
        }
        assert_eq!(now().await, saved);
        change(app, ctx, Change { colour: Some(String::new()), logo: Logo::Remove, ..Change::default() })
            .await
            .unwrap();
        assert_eq!((now().await.brand, now().await.display_name.as_deref()), (Brand::default(), Some("Acme")));
        assert_eq!(logo(app, &hash).await.unwrap(), None);
    }
}
