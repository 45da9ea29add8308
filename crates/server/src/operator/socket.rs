//! The server's end of the socket in the data folder. Whoever may open it (mode 0600) is the operator.

use super::backend::Backend;
use super::noun::{self, Noun};
use super::reply::Reply;
use super::wire::{Answer, Step, line};
use crate::terminal::reasons;
use anyhow::{Context, Result, ensure};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use valetkey_domain::ctx::Progress;

/// The longest request, in bytes: one with an OpenAPI document of a megabyte, whose quotes are escaped.
const MAX_REQUEST: u64 = 4 << 20;

/// How long to wait before accepting again when the system has no descriptor left.
const PAUSE: Duration = Duration::from_millis(100);

/// Keeps the newest step for whoever sends it on.
struct Steps(watch::Sender<Step>);

impl Progress for Steps {
    fn report(&self, done: u64, total: Option<u64>, message: &str) {
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

async fn answer(backend: &Backend, mut stream: UnixStream) -> Result<()> {
    let mut request = String::new();
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    (&mut reader).take(MAX_REQUEST).read_line(&mut request).await?;
    let outcome = match serde_json::from_str::<Noun>(&request) {
        Ok(noun) => {
            let (steps, newest) = watch::channel(Step::default());
            let backend = Backend { progress: Arc::new(Steps(steps)), ..backend.clone() };
            let ends = noun.ends_with_its_caller();
            attend(noun::perform(&backend, noun), ends, newest, &mut reader, &mut writer).await?
        }
        Err(why) => Err(format!("this server does not understand the command (another version?): {why}")),
    };
    Ok(writer.write_all(&line(&outcome.map_or_else(Answer::Failed, Answer::Done))?).await?)
}

/// Carries a verb out and writes how far it is. Its failure is text for the one who asked. One that `ends` with its
/// caller is dropped, with an error, when nobody waits for it any more; another one goes on.
async fn attend(
    verb: impl Future<Output = Result<Reply>>,
    ends: bool,
    mut newest: watch::Receiver<Step>,
    reader: &mut (impl AsyncBufRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
) -> Result<Result<Reply, String>> {
    let mut verb = std::pin::pin!(verb);
    let mut attended = true;
    loop {
        tokio::select! {
            biased;
            outcome = &mut verb => return Ok(outcome.map_err(|why| reasons(&why))),
            () = gone(reader), if attended => attended = false,
            Ok(()) = newest.changed(), if attended => {
                let step = newest.borrow_and_update().clone();
                attended = writer.write_all(&line(&Answer::Progress(step))?).await.is_ok();
            }
        }
        ensure!(attended || !ends, "nobody waits for its answer");
    }
}

/// Returns when the caller has closed its end. What it writes after its request says nothing.
async fn gone(reader: &mut (impl AsyncBufRead + Unpin)) {
    while let Ok(read @ 1..) = reader.fill_buf().await.map(<[u8]>::len) {
        reader.consume(read);
    }
}

#[cfg(test)]
mod tests {
    use super::super::reply::message;
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// A verb that tells one step, takes a while, and notes that it came to its end.
    struct Verb {
        ended: Arc<AtomicBool>,
        steps: Steps,
    }

    impl Verb {
        async fn perform(self) -> Result<Reply> {
            self.steps.report(1, None, "rows");
            tokio::time::sleep(Duration::from_millis(300)).await;
            self.ended.store(true, Ordering::SeqCst);
            Ok(message("done"))
        }
    }

    /// What became of such a verb, and the lines that its caller read who stayed for so long.
    async fn asked(ends: bool, stay: Duration) -> (Result<Result<Reply, String>>, bool, String) {
        let (mut caller, mut server) = UnixStream::pair().unwrap();
        let (steps, newest) = watch::channel(Step::default());
        let ended = Arc::new(AtomicBool::new(false));
        let verb = Verb { ended: ended.clone(), steps: Steps(steps) };
        let stays = async move {
            caller.write_all(b"and more\n").await.unwrap();
            let mut bytes = Vec::new();
            let reads = async { while caller.read_buf(&mut bytes).await.unwrap() > 0 {} };
            let _ = tokio::time::timeout(stay, reads).await;
            String::from_utf8(bytes).unwrap()
        };
        let attends = async move {
            let (reader, mut writer) = server.split();
            attend(verb.perform(), ends, newest, &mut BufReader::new(reader), &mut writer).await
        };
        let (outcome, text) = tokio::join!(attends, stays);
        (outcome, ended.load(Ordering::SeqCst), text)
    }

    #[tokio::test]
    async fn what_only_looks_ends_with_its_caller_and_what_changes_something_does_not() {
        let (short, long) = (Duration::from_millis(50), Duration::from_secs(5));
        for (ends, stay, finished) in [(true, short, false), (false, short, true), (true, long, true)] {
            let (outcome, ended, text) = asked(ends, stay).await;
            assert_eq!((outcome.is_ok(), ended), (finished, finished), "{ends} {stay:?}");
            assert!(text.starts_with(r#"{"progress":{"done":1"#), "{ends} {stay:?}: {text}");
        }
    }
}
