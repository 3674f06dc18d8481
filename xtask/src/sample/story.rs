//! The sample practice: who is in it and what they have written.
//!
//! Owns the words. Everybody is invented. The words promise nothing about treatment, name no dose and give no advice,
//! and keep to what may be said to people here (a test looks).

use std::time::Duration;

/// Who runs the practice and treats.
pub(crate) const PRACTICE: &str = "Linden Practice";
/// The therapist's sign-in name.
pub(crate) const THERAPIST: &str = "elena";
/// The therapist's name, as others see it.
pub(crate) const THERAPIST_NAME: &str = "Elena Ruiz";

/// When she reads messages, as the web app keeps it (docs/PROTOCOL.md, Settings).
pub(crate) const AVAILABILITY: &str = r#"{"v":1,"zone":"America/New_York","hours":[{"day":1,"from":540,"to":1020},{"day":2,"from":540,"to":1020},{"day":3,"from":540,"to":1020},{"day":4,"from":540,"to":1020}],"within":{"workingDays":1},"line":"","phone":"","away":null}"#;
/// What she writes again and again.
pub(crate) const PHRASES: &str = r#"{"v":1,"phrases":["Thank you for writing. We keep this for our session.","Nothing to do with it for now. It is safe here.","I have read this, and I will answer tomorrow."]}"#;
/// What every client in it has agreed to, but for when.
pub(crate) const AGREEMENT: &str = r#"{"v":1,"document":"messages","language":"en","text":"The message agreement of the sample practice.","at":"#;
/// When the practice was founded.
pub(crate) const FOUNDED: Ago = ago(16, 1, 20);

/// How long ago something was: the clocks are that far behind while it happens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Ago {
    minutes: u64,
}

const fn ago(days: u64, hours: u64, minutes: u64) -> Ago {
    Ago { minutes: (days * 24 + hours) * 60 + minutes }
}

impl Ago {
    /// How far behind a clock is that shows it.
    pub(crate) fn behind(self) -> Duration {
        Duration::from_secs(self.minutes * 60)
    }
}

/// A client, and the conversation with her.
pub(crate) struct Client {
    pub(crate) handle: &'static str,
    pub(crate) name: &'static str,
    /// Where she is on her way, for whoever looks at the sample.
    pub(crate) place: &'static str,
    /// What her invitation said.
    pub(crate) invitation: &'static str,
    /// When she joined; before all turns.
    pub(crate) joined: Ago,
    /// The earliest first.
    pub(crate) turns: &'static [Turn],
}

/// One message.
pub(crate) struct Turn {
    pub(crate) at: Ago,
    pub(crate) by: By,
    pub(crate) text: &'static str,
    pub(crate) marks: &'static [Mark],
}

/// Whose message it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum By {
    Client,
    Therapist,
}

/// What was done with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mark {
    /// The other one has said that she has read it.
    Read,
    /// Its author wants to bring it to the session.
    Bring,
    /// The therapist keeps it for the session.
    Held,
}

const fn client(at: Ago, text: &'static str, marks: &'static [Mark]) -> Turn {
    Turn { at, by: By::Client, text, marks }
}

const fn therapist(at: Ago, text: &'static str) -> Turn {
    Turn { at, by: By::Therapist, text, marks: &[] }
}

/// The three clients.
pub(crate) const CLIENTS: [Client; 3] = [JUNE, TOMAS, NOOR];

const JUNE: Client = Client {
    handle: "june",
    name: "June",
    place: "has just been invited, and has written her first words; they wait for an answer",
    invitation: "Good to have met you today, June. This is the place where we can write between our sessions.",
    joined: ago(1, 5, 10),
    turns: &[
        therapist(
            ago(1, 4, 30),
            "Welcome, June. You can write here whenever something comes to you, in as many or as few words as you \
             like. There is nothing you have to prepare.",
        ),
        client(
            ago(1, 1, 15),
            "Hello Elena. I have started this three times now. I think I only wanted to try whether it works, and to \
             say that I got home fine and that I am glad I came.",
            &[],
        ),
    ],
};

