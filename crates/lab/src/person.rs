//! Whom a lab knows from the start.

/// Somebody with an account at the lab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The e-mail address, which is also the id of the primary calendar.
    pub email: String,
    /// Given name and family name.
    pub name: String,
    /// The IANA name of the calendar's time zone.
    pub time_zone: String,
}

impl Person {
    /// The lab's usual two: Alex in Berlin and Sam in New York.
    #[must_use]
    pub fn pair() -> [Self; 2] {
        [
            Self::new("alex@lab.example", "Alex Winter", "Europe/Berlin"),
            Self::new("sam@lab.example", "Sam Baker", "America/New_York"),
        ]
    }

    fn new(email: &str, name: &str, time_zone: &str) -> Self {
        Self { email: email.to_owned(), name: name.to_owned(), time_zone: time_zone.to_owned() }
    }
}
