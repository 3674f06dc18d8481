//! The command line.
//!
//! Owns names, help texts and the shapes of arguments. Refuses to know what a command does. Invariant: what leaves
//! here is either well-formed or refused with exit code 2 before anything is opened.

pub(crate) mod credentials;
pub(crate) mod export;
pub(crate) mod factors;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use sotto_protocol::limits::{INVITATION_TTL_MS_DEFAULT, INVITATION_TTL_MS_MAX};
use sotto_protocol::roster::Role;
use std::path::PathBuf;
use std::time::Duration;

const DAY_MS: u64 = 24 * 3600 * 1000;

/// Heading of the options that all commands have.
const EVERYWHERE: &str = "Options of every command";

const AFTER_HELP: &str = "\
A first exchange:
  sotto --home A setup 'https://…/setup#…' --handle thera --name Therapist --practice 'The practice'
  sotto --home A invite --note Welcome
  sotto --home B join 'https://…/join#…' --handle client1 --name Client
  sotto --home B send 'I slept well.'
  sotto --home A read

SPACE, MESSAGE, DEVICE and ACCOUNT are ids; their first characters are enough. SPACE may be left out when there is
only one conversation. A link is as good as a door: give `-` instead of it to have it read from standard input, and
it stays out of the shell's history and the list of processes.

Results go to standard output, everything else to standard error. With --json both are JSON, one object a line
(lists are one array), and an error is {\"error\":{\"code\":…,\"number\":…,\"message\":…}} on standard error.

Exit codes:
  0  done
  1  failed; a sentence on standard error says why
  2  wrong use
  3  done or not, something is not as it must be; sentences on standard error say what
  4  the server was needed and could not be reached";

/// Sotto for a terminal: messages between a psychotherapy practice and its clients, locked on your own device.
#[derive(Debug, Parser)]
#[command(name = "sotto", version, after_help = AFTER_HELP, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Args {
    /// This device's folder [default: `$SOTTO_HOME`, else ~/.local/share/sotto]
    #[arg(long, global = true, value_name = "DIR", help_heading = EVERYWHERE)]
    pub(crate) home: Option<PathBuf>,

    /// Print JSON, for scripts
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) json: bool,

    /// Certificates (PEM) to trust besides the public ones [default: `$SOTTO_CA_FILE`]
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERYWHERE)]
    pub(crate) ca_file: Option<PathBuf>,

    /// How long to wait for the server when nothing comes
    #[arg(long, global = true, value_name = "SECONDS", help_heading = EVERYWHERE, default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: u64,

    /// The code of your authenticator app, where it is asked for after the password [default: you are asked]
    #[arg(long, global = true, value_name = "CODE", help_heading = EVERYWHERE)]
    pub(crate) code: Option<String>,

    /// Work with a clock that is so many seconds behind, so that a sample has a past
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 0, hide = true)]
    pub(crate) clock_behind: u64,

    /// What to do
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

impl Args {
    /// How long to wait when nothing comes.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Found the practice, with the link that `sotto-server serve` prints on its first start
    Setup(Setup),
    /// Invite somebody; prints a link to hand over, which works once
    Invite(Invite),
    /// List your invitations
    Invitations(Offline),
    /// Withdraw an invitation
    Revoke {
        /// Which; see `sotto invitations`
        #[arg(value_name = "INVITATION")]
        id: String,
    },
    /// Join a practice with an invitation link
    Join(Join),
    /// Sign in on this device; brings back everything that was ever delivered to the account
    Login(Login),
    /// List conversations: who reads them, and how many messages you haven't read
    Spaces(Offline),
    /// Write a message
    #[command(
        override_usage = "sotto send [OPTIONS] [SPACE] TEXT\n       sotto send [OPTIONS] [SPACE] --file FILE\n       \
                          sotto send [OPTIONS] [SPACE] --lines FILE"
    )]
    #[command(after_help = "\
