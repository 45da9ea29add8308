//! What the process is to its machine: nothing of it is written to disk by a crash, nobody but its user reads its files,
//! and after the start its environment holds no secret.

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};

/// The part of the descriptors that one listener's connections may take; the rest is for the database, the way out and
/// the other listeners.
const SHARE: u64 = 4;

/// Closes the process to others: no core dump, no reading of its memory or of the environment it was started with by
/// other programs of the same user, new files for this user alone. And lets it have as many descriptors as it may.
///
/// # Errors
/// The system refuses one of these.
pub(crate) fn harden() -> std::io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    umask(Mode::RWXG | Mode::RWXO);
    let descriptors = getrlimit(Resource::Nofile);
    // Where the system keeps the hard limit from the soft one, the soft one has to do.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: descriptors.maximum, ..descriptors });
    Ok(())
}

/// How many connections one listener may hold at a time.
pub(crate) fn seats() -> usize {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(descriptors / SHARE).unwrap_or(usize::MAX).clamp(16, 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_leaves_no_memory_on_disk() {
        harden().unwrap();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        #[cfg(target_os = "linux")]
        assert_eq!(rustix::process::dumpable_behavior().unwrap(), rustix::process::DumpableBehavior::NotDumpable);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "text").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions());
        assert_eq!(mode & 0o077, 0, "{mode:o}");
        assert!((16..=10_000).contains(&seats()));
    }
}
