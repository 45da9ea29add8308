//! Words that people use for one thing, where an app has another name for it. General English and the nouns of office
//! apps; nothing here names a tool.

use crate::segment::{WORDS, Words};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Each line is one meaning. A word may be in several.
const MEANINGS: &str = "\
email mail message letter newsletter inbox mailbox
email mail send write
conversation thread discussion chain
attachment attach attached file
file document pdf attachment
event meeting appointment call lunch dinner session
calendar schedule diary agenda
create make add new begin start open set up insert put
create compose prepare draft write
create book plan arrange organise
create report raise submit propose request
draft unsent unfinished
delete remove erase drop discard destroy rid
cancel delete
trash bin throw
untrash restore undo recover back
update change edit modify alter adjust rename set correct fix
update invite reschedule postpone move
get read show view see fetch look display open download retrieve detail check content
list all which every show overview
list events schedule upcoming
search find look lookup query
fetch read get list show
send write post tell publish
reply answer respond response
label tag folder category star mark
modify mark star archive
filter rule sort
forward forwarding redirect pass
vacation holiday away absence absent office responder autoreply
delegate assistant behalf deputy
contact people person address colleague
alias identity signature
watch notify notification alert subscribe push
history changes since changed
free busy freebusy available availability
recurring recurrence repeating repeat instance occurrence series weekly daily monthly
attendee guest participant invite
share sharing access permission acl grant collaborator
stop end disable off deactivate
enable on activate
move transfer
quick sentence text
setting settings preference configuration zone
profile account own
permanent permanently good forever
clear empty wipe
repository repo
code source program
issue bug ticket problem defect
pull pr review request
pull merge propose
comment remark say note
merge accept
reaction react emoji thumb
user member person people who
run build ci workflow pipeline job action
dispatch trigger run hand manually start
release publish version
batch several many multiple once bulk
branch fork
write reply say tell answer
send tell write let notify inform deliver mail
mail email letter
boss colleague person people user
say content text body read
begin begun start draft
sent unsent
pull request review
review reviewer requested approve
ticket issue bug task todo story crash
sprint cycle iteration
close closed done complete finish finished resolve update
channel conversation room
everybody everyone channel
spreadsheet sheet document presentation slide file photo picture image
document page
folder directory
permission access see share editor viewer writer reader
acl permission
away offline absent presence status
later tomorrow schedule scheduled
minutes meeting note
row entry record line
paragraph block text content append
table database
agenda calendar event schedule
dinner lunch meeting event appointment standup call birthday party
available free busy
reaction emoji
commit change revision version
source code file content
build check run workflow status ci
conversation thread
full whole complete content
one particular single get
week today yesterday tomorrow newest latest recent
";

/// The meanings, read once.
pub(super) static ALIKE: LazyLock<Alike> = LazyLock::new(|| Alike::of(&WORDS));

/// For each stem, the stems that may stand for it.
pub(super) struct Alike(HashMap<String, Vec<String>>);

impl Alike {
    /// The meanings, as stems.
    fn of(words: &Words) -> Self {
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
