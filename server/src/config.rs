//! What the operator may set.
//!
//! Owns the command line and its checks. Invariant: a [`Config`] is sound; nothing later asks whether options fit
//! together, and unencrypted HTTP leaves the machine only behind a proxy that the operator vouched for.

use crate::db::{Location, OpenError};
use crate::push::{HostRules, RuleError};
use clap::{Args, Parser, Subcommand};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// End-to-end encrypted messaging for a psychotherapy practice: the server.
#[derive(Debug, Parser)]
#[command(name = "sotto-server", version, about, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the server until it is told to stop.
    #[command(after_help = "\
Examples:
  Try it on this machine:
    sotto-server serve --data ./data
  Behind a reverse proxy on the same machine that does TLS:
    sotto-server serve --data /var/lib/sotto --behind-proxy --public-url https://chat.example.org
  With a certificate of its own:
    sotto-server serve --data /var/lib/sotto --listen 0.0.0.0:443 --public-url https://chat.example.org \\
      --tls-cert /etc/sotto/fullchain.pem --tls-key /etc/sotto/key.pem

The first start creates the data directory and prints a set-up link for the practice's owner. Back up the whole
directory; without its secrets/server-setup nobody can sign in.")]
    Serve(Box<Serve>),

    /// Checks data directory, database, secrets and every conversation's chain; says what it finds in sentences.
    Doctor(Doctor),

    /// Makes the key that backups are sealed to. Run it on another machine, or move the file away from the server.
    BackupKey(BackupKey),

    /// Writes an encrypted backup of everything; the server may go on running.
    #[command(after_help = "\
Example, every night:
  sotto-server backup /mnt/backups/sotto-$(date +%F).age --data /var/lib/sotto --to age1…")]
    Backup(Backup),

    /// Opens a backup and checks all that is in it; changes nothing.
    Verify(Verify),

    /// Makes a new data directory of a backup.
    Restore(Restore),
}

/// Options of `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// The server's data directory.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// The server's PostgreSQL database, if it uses one.
    #[arg(long, value_name = "URL", env = "SOTTO_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
}

/// Options of `backup-key`.
#[derive(Debug, Args)]
pub struct BackupKey {
    /// Where to write the key; must not exist yet.
    #[arg(value_name = "KEYFILE")]
    pub file: PathBuf,
}

/// Options of `backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// The file to write; must not exist yet.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The server's data directory.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// The server's PostgreSQL database, if it uses one.
    #[arg(long, value_name = "URL", env = "SOTTO_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,

    /// The recipient that backup-key printed, age1…; give it again for a second key.
    #[arg(long, value_name = "RECIPIENT", required = true)]
    pub to: Vec<String>,
}

/// Options of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The key it was sealed to.
    #[arg(long, value_name = "KEYFILE")]
    pub key: PathBuf,
}

/// Options of `restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The key it was sealed to.
    #[arg(long, value_name = "KEYFILE")]
    pub key: PathBuf,

    /// The data directory to make.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// An empty PostgreSQL database to fill instead of a built-in one.
    #[arg(long, value_name = "URL", env = "SOTTO_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
}

/// Options of `serve`.
#[derive(Debug, Args)]
#[expect(clippy::doc_markdown, reason = "these comments are the help texts that people read")]
pub struct Serve {
    /// Directory for database, secrets and files; created at the first start.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// Address and port to listen on. Addresses other than this machine's own need --tls-cert or --behind-proxy.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// A PostgreSQL database instead of the built-in one: postgres://user:password@host/name. Prefer the
    /// environment variable: other users of the machine can read command lines.
    #[arg(long, value_name = "URL", env = "SOTTO_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,

    /// Certificate chain in PEM form, own certificate first. Needs --tls-key.
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// Private key of the certificate in PEM form, without passphrase. Needs --tls-cert.
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// A reverse proxy in front does TLS and sets X-Forwarded-For, which is then believed: only the proxy may be
    /// able to reach this port.
    #[arg(long)]
    pub behind_proxy: bool,

    /// Where browsers find the server, as in https://chat.example.org. Stands in invitation links; only pages
    /// from there may connect. Needed unless the server is for this machine only.
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,

