//! Environments: everything else belongs to exactly one.

use super::reply::{Reply, moment, one, rows};
use anyhow::{Context, Result};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use valetkey_app::App;
use valetkey_app::entrance::doors;
use valetkey_app::tenancy::branding::{self, Change, Logo};
use valetkey_app::tenancy::environments;
use valetkey_domain::brand::MAX_LOGO;
use valetkey_domain::environment::{Environment, VerifyMode};

#[derive(Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    /// Make an environment
    Create {
        /// What you call it, such as production
        name: String,
        /// What your app's users read as its name where they consent [default: NAME]
        #[arg(long)]
        display_name: Option<String>,
    },
    /// Change what people read as your app's name where they consent, and whether your app confirms them
    Update {
        /// The environment's name
        name: String,
        /// The app's name; an empty one shows the environment's own name again
        #[arg(long)]
        display_name: Option<String>,
        /// Whether your app says who signed in before it counts: none, b2b, or scalekit_platform, where only members of the
        /// dashboard sign in
        #[arg(long, value_name = "MODE")]
        user_verify_mode: Option<String>,
        /// Where your app does so, unless a link names another page; an empty one forgets it
        #[arg(long, value_name = "URL")]
        user_verify_url: Option<String>,
        /// The colour of buttons and links where people consent, as #0b5d4e; an empty one forgets it
        #[arg(long, value_name = "COLOUR")]
        colour: Option<String>,
        /// A logo to show there: a PNG or JPEG file, at most 64 KiB
        #[arg(long, value_name = "FILE", conflicts_with = "no_logo")]
        #[serde(skip)]
        logo: Option<PathBuf>,
        /// The logo, once read
        #[arg(skip)]
        logo_bytes: Option<Vec<u8>>,
        /// Show no logo
        #[arg(long)]
        no_logo: bool,
    },
    /// All environments
    List,
    /// One environment
    Get {
        /// Its name
        name: String,
    },
}

impl Verb {
    /// Reads the logo's file here: the server may run as somebody else.
    ///
    /// # Errors
    /// The file cannot be read, or is too large to be a logo.
    pub(super) fn read_logo(&mut self) -> Result<()> {
        let Self::Update { logo, logo_bytes, .. } = self else { return Ok(()) };
        let Some(path) = logo.take() else { return Ok(()) };
        let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut bytes = Vec::new();
        // One more than fits says that it doesn't.
        let most = u64::try_from(MAX_LOGO).unwrap_or(u64::MAX).saturating_add(1);
        file.take(most).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
        *logo_bytes = Some(bytes);
        Ok(())
    }
}

/// A mode by its name, or its name in the API.
fn mode(word: &str) -> Result<VerifyMode> {
    let word = word.to_ascii_lowercase();
    let short = word.strip_prefix("user_verify_mode_").unwrap_or(&word);
    let unknown = || anyhow::anyhow!("there is no mode '{word}': choose none, b2b or scalekit_platform");
    VerifyMode::named(short).ok_or_else(unknown)
}

/// Carries a verb out.
///
/// # Errors
/// The use case's own, in its words.
pub(super) async fn perform(app: &App, verb: Verb) -> Result<Reply> {
    let row = |e: &Environment| {
        json!({
            "name": e.name, "display_name": e.display_name, "user_verify_mode": e.user_verify_mode.map(VerifyMode::as_str),
            "user_verify_url": e.user_verify_url, "colour": e.brand.colour.map(|colour| colour.to_string()),
            "logo": e.brand.logo, "id": e.id, "created_at": moment(e.created_at),
        })
    };
    match verb {
        Verb::Create { name, display_name } => {
            Ok(one(row(&environments::create(app, &name, display_name.as_deref()).await?)))
        }
        Verb::Update { name, display_name, user_verify_mode, user_verify_url, colour, logo_bytes, no_logo, .. } => {
            let logo = match logo_bytes {
                Some(bytes) => Logo::Put(bytes),
                None if no_logo => Logo::Remove,
                None => Logo::Keep,
            };
            let branded = colour.is_some() || logo != Logo::Keep;
            if branded {
                let ctx = doors::operator(app, &environments::by_name(app, &name).await?.id);
                branding::change(app, &ctx, Change { display_name: None, colour, logo, seen: None }).await?;
            }
            let mode = user_verify_mode.as_deref().map(mode).transpose()?;
            if mode.is_some() || user_verify_url.is_some() {
                environments::verify_users(app, &name, mode, user_verify_url.as_deref()).await?;
            } else if display_name.is_none() && !branded {
                environments::rename(app, &name, None).await?;
            }
            if let Some(shown) = &display_name {
                environments::rename(app, &name, Some(shown.as_str()).filter(|shown| !shown.is_empty())).await?;
            }
            Ok(one(row(&environments::by_name(app, &name).await?)))
        }
        Verb::Get { name } => Ok(one(row(&environments::by_name(app, &name).await?))),
        Verb::List => Ok(rows(environments::list(app).await?.iter().map(row))),
    }
}