Without a connection the message is saved here and goes with the next command that connects, for example
`sotto sync`. A text that begins with a dash goes after `--`.

Examples:
  sotto send 'I slept well.'
  sotto send 3f2a --file letter.txt --bring
  sotto send 3f2a --lines - < diary.txt")]
    Send(Send),
    /// Change the text of a message of yours
    #[command(override_usage = "sotto edit [OPTIONS] [SPACE] MESSAGE TEXT")]
    #[command(after_help = "Example:\n  sotto edit 9c01 'I slept very well.'")]
    Edit(Edit),
    /// Take back a message of yours; its text is erased on the server
    #[command(override_usage = "sotto take-back [OPTIONS] [SPACE] MESSAGE")]
    TakeBack(Target),
    /// Say that you have read a message
    #[command(override_usage = "sotto acknowledge [OPTIONS] [SPACE] MESSAGE")]
    Acknowledge(Target),
    /// Put a message on the list for the next session
    #[command(override_usage = "sotto bring [OPTIONS] [SPACE] MESSAGE")]
    Bring(Target),
    /// Keep a message for the session; its author sees “Kept for your session”
    #[command(override_usage = "sotto hold [OPTIONS] [SPACE] MESSAGE")]
    Hold(Target),
    /// Publish something about yourself to whoever reads the conversation: hours, phrases, what you agreed to
    #[command(override_usage = "sotto set [OPTIONS] [SPACE] NAME VALUE")]
    #[command(
        after_help = "Names and values are those of the web app (docs/PROTOCOL.md, Settings); values are JSON.\n\n\
        Example:\n  sotto set --own phrases '{\"v\":1,\"phrases\":[\"We keep it for Tuesday.\"]}'"
    )]
    Set(Set),
    /// Fetch, check and print a conversation, and remember that you've read it
    Read(Read),
    /// Take your record with you: one file that opens in any browser, without a server. It is not locked
    #[command(after_help = "\
The file holds messages with who wrote them and when, and what each author's device signed; docs/EXPORT.md says how
it can be read by programs and checked. Only you may read the file, until you hand it on.

Examples:
  sotto export my-record.html
  sotto export --client Anna --until 2026-03-31 anna.html
  sotto export --format json - | gzip > record.json.gz")]
    Export(export::Export),
    /// Send what waits, fetch and check everything, and save it for your other devices
    Sync,
    /// List your devices, or remove one
    #[command(args_conflicts_with_subcommands = true)]
    Devices(Devices),
    /// List who can read a conversation, or change that
    #[command(args_conflicts_with_subcommands = true)]
    Members(Members),
    /// Send what waits, after looking at who can read the conversation now
    AcceptReaders {
        /// Which conversation
        space: Option<String>,
    },
    /// Sign the list of the practice's people anew: everybody whose joining this device has confirmed (owner)
    SignRoster {
        #[command(flatten)]
        password: PasswordFile,
    },
    /// Set another password. It holds on all your devices, and none is signed out
    Password(credentials::ChangePassword),
    /// Make a recovery sheet: eight words that set a new password when the old one is lost. An earlier sheet stops working
    Sheet {
        #[command(flatten)]
        password: PasswordFile,
    },
    /// Sign in on this device with the recovery sheet, and set a new password; brings back everything
    Recover(credentials::Recover),
    /// Go on after a device was removed as lost from another one: give the new password once
    Reopen {
        #[command(flatten)]
        password: PasswordFile,
    },
    /// List what is asked for after your password, and set it up
    Factors(factors::Factors),
    /// Say who you are here: account, sign-in name, device, server
    Whoami,
    /// Check this home
    Doctor,
    /// Make a passphrase that nobody can guess
    Passphrase,
}

