//! Which push services the server calls.
//!
//! Owns the list of hosts, and reading an address. The address comes from a browser, so it is not to be trusted: a
//! server that called any address would be a way into the network behind it. Invariant: what [`HostRules::target`]
//! gives is `https` on its usual port at a host of the list, or an address of this machine that the operator has
//! listed with its port.

use axum::http::Uri;
use std::net::SocketAddr;
use std::str::FromStr;

/// The push services of the browsers there are.
const USUAL: &str = "fcm.googleapis.com,updates.push.services.mozilla.com,*.push.services.mozilla.com,\
                     *.push.apple.com,*.notify.windows.com";

/// One host, or all below one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Host(String),
    Below(String),
    /// Without TLS, on this machine: for tests.
    Here(SocketAddr),
}

/// A list of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRules(Vec<Rule>);

/// Not a host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is none of: a host name, *. and a host name, http:// with an address of this machine and a port"
)]
pub struct RuleError(String);

impl FromStr for HostRules {
    type Err = RuleError;

    /// Reads hosts between commas.
    fn from_str(text: &str) -> Result<Self, RuleError> {
        text.split(',').map(|rule| parse(rule.trim())).collect::<Result<_, _>>().map(Self)
    }
}

impl Default for HostRules {
    fn default() -> Self {
        // Read in a test.
        USUAL.parse().unwrap_or(Self(Vec::new()))
    }
}

fn parse(text: &str) -> Result<Rule, RuleError> {
    let error = || RuleError(text.to_owned());
    if let Some(address) = text.strip_prefix("http://") {
        let address: SocketAddr = address.parse().map_err(|_| error())?;
        let here = address.ip().is_loopback() && address.port() != 0;
        return if here { Ok(Rule::Here(address)) } else { Err(error()) };
    }
    let lower = text.to_ascii_lowercase();
    let (name, below) = lower.strip_prefix("*.").map_or((lower.as_str(), false), |name| (name, true));
    let plain =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    // A single label names a host of the own network, and `*.com` nearly everybody.
    if name.split('.').count() < 2 || !name.split('.').all(plain) {
        return Err(error());
    }
    Ok(if below { Rule::Below(name.to_owned()) } else { Rule::Host(name.to_owned()) })
}

/// Where a notice goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// For the request line.
    pub(super) path: String,
}

impl Target {
    /// Host, and port unless it is the usual one.
    pub(super) fn authority(&self) -> String {
        if self.tls { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// What the token is made out to.
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

impl HostRules {
    /// Reads an address. None when it is no address or its host is not on the list.
    pub(super) fn target(&self, endpoint: &str) -> Option<Target> {
        // A fragment is never sent, so an address with one is not what the push service made.
        let uri: Uri = endpoint.parse().ok().filter(|_| !endpoint.contains('#'))?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let path = uri.path_and_query()?.as_str().to_owned();
        match uri.scheme_str()? {
            "https" if authority.port_u16().is_none_or(|port| port == 443) => {
                let host = authority.host().to_ascii_lowercase();
                let listed = self.0.iter().any(|rule| match rule {
                    Rule::Host(name) => host == *name,
                    Rule::Below(name) => host
                        .strip_suffix(name.as_str())
                        .is_some_and(|start| start.len() > 1 && start.ends_with('.')),
                    Rule::Here(_) => false,
                });
                listed.then_some(Target { tls: true, host, port: 443, path })
            }
            "http" => {
                let address: SocketAddr = authority.as_str().parse().ok()?;
                let listed = self.0.contains(&Rule::Here(address));
                let host = authority.host().to_owned();
                listed.then_some(Target { tls: false, host, port: address.port(), path })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_services_are_listed_and_nobody_else() {
        let rules = HostRules::default();
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc:def",
            "https://FCM.googleapis.com:443/x",
            "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
            "https://web.push.apple.com/QGuQ?x=y",
            "https://wns2-par02p.notify.windows.com/w/?token=a%2bb",
        ] {
            let target = rules.target(good).unwrap();
            assert_eq!((target.tls, target.port), (true, 443), "{good}");
        }
        for bad in [
            "",
            "nonsense",
            "/wpush/v2",
            "http://fcm.googleapis.com/x",
            "https://fcm.googleapis.com:8443/x",
            "https://fcm.googleapis.com.evil.example/x",
            "https://fcm.googleapis.com./x",
            "https://evilpush.apple.com.example/x",
            "https://evil-push.apple.com/x",
            "https://push.apple.com/x",
            "https://.push.apple.com/x",
            "https://fcm.googleapis.com@127.0.0.1/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://localhost/x",
            "http://127.0.0.1:8080/x",
            "https://fcm.googleapis.com/x#y",
            "ftp://fcm.googleapis.com/x",
            "https://fcm.googleapis.com\\@127.0.0.1/x",
            "https://169.254.169.254/latest/meta-data",
        ] {
            assert_eq!(rules.target(bad), None, "{bad}");
        }
    }

    #[test]
    fn plain_http_goes_only_to_a_listed_port_of_this_machine() {
        let rules: HostRules = "http://127.0.0.1:4000, push.example.org".parse().unwrap();
        let target = rules.target("http://127.0.0.1:4000/a?b").unwrap();
        assert_eq!((target.origin().as_str(), target.path.as_str()), ("http://127.0.0.1:4000", "/a?b"));
        for bad in [
            "http://127.0.0.1:4001/a",
            "http://localhost:4000/a",
            "https://127.0.0.1:4000/a",
            "http://push.example.org/",
        ] {
            assert_eq!(rules.target(bad), None, "{bad}");
        }
        assert_eq!(rules.target("https://push.example.org/x").unwrap().origin(), "https://push.example.org");
        for bad in [
            "",
            "http://10.0.0.1:80",
            "http://127.0.0.1:0",
            "https://a.example",
            "*",
            "*.com",
            "intranet",
            "a b.example",
            "a..b",
            "-*.x.y/",
        ] {
            assert!(bad.parse::<HostRules>().is_err(), "{bad}");
        }
    }
}