    /// The data was restored from a backup. Usually noticed without being told; needed once, on one node, after
    /// restoring PostgreSQL.
    #[arg(long)]
    pub restored: bool,

    /// Sends no notices to browsers that are away.
    #[arg(long)]
    pub no_push: bool,

    /// Push services that the server may call, between commas; a name that begins with *. stands for all below it.
    /// Without this, those of the usual browsers.
    #[arg(long, value_name = "HOSTS")]
    pub push_hosts: Option<String>,

    /// Whom push services may ask when something is wrong with the notices: a mail address or https address.
    /// Without this, the public address.
    #[arg(long, value_name = "ADDRESS")]
    pub push_contact: Option<String>,

    /// Serves the web app from this folder instead of the one inside; for working on the app.
    #[arg(long, value_name = "DIR")]
    pub web: Option<PathBuf>,

    /// Runs with a clock that is so many seconds behind, so that a sample has a past. Never for people.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, hide = true)]
    pub clock_behind: u64,

    /// What to log: error, warn, info, debug or trace, also by module as in info,sotto_server=debug.
    #[arg(long, value_name = "FILTER", default_value = "info")]
    pub log: String,
}

/// Certificate and key files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Chain.
    pub cert: PathBuf,
    /// Key.
    pub key: PathBuf,
}

/// Scheme, host and perhaps port, without a slash at the end; what browsers send as `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Reads one as `--public-url` is read.
    #[cfg(test)]
    pub(crate) fn of(url: &str) -> Self {
        origin(url).unwrap()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How notices are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushConfig {
    /// Push services that may be called.
    pub hosts: HostRules,
    /// Whom they may ask: `mailto:` or `https:`.
    pub contact: Option<String>,
}

/// Checked options of `serve`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Data directory.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The database; with SQLite it lies in the data directory.
    pub database: Location,
    /// Own TLS.
    pub tls: Option<TlsFiles>,
    /// Believe `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// Where browsers find the server. None: at the address it listens on, of this machine.
    pub public_url: Option<Origin>,
    /// The data was restored from a backup.
    pub restored: bool,
    /// Notices to browsers that are away.
    pub push: Option<PushConfig>,
    /// A folder with the web app. None: the one inside.
    pub web: Option<PathBuf>,
    /// How far the clock is behind; for making samples.
    pub clock_behind: Duration,
    /// Log filter.
    pub log: String,
}

/// Options that don't fit together or make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Unencrypted to the world.
    #[error(
        "--listen {0} would let others on the network reach the server without encryption; give --tls-cert and \
         --tls-key, or --behind-proxy if a reverse proxy does TLS"
    )]
    Unencrypted(SocketAddr),
    /// Half of TLS.
    #[error("--tls-cert and --tls-key belong together; only one of them was given")]
    HalfTls,
    /// Browsers need to be told.
    #[error("--public-url is needed here: invitation links must say where browsers find the server")]
    PublicUrlNeeded,
    /// Not an origin.
    #[error("--public-url {url} is not usable: {why}")]
    PublicUrl {
        /// As given.
        url: String,
        /// Why not.
        why: &'static str,
    },
    /// Not a database address.
    #[error("--database-url: {0}")]
    Database(OpenError),
    /// Not a list of hosts.
    #[error("--push-hosts: {0}")]
    PushHosts(RuleError),
    /// Not an address.
    #[error("--push-contact {0:?} is neither a mail address nor an https address")]
    PushContact(String),
    /// Empty directory name.
    #[error("--data is empty; give the directory for database and secrets")]
    Data,
}

impl Serve {
    /// Checks that the options fit together.
    pub fn check(self) -> Result<Config, ConfigError> {
        if self.data.as_os_str().is_empty() {
            return Err(ConfigError::Data);
        }
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(ConfigError::HalfTls),
        };
        let local = is_loopback(self.listen.ip());
        if !local && tls.is_none() && !self.behind_proxy {
            return Err(ConfigError::Unencrypted(self.listen));
        }
        let public_url = self.public_url.map(|url| origin(&url)).transpose()?;
        if public_url.is_none() && (!local || self.behind_proxy) {
            return Err(ConfigError::PublicUrlNeeded);
        }
        let database = match self.database_url {
            Some(url) => Location::postgres(&url).map_err(ConfigError::Database)?,
            None => Location::Sqlite(self.data.join("sotto.db")),
        };
        let push = push(self.no_push, self.push_hosts, self.push_contact, public_url.as_ref())?;
        let clock_behind = Duration::from_secs(self.clock_behind);
        let Self { data, listen, behind_proxy, restored, web, log, .. } = self;
        Ok(Config {
            data,
            listen,
            database,
            tls,
            behind_proxy,
            public_url,
            restored,
            push,
            web,
            clock_behind,
            log,
        })
    }
}

