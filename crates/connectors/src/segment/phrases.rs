//! Words that mean something together which neither of them means alone. General English; nothing here names a tool.

/// Each line: the words, and what is read in their place.
const PHRASES: &str = "\
call off > cancel
called off > cancel
get rid of > delete
throw away > delete
take away > remove
put off > postpone
look for > search
looking for > search
look up > search
look at > view
find out > get
write back > reply
hand over > transfer
turn on > enable
switch on > enable
turn off > disable
switch off > disable
set up > create
sign off > approve
back and forth > conversation
out of office > vacation
mail chain > thread
email chain > thread
stand up > meeting
half finished > draft
not sent > unsent
not send > unsent
who can see > permission
who can read > permission
who has access > permission
who comes > attendee
working on > contributor
works on > contributor
work on > contributor
by hand > manually
thumbs up > reaction
thumb up > reaction";

/// The phrases, as words.
pub(super) struct Phrases(Vec<(Vec<&'static str>, &'static str)>);

impl Default for Phrases {
    fn default() -> Self {
        let read = |line: &'static str| {
            let (words, meant) = line.split_once(" > ")?;
            Some((words.split(' ').collect(), meant))
        };
        Self(PHRASES.lines().filter_map(read).collect())
    }
}

impl Phrases {
    /// The words of a text with each phrase as the word that it means.
    pub(super) fn read<'a>(&self, words: &[&'a str]) -> Vec<&'a str> {
        let (mut read, mut rest) = (Vec::with_capacity(words.len()), words);
        while let Some((first, behind)) = rest.split_first() {
            let found = self.0.iter().find(|(phrase, _)| rest.starts_with(phrase));
            let (word, left) = match found {
                Some((phrase, meant)) => (*meant, rest.get(phrase.len()..).unwrap_or_default()),
                None => (*first, behind),
            };
            read.push(word);
            rest = left;
        }
        read
    }
}
