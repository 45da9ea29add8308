//! The certificate of the TLS listener: the operator's own, or a local one that this module makes and renews. Both can
//! be looked at again while the server serves.
//!
//! The local one exists because the official Python SDK speaks gRPC over TLS only, `localhost` included. Read
//! [`prepare`] first, then [`authority`] for what is made, then [`bundle`] for how clients come to trust it, then
//! [`current`] for how another one takes its place.

mod authority;
mod bundle;
mod current;
mod error;
mod files;
mod pem;

pub(crate) use error::Error;

use authority::LOCAL_NAME;
use current::Current;
use files::Files;
use pem::{certificates, provider};
use rustls::ServerConfig;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use valetkey_domain::Timestamp;

/// A local certificate with less life than this left is made anew.
const RENEW_BEFORE: Duration = Duration::from_secs(30 * 24 * 3600);

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// PEM files of the operator: the chain with the leaf first, and its key.
    Own {
        /// The chain.
        certificate: PathBuf,
        /// The private key: PKCS#8, PKCS#1 or SEC1.
        key: PathBuf,
    },
    /// A local one, kept in this folder and made there when it is missing or about to expire.
    Local {
        /// The folder; it is made if it is not there.
        folder: PathBuf,
    },
}

/// What the TLS listener needs, and what its clients need.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    /// Certificate, key and protocols, for the listener.
    pub config: Arc<ServerConfig>,
    /// One PEM file with the system's roots and the local CA, for the CA variables of clients. None with the
    /// operator's own certificate: clients know whether they trust that one.
    pub bundle: Option<PathBuf>,
    source: Source,
    current: Arc<Current>,
}

impl Tls {
    /// Looks again where the certificate comes from: a local one is made anew when its last month has begun, the
    /// operator's own is read again. New connections get it; true if it is another one than before.
    ///
    /// # Errors
    /// As for [`prepare`]; then the one from before goes on.
    pub(crate) fn renew(&self, now: Timestamp) -> Result<bool, Error> {
        Ok(self.current.replace(find(&self.source, now)?.0))
    }
}

/// Gives the listener's certificate, making or renewing the local one where that is asked for and needed.
///
/// # Errors
/// A file cannot be read, written or understood, or certificate and key don't fit.
pub(crate) fn prepare(source: &Source, now: Timestamp) -> Result<Tls, Error> {
    let (found, bundle) = find(source, now)?;
    let current = Current::new(found);
    Ok(Tls { config: current::config(Arc::clone(&current))?, bundle, source: source.clone(), current })
}

/// The leaf of the operator's own certificate, read as the listener reads it.
///
/// # Errors
/// As for [`prepare`].
pub(crate) fn leaf(certificate: &Path, key: &Path) -> Result<CertificateDer<'static>, Error> {
    let found = current::read(certificate, key)?;
    found.cert.into_iter().next().ok_or_else(|| Error::Pem { path: certificate.into(), what: "certificate" })
}

/// The certificate, and the bundle for clients if it is a local one.
fn find(source: &Source, now: Timestamp) -> Result<(CertifiedKey, Option<PathBuf>), Error> {
    match source {
        Source::Own { certificate, key } => Ok((current::read(certificate, key)?, None)),
        Source::Local { folder } => {
            let files = Files::open(folder)?;
            Ok((find_local(&files, now)?, Some(files.bundle)))
        }
    }
}

fn find_local(files: &Files, now: Timestamp) -> Result<CertifiedKey, Error> {
    if let Err(reason) = usable(files, now) {
        tracing::info!(%reason, folder = %files.folder.display(), "making a local certificate for {LOCAL_NAME}");
        files.save(&authority::issue(now)?)?;
    }
    // The system's roots change with its updates, so the bundle is written every time.
    files.save_bundle(&bundle::with_system_roots(&files.authority()?))?;
    current::read(&files.certificate, &files.key)
}

