//! Connector files of one's own: whether what they say is what is in service.

use crate::connector_files::{self, Own};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use valetkey_app::upkeep::doctor::Part;
use valetkey_connectors::Change;

/// Looks at each that is known, and whether the folder can still be read.
pub(super) fn look(own: &Own) -> Part {
    let mut part = Part::of("connectors");
    let Some(folder) = &own.folder else {
        part.checked("no connector files of your own");
        return part;
    };
    match connector_files::at(folder) {
        Ok(files) => files.iter().chain([folder]).for_each(|path| others(&mut part, path)),
        Err(why) => {
            let found = format!("{why:#}: what was read of it before stays in service");
            part.problem(found, "bring it back: a start needs it");
        }
    }
    let mut good = 0;
    for change in own.standing() {
        match change {
            Change::Taken { .. } | Change::Gone { .. } => good += 1,
            Change::Refused { why, kept, .. } => {
                let stays = kept.map_or("it is not in service".to_owned(), |kept| {
                    format!("`{kept}` stays in service as it was before")
                });
                part.problem(format!("{why}: {stays}"), "mend it: a start would not take it");
            }
        }
    }
    part.checked(format!("{good} connector files of your own are in service as they are in {}", folder.display()));
    part
}

/// Who writes a connector file decides where users' tokens go.
fn others(part: &mut Part, path: &Path) {
    let mode = std::fs::metadata(path).map_or(0, |file| file.permissions().mode() & 0o777);
    if mode & 0o002 != 0 {
        let found = format!("everybody can write to {} (mode {mode:o})", path.display());
        part.problem(found, "chmod o-w it: what stands there says where users' tokens are sent");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector_files::Follower;
    use valetkey_app::upkeep::doctor::Verdict;
    use valetkey_connectors::starter;

    #[test]
    fn a_file_that_is_not_in_service_as_it_is_is_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("box.yaml"), starter("box")).unwrap();
        let (_, own) = Own::open(Some(folder.path())).unwrap();
        let said = || look(&own).done().remove(0);
        assert!(said().verdict == Verdict::Ok && said().found.contains("1 connector files"), "{:?}", said());
        let open = |mode: u32| {
            std::fs::set_permissions(folder.path().join("box.yaml"), PermissionsExt::from_mode(mode)).unwrap();
        };
        open(0o666);
        assert!(said().verdict == Verdict::Problem && said().found.contains("everybody can write"), "{:?}", said());
        open(0o644);
        std::fs::write(folder.path().join("box.yaml"), "connector: box").unwrap();
        let mut follower = Follower::of(own.clone()).unwrap();
        for _ in 0..2 {
            follower.look().unwrap();
        }
        let check = said();
        assert_eq!(check.verdict, Verdict::Problem);
        assert!(check.found.contains("box.yaml") && check.found.contains("`box` stays in service"), "{check:?}");
        drop(folder);
        assert!(said().found.contains("there is no"), "{:?}", said());
    }
}