fn push(
    off: bool,
    hosts: Option<String>,
    contact: Option<String>,
    public_url: Option<&Origin>,
) -> Result<Option<PushConfig>, ConfigError> {
    let hosts = hosts.map(|hosts| hosts.parse::<HostRules>()).transpose().map_err(ConfigError::PushHosts)?;
    let contact = match contact {
        Some(given) => Some(contact_uri(&given).ok_or(ConfigError::PushContact(given))?),
        None => public_url.map(Origin::to_string).filter(|url| url.starts_with("https:")),
    };
    Ok((!off).then(|| PushConfig { hosts: hosts.unwrap_or_default(), contact }))
}

/// As RFC 8292 wants it.
fn contact_uri(given: &str) -> Option<String> {
    let plain = given.is_ascii() && !given.contains(|c: char| c.is_ascii_control() || c == ' ');
    let given = Some(given).filter(|_| plain)?;
    if given.strip_prefix("https://").is_some_and(|rest| !rest.is_empty()) {
        return Some(given.to_owned());
    }
    let address = given.strip_prefix("mailto:").unwrap_or(given);
    let (name, host) = address.split_once('@')?;
    let whole = !name.is_empty() && !host.is_empty() && !address.contains([':', '/']);
    whole.then(|| format!("mailto:{address}"))
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Browsers keep keys and run the core only in secure contexts: `https`, or this machine.
fn origin(url: &str) -> Result<Origin, ConfigError> {
    let bad = |why| ConfigError::PublicUrl { url: url.to_owned(), why };
    let text = url.strip_suffix('/').unwrap_or(url).to_ascii_lowercase();
    let (secure, authority) = match text.split_once("://") {
        Some(("https", rest)) => (true, rest),
        Some(("http", rest)) => (false, rest),
        _ => return Err(bad("it does not start with https://")),
    };
    if authority.is_empty() || authority.contains(['/', '?', '#', '@']) || !authority.is_ascii() {
        return Err(bad("expected scheme, host and perhaps a port, without a path"));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if port.is_some_and(|p| p.parse::<u16>().map_or(true, |p| p == 0)) {
        return Err(bad("its port is not a number from 1 to 65535"));
    }
    let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let address = inner.unwrap_or(host).parse::<IpAddr>().ok();
    let named = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    if address.is_none() && !named {
        return Err(bad("its host is no name or address"));
    }
    if !secure && host != "localhost" && !address.is_some_and(is_loopback) {
        return Err(bad("without https browsers would refuse to keep keys; only localhost may do without"));
    }
    // Browsers leave the scheme's own port out of `Origin`.
    let usual = if secure { ":443" } else { ":80" };
    Ok(Origin(text.strip_suffix(usual).map_or(text.clone(), str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn check(options: &[&str]) -> Result<Config, ConfigError> {
        let all = ["sotto-server", "serve", "--data", "d"].iter().chain(options);
        let Command::Serve(serve) = Cli::try_parse_from(all).unwrap().command else { panic!("serve") };
        serve.check()
    }

    #[test]
    fn the_command_line_is_well_formed_and_helps() {
        Cli::command().debug_assert();
        let help = Cli::command().find_subcommand_mut("serve").unwrap().render_long_help().to_string();
        for word in ["--data", "--behind-proxy", "X-Forwarded-For", "Back up", "SOTTO_DATABASE_URL"] {
            assert!(help.contains(word), "{word}: {help}");
        }
    }

    #[test]
    fn this_machine_needs_nothing() {
        let config = check(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database.to_string(), "d/sotto.db");
        assert!(config.tls.is_none() && !config.behind_proxy && config.public_url.is_none());
        assert!(check(&["--listen", "[::1]:0"]).is_ok());
    }

    #[test]
    fn the_network_needs_encryption_and_a_name() {
        let tls = ["--tls-cert", "c", "--tls-key", "k"];
        let url = ["--public-url", "https://chat.example.org"];
        let open = ["--listen", "0.0.0.0:80"];
        assert!(matches!(check(&open), Err(ConfigError::Unencrypted(_))));
        assert!(matches!(check(&[&open[..], &url].concat()), Err(ConfigError::Unencrypted(_))));
        assert_eq!(check(&[&open[..], &tls].concat()).unwrap_err(), ConfigError::PublicUrlNeeded);
        assert_eq!(check(&["--behind-proxy"]).unwrap_err(), ConfigError::PublicUrlNeeded);
        assert!(check(&[&open[..], &tls, &url].concat()).is_ok());
        assert!(check(&[&open[..], &["--behind-proxy"], &url].concat()).is_ok());
        assert_eq!(check(&tls[..2]).unwrap_err(), ConfigError::HalfTls);
        assert_eq!(check(&tls[2..]).unwrap_err(), ConfigError::HalfTls);
    }

    #[test]
    fn public_addresses_are_origins() {
        let origin = |url: &str| check(&["--public-url", url]).map(|c| c.public_url.unwrap().to_string());
        for (given, kept) in [
            ("https://Chat.example.org/", "https://chat.example.org"),
            ("https://chat.example.org:443", "https://chat.example.org"),
            ("https://chat.example.org:8443", "https://chat.example.org:8443"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.1", "http://127.0.0.1"),
            ("https://[2001:db8::1]", "https://[2001:db8::1]"),
            ("http://[::1]:80", "http://[::1]"),
        ] {
            assert_eq!(origin(given).as_deref(), Ok(kept));
        }
        for bad in [
            "chat.example.org",
            "ftp://x",
            "https://",
            "https://a/b",
            "https://u@a",
            "https://a?x",
            "https://a b",
            "https://a:0",
            "https://a:99999",
            "https://:443",
            "http://chat.example.org",
            "http://192.0.2.1",
        ] {
            assert!(matches!(origin(bad), Err(ConfigError::PublicUrl { .. })), "{bad}");
        }
    }

    #[test]
    fn notices_can_be_switched_off_and_go_to_listed_hosts() {
        assert_eq!(check(&["--no-push"]).unwrap().push, None);
        let usual = check(&[]).unwrap().push.unwrap();
        assert_eq!((usual.hosts, usual.contact), (HostRules::default(), None));
        let url = check(&["--public-url", "https://chat.example.org"]).unwrap().push.unwrap();
        assert_eq!(url.contact.as_deref(), Some("https://chat.example.org"));
        let given = check(&["--push-hosts", "a.example,*.b.example", "--push-contact", "me@example.org"]);
        let given = given.unwrap().push.unwrap();
        assert_eq!(given.hosts, "a.example,*.b.example".parse().unwrap());
        assert_eq!(given.contact.as_deref(), Some("mailto:me@example.org"));
        assert!(matches!(check(&["--push-hosts", "a.example,"]), Err(ConfigError::PushHosts(_))));
        for bad in ["", "me", "@", "me@", "http://a.example", "https://", "javascript:a@b", "a b@c"] {
            assert!(matches!(check(&["--push-contact", bad]), Err(ConfigError::PushContact(_))), "{bad}");
        }
    }

    #[test]
    fn the_clock_is_right_unless_a_sample_is_made() {
        assert_eq!(check(&[]).unwrap().clock_behind, Duration::ZERO);
        assert_eq!(check(&["--clock-behind", "90"]).unwrap().clock_behind, Duration::from_secs(90));
        let help = Cli::command().find_subcommand_mut("serve").unwrap().render_long_help().to_string();
        assert!(!help.contains("--clock-behind"), "{help}");
    }

    #[test]
    fn the_database_address_stays_secret() {
        let config = check(&["--database-url", "postgres://u:geheim@h/n"]).unwrap();
        assert!(!format!("{config:?}").contains("geheim"));
        let wrong = check(&["--database-url", "mysql://u:geheim@h/n"]).unwrap_err();
        assert!(matches!(wrong, ConfigError::Database(_)) && !wrong.to_string().contains("geheim"));
    }
}