/// Whether a client that trusts the local CA takes the stored certificate now and until the next renewal.
fn usable(files: &Files, now: Timestamp) -> Result<(), Box<dyn std::error::Error>> {
    current::read(&files.certificate, &files.key)?;
    let chain = certificates(&files.certificate)?;
    let leaf = chain.first().ok_or("the certificate file is empty")?;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(files.authority()?.as_bytes())?)?;
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build()?;
    let name = ServerName::try_from(LOCAL_NAME)?;
    let now = Duration::from_secs(u64::try_from(now.as_second())?);
    for instant in [now, now + RENEW_BEFORE] {
        verifier.verify_server_cert(leaf, &[], &name, &[], UnixTime::since_unix_epoch(instant))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn at(day: &str) -> Timestamp {
        format!("{day}T12:00:00Z").parse().unwrap()
    }

    fn local(folder: &Path, day: &str) -> Tls {
        prepare(&Source::Local { folder: folder.into() }, at(day)).unwrap()
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn makes_a_certificate_and_keeps_it_until_its_last_month() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = || std::fs::read_to_string(folder.path().join("localhost.pem")).unwrap();
        let tls = local(folder.path(), "2026-11-22");
        assert_eq!(tls.config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
        let first = certificate();
        local(folder.path(), "2027-11-01");
        assert_eq!(certificate(), first, "it still has more than a month");
        local(folder.path(), "2027-12-10");
        assert_ne!(certificate(), first, "its last month has begun");
    }

    #[test]
    fn what_was_renewed_is_told_and_what_cannot_be_read_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let tls = local(folder.path(), "2026-11-22");
        assert!(!tls.renew(at("2026-11-23")).unwrap());
        assert!(tls.renew(at("2027-12-10")).unwrap());
        let path = |name| folder.path().join(name);
        let own =
            prepare(&Source::Own { certificate: path("localhost.pem"), key: path("localhost.key") }, at("2027-12-10"));
        let own = own.unwrap();
        assert!(!own.renew(at("2027-12-11")).unwrap());
        std::fs::write(path("localhost.key"), "half a ke").unwrap();
        let refusal = own.renew(at("2027-12-11")).unwrap_err().to_string();
        assert!(refusal.contains("localhost.key holds no private key"), "{refusal}");
        local(folder.path(), "2027-12-12");
        assert!(own.renew(at("2027-12-12")).unwrap());
    }

    #[test]
    fn a_clock_set_back_makes_it_anew_too() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = || std::fs::read_to_string(folder.path().join("localhost.pem")).unwrap();
        local(folder.path(), "2026-11-22");
        let first = certificate();
        local(folder.path(), "2026-01-01");
        assert_ne!(certificate(), first);
    }

    #[test]
    fn only_the_key_is_private_and_the_authoritys_key_is_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let tls = local(folder.path(), "2026-11-22");
        let mut keys = 0;
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let secret = std::fs::read_to_string(&path).unwrap().contains("PRIVATE KEY");
            assert_eq!(mode(&path), if secret { 0o600 } else { 0o644 }, "{}", path.display());
            keys += usize::from(secret);
        }
        assert_eq!(keys, 1);
        assert!(tls.bundle.unwrap().starts_with(folder.path()));
    }

    #[test]
    fn a_damaged_or_foreign_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        local(folder.path(), "2026-11-22");
        local(other.path(), "2026-11-22");
        std::fs::copy(other.path().join("localhost.key"), folder.path().join("localhost.key")).unwrap();
        local(folder.path(), "2026-11-22");
        std::fs::write(folder.path().join("localhost.pem"), "not a certificate").unwrap();
        local(folder.path(), "2026-11-22");
    }

    #[test]
    fn an_operators_pair_that_does_not_fit_is_refused_by_name() {
        let one = tempfile::tempdir().unwrap();
        let two = tempfile::tempdir().unwrap();
        local(one.path(), "2026-11-22");
        local(two.path(), "2026-11-22");
        let source =
            Source::Own { certificate: one.path().join("localhost.pem"), key: two.path().join("localhost.key") };
        let refusal = prepare(&source, at("2026-11-22")).unwrap_err().to_string();
        assert!(refusal.contains("cannot be used together") && refusal.contains("localhost.key"), "{refusal}");
        let source =
            Source::Own { certificate: one.path().join("localhost.key"), key: one.path().join("localhost.key") };
        let refusal = prepare(&source, at("2026-11-22")).unwrap_err().to_string();
        assert!(refusal.contains("holds no certificate"), "{refusal}");
        let source = Source::Own { certificate: "absent.pem".into(), key: "absent.key".into() };
        let refusal = prepare(&source, at("2026-11-22")).unwrap_err().to_string();
        assert!(refusal.contains("cannot read absent.pem"), "{refusal}");
    }
}
