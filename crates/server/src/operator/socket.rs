//! The socket in the data folder: one JSON request a line, one JSON answer, before which lines may tell how far it is.
//! Whoever may open it (mode 0600) is the operator.

use super::Noun;
use super::backend::Backend;
use super::reply::Reply;
use crate::data::Folder;
use crate::terminal::reasons;
use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::WriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use valetkey_domain::ctx::Progress;

/// The longest request, in bytes.
const MAX_REQUEST: u64 = 1 << 20;

/// How long to wait before accepting again when the system has no descriptor left.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Progress(Step),
    Done(Reply),
    Failed(String),
}

/// How far a verb has come.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Step {
    done: u64,
    total: Option<u64>,
    message: String,
}

/// Keeps the newest step for whoever sends it on.
struct Steps(watch::Sender<Step>);

impl Progress for Steps {
    fn tell(&self, done: u64, total: Option<u64>, message: &str) {
        self.0.send_replace(Step { done, total, message: message.to_owned() });
    }
}

/// Answers the command line until the server stops.
///
/// # Errors
/// The socket cannot be made.
pub(crate) async fn serve(backend: Backend, path: PathBuf, stop: CancellationToken) -> Result<()> {
    // The claim on the data folder says that no other server lives here, so a socket that is there is a dead one's.
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
        let backend = backend.clone();
        backend.app.tasks().clone().spawn(async move {
            if let Err(why) = answer(&backend, stream).await {
                tracing::debug!(%why, "a command went away");
            }
        });
    }
    let _ = std::fs::remove_file(&path);
    Ok(())
}

/// Asks the server that runs on this data folder, and passes on how far it is; none if none runs.
///
/// # Errors
/// The server refused, in its own words.
pub(super) async fn ask(data: &Path, noun: &Noun, progress: &dyn Progress) -> Result<Option<Reply>> {
    let Ok(mut stream) = UnixStream::connect(Folder::at(data).socket()).await else { return Ok(None) };
    stream.write_all(&line(noun)?).await?;
    let mut lines = BufReader::new(stream).lines();
    loop {
        let text = lines.next_line().await?.unwrap_or_default();
        match serde_json::from_str(&text).context("the server went away before it answered")? {
            Answer::Progress(step) => progress.tell(step.done, step.total, &step.message),
            Answer::Done(reply) => return Ok(Some(reply)),
            Answer::Failed(why) => return Err(anyhow!(why)),
        }
    }
}

/// Whether a server runs on this data folder.
pub(crate) async fn runs(data: &Path) -> bool {
    UnixStream::connect(Folder::at(data).socket()).await.is_ok()
}

async fn answer(backend: &Backend, mut stream: UnixStream) -> Result<()> {
    let mut request = String::new();
    let (reader, mut writer) = stream.split();
    BufReader::new(tokio::io::AsyncReadExt::take(reader, MAX_REQUEST)).read_line(&mut request).await?;
    let outcome = match serde_json::from_str(&request) {
        Ok(noun) => perform(backend, noun, &mut writer).await?,
        Err(why) => Err(format!("this server does not understand the command (another version?): {why}")),
    };
    Ok(writer.write_all(&line(&outcome.map_or_else(Answer::Failed, Answer::Done))?).await?)
}

/// Carries a noun's verb out and writes how far it is. Its failure is text for the one who asked; an error means that
/// nobody listens any more.
async fn perform(backend: &Backend, noun: Noun, writer: &mut WriteHalf<'_>) -> Result<Result<Reply, String>> {
    let (steps, mut newest) = watch::channel(Step::default());
    let backend = Backend { progress: Arc::new(Steps(steps)), ..backend.clone() };
    let mut performed = std::pin::pin!(super::perform(&backend, noun));
    loop {
        tokio::select! {
            biased;
            outcome = &mut performed => return Ok(outcome.map_err(|why| reasons(&why))),
            Ok(()) = newest.changed() => {
                let step = newest.borrow_and_update().clone();
                writer.write_all(&line(&Answer::Progress(step))?).await?;
            }
        }
    }
}

fn line(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec(value)?;
    text.push(b'\n');
    Ok(text)
}