/// `setup`
#[derive(Debug, ClapArgs)]
pub(crate) struct Setup {
    /// Set-up link, or `-`
    pub(crate) link: String,
    /// Your name, as others see it
    #[arg(long)]
    pub(crate) name: String,
    /// The practice's name
    #[arg(long)]
    pub(crate) practice: String,
    /// You run the server but don't treat clients
    #[arg(long)]
    pub(crate) owner_only: bool,
    #[command(flatten)]
    pub(crate) sign_in: SignIn,
}

/// `join`
#[derive(Debug, ClapArgs)]
pub(crate) struct Join {
    /// Invitation link, or `-`
    pub(crate) link: String,
    /// Your name, as others see it
    #[arg(long)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) sign_in: SignIn,
}

/// What a new account signs in with.
#[derive(Debug, ClapArgs)]
pub(crate) struct SignIn {
    /// Sign-in name: 3 to 64 of a-z, 0-9, dot, dash and underscore, first a letter. The server sees it
    #[arg(long)]
    pub(crate) handle: String,
    #[command(flatten)]
    pub(crate) device: Device,
}

/// `login`
#[derive(Debug, ClapArgs)]
pub(crate) struct Login {
    /// Address of the server, for example `https://practice.example`
    pub(crate) origin: String,
    /// Sign-in name
    pub(crate) handle: String,
    #[command(flatten)]
    pub(crate) device: Device,
}

/// The password, and the device it is used on.
#[derive(Debug, ClapArgs)]
pub(crate) struct Device {
    #[command(flatten)]
    pub(crate) password: PasswordFile,
    /// What to call this device in your list of devices [default: terminal]
    #[arg(long, value_name = "NAME", default_value = "terminal", hide_default_value = true)]
    pub(crate) device_name: String,
}

/// Where the password stands.
#[derive(Debug, ClapArgs)]
pub(crate) struct PasswordFile {
    /// File whose first line is the password; without it you are asked. `sotto passphrase` makes a good one
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

/// `invite`
#[derive(Debug, ClapArgs)]
pub(crate) struct Invite {
    /// A few words that go with the invitation, locked
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) note: String,
    /// What the invited person will be
    #[arg(long, value_enum, default_value_t = RoleArg::Client)]
    pub(crate) role: RoleArg,
    /// For how many days the link works
    #[arg(long, value_name = "N", default_value_t = INVITATION_TTL_MS_DEFAULT / DAY_MS,
          value_parser = clap::value_parser!(u64).range(1..=INVITATION_TTL_MS_MAX / DAY_MS))]
    pub(crate) days: u64,
}

impl Invite {
    /// For how long, milliseconds.
    pub(crate) fn ttl_ms(&self) -> u64 {
        self.days.saturating_mul(DAY_MS)
    }
}

/// Roles that can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    /// Is treated
    Client,
    /// Treats clients
    Therapist,
    /// Prescribes
    Prescriber,
    /// Books; reads no conversation
    FrontDesk,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Client => Self::Client,
            RoleArg::Therapist => Self::Therapist,
            RoleArg::Prescriber => Self::Prescriber,
            RoleArg::FrontDesk => Self::FrontDesk,
        }
    }
}

/// Listings that can do without a connection.
#[derive(Debug, ClapArgs)]
pub(crate) struct Offline {
    /// Don't connect; show what is here
    #[arg(long)]
    pub(crate) offline: bool,
}

/// How something written is sent.
#[derive(Debug, ClapArgs)]
pub(crate) struct Delivery {
    /// Don't connect; save it here, to go with the next command that connects
    #[arg(long)]
    pub(crate) offline: bool,
}

/// `send`
#[derive(Debug, ClapArgs)]
pub(crate) struct Send {
    /// Conversation and text; the conversation may be left out
    #[arg(hide = true, value_name = "[SPACE] TEXT", num_args = 0..=2)]
    pub(crate) words: Vec<String>,
    /// Text from a file (`-`: from standard input), without its last line break
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Many messages: every line of a file (`-`: of standard input) that isn't empty is one, at most 10,000 at a time
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    pub(crate) lines: Option<PathBuf>,
    /// Put it on the list for the next session
    #[arg(long)]
    pub(crate) bring: bool,
    #[command(flatten)]
    pub(crate) delivery: Delivery,
}

