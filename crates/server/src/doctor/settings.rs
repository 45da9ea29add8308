//! Settings that were understood and do not go together.

use crate::settings::{Settings, on_this_machine};
use std::net::SocketAddr;
use valetkey_app::upkeep::doctor::Part;
use valetkey_outbound::Allowed;

/// Looks at what a server runs with.
pub(super) fn look(settings: &Settings) -> Part {
    let mut part = Part::of("settings");
    part.checked(format!("public_url {}", settings.public_url.as_str().trim_end_matches('/')));
    listeners(&mut part, settings);
    limits(&mut part, settings);
    for text in &settings.allow {
        if let Err(why) = text.parse::<Allowed>() {
            part.problem(why.to_string(), "mend it: a server does not start with it");
        }
    }
    part.checked(match settings.journal_kept {
        Some(kept) => format!("the journal is kept for {} days", kept.as_secs() / 86_400),
        None => "the journal is kept for ever".to_owned(),
    });
    part
}

fn listeners(part: &mut Part, settings: &Settings) {
    let lab = settings.lab.then_some(("lab_address", settings.lab_address));
    let operations = settings.operations.map(|address| ("operations", address));
    let all: Vec<(&str, SocketAddr)> =
        [Some(("http", settings.http)), Some(("tls", settings.tls)), operations, lab].into_iter().flatten().collect();
    for (at, (name, address)) in all.iter().enumerate() {
        if let Some((other, _)) = all.iter().skip(at + 1).find(|(_, other)| other == address && address.port() != 0) {
            part.problem(format!("{name} and {other} are both {address}"), "give each listener a port of its own");
        }
        part.checked(format!("{name} at {address}"));
    }
    let local = on_this_machine(&settings.public_url);
    if local {
        for (name, address) in all.iter().filter(|(name, address)| *name != "operations" && !address.ip().is_loopback())
        {
            let found = format!("others can reach {name} at {address}, and public_url is on this machine");
            part.warning(found, "set public_url to what they call it, or listen at 127.0.0.1");
        }
    } else if !settings.metrics.is_empty() {
        part.warning("metrics are served where the public calls", "leave `metrics` out, and use `operations`");
    }
    if settings.lab && !local {
        part.warning("the provider lab runs beside a server that others use", "leave --lab out: it is for trying");
    }
}

fn limits(part: &mut Part, settings: &Settings) {
    let bounds = settings.limits.bounds;
    if bounds.in_flight_per_environment >= bounds.in_flight {
        let found = "limits.in_flight_per_environment is not below limits.in_flight: one environment can take all";
        part.warning(found, "lower it, unless there is one environment only");
    }
    if bounds.in_flight_per_account > bounds.in_flight_per_environment {
        let found = "limits.in_flight_per_account is above limits.in_flight_per_environment and limits nothing";
        part.warning(found, "lower it");
    }
    if bounds.bytes_in_flight_per_environment > bounds.bytes_in_flight {
        let found = "limits.bytes_in_flight_per_environment is above limits.bytes_in_flight and limits nothing";
        part.warning(found, "lower it");
    }
    let seats = crate::process::seats();
    if let Some(connections) = settings.limits.connections.filter(|connections| *connections > seats) {
        let found = format!("limits.connections is {connections}, and the system's descriptors are enough for {seats}");
        part.warning(found, "raise the limit of open files (LimitNOFILE, ulimit -n), or lower it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::ServeFlags;
    use crate::secrets::Secrets;
    use valetkey_app::upkeep::doctor::Verdict;

    fn said(file: &str) -> (Verdict, String) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("valetkey.toml"), file).unwrap();
        let secrets = Secrets { root_key: None, database: None, credential: None };
        let settings = Settings::load(folder.path(), &ServeFlags::default(), secrets).unwrap();
        let check = look(&settings).done().remove(0);
        (check.verdict, check.found)
    }

    #[test]
    fn what_does_not_go_together_is_said() {
        assert_eq!(said("").0, Verdict::Ok);
        for (file, verdict, says) in [
            ("http = \"127.0.0.1:9\"\ntls = \"127.0.0.1:9\"", Verdict::Problem, "http and tls are both"),
            ("http = \"0.0.0.0:8080\"", Verdict::Warning, "others can reach http"),
            ("public_url = \"https://a.example\"\nmetrics = [\"tls\"]", Verdict::Warning, "metrics"),
            ("[outbound]\nallow = [\"x y\"]", Verdict::Problem, "outbound.allow"),
            ("[limits]\nin_flight = 10", Verdict::Warning, "one environment can take all"),
            ("[limits]\nin_flight_per_account = 300", Verdict::Warning, "limits nothing"),
            ("[limits]\nbytes_in_flight = 9000000", Verdict::Warning, "bytes_in_flight and limits nothing"),
            ("[limits]\nconnections = 1000000", Verdict::Warning, "the system's descriptors"),
        ] {
            let (found, words) = said(file);
            assert!(found == verdict && words.contains(says), "{file}: {words}");
        }
        assert_eq!(said("public_url = \"https://a.example\"\nhttp = \"0.0.0.0:8080\"").0, Verdict::Ok);
    }
}
