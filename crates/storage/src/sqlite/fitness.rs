//! How the file is doing.

use super::{Read, Sqlite, files};
use crate::Error;
use crate::fitness::File;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Each page is read and its order checked; what costs as much again, that indexes agree with their tables, is not.
const DAMAGE: &str = "SELECT quick_check AS words FROM pragma_quick_check WHERE quick_check <> 'ok' LIMIT 100";

impl Sqlite {
    /// Asks on a thread of its own, for a long file takes seconds.
    pub(crate) async fn fitness(&self) -> Result<File, Error> {
        let path = self.path.clone();
        let damage = damage(&mut self.glance().await?).await?;
        let version = self.glance().await?.all("SELECT sqlite_version() AS version", Vec::new()).await?;
        let version = version.first().map(|row| row.text("version").map(str::to_owned)).transpose()?;
        beside(path, version.unwrap_or_default(), damage)
    }
}

/// What the check says. Some damage ends it before it can say anything.
async fn damage(read: &mut Read) -> Result<Vec<String>, Error> {
    read.turn("").await?;
    match read.all_on_thread(DAMAGE, Vec::new(), None).await {
        Ok(found) => found.iter().map(|row| row.text("words").map(str::to_owned)).collect(),
        Err(Error::NotADatabase { .. }) => Ok(vec!["it is malformed where SQLite cannot read on".to_owned()]),
        Err(error) => Err(error),
    }
}

fn beside(path: PathBuf, version: String, damage: Vec<String>) -> Result<File, Error> {
    let file = std::fs::metadata(&path).map_err(|error| files::refused(&path, &error))?;
    let disk = rustix::fs::statvfs(&path).map_err(|error| files::refused(&path, &error.into()))?;
    let mut wal = path.into_os_string();
    wal.push("-wal");
    Ok(File {
        version,
        bytes: file.len(),
        wal_bytes: std::fs::metadata(wal).map_or(0, |wal| wal.len()),
        free_bytes: disk.f_bavail.saturating_mul(disk.f_frsize),
        mode: file.permissions().mode() & 0o777,
        damage,
    })
}

#[cfg(test)]
mod tests {
    use crate::fitness::Fitness;
    use crate::{Location, Store};
    use std::io::{Seek, SeekFrom, Write};

    async fn look(store: &Store) -> crate::fitness::File {
        match store.fitness().await.unwrap() {
            Fitness::File(file) => file,
            Fitness::Server(_) => panic!("this is a file"),
        }
    }

    #[tokio::test]
    async fn a_sound_file_is_said_to_be_and_a_broken_page_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("valetkey.sqlite");
        let store = Store::open(&Location::File(path.clone())).await.unwrap();
        let sound = look(&store).await;
        assert!(sound.damage.is_empty() && sound.bytes > 0 && sound.free_bytes > 0 && sound.mode == 0o600, "{sound:?}");
        let mut tx = store.write().await.unwrap();
        for n in 0..2_000 {
            let sql = "INSERT INTO meta (name, value) VALUES ($1, $2)";
            tx.run(sql, crate::args![format!("n{n}"), "x".repeat(500)]).await.unwrap();
        }
        tx.commit().await.unwrap();
        drop(store);
        let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let end = file.metadata().unwrap().len();
        file.seek(SeekFrom::Start(end - 8 * 4_096)).unwrap();
        file.write_all(&[0xff; 4_096]).unwrap();
        let store = Store::open(&Location::File(path)).await.unwrap();
        assert!(!look(&store).await.damage.is_empty());
    }
}