/// `edit`
#[derive(Debug, ClapArgs)]
pub(crate) struct Edit {
    /// Conversation, message and its new text; the conversation may be left out
    #[arg(hide = true, value_name = "[SPACE] MESSAGE TEXT", num_args = 2..=3, required = true)]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) delivery: Delivery,
}

/// `set`
#[derive(Debug, ClapArgs)]
pub(crate) struct Set {
    /// Conversation, name and value; the conversation may be left out
    #[arg(hide = true, value_name = "[SPACE] NAME VALUE", num_args = 2..=3, required = true)]
    pub(crate) words: Vec<String>,
    /// Into your own space, which only you read
    #[arg(long, conflicts_with = "offline")]
    pub(crate) own: bool,
    #[command(flatten)]
    pub(crate) delivery: Delivery,
}

/// `take-back`, `acknowledge`, `bring`, `hold`
#[derive(Debug, ClapArgs)]
pub(crate) struct Target {
    /// Conversation and message; the conversation may be left out
    #[arg(hide = true, value_name = "[SPACE] MESSAGE", num_args = 1..=2, required = true)]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) delivery: Delivery,
}

/// `read`
#[derive(Debug, ClapArgs)]
pub(crate) struct Read {
    /// Which conversation
    pub(crate) space: Option<String>,
    /// Stay connected and print what comes, until Ctrl-C
    #[arg(long, conflicts_with = "offline")]
    pub(crate) follow: bool,
    /// The whole conversation, not only the latest 50 messages (--json always gives all)
    #[arg(long)]
    pub(crate) all: bool,
    /// Don't connect; show what is here
    #[arg(long)]
    pub(crate) offline: bool,
}

/// `devices`
#[derive(Debug, ClapArgs)]
pub(crate) struct Devices {
    /// What to do with them
    #[command(subcommand)]
    pub(crate) verb: Option<DevicesVerb>,
    #[command(flatten)]
    pub(crate) list: Offline,
}

/// What to do with devices.
#[derive(Debug, Subcommand)]
pub(crate) enum DevicesVerb {
    /// Remove a device: it can read nothing that is written from now on
    Remove {
        /// Which; see `sotto devices`
        #[arg(value_name = "DEVICE")]
        id: String,
        #[command(flatten)]
        password: PasswordFile,
    },
    /// Remove devices that somebody else may have: a new password, and new locks everywhere
    #[command(after_help = "\
Whoever has the device is signed out at once, and what was copied from it opens nothing that comes from now on. Your other
devices ask for the new password once. A recovery sheet on paper keeps working; if it was with the device, make another.")]
    Lost(credentials::Lost),
    /// Call a device something else
    Rename {
        /// Which; see `sotto devices`
        #[arg(value_name = "DEVICE")]
        id: String,
        /// What it is called from now on
        name: String,
    },
    /// Sign in on this device again, after it wasn't used for 60 days
    Wake {
        #[command(flatten)]
        password: PasswordFile,
    },
}

/// `members`
#[derive(Debug, ClapArgs)]
pub(crate) struct Members {
    /// What to do with them
    #[command(subcommand)]
    pub(crate) verb: Option<MembersVerb>,
    /// Which conversation
    pub(crate) space: Option<String>,
    #[command(flatten)]
    pub(crate) list: Offline,
}

