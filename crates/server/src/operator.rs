//! What the operator can ask for at the command line: nouns, each a file with its verbs ([`noun`] has them all). A
//! running server is asked through the socket in its data folder (mode 0600); when none runs, the command opens the
//! data folder itself.

mod account;
mod ask;
mod backend;
mod backup;
mod client;
mod config;
mod connection;
mod connector;
mod doctor;
mod environment;
mod files;
mod given;
mod golden;
mod instance;
mod key;
mod login;
mod logs;
mod member;
mod noun;
mod provider;
mod reply;
mod restore;
mod session;
mod socket;
mod table;
mod tool;
mod tried;
mod webhook;
mod why;
mod wire;

use crate::compose;
use crate::flags::ServeFlags;
use crate::sdk_access::SdkAccess;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::terminal::Meter;
use anyhow::{Context, Result, anyhow, bail};
use std::path::Path;
use std::sync::Arc;
use valetkey_domain::ctx::{Detached, Progress};
use valetkey_storage::Location;

pub(crate) use backend::Backend;
pub(crate) use login::url as login_url;
pub(crate) use noun::Noun;
use reply::Reply;
use serde_json::Value;
pub(crate) use socket::serve;

/// Carries a noun's verb out and prints the answer.
///
/// # Errors
/// Whatever stopped it.
pub(crate) async fn run(data: &Path, mut noun: Noun, secrets: Secrets) -> Result<()> {
    if let Noun::Connection(asked) = &mut noun {
        asked.verb.read_secret()?;
    }
    if let Noun::Provider(asked) = &mut noun {
        asked.verb.read_file()?;
    }
    if let Noun::Environment(asked) = &mut noun {
        asked.verb.read_logo()?;
    }
    if let Noun::Why(flags) = &mut noun {
        flags.read_secrets()?;
    }
    if let Noun::Backup(flags) = &mut noun {
        flags.make_absolute()?;
    }
    if let Some(reply) = noun.about_files() {
        show(&reply?, noun.json())?;
        return match noun.trial() {
            Some(flags) => show(&tried::perform(data, flags, secrets).await?, noun.json()),
            None => Ok(()),
        };
    }
    let (json, meter) = (noun.json(), Arc::new(Meter::default()));
    let reply = match noun {
        Noun::Doctor(flags) => examine(data, flags, secrets, &meter).await?,
        Noun::Restore(flags) if flags.file.is_some() => restore::fill(data, flags, secrets, meter.as_ref()).await?,
        noun => carry_out(data, noun, secrets, &meter).await?,
    };
    meter.clear();
    show(&reply, json)
}

/// Prints an answer; ends as failed where it tells a fault.
fn show(reply: &Reply, json: bool) -> Result<()> {
    table::print(reply, json)?;
    reply.fault.as_ref().map_or(Ok(()), |fault| Err(anyhow!(fault.clone())))
}

/// By the running server; here if none runs.
async fn carry_out(data: &Path, noun: Noun, secrets: Secrets, meter: &Arc<Meter>) -> Result<Reply> {
    if let Some(reply) = ask::ask(data, &noun, meter.as_ref()).await? {
        return Ok(reply);
    }
    let settings = Settings::load(data, &ServeFlags::from_environment()?, secrets)?;
    perform(&desk(settings, meter.clone()).await?, noun).await
}

/// What `doctor` sees: the running server, with the settings that it runs with and beside those that the next start
/// would have; if none runs, this process.
async fn examine(data: &Path, mut flags: doctor::Flags, secrets: Secrets, meter: &Arc<Meter>) -> Result<Reply> {
    let settings = Settings::load(data, &std::mem::take(&mut flags.serve), secrets);
    let noun = Noun::Doctor(flags);
    if let Some(reply) = ask::ask(data, &noun, meter.as_ref()).await? {
        return Ok(match settings {
            Ok(_) => reply,
            Err(why) => doctor::beside(reply, &why),
        });
    }
    let settings = match settings {
        Ok(settings) => settings,
        Err(why) => return Ok(doctor::unfit(&why)),
    };
    match desk(settings.clone(), meter.clone()).await {
        Ok(backend) => perform(&backend, noun).await,
        Err(why) => Ok(doctor::closed(&settings, &why)),
    }
}

/// A backend over the database itself, where no server runs.
async fn desk(settings: Settings, progress: Arc<dyn Progress>) -> Result<Backend> {
    // A command in the wrong place must not leave an empty database and a root key behind.
    if let Location::File(file) = &settings.database {
        anyhow::ensure!(
            file.exists(),
            "there is no Valetkey in {}: start `valetkey serve` or `valetkey demo` first, or name its folder with --data",
            settings.data.display()
        );
    }
    let opened = compose::open(&settings).await?;
    let (app, presence, connectors) = (opened.app, opened.presence, opened.connectors);
    Ok(Backend { app, ca_bundle: None, presence, connectors, settings: Arc::new(settings), progress })
}

/// Carries a noun's verb out here, with everything that it set going.
async fn perform(backend: &Backend, noun: Noun) -> Result<Reply> {
    let performed = noun::perform(backend, noun).await;
    backend.app.end(backend.settings.limits.effects).await;
    performed
}

/// An access token for a shell on this machine, from the server that runs on this data folder.
///
/// # Errors
/// None runs, or its `public_url` is not on this machine.
pub(crate) async fn shell_token(data: &Path) -> Result<String> {
    let row = of_shell(data, Noun::shell_token()).await?;
    row.get("access_token").and_then(Value::as_str).map(str::to_owned).context("the server gave no token")
}

/// What a shell on this machine needs to use the SDKs with the server that runs on this data folder.
///
/// # Errors
/// None runs, or its `public_url` is not on this machine.
pub(crate) async fn shell_access(data: &Path) -> Result<SdkAccess> {
    Ok(serde_json::from_value(of_shell(data, Noun::shell()).await?)?)
}

/// What the running server answers a shell.
async fn of_shell(data: &Path, asked: Noun) -> Result<Value> {
    let Some(reply) = ask::ask(data, &asked, &Detached).await? else {
        bail!("no server runs on {}: start `valetkey serve` or `valetkey demo` first", data.display());
    };
    reply.rows.into_iter().next().context("the server gave nothing")
}
