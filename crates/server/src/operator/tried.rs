//! `connector test --verify`: a credential tried at the app that a connector file is of. The one verb about files that
//! sends something, and only because it was asked to.

use super::golden::{Flags, opened};
use super::reply::{Reply, one};
use crate::compose;
use crate::flags::ServeFlags;
use crate::secrets::Secrets;
use crate::settings::Settings;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use valetkey_app::credentials::{TrialInput, TrialReport, try_out};
use valetkey_domain::time::SystemClock;
use valetkey_domain::{Clock as _, Secret};
use valetkey_outbound::{Outbound, SystemResolver};

/// Tries the credential, with what the settings of the data folder allow to be called.
///
/// # Errors
/// The file or the credential cannot be read, or nothing says how it is tried.
pub(super) async fn perform(data: &Path, flags: &Flags, mut secrets: Secrets) -> Result<Reply> {
    let (connector, _) = opened(&flags.file)?;
    let credential = credential(flags.credential_file.as_deref(), secrets.credential.take())?;
    let settings = Settings::load(data, &ServeFlags::from_environment()?, secrets)?;
    let policy = compose::policy(&settings.allow)?;
    let outbound = Outbound::with_timeouts(policy, Arc::new(SystemResolver), settings.limits.outbound)?;
    let values = credential.into_iter().map(|(name, value)| (name, Secret::from(value))).collect();
    let given = TrialInput { way: flags.way.clone(), values, api_base_url: flags.api_base_url.clone() };
    let said = try_out(&outbound, Arc::new(connector), given, SystemClock.now()).await?;
    Ok(match said {
        TrialReport::Taken { id, name } => {
            one(json!({"verify": "the app took the credential", "id": id, "name": name}))
        }
        TrialReport::Refused(words) => failed("the app refused the credential", &words),
        TrialReport::Unclear(words) => failed("the app could not be asked, or its answer says neither", &words),
    })
}

fn failed(what: &str, words: &str) -> Reply {
    let fault = if words.is_empty() { what.to_owned() } else { format!("{what}: {words}") };
    Reply { fault: Some(fault), ..Reply::default() }
}

/// The credential, from the file that is named or from the environment. What is wrong with it is said without it.
fn credential(file: Option<&str>, variable: Option<Secret<str>>) -> Result<BTreeMap<String, String>> {
    let text = match file {
        Some("-") => Secret::from(std::io::read_to_string(std::io::stdin()).context("cannot read standard input")?),
        Some(path) => Secret::from(std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?),
        None => variable
            .context("there is no credential: name a file with --credential-file, or set VALETKEY_CREDENTIAL")?,
    };
    let read: Option<BTreeMap<String, Member>> = serde_json::from_str(text.expose()).ok();
    ensure!(read.is_some(), "the credential is no JSON object of texts, such as {{\"api_key\": \"…\"}}");
    Ok(read.into_iter().flatten().map(|(name, Member(value))| (name, value)).collect())
}

/// A text.
#[derive(Deserialize)]
struct Member(String);