/// What to do with the readers of a conversation.
#[derive(Debug, Subcommand)]
pub(crate) enum MembersVerb {
    /// Remove a reader; what she has read stays with her
    #[command(override_usage = "sotto members remove [OPTIONS] [SPACE] ACCOUNT")]
    Remove {
        /// Conversation and account; the conversation may be left out
        #[arg(hide = true, value_name = "[SPACE] ACCOUNT", num_args = 1..=2, required = true)]
        words: Vec<String>,
    },
    /// Let somebody of the practice read this conversation
    #[command(override_usage = "sotto members add [OPTIONS] --role ROLE --identity HEX [SPACE] ACCOUNT")]
    Add {
        /// Conversation and account (in full); the conversation may be left out
        #[arg(hide = true, value_name = "[SPACE] ACCOUNT", num_args = 1..=2, required = true)]
        words: Vec<String>,
        /// As what
        #[arg(long, value_enum)]
        role: RoleArg,
        /// The person's identity, 64 hexadecimal digits that she gave you herself (from her `sotto whoami`)
        #[arg(long, value_name = "HEX")]
        identity: String,
        #[command(flatten)]
        password: PasswordFile,
    },
}

/// The last of up to so many words, and the ones before it: `[SPACE] REST…` with `rest` words that must be there.
pub(crate) fn split_space(words: Vec<String>, rest: usize) -> (Option<String>, Vec<String>) {
    let mut words = words.into_iter();
    let space = if words.len() > rest { words.next() } else { None };
    (space, words.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn parse(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(std::iter::once("sotto").chain(line.split_whitespace()))
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_life_of_the_issue_parses() {
        for line in [
            "--home A setup LINK --handle thera --name T --practice P --password-file F",
            "--home A setup LINK --handle thera --name T --practice P --owner-only --device-name laptop",
            "--home A invite --note Welcome --json",
            "invite --role front-desk --days 30",
            "invitations --json",
            "revoke 12ab",
            "--home B join - --handle client1 --name Client --password-file F",
            "login http://127.0.0.1:8080 thera --password-file F",
            "spaces --json",
            "send 3f text",
            "send text --bring --offline --timeout 3",
            "send --file message.txt",
            "send --lines - --offline",
            "send 3f --lines diary.txt --json",
            "edit 9c text",
            "edit 3f 9c text",
            "take-back 9c",
            "acknowledge 3f 9c",
            "bring 9c",
            "hold 9c --offline",
            "read",
            "read 3f --follow --json --all",
            "read --offline",
            "sync --json",
            "devices",
            "devices --json",
            "devices remove 12 --password-file F",
            "members",
            "members 3f --json",
            "members remove 3f ab",
            "members add ab --role prescriber --identity 00 --password-file F",
            "accept-readers",
            "sign-roster --password-file F",
            "whoami --json",
            "doctor",
            "passphrase",
        ] {
            if let Err(e) = parse(line) {
                panic!("{line}: {e}");
            }
        }
    }

    #[test]
    fn wrong_use_is_refused() {
        for line in [
            "",
            "nonsense",
            "setup LINK",
            "invite --days 0",
            "invite --days 31",
            "invite --role owner",
            "edit 9c",
            "take-back",
            "take-back a b c",
            "send a b c",
            "send --file a --lines b",
            "read --follow --offline",
            "sync --timeout 0",
            "devices remove",
            "members add ab --role client",
        ] {
            let refused = parse(line).expect_err(line);
            assert_eq!(refused.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn a_space_may_be_left_out() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(split_space(words("9c"), 1), (None, words("9c")));
        assert_eq!(split_space(words("3f 9c"), 1), (Some("3f".into()), words("9c")));
        assert_eq!(split_space(words("3f 9c new"), 2), (Some("3f".into()), words("9c new")));
        assert_eq!(split_space(Vec::new(), 1), (None, Vec::new()));
    }

    #[test]
    fn help_uses_no_forbidden_words() {
        fn help_of(command: &mut clap::Command, out: &mut String) {
            out.push_str(&command.render_long_help().to_string());
            for sub in command.get_subcommands_mut() {
                help_of(sub, out);
            }
        }
        let mut help = String::new();
        help_of(&mut Args::command(), &mut help);
        crate::print::assert_plain_words(&help);
    }
}
