//! One request to a push service.
//!
//! Owns connection, TLS and headers. Refuses to know devices and schedules. Invariants: the body is empty; no
//! redirect is followed; every request ends within [`REQUEST_TIMEOUT`]; of the answer only its status and
//! `Retry-After` are read.

use super::rules::Target;
use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use rustls::RootCertStore;
use rustls_pki_types::ServerName;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Looking up the name, connecting, TLS and the answer, together.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a push service keeps a notice for a browser that is away, seconds. Long enough for a weekend.
const TTL_SECONDS: u32 = 3 * 24 * 3600;
/// A newer notice replaces one that was not delivered; the same word for everybody.
const TOPIC: &str = "sotto";

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The push service has it.
    Taken,
    /// The address is no longer.
    Gone,
    /// It will never be taken.
    Refused(StatusCode),
    /// It may be taken later; after this time at the earliest.
    Later(Option<Duration>),
}

/// Makes requests.
#[derive(Clone)]
pub(super) struct Client {
    tls: TlsConnector,
}

impl Client {
    pub(super) fn new() -> Result<Self, rustls::Error> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: Arc::new(config).into() })
    }

    /// Hands in one notice.
    pub(super) async fn post(&self, target: &Target, authorization: &str) -> Outcome {
        let answer = tokio::time::timeout(REQUEST_TIMEOUT, self.request(target, authorization)).await;
        match answer {
            Ok(Ok((status, retry_after))) => outcome(status, retry_after),
            // Neither error is worth telling apart: both may pass.
            Ok(Err(_)) | Err(_) => Outcome::Later(None),
        }
    }

    async fn request(
        &self,
        target: &Target,
        authorization: &str,
    ) -> Result<(StatusCode, Option<Duration>), io::Error> {
        let stream = TcpStream::connect((target.host.trim_matches(['[', ']']), target.port)).await?;
        if !target.tls {
            return exchange(stream, target, authorization).await;
        }
        let name = ServerName::try_from(target.host.clone()).map_err(io::Error::other)?;
        exchange(self.tls.connect(name, stream).await?, target, authorization).await
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    target: &Target,
    authorization: &str,
) -> Result<(StatusCode, Option<Duration>), io::Error> {
    let request = Request::post(&target.path)
        .header(header::HOST, target.authority())
        .header(header::AUTHORIZATION, authorization)
        .header("ttl", TTL_SECONDS)
        .header("topic", TOPIC)
        .header("urgency", "normal")
        .header(header::CONTENT_LENGTH, 0)
        .body(Empty::<Bytes>::new())
        .map_err(io::Error::other)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let answering = sender.send_request(request);
    tokio::pin!(connection, answering);
    let answer = tokio::select! {
        answer = &mut answering => answer.map_err(io::Error::other)?,
        ended = &mut connection => {
            ended.map_err(io::Error::other)?;
            answering.await.map_err(io::Error::other)?
        }
    };
    let wait = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let wait = wait.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    Ok((answer.status(), wait))
}

fn outcome(status: StatusCode, retry_after: Option<Duration>) -> Outcome {
    match status {
        status if status.is_success() => Outcome::Taken,
        StatusCode::NOT_FOUND | StatusCode::GONE => Outcome::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Outcome::Later(retry_after),
        status if status.is_server_error() => Outcome::Later(retry_after),
        status => Outcome::Refused(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let wait = Some(Duration::from_secs(7));
        for (status, expected) in [
            (200, Outcome::Taken),
            (201, Outcome::Taken),
            (301, Outcome::Refused(StatusCode::MOVED_PERMANENTLY)),
            (307, Outcome::Refused(StatusCode::TEMPORARY_REDIRECT)),
            (400, Outcome::Refused(StatusCode::BAD_REQUEST)),
            (403, Outcome::Refused(StatusCode::FORBIDDEN)),
            (404, Outcome::Gone),
            (410, Outcome::Gone),
            (429, Outcome::Later(wait)),
            (500, Outcome::Later(wait)),
            (503, Outcome::Later(wait)),
        ] {
            assert_eq!(outcome(StatusCode::from_u16(status).unwrap(), wait), expected, "{status}");
        }
    }
}
