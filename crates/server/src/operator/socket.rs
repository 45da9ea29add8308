//! The socket in the data folder: one JSON request a line, one JSON answer. Whoever may open it (mode 0600) is the
//! operator.

use super::{Desk, Noun, Reply};
use crate::data::Folder;
use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

/// The longest request, in bytes.
const MAX_REQUEST: u64 = 1 << 20;

/// How long to wait before accepting again when the system has no descriptor left.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Done(Reply),
    Failed(String),
}

/// Answers the command line until the server stops.
///
/// # Errors
/// The socket cannot be made.
pub(crate) async fn serve(desk: Desk, path: PathBuf, stop: CancellationToken) -> Result<()> {
    // The lock on the database says that no other server lives here, so a socket that is there is a dead one's.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).with_context(|| format!("cannot make the socket {}", path.display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(why) => {
                    tracing::warn!(%why, "the command line's socket");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        let desk = desk.clone();
        desk.app.tasks.clone().spawn(async move {
            if let Err(why) = answer(&desk, stream).await {
                tracing::debug!(%why, "a command went away");
            }
        });
    }
    let _ = std::fs::remove_file(&path);
    Ok(())
}

/// Asks the server that runs on this data folder; none if none does.
///
/// # Errors
/// The server refused, in its own words.
pub(super) async fn ask(data: &Path, noun: &Noun) -> Result<Option<Reply>> {
    let Ok(mut stream) = UnixStream::connect(Folder::at(data).socket()).await else { return Ok(None) };
    let mut line = serde_json::to_vec(noun)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut text = String::new();
    BufReader::new(stream).read_line(&mut text).await?;
    match serde_json::from_str(&text).context("the server went away before it answered")? {
        Answer::Done(reply) => Ok(Some(reply)),
        Answer::Failed(why) => Err(anyhow!(why)),
    }
}

async fn answer(desk: &Desk, mut stream: UnixStream) -> Result<()> {
    let mut line = String::new();
    let (reader, mut writer) = stream.split();
    BufReader::new(tokio::io::AsyncReadExt::take(reader, MAX_REQUEST)).read_line(&mut line).await?;
    let outcome = match serde_json::from_str(&line) {
        Ok(noun) => super::perform(desk, noun).await.map_err(|why| format!("{why:#}")),
        Err(why) => Err(format!("this server does not understand the command (another version?): {why}")),
    };
    let answer = outcome.map_or_else(Answer::Failed, Answer::Done);
    let mut text = serde_json::to_vec(&answer)?;
    text.push(b'\n');
    Ok(writer.write_all(&text).await?)
}
