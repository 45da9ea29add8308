//! Where the local certificate lies in the data folder. Every file is written beside its place and moved there, so
//! that a crash leaves the old one or the new one.

use super::Error;
use super::authority::Issued;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The files of the local certificate.
pub(super) struct Files {
    pub(super) folder: PathBuf,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) bundle: PathBuf,
    authority: PathBuf,
}

impl Files {
    /// Names the files and makes the folder.
    pub(super) fn open(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(at("make folder", folder))?;
        // `env` tells the bundle's path to shells in any folder.
        let folder = folder.canonicalize().map_err(at("find folder", folder))?;
        Ok(Self {
            certificate: folder.join("localhost.pem"),
            key: folder.join("localhost.key"),
            bundle: folder.join("ca-bundle.pem"),
            authority: folder.join("local-ca.pem"),
            folder,
        })
    }

    /// The authority's certificate.
    pub(super) fn authority(&self) -> Result<String, Error> {
        read(&self.authority)
    }

    /// Replaces certificate, key and authority.
    pub(super) fn save(&self, issued: &Issued) -> Result<(), Error> {
        self.replace(&self.key, issued.key.bytes(), 0o600)?;
        self.replace(&self.certificate, issued.certificate.as_bytes(), 0o644)?;
        self.replace(&self.authority, issued.authority.as_bytes(), 0o644)
    }

    /// Replaces the bundle for clients.
    pub(super) fn save_bundle(&self, pem: &str) -> Result<(), Error> {
        self.replace(&self.bundle, pem.as_bytes(), 0o644)
    }

    fn replace(&self, path: &Path, content: &[u8], mode: u32) -> Result<(), Error> {
        use std::os::unix::fs::PermissionsExt;
        let permissions = std::fs::Permissions::from_mode(mode);
        let written =
            tempfile::Builder::new().permissions(permissions.clone()).tempfile_in(&self.folder).and_then(|mut file| {
                // The process's umask took away what it takes from every new file.
                file.as_file().set_permissions(permissions)?;
                file.write_all(content)?;
                file.as_file().sync_all()?;
                Ok(file)
            });
        let file = written.map_err(at("write", path))?;
        file.persist(path).map_err(|failed| at("write", path)(failed.error))?;
        Ok(())
    }
}

/// Reads a text file.
pub(super) fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(at("read", path))
}

fn at<'a>(action: &'static str, path: &'a Path) -> impl Fn(std::io::Error) -> Error + 'a {
    move |source| Error::File { action, path: path.into(), source }
}
