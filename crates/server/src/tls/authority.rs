//! Makes a certificate authority in memory, lets it sign one certificate for `localhost`, and forgets its key.
//!
//! People put this authority among those that their tools trust, so it is made to be worth nothing to a thief: its
//! key is gone when [`issue`] returns, it may sign no other authority, and no name but `localhost`.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use valetkey_domain::{Secret, Timestamp};

/// How long the pair lives: within what browsers allow for a certificate.
const LIFE_DAYS: i64 = 397;

/// How the authority calls itself; [`super::bundle`] finds its own older ones by this.
pub(super) const NAME: &str = "Valetkey local CA";

/// The one name that the local certificate is for.
pub(super) const LOCAL_NAME: &str = "localhost";

/// What [`issue`] made, as PEM.
pub(super) struct Issued {
    /// The leaf for `localhost`.
    pub(super) certificate: String,
    /// The leaf's key.
    pub(super) key: Secret<str>,
    /// The authority that signed it.
    pub(super) authority: String,
}

/// Makes the authority and its one certificate, valid from yesterday for [`LIFE_DAYS`].
pub(super) fn issue(now: Timestamp) -> Result<Issued, rcgen::Error> {
    let authority_key = KeyPair::generate()?;
    let authority_params = authority_params(now);
    let authority = authority_params.self_signed(&authority_key)?;
    let leaf_key = KeyPair::generate()?;
    let leaf = leaf_params(now)?.signed_by(&leaf_key, &Issuer::from_params(&authority_params, &authority_key))?;
    Ok(Issued { certificate: leaf.pem(), key: leaf_key.serialize_pem().into(), authority: authority.pem() })
}

fn authority_params(now: Timestamp) -> CertificateParams {
    let mut params = dated(now);
    params.distinguished_name = named(NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.name_constraints = Some(NameConstraints {
        // DNS alone: with an address range in the constraint gRPC's C core refuses the chain.
        permitted_subtrees: vec![GeneralSubtree::DnsName(LOCAL_NAME.into())],
        excluded_subtrees: Vec::new(),
    });
    params
}

fn leaf_params(now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    let mut params = dated(now);
    params.distinguished_name = named(LOCAL_NAME);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.subject_alt_names = vec![
        SanType::DnsName(LOCAL_NAME.try_into()?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ];
    Ok(params)
}

/// Whole days are enough: one is given away at the beginning for clocks that disagree.
fn dated(now: Timestamp) -> CertificateParams {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = |offset: i64| {
        let date = today.saturating_add(jiff::Span::new().days(offset));
        rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    let mut params = CertificateParams::default();
    params.not_before = day(-1);
    params.not_after = day(LIFE_DAYS);
    params
}

/// A name of their own for each: with the library's default name, authority and leaf look like one to clients.
fn named(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the certificate's outline from its DER by what must be in it, byte for byte.
    fn der(pem: &str) -> Vec<u8> {
        use rustls_pki_types::pem::PemObject;
        rustls_pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
    }

    fn holds(der: &[u8], part: &[u8]) -> bool {
        der.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn authority_signs_localhost_and_no_further_authority() {
        let issued = issue("2026-11-22T12:00:00Z".parse().unwrap()).unwrap();
        let authority = der(&issued.authority);
        // basicConstraints (2.5.29.19), critical: CA true, pathLenConstraint 0.
        assert!(holds(&authority, b"\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x08\x30\x06\x01\x01\xff\x02\x01\x00"));
        // nameConstraints (2.5.29.30), critical: permitted, dNSName localhost, and nothing else in the list.
        let constraint = b"\x06\x03\x55\x1d\x1e\x01\x01\xff\x04\x11\x30\x0f\xa0\x0d\x30\x0b\x82\x09localhost";
        assert!(holds(&authority, constraint));
        assert!(holds(&der(&issued.certificate), NAME.as_bytes()), "the leaf names its issuer");
        assert!(!holds(&authority, b"\x13\x09localhost"), "the authority is named apart from the leaf");
    }
}
