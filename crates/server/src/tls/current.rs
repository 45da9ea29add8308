//! The certificate that is shown at this moment. Handshakes ask for it, so that another one can take its place while the
//! server serves; connections that are open keep the one they were opened with.

use super::error::Error;
use super::pem::{certificates, private_key, provider};
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// The certificate that is shown at this moment, with its key.
#[derive(Debug)]
pub(super) struct Current(RwLock<Arc<CertifiedKey>>);

impl Current {
    pub(super) fn new(first: CertifiedKey) -> Arc<Self> {
        Arc::new(Self(RwLock::new(Arc::new(first))))
    }

    /// Shows this one from now on; false if it is the one that was shown already.
    pub(super) fn replace(&self, by: CertifiedKey) -> bool {
        let mut shown = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let another = shown.cert != by.cert;
        *shown = Arc::new(by);
        another
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Reads a chain and its key, which have to belong together.
pub(super) fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, Error> {
    let (chain, secret) = (certificates(certificate)?, private_key(key)?);
    CertifiedKey::from_der(chain, secret, &provider()).map_err(|source| Error::Pair {
        certificate: certificate.into(),
        key: key.into(),
        source,
    })
}

/// HTTP/2 and HTTP/1.1 by ALPN. A client without ALPN is served too, with HTTP/1.1: Node's axios is one.
pub(super) fn config(current: Arc<Current>) -> Result<Arc<ServerConfig>, Error> {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let mut config = builder.map_err(Error::Library)?.with_no_client_auth().with_cert_resolver(current);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
