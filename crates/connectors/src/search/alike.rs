//! Words that people use for one thing, where an app has another name for it. General English and the nouns of office
//! apps; nothing here names a tool.

use super::words::Words;
use std::collections::HashMap;

/// Each line is one meaning. A word may be in several.
const MEANINGS: &str = "\
email mail message letter inbox
mailbox inbox
conversation thread discussion chain
attachment attach file
file document
event meeting appointment
calendar schedule diary agenda
create make add new begin start open set
create compose prepare draft
book create
delete remove erase drop rid
cancel delete
trash bin throw
untrash restore undo recover back
update change edit modify alter adjust rename set
get read show view see fetch look display open download retrieve details
list which all every show
search find look lookup
send write post tell email mail submit
reply answer respond response
label tag folder category star
filter rule sort
forward forwarding redirect pass
vacation holiday away absent absence office responder autoreply
delegate assistant behalf deputy
contact people person address
alias identity signature
watch notify notification alert subscribe push
history changes since changed
free busy freebusy available availability
recurring recurrence repeating repeat instance occurrence series
invite attendee guest participant
share sharing access permission acl grant
stop end disable off
enable on activate
move transfer
move reschedule postpone update
quick sentence text
setting settings preference configuration
profile account own
permanent permanently good forever
clear empty
repository repo project
issue bug ticket problem
comment remark say
merge accept
reaction react emoji
user member person people
workflow ci build pipeline action run
release publish version
source code
batch several many multiple once bulk
";

/// For each stem, the stems that may stand for it.
pub(super) struct Alike(HashMap<String, Vec<String>>);

impl Alike {
    /// The meanings, as stems.
    pub(super) fn of(words: &Words) -> Self {
        let mut alike: HashMap<String, Vec<String>> = HashMap::new();
        for meaning in MEANINGS.lines() {
            let stems: Vec<String> = meaning.split_ascii_whitespace().map(|word| words.stem(word)).collect();
            for stem in &stems {
                let others = alike.entry(stem.clone()).or_default();
                others.extend(stems.iter().filter(|other| *other != stem).cloned());
            }
        }
        for others in alike.values_mut() {
            others.sort();
            others.dedup();
        }
        Self(alike)
    }

    /// What may stand for a stem.
    pub(super) fn to(&self, stem: &str) -> impl Iterator<Item = &str> {
        self.0.get(stem).into_iter().flatten().map(String::as_str)
    }
}
