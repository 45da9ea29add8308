//! Reads certificates and keys from files, and names the library that does the rest.

use super::error::{Error, at};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use valetkey_domain::Secret;

/// Named here rather than installed for the process, so that no other library's choice can slip in.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// The chain of a file, the leaf first.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match found {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(Error::Pem { path: path.into(), what: "certificate" }),
    }
}

/// The private key of a file.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let text = Secret::<str>::from(read(path)?);
    PrivateKeyDer::from_pem_slice(text.bytes()).map_err(|_| Error::Pem { path: path.into(), what: "private key" })
}

/// Reads a text file.
pub(super) fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(at("read", path))
}
