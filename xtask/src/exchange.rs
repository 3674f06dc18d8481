//! The commands of a first exchange between two people.
//!
//! Owns the one list that `run --demo-exchange` carries out and the README shows, so that the two cannot drift apart
//! (a test compares). Refuses to know how a command is started.

/// Stands for the invitation link until `sotto invite` has printed it; as written, a shell variable.
pub(crate) const INVITATION: &str = "$INVITATION";
/// What the client writes, and the therapist reads.
pub(crate) const FROM_CLIENT: &str = "I slept well, and I wrote down the dream.";
/// What the therapist answers, and the client reads.
pub(crate) const FROM_THERAPIST: &str = "Thank you. Shall we bring it to Tuesday?";

/// Whose command it is; also the name of the home folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Person {
    Therapist,
    Client,
}

impl Person {
    pub(crate) const BOTH: [Self; 2] = [Self::Therapist, Self::Client];

    /// The name of her home folder.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Therapist => "therapist",
            Self::Client => "client",
        }
    }

    /// A passphrase for trying things out.
    pub(crate) fn passphrase(self) -> &'static str {
        match self {
            Self::Therapist => "seven quiet lanterns above the orchard wall",
            Self::Client => "a copper kettle hums beside the open window",
        }
    }
}

/// What a command's output is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Expect {
    /// Only that it succeeds.
    Success,
    /// Its last line is the invitation link.
    Invitation,
    /// This text must be in it.
    Text(&'static str),
}

/// One command of `sotto`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Line {
    pub(crate) person: Person,
    pub(crate) words: Vec<String>,
    pub(crate) expect: Expect,
}

impl Line {
    fn new(person: Person, words: &[&str], expect: Expect) -> Self {
        Self { person, words: words.iter().map(|&word| word.to_owned()).collect(), expect }
    }

    /// The words after `sotto`.
    pub(crate) fn arguments(&self, folder: &str) -> Vec<String> {
        let home = format!("{folder}/{}", self.person.folder());
        ["--home".to_owned(), home].into_iter().chain(self.words.iter().cloned()).collect()
    }

    /// The command as a person would paste it.
    pub(crate) fn shell(&self, program: &str, folder: &str) -> String {
        let words: Vec<String> = self.arguments(folder).iter().map(|word| quoted(word)).collect();
        let command = format!("{program} {}", words.join(" "));
        match self.expect {
            Expect::Invitation => format!("INVITATION=$({command})"),
            Expect::Success | Expect::Text(_) => command,
        }
    }
}

/// The exchange, from an empty server to both having read.
pub(crate) fn lines(folder: &str, setup_link: &str) -> Vec<Line> {
    use Person::{Client, Therapist};
    let [her_password, client_password] = Person::BOTH.map(|person| password_file(folder, person));
    vec![
        Line::new(
            Therapist,
            &[
                "setup",
                setup_link,
                "--handle",
                "thera",
                "--name",
                "Therapist",
                "--practice",
                "The practice",
                "--password-file",
                &her_password,
            ],
            Expect::Success,
        ),
        Line::new(Therapist, &["invite", "--note", "Welcome"], Expect::Invitation),
        Line::new(
            Client,
            &[
                "join",
                INVITATION,
                "--handle",
                "client1",
                "--name",
                "Client",
                "--password-file",
                &client_password,
            ],
            Expect::Success,
        ),
        Line::new(Client, &["send", FROM_CLIENT], Expect::Success),
        Line::new(Therapist, &["read"], Expect::Text(FROM_CLIENT)),
        Line::new(Therapist, &["send", FROM_THERAPIST], Expect::Success),
        Line::new(Client, &["read"], Expect::Text(FROM_THERAPIST)),
    ]
}

/// Where a person's passphrase is kept while trying things out.
pub(crate) fn password_file(folder: &str, person: Person) -> String {
    format!("{folder}/{}.password", person.folder())
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=".contains(c);
    if word == INVITATION {
        format!("\"{word}\"")
    } else if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands in the README for the link that the server prints.
    const SETUP_LINK: &str = "SETUP-LINK";

    /// The whole exchange as text to paste into a shell, one command a line.
    fn script(program: &str, folder: &str, setup_link: &str) -> String {
        let mut commands = vec![format!("mkdir -p {folder}")];
        for person in Person::BOTH {
            let file = password_file(folder, person);
            commands.push(format!("(umask 077; echo {} > {file})", quoted(person.passphrase())));
        }
        commands.extend(lines(folder, setup_link).iter().map(|line| line.shell(program, folder)));
        commands.join("\n")
    }

    #[test]
    fn the_readme_shows_the_same_commands() {
        let readme = include_str!("../../README.md");
        for line in script("target/release/sotto", "target/try", SETUP_LINK).lines() {
            assert!(readme.contains(line), "README.md lacks: {line}");
        }
    }

    #[test]
    fn words_with_spaces_are_quoted_and_the_variable_is_expanded() {
        assert_eq!(quoted("it's here"), r"'it'\''s here'");
        assert_eq!(quoted("plain-word"), "plain-word");
        assert_eq!(quoted(INVITATION), "\"$INVITATION\"");
        assert_eq!(quoted("http://a/b#c"), "'http://a/b#c'");
        assert_eq!(quoted("SETUP-LINK"), "SETUP-LINK");
    }
}
