//! The command line's end of the socket.

use super::reply::Reply;
use super::wire::{Answer, line};
use crate::data::Folder;
use anyhow::{Context, Result, anyhow};
use serde::Serialize;
use std::path::Path;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use valetkey_domain::ctx::Progress;

/// Asks the server that runs on this data folder, and passes on how far it is; none if none runs.
///
/// # Errors
/// The server refused, in its own words.
pub(super) async fn ask(data: &Path, request: &impl Serialize, progress: &dyn Progress) -> Result<Option<Reply>> {
    let Ok(mut stream) = UnixStream::connect(Folder::at(data).socket()).await else { return Ok(None) };
    stream.write_all(&line(request)?).await?;
    let mut lines = BufReader::new(stream).lines();
    loop {
        let text = lines.next_line().await?.unwrap_or_default();
        match serde_json::from_str(&text).context("the server went away before it answered")? {
            Answer::Progress(step) => progress.report(step.done, step.total, &step.message),
            Answer::Done(reply) => return Ok(Some(reply)),
            Answer::Failed(why) => return Err(anyhow!(why)),
        }
    }
}

/// Whether a server runs on this data folder.
pub(super) async fn runs(data: &Path) -> bool {
    UnixStream::connect(Folder::at(data).socket()).await.is_ok()
}
