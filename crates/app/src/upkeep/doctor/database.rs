//! The database beneath the schema: damage, room, settings under which what was acknowledged may be lost.

use super::Part;
use crate::{App, Result};
use valetkey_core::processes;
use valetkey_storage::fitness::{File, Fitness, Server};
use valetkey_storage::portable;

/// Room beside an SQLite file below which it is told, and below which it is a problem: a backup and a long WAL fit.
const ROOM: (u64, u64) = (1 << 30, 100 << 20);

/// A WAL that is longer than this and than the file itself is not emptied any more.
const LONG_WAL: u64 = 256 << 20;

/// Looks at it.
pub(super) async fn look(app: &App) -> Result<Part> {
    let mut part = Part::of("database");
    match app.core.store.fitness().await? {
        Fitness::File(file) => of_file(&mut part, &file),
        Fitness::Server(server) => of_server(&mut part, &server, processes::live(&app.core).await?.len()),
    }
    part.checked(format!("schema step {}", portable::schema()));
    Ok(part)
}

fn of_file(part: &mut Part, file: &File) {
    let File { version, bytes, wal_bytes, free_bytes, mode, damage } = file;
    part.checked(format!("SQLite {version}, {} and {} free", size(*bytes), size(*free_bytes)));
    if let Some(first) = damage.first() {
        let found = format!("the file is damaged: {first} (one of {})", damage.len());
        part.problem(found, "stop the server, keep a copy of the file, and restore the newest backup");
    }
    let free = format!("{} are free beside the file", size(*free_bytes));
    let todo = "make room: a full disk stops every call that changes something";
    if *free_bytes < ROOM.1 {
        part.problem(free, todo);
    } else if *free_bytes < ROOM.0 {
        part.warning(free, todo);
    }
    if *wal_bytes > LONG_WAL && wal_bytes > bytes {
        let found = format!("the WAL file has {}: something reads and never ends", size(*wal_bytes));
        part.warning(found, "end other programs that have the file open, or start the server again");
    }
    if mode & 0o077 != 0 {
        part.problem(format!("others can read the file (mode {mode:o})"), "chmod 600 it");
    }
}

fn of_server(part: &mut Part, server: &Server, processes: usize) {
    let Server { version, bytes, connections, used, ours, lossy, collated } = server;
    part.checked(format!("PostgreSQL {version}, {}, {used} of {connections} connections open", size(*bytes)));
    for setting in lossy {
        let found = format!("{setting}: what was acknowledged can be lost when its machine or the server dies");
        part.warning(found, "set it to on: refresh tokens that were replaced are nowhere else");
    }
    let processes = u64::try_from(processes.max(1)).unwrap_or(u64::MAX);
    if processes.saturating_mul(*ours) > *connections {
        let found = format!("{processes} processes may open {ours} connections each, and {connections} are allowed");
        part.warning(found, "raise max_connections");
    } else if used >= connections {
        part.warning(format!("{used} of {connections} connections are open"), "raise max_connections");
    }
    if !collated.is_empty() {
        let found = format!("not compared byte for byte: {}", collated.join(", "));
        part.problem(found, "give these columns COLLATE \"C\" again: lists skip rows, and look-alikes become equal");
    }
}

/// For people.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} KiB", bytes.div_ceil(1_024)),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes / 1_048_576),
        _ => format!("{} GiB", bytes / 1_073_741_824),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upkeep::doctor::Verdict;

    const FILE: File = File {
        version: String::new(),
        bytes: 1 << 20,
        wal_bytes: 1 << 20,
        free_bytes: 10 << 30,
        mode: 0o600,
        damage: vec![],
    };

    fn worst(look: impl FnOnce(&mut Part)) -> Verdict {
        let mut part = Part::of("database");
        look(&mut part);
        part.done()[0].verdict
    }

    #[test]
    fn a_file_is_sound_until_it_is_damaged_full_open_to_others_or_never_emptied() {
        let verdict = |file: File| worst(|part| of_file(part, &file));
        assert_eq!(verdict(FILE), Verdict::Ok);
        assert_eq!(verdict(File { damage: vec!["row 1 missing".into()], ..FILE }), Verdict::Problem);
        assert_eq!(verdict(File { free_bytes: 500 << 20, ..FILE }), Verdict::Warning);
        assert_eq!(verdict(File { free_bytes: 50 << 20, ..FILE }), Verdict::Problem);
        assert_eq!(verdict(File { mode: 0o640, ..FILE }), Verdict::Problem);
        assert_eq!(verdict(File { wal_bytes: 300 << 20, ..FILE }), Verdict::Warning);
    }

    #[test]
    fn a_server_is_sound_until_it_may_lose_lets_too_few_in_or_compares_otherwise() {
        let server = Server {
            version: String::new(),
            bytes: 1,
            connections: 97,
            used: 20,
            ours: 19,
            lossy: vec![],
            collated: vec![],
        };
        let verdict = |server: Server, processes| worst(|part| of_server(part, &server, processes));
        assert_eq!(verdict(server.clone(), 5), Verdict::Ok);
        assert_eq!(verdict(server.clone(), 6), Verdict::Warning);
        assert_eq!(verdict(Server { used: 97, ..server.clone() }, 1), Verdict::Warning);
        assert_eq!(verdict(Server { lossy: vec!["fsync = off".into()], ..server.clone() }, 1), Verdict::Warning);
        assert_eq!(verdict(Server { collated: vec!["meta.name".into()], ..server }, 1), Verdict::Problem);
    }
}
