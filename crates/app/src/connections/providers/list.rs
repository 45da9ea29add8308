//! Providers as lists show them: the connectors of files, by their slugs, then the custom ones, oldest first.

use crate::connections::compiled::compile_all;
use crate::{App, Error, Listed, Page, Result};
use std::sync::Arc;
use valetkey_connectors::Connector;
use valetkey_domain::Ctx;
use valetkey_domain::provider::Provider;
use valetkey_storage::providers as rows;

/// The token of the first page, which a "previous" token must be able to say. It sorts before every slug.
const START: &str = "-";

/// The most providers on one page.
const MOST: u32 = 1_000;

/// Which providers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderFilter {
    /// The connectors of files.
    OfFiles,
    /// The custom ones.
    Custom,
    /// Both.
    All,
}

/// A provider.
pub enum Entry {
    /// A connector of a file.
    OfFile(Arc<Connector>),
    /// A custom one.
    Custom(Box<Provider>),
}

/// A page of providers; with an identifier the one that it names, if there is one.
///
/// # Errors
/// The page token is none, or the database cannot be read.
pub async fn list(
    app: &App,
    ctx: &Ctx,
    shown: ProviderFilter,
    identifier: Option<&str>,
    page: &Page,
) -> Result<Listed<Entry>> {
    if let Some(identifier) = identifier {
        return one(app, ctx, shown, identifier).await;
    }
    let files = if shown == ProviderFilter::Custom { Vec::new() } else { of_files(app).await? };
    let after = page.after.as_deref();
    let at_custom = match after {
        _ if shown == ProviderFilter::OfFiles => false,
        None => shown == ProviderFilter::Custom,
        Some(token) => token != START && files.iter().all(|file| file.slug != token),
    };
    let custom = if shown == ProviderFilter::OfFiles { 0 } else { total(app, ctx).await? };
    if at_custom {
        let listed = rows::list(ctx, &mut app.core.store.read().await?, page).await?;
        let before = files.last().map(|last| before(&files, &last.slug, page.size));
        let previous = listed.previous.or_else(|| before.filter(|_| after.is_some()));
        let items = listed.items.into_iter().map(|provider| Entry::Custom(Box::new(provider))).collect();
        return Ok(Listed { items, next: listed.next, previous, total: listed.total + count(files.len()) });
    }
    let begins = match after {
        None | Some(START) => 0,
        Some(token) => 1 + files.iter().position(|file| file.slug == token).ok_or_else(no_token)?,
    };
    let size = usize::try_from(page.size.clamp(1, MOST)).unwrap_or(1);
    let end = begins.saturating_add(size).min(files.len());
    let previous = after.filter(|_| begins > 0).map(|token| before(&files, token, page.size));
    let mut items: Vec<_> = files.get(begins..end).unwrap_or_default().iter().cloned().map(Entry::OfFile).collect();
    let mut next = (end < files.len() || custom > 0).then(|| files.get(end.max(1) - 1)).flatten();
    let mut token = None;
    let room = size - items.len();
    if room > 0 && custom > 0 {
        let rest = Page { size: u32::try_from(room).unwrap_or(1), after: None };
        let listed = rows::list(ctx, &mut app.core.store.read().await?, &rest).await?;
        items.extend(listed.items.into_iter().map(|provider| Entry::Custom(Box::new(provider))));
        (next, token) = (None, listed.next);
    }
    let next = token.or_else(|| next.map(|file| file.slug.clone()));
    Ok(Listed { items, next, previous, total: custom + count(files.len()) })
}

/// The one that an identifier names. Custom ones are shown by name even where files' connectors were asked for: an app that
/// was given an identifier asks for it so.
async fn one(app: &App, ctx: &Ctx, shown: ProviderFilter, identifier: &str) -> Result<Listed<Entry>> {
    let of_file =
        app.core.catalog.by_provider(identifier).filter(|_| shown != ProviderFilter::Custom).map(Entry::OfFile);
    let found = match of_file {
        Some(found) => Some(found),
        None => {
            let slug = identifier.to_ascii_lowercase();
            let provider = rows::by_slug(ctx, &mut app.core.store.glance().await?, &slug).await?;
            provider.map(|provider| Entry::Custom(Box::new(provider)))
        }
    };
    let items: Vec<_> = found.into_iter().collect();
    let total = count(items.len());
    Ok(Listed { items, next: None, previous: None, total })
}

async fn of_files(app: &App) -> Result<Vec<Arc<Connector>>> {
    compile_all(app).await?;
    let mut all: Vec<_> = app.core.catalog.connectors().collect();
    all.sort_by(|one, other| one.slug.cmp(&other.slug));
    Ok(all)
}

async fn total(app: &App, ctx: &Ctx) -> Result<u64> {
    let page = Page { size: 1, after: None };
    Ok(rows::list(ctx, &mut app.core.store.read().await?, &page).await?.total)
}

/// The token of the page before the one that begins behind this slug.
fn before(files: &[Arc<Connector>], slug: &str, size: u32) -> String {
    let at = files.iter().position(|file| file.slug == slug).map_or(0, |at| at + 1);
    let first = at.saturating_sub(usize::try_from(size.clamp(1, MOST)).unwrap_or(1));
    let token = first.checked_sub(1).and_then(|last| files.get(last));
    token.map_or_else(|| START.to_owned(), |file| file.slug.clone())
}

fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

fn no_token() -> Error {
    Error::invalid("page_token is none that this list gave: leave it out for the first page")
}
