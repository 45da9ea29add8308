//! What a new lab begins with: people, and for the first two of them some mail and some events near the present day.

mod events;
mod files;
mod letters;
mod repositories;

use crate::agenda::Agenda;
use crate::mailbox::Mailbox;
use crate::state::{State, User};
use crate::{Error, Person, random};
use valetkey_domain::Timestamp;

/// A state as it is before anybody did anything.
pub(crate) fn state(people: &[Person], now: Timestamp) -> Result<State, Error> {
    let mut state = State { version: State::VERSION, history: 1_000, ..State::default() };
    for person in people {
        state.users.push(user(person)?);
    }
    letters::deliver(&mut state, people, now)?;
    events::add(&mut state, people, now)?;
    files::add(&mut state, people, now);
    repositories::add(&mut state, people, now);
    Ok(state)
}

fn user(person: &Person) -> Result<User, Error> {
    Ok(User {
        sub: subject(&person.email)?,
        email: person.email.clone(),
        name: person.name.clone(),
        time_zone: person.time_zone.clone(),
        mail: Vec::new(),
        mailbox: Mailbox::default(),
        agenda: Agenda::default(),
        events: Vec::new(),
    })
}

/// Twenty-one digits that stay with an address, so that a lab which begins again knows the same people.
fn subject(email: &str) -> Result<String, Error> {
    let digits: String = random::digest(email).bytes().map(|byte| char::from(b'0' + byte % 10)).take(20).collect();
    if digits.len() == 20 { Ok(format!("1{digits}")) } else { Err(Error::Packed("a subject is too short".into())) }
}
