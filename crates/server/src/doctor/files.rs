//! Files that hold secrets, and the folder around them: nobody else may read the ones or write the other.

use crate::data::SETTINGS_FILE;
use crate::settings::Settings;
use crate::tls;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use valetkey_app::upkeep::doctor::Part;

/// Looks at those that are there.
pub(super) fn look(settings: &Settings) -> Part {
    let mut part = Part::of("files");
    folder(&mut part, &settings.data);
    root_key(&mut part, settings);
    if let tls::Source::Own { key, .. } = &settings.certificate {
        secret(&mut part, "certificate_key", key);
    }
    for file in settings.roots.transit.iter().flat_map(|transit| [&transit.token_file, &transit.secret_id_file]) {
        file.iter().for_each(|file| secret(&mut part, "transit", file));
    }
    password(&mut part, &settings.data.join(SETTINGS_FILE));
    part.checked("no file with a secret can be read by others");
    part
}

fn folder(part: &mut Part, path: &Path) {
    match mode(path) {
        Some(mode) if mode & 0o022 != 0 => {
            let found = format!("others can write into the data folder {} (mode {mode:o})", path.display());
            part.problem(found, "chmod 700 it: who puts another file in its place decides what is opened");
        }
        Some(mode) if mode & 0o077 != 0 => {
            let found = format!("others can look into the data folder {} (mode {mode:o})", path.display());
            part.warning(found, "chmod 700 it");
        }
        _ => {}
    }
}

/// The root key is read as a server reads it: what it refuses is said in its words.
fn root_key(part: &mut Part, settings: &Settings) {
    if let Err(why) = settings.roots.found() {
        part.problem(format!("{why:#}"), "no server starts without its root key");
    } else if settings.roots.variable.is_none() && settings.roots.file.exists() {
        let default = settings.roots.file.starts_with(&settings.data);
        let where_it_is =
            if default { "in the data folder, beside what it seals" } else { "outside of the data folder" };
        part.checked(format!("the root key lies {where_it_is}"));
    }
}

fn secret(part: &mut Part, setting: &str, path: &Path) {
    let file = path.display();
    match mode(path) {
        None => part.problem(format!("{setting}: {file} cannot be read"), "bring it there, or name another"),
        Some(mode) if mode & 0o007 != 0 => {
            part.problem(format!("{setting}: everybody can read {file} (mode {mode:o})"), "chmod 600 it");
        }
        Some(mode) if mode & 0o070 != 0 => {
            let found = format!("{setting}: its group can read {file} (mode {mode:o})");
            part.warning(found, "chmod 600 it, unless the group is meant to");
        }
        Some(_) => {}
    }
}

/// The settings' file is a secret where it holds a URL with a password.
fn password(part: &mut Part, path: &Path) {
    let table = std::fs::read_to_string(path).ok().and_then(|text| text.parse::<toml::Table>().ok());
    let url = table.and_then(|table| table.get("database").and_then(|url| url.as_str().map(str::to_owned)));
    if url.is_some_and(|url| url.contains("://") && url.contains('@')) {
        secret(part, "database", path);
    }
}

/// The permissions of a file; none if it is not there or may not be looked at.
fn mode(path: &Path) -> Option<u32> {
    std::fs::metadata(path).ok().map(|file| file.permissions().mode() & 0o777)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::ServeFlags;
    use crate::secrets::Secrets;
    use valetkey_app::upkeep::doctor::{Check, Verdict};

    fn seen(folder: &Path) -> Check {
        let secrets = Secrets { root_key: None, database: None, credential: None };
        let settings = Settings::load(folder, &ServeFlags::default(), secrets).unwrap();
        look(&settings).done().remove(0)
    }

    fn write(path: &Path, text: &str, mode: u32) {
        std::fs::write(path, text).unwrap();
        chmod(path, mode);
    }

    fn chmod(path: &Path, mode: u32) {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_may_read_or_write_is_named_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        chmod(folder.path(), 0o700);
        write(&path("root.key"), &"ab".repeat(32), 0o600);
        assert_eq!(seen(folder.path()).verdict, Verdict::Ok);
        chmod(folder.path(), 0o755);
        assert_eq!(seen(folder.path()).verdict, Verdict::Warning);
        chmod(folder.path(), 0o770);
        assert_eq!(seen(folder.path()).verdict, Verdict::Problem);
        chmod(folder.path(), 0o700);

        chmod(&path("root.key"), 0o644);
        let check = seen(folder.path());
        assert!(check.verdict == Verdict::Problem && check.found.contains("chmod 600"), "{check:?}");
        write(&path("root.key"), "nonsense-hunter2", 0o600);
        let check = seen(folder.path());
        assert!(check.verdict == Verdict::Problem && !format!("{check:?}").contains("hunter2"), "{check:?}");
        write(&path("root.key"), &"ab".repeat(32), 0o600);

        write(&path(SETTINGS_FILE), "database = \"postgres://u:hunter2@db/x\"", 0o644);
        let check = seen(folder.path());
        assert!(check.verdict == Verdict::Problem && check.found.contains("everybody can read"), "{check:?}");
        assert!(!format!("{check:?}").contains("hunter2"));
        write(&path(SETTINGS_FILE), "certificate = \"/nowhere.pem\"\ncertificate_key = \"/nowhere.key\"", 0o644);
        assert!(seen(folder.path()).found.contains("/nowhere.key cannot be read"));
    }
}
