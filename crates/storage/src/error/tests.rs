use super::*;

/// What only an operator may read.
const SECRET: &str = "hidden-name";

/// Every failure that holds a text of this place, of the system or of a driver.
fn all() -> Vec<Error> {
    let (path, database, message) =
        (|| PathBuf::from(format!("/srv/{SECRET}")), || SECRET.to_owned(), || SECRET.to_owned());
    vec![
        Error::Row { table: "journal", row: SECRET.into(), column: SECRET.into(), why: SECRET.into() },
        Error::Locked { path: path() },
        Error::Full { database: database() },
        Error::ReadOnly { path: path() },
        Error::Disk { path: path(), message: message() },
        Error::InUse { path: path(), holder: SECRET.into() },
        Error::NotADatabase { path: path() },
        Error::Newer { database: database(), needs: 900, knows: 1 },
        Error::Location { path: path(), message: message() },
        Error::Unreachable { database: database(), message: message() },
        Error::SignIn { database: database() },
        Error::NoDatabase { database: database() },
        Error::NoSchema { database: database() },
        Error::Foreign { database: database() },
        Error::Denied { database: database() },
        Error::Standby { database: database() },
        Error::TooMany { database: database() },
        Error::Damaged { database: database(), code: SECRET.into() },
        Error::Broken { database: database(), message: message() },
        Error::TimedOut { database: database() },
        Error::Defect { message: message() },
    ]
}

#[test]
fn a_caller_reads_no_path_no_name_and_no_words_of_the_system() {
    for error in all() {
        assert!(error.to_string().contains(SECRET), "the operator reads it: {error}");
        let public = error.public();
        assert!(!public.contains(SECRET) && !public.contains("/srv") && !public.contains("900"), "{public}");
        assert!(public.len() > 20 && public.contains(':'), "what is wrong, and what to do: {public}");
    }
}

#[test]
fn what_is_the_callers_own_is_said_in_full() {
    let conflict = Error::Conflict { on: "identifier, name".into() };
    assert_eq!(conflict.public(), conflict.to_string());
    assert_eq!(Error::PageToken.public(), Error::PageToken.to_string());
}
