//! Why there is no certificate.

use std::path::{Path, PathBuf};

/// Why there is no certificate to listen with. Every message says which file, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// "read", "write"...
        action: &'static str,
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file holds no PEM of the wanted kind.
    #[error("{} holds no {what} in PEM form; check that the TLS settings name the right file", path.display())]
    Pem {
        /// Which file.
        path: PathBuf,
        /// "certificate" or "private key".
        what: &'static str,
    },
    /// Certificate and key don't belong together, or are of a kind that is not supported.
    #[error("certificate {} and key {} cannot be used together: {source}", certificate.display(), key.display())]
    Pair {
        /// The chain's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What the TLS library said.
        source: rustls::Error,
    },
    /// The local certificate could not be made.
    #[error("cannot make the local certificate: {0}")]
    Issue(#[from] rcgen::Error),
    /// The TLS library refuses its own defaults: a defect of ours.
    #[error("cannot set TLS up: {0}")]
    Library(rustls::Error),
}

/// An error of the file system, with what was tried where.
pub(super) fn at<'a>(action: &'static str, path: &'a Path) -> impl Fn(std::io::Error) -> Error + 'a {
    move |source| Error::File { action, path: path.into(), source }
}