const TOMAS: Client = Client {
    handle: "tomas",
    name: "Tomás",
    place: "is getting ready for a dosing day next week",
    invitation: "Dear Tomás, here is our private line for the weeks ahead.",
    joined: ago(6, 4, 0),
    turns: &[
        client(
            ago(6, 3, 40),
            "I'm in. The long password is written on the inside of my notebook, the green one.",
            &[Mark::Read],
        ),
        therapist(ago(6, 1, 5), "Lovely. The notebook may turn out useful for more than that."),
        client(
            ago(4, 6, 25),
            "You asked for a word or a question to take along. So far I have: what would it be like to put the bag \
             down? I don't know yet which bag.",
            &[Mark::Read, Mark::Bring, Mark::Held],
        ),
        therapist(
            ago(4, 1, 10),
            "You don't have to know. I've kept it for our session, and we'll begin there.",
        ),
        client(
            ago(2, 5, 30),
            "A practical thing: my brother Luis will drive me home, and he stays for the evening. He asks where he \
             can park.",
            &[Mark::Read],
        ),
        therapist(
            ago(2, 2, 45),
            "Good that it is Luis. There are two places behind the house, the gate is open from eight. Please tell \
             him that he can come up and wait in the kitchen, there is tea.",
        ),
        client(ago(2, 2, 20), "He is happy about the tea.", &[Mark::Read]),
        client(
            ago(1, 2, 35),
            "Music: the cello pieces you sent are good. Nothing with voices, please, I start listening to the words. \
             And there is a part of me that would rather cancel the whole thing. It is quieter when I go for a walk.",
            &[Mark::Bring],
        ),
        therapist(
            ago(0, 23, 50),
            "No voices, I've written that down. And thank you for letting that part speak. It may come along on \
             Thursday, it has a chair too.",
        ),
        client(
            ago(0, 5, 15),
            "I told it about the chair. It laughed, I think. Shall I bring the grey blanket from home?",
            &[],
        ),
    ],
};

const NOOR: Client = Client {
    handle: "noor",
    name: "Noor",
    place: "is in the weeks after, and makes room for what came up",
    invitation: "Noor, this is for the time between our sessions. Write as it suits you.",
    joined: ago(13, 2, 30),
    turns: &[
        client(
            ago(13, 2, 0),
            "It is odd to write instead of talk, but I like that it waits for me.",
            &[Mark::Read],
        ),
        therapist(ago(12, 23, 10), "That is just what it is for. It has time."),
        client(
            ago(9, 1, 40),
            "The evening after was quiet. My sister made soup. I didn't want to say much and nobody asked.",
            &[Mark::Read],
        ),
        therapist(ago(8, 22, 30), "Soup and nobody asking sounds right. Rest as much as you like tomorrow."),
        client(
            ago(8, 3, 20),
            "I walked along the river this morning. The picture with the boat is still there, and the sentence “I can \
             put it down”. I wrote both into our note so that they don't fade.",
            &[Mark::Read, Mark::Held],
        ),
        therapist(
            ago(8, 1, 0),
            "I've kept the boat and the sentence for Wednesday. No need to make sense of them before.",
        ),
        client(
            ago(5, 4, 5),
            "A harder day. I was short with everybody at work and then sad about it. I did the breathing with the \
             long out-breath on the stairs, three times. It didn't change the day, but I came home differently.",
            &[Mark::Read, Mark::Bring],
        ),
        therapist(
            ago(5, 0, 50),
            "Thank you for writing that down while it was fresh. Three times on the stairs is three times. We'll look \
             at the day together.",
        ),
        client(
            ago(3, 3, 15),
            "One small step, as we said: I asked my sister whether we could have soup on Sundays. She said yes before \
             I had finished the sentence.",
            &[Mark::Read],
        ),
        therapist(ago(3, 1, 25), "That made me smile. Sundays, then."),
        client(
            ago(0, 22, 40),
            "I called my mother, and I told her about the boat. She was silent for a long while and then said that \
             her father had one just like it. I didn't know that. I would like to talk about it.",
            &[Mark::Bring],
        ),
        client(
            ago(0, 2, 55),
            "Could we begin ten minutes later on Wednesday? The bus comes only every half hour now.",
            &[],
        ),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: [&str; 12] = [
        "key",
        "keys",
        "verify",
        "seen",
        "streak",
        "score",
        "healed",
        "breakthrough",
        "safe",
        "dose",
        "cure",
        "mg",
    ];

    fn words(text: &str) -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect()
    }

    #[test]
    fn nobody_says_what_is_never_said_here() {
        let said = CLIENTS.iter().flat_map(|client| {
            client.turns.iter().map(|turn| turn.text).chain([client.invitation, client.place])
        });
        for text in said {
            for word in words(text) {
                assert!(!NEVER.contains(&word.as_str()), "{word:?} in {text:?}");
            }
        }
    }

    #[test]
    fn everything_has_its_time_and_lies_behind() {
        for client in &CLIENTS {
            assert!(FOUNDED > client.joined);
            let times = || std::iter::once(client.joined).chain(client.turns.iter().map(|turn| turn.at));
            assert!(times().is_sorted_by(|earlier, later| earlier > later), "{}", client.handle);
            assert!(times().all(|at| at > ago(0, 0, 30)));
        }
        // An invitation is used before it expires, and days part what was written.
        let days = |client: &Client| {
            client
                .turns
                .iter()
                .map(|turn| turn.at.minutes / (24 * 60))
                .collect::<std::collections::BTreeSet<_>>()
                .len()
        };
        assert!(days(&NOOR) >= 5 && days(&TOMAS) >= 4);
    }

    #[test]
    fn only_clients_messages_are_marked_and_each_conversation_waits_for_an_answer() {
        for client in &CLIENTS {
            assert!(client.turns.iter().all(|turn| turn.by == By::Client || turn.marks.is_empty()));
            let last = client.turns.last().unwrap();
            assert!(last.by == By::Client && last.marks.is_empty());
        }
    }
}
