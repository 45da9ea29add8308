//! The lab's one state file: read whole, written whole, never seen half written.

use crate::Error;
use crate::state::State;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Where the state rests.
#[derive(Debug)]
pub(crate) struct StateFile(pub(crate) PathBuf);

impl StateFile {
    /// The state as last saved; none if there is no file yet.
    pub(crate) fn load(&self) -> Result<Option<State>, Error> {
        let text = match std::fs::read(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::File { path: self.0.clone(), doing: "read", source }),
        };
        let state: State = serde_json::from_slice(&text).map_err(|error| self.unfit(error.to_string()))?;
        match state.version {
            State::VERSION => Ok(Some(state)),
            other => Err(self.unfit(format!("its version is {other}, this lab reads {}", State::VERSION))),
        }
    }

    /// Replaces the file: a temporary one beside it, synced, takes its name. It is readable by its owner only.
    pub(crate) fn save(&self, bytes: &[u8]) -> Result<(), Error> {
        self.replace(bytes).map_err(|source| Error::File { path: self.0.clone(), doing: "write", source })
    }

    fn replace(&self, bytes: &[u8]) -> std::io::Result<()> {
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let mut draft = tempfile::NamedTempFile::new_in(folder)?;
        draft.write_all(bytes)?;
        draft.as_file().sync_all()?;
        draft.persist(&self.0).map_err(|failed| failed.error)?;
        sync_folder(folder)
    }

    fn unfit(&self, why: String) -> Error {
        Error::State { path: self.0.clone(), why }
    }
}

/// Makes the new name outlast a power cut; only Unix has a call for it.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_file_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile(folder.path().join("lab.json"));
        assert!(file.load().unwrap().is_none());
        file.save(b"{\"version\": 1}").unwrap();
        let said = file.load().unwrap_err().to_string();
        assert!(said.contains("lab.json") && said.contains("move it away"), "{said}");
    }

    #[test]
    fn saving_leaves_no_draft_behind() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile(folder.path().join("lab.json"));
        file.save(b"one").unwrap();
        file.save(b"two").unwrap();
        assert_eq!(std::fs::read(&file.0).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
