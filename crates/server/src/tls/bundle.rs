//! The CA bundle for clients: the system's roots and the local authority in one PEM text.
//!
//! The CA variables of most tools replace the system's roots instead of adding to them; with the local authority
//! alone in the file a shell that has them set could reach nothing else.

use super::authority::NAME;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Joins the system's roots and this authority (PEM).
pub(super) fn with_system_roots(authority: &str) -> String {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        tracing::warn!("no CA certificates of the system were found: the bundle holds the local one alone");
    }
    let roots = found.certs.iter().filter(|root| !is_ours(root));
    roots.map(|root| pem(root)).chain([authority.to_owned()]).collect()
}

/// An older local authority: it comes in again when the server is started in a shell that has the variables set.
fn is_ours(der: &[u8]) -> bool {
    der.windows(NAME.len()).any(|window| window == NAME.as_bytes())
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject;

    #[test]
    fn bundle_parses_and_ends_with_the_local_authority() {
        let issued = super::super::authority::issue("2026-11-22T12:00:00Z".parse().unwrap()).unwrap();
        let bundle = with_system_roots(&issued.authority);
        let all: Vec<_> = CertificateDer::pem_slice_iter(bundle.as_bytes()).collect::<Result<_, _>>().unwrap();
        assert_eq!(all.iter().filter(|root| is_ours(root)).count(), 1);
        assert!(is_ours(all.last().unwrap()));
    }

    #[test]
    fn written_certificates_read_back() {
        let der: Vec<u8> = (0..=255).collect();
        assert_eq!(CertificateDer::from_pem_slice(pem(&der).as_bytes()).unwrap().as_ref(), der);
    }
}
