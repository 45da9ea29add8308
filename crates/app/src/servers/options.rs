//! What a config may say beside its connections.

use super::user_provider::provider;
use crate::connections::{self, Wired, imports};
use crate::tenancy::verification;
use crate::{App, Error, Result};
use std::ops::RangeInclusive;
use valetkey_connectors::nearest;
use valetkey_domain::Ctx;
use valetkey_domain::config::{Mapping, Options};

/// What an answer may give at once, in bytes.
const ANSWER_BYTES: RangeInclusive<u32> = 2_000..=1_000_000;
/// How many single tools a config may say something of.
const MOST_TOOLS: usize = 200;

/// Whether a config of these connections may say this.
///
/// # Errors
/// A limit is too low or too high; an address is no place to send people to; something is said of too many tools; no connection has a tool
/// that wants the user's word; users are to sign in and nothing says where.
pub(super) async fn check(app: &App, ctx: &Ctx, mappings: &[Mapping], options: &Options) -> Result<()> {
    if options.sign_in {
        provider(app, ctx).await?;
    }
    if let Some(url) = &options.user_verify_url {
        verification::checked(url)?;
    }
    let limits = options.tool_answer_bytes.values().chain(&options.answer_bytes);
    if let Some(odd) = limits.into_iter().find(|bytes| !ANSWER_BYTES.contains(bytes)) {
        let (low, high) = ANSWER_BYTES.into_inner();
        return Err(Error::invalid(format!(
            "an answer gives {low} to {high} bytes at once, and {odd} is not among them"
        )));
    }
    if options.tool_answer_bytes.len() > MOST_TOOLS {
        return Err(Error::invalid(format!("a config limits the answers of {MOST_TOOLS} single tools at most")));
    }
    if options.approvals.tools.len() > MOST_TOOLS {
        let message = format!("a config wants the user's word for {MOST_TOOLS} single tools at most");
        return Err(Error::invalid(message));
    }
    if options.approvals.tools.is_empty() { Ok(()) } else { known(app, ctx, mappings, &options.approvals.tools).await }
}

/// The tools whose call wants the user's word are ones that the connections have, shown or not: a slip would be one that
/// wants nobody's.
async fn known(app: &App, ctx: &Ctx, mappings: &[Mapping], tools: &[String]) -> Result<()> {
    let (mut there, mut prefixes) = (Vec::new(), Vec::new());
    for mapping in mappings {
        there.extend(mapping.tools.iter().cloned());
        let Ok(wired) = Wired::of(app, connections::get(app, ctx, &mapping.connection).await?) else { continue };
        match &wired.connector.remote {
            Some(remote) => {
                prefixes.push(format!("{}_", remote.prefix(&wired.connector.slug, mapping.connection_name.as_str())));
            }
            None => {
                let known = imports::known(app, ctx, &wired).await?;
                there.extend(known.iter().map(|tool| tool.definition.name.clone()));
            }
        }
    }
    let unknown =
        |tool: &&String| !there.contains(tool) && !prefixes.iter().any(|prefix| tool.starts_with(prefix.as_str()));
    match tools.iter().find(unknown) {
        None => Ok(()),
        Some(tool) => {
            let error = Error::invalid(format!("no connection of this MCP config has a tool '{tool}'"));
            Err(error.meant(nearest(tool, there.iter().map(String::as_str))))
        }
    }
}
