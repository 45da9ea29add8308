//! The certificate of the TLS listener: whether it can be used, for how long, and for whom.

use crate::settings::Settings;
use crate::tls;
use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls_pki_types::{CertificateDer, ServerName};
use std::path::Path;
use url::Url;
use valetkey_app::upkeep::doctor::Part;
use valetkey_domain::Timestamp;
use x509_parser::prelude::{FromDer, X509Certificate};

/// How many days before its end a certificate should have been replaced.
const SOON: i64 = 14;

const DAY: i64 = 24 * 3600;

/// Looks at it as the listener would show it.
pub(super) fn look(settings: &Settings, now: Timestamp) -> Part {
    let mut part = Part::of("certificate");
    match &settings.certificate {
        tls::Source::Local { .. } => {
            part.checked("a local one for localhost, which the server makes and renews itself");
        }
        tls::Source::Own { certificate, key } => own(&mut part, settings, (certificate, key), now),
    }
    part
}

fn own(part: &mut Part, settings: &Settings, (certificate, key): (&Path, &Path), now: Timestamp) {
    let leaf = match tls::leaf(certificate, key) {
        Ok(leaf) => leaf,
        Err(why) => return part.problem(why.to_string(), "no TLS listener starts with it"),
    };
    let file = certificate.display();
    match days_left(&leaf, now) {
        None => part.problem(format!("{file} holds no certificate that can be understood"), "get another one"),
        Some(days) if days < 0 => part.problem(format!("{file} does not count now: it has ended"), "renew it"),
        Some(days) if days <= SOON => {
            part.warning(format!("{file} ends in {days} days"), "renew it; a new file is read within the hour");
        }
        Some(days) => part.checked(format!("{file} fits its key and ends in {days} days")),
    }
    for url in [&settings.public_url, &settings.sdk_url] {
        if url.scheme() == "https" && !covers(&leaf, url) {
            let host = url.host_str().unwrap_or_default();
            let found = format!("{file} is not for {host}");
            part.warning(found, "get one that is, unless a proxy in front shows another");
        }
    }
}

/// Whole days until its end; a negative number once it has ended, or before it has begun.
fn days_left(leaf: &CertificateDer<'_>, now: Timestamp) -> Option<i64> {
    let (_, read) = X509Certificate::from_der(leaf).ok()?;
    let (from, until) = (read.validity().not_before.timestamp(), read.validity().not_after.timestamp());
    let left = until - now.as_second();
    Some(if left < 0 || now.as_second() < from { -1 } else { left / DAY })
}

fn covers(leaf: &CertificateDer<'_>, url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let (parsed, name) = (ParsedCertificate::try_from(leaf), ServerName::try_from(host));
    parsed.ok().zip(name.ok()).is_some_and(|(parsed, name)| verify_server_name(&parsed, &name).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::ServeFlags;
    use crate::secrets::Secrets;
    use valetkey_app::upkeep::doctor::{Check, Verdict};

    /// A certificate for these names from the beginning of 2026 to the end of its June, with its key.
    fn write(folder: &Path, names: &[&str]) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut wanted = rcgen::CertificateParams::new(names).unwrap();
        wanted.not_before = rcgen::date_time_ymd(2026, 1, 1);
        wanted.not_after = rcgen::date_time_ymd(2026, 6, 30);
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = wanted.self_signed(&key).unwrap();
        std::fs::write(folder.join("own.pem"), certificate.pem()).unwrap();
        std::fs::write(folder.join("own.key"), key.serialize_pem()).unwrap();
    }

    fn seen(folder: &Path, day: &str) -> Check {
        let file = format!(
            "public_url = \"https://keys.a.example\"\ncertificate = {:?}\ncertificate_key = {:?}",
            folder.join("own.pem"),
            folder.join("own.key")
        );
        std::fs::write(folder.join("valetkey.toml"), file).unwrap();
        let secrets = Secrets { root_key: None, database: None, credential: None };
        let settings = Settings::load(folder, &ServeFlags::default(), secrets).unwrap();
        look(&settings, format!("{day}T12:00:00Z").parse().unwrap()).done().remove(0)
    }

    #[test]
    fn its_time_and_its_names_are_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &["*.a.example"]);
        for (day, verdict, says) in [
            ("2026-03-01", Verdict::Ok, "ends in 120 days"),
            ("2026-06-20", Verdict::Warning, "ends in 9 days"),
            ("2026-07-01", Verdict::Problem, "has ended"),
            ("2025-12-31", Verdict::Problem, "does not count now"),
        ] {
            let check = seen(folder.path(), day);
            assert!(check.verdict == verdict && check.found.contains(says), "{day}: {check:?}");
        }
        write(folder.path(), &["other.example"]);
        let check = seen(folder.path(), "2026-03-01");
        assert!(check.verdict == Verdict::Warning && check.found.contains("is not for keys.a.example"), "{check:?}");
    }

    #[test]
    fn a_pair_that_does_not_fit_is_said() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &["keys.a.example"]);
        let other = rcgen::KeyPair::generate().unwrap();
        std::fs::write(folder.path().join("own.key"), other.serialize_pem()).unwrap();
        let check = seen(folder.path(), "2026-03-01");
        assert!(check.verdict == Verdict::Problem && check.found.contains("cannot be used together"), "{check:?}");
    }
}
