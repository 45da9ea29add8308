//! Where the local certificate lies in the data folder. A crash leaves the old files or the new ones.

use super::authority::Issued;
use super::error::{Error, at};
use super::pem::read;
use crate::files;
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
        replace(&self.key, issued.key.bytes(), 0o600)?;
        replace(&self.certificate, issued.certificate.as_bytes(), 0o644)?;
        replace(&self.authority, issued.authority.as_bytes(), 0o644)
    }

    /// Replaces the bundle for clients.
    pub(super) fn save_bundle(&self, pem: &str) -> Result<(), Error> {
        replace(&self.bundle, pem.as_bytes(), 0o644)
    }
}

fn replace(path: &Path, content: &[u8], mode: u32) -> Result<(), Error> {
    files::write(path, content, mode).map_err(at("write", path))
}
