//! The other routes.
//!
//! Owns `POST /v1/account`, health, and headers that go with every answer but those of the web app.

use super::{Peer, Shared, socket, web};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use sotto_protocol::account::{ACCOUNT_PATH, AccountAnswer, AccountResponse, CONTENT_TYPE};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::SOCKET_PATH;
use sotto_protocol::limits::ACCOUNT_BYTES_MAX;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// How long a request's body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);
/// Pages hold no script and load nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(SOCKET_PATH, get(socket::upgrade))
        .route(ACCOUNT_PATH, post(account))
        .route("/healthz", get(health))
        .layer(from_fn(headers))
        // Outside the layer: the web app has headers of its own.
        .fallback(web::serve)
        .with_state(shared)
}

async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    plain_headers(response.headers_mut());
    response
}

/// Headers of everything that is not part of the web app.
pub(super) fn plain_headers(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

async fn health(State(shared): State<Arc<Shared>>) -> Response {
    match shared.relay.service().store().is_new().await {
        Ok(_) => (StatusCode::OK, "ok\n").into_response(),
        Err(error) => {
            tracing::warn!(%error, "health");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

/// Who asks: the peer, or whom a trusted proxy says it speaks for.
fn client_address(shared: &Shared, peer: &Peer, headers: &HeaderMap) -> IpAddr {
    if !shared.behind_proxy {
        return peer.address;
    }
    // The last entry is the one that our own proxy has added.
    let last = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
    let last = last.and_then(|value| value.rsplit(',').next()).map(str::trim);
    last.and_then(|text| text.parse().ok()).unwrap_or(peer.address)
}

async fn account(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let now = shared.clock.now();
    let address = client_address(&shared, &peer, &parts.headers);
    if let Err(wait) = shared.admit(address, now) {
        return failure(&shared, StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, Some(wait));
    }
    if parts.headers.get(header::CONTENT_TYPE).is_none_or(|value| value != CONTENT_TYPE) {
        return failure(&shared, StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::Malformed, None);
    }
    let bytes = match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, ACCOUNT_BYTES_MAX)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return failure(&shared, StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::LimitExceeded, None),
        Err(_) => return failure(&shared, StatusCode::REQUEST_TIMEOUT, ErrorCode::Malformed, None),
    };
    // In a task of its own: a client that hangs up doesn't stop halfway what others are to be told of.
    let own = shared.clone();
    let work = tokio::spawn(async move {
        let mut rng = own.fork();
        let service = own.relay.service();
        let outcome = service.handle_account(&own.entrance, &bytes, address, now, &mut rng).await;
        own.relay.account_done(&outcome);
        outcome.response
    });
    match work.await {
        Ok(response) => cbor(StatusCode::OK, &response),
        Err(_) => failure(&shared, StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal, None),
    }
}

fn cbor(status: StatusCode, response: &AccountResponse) -> Response {
    (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], Body::from(response.to_bytes())).into_response()
}

fn failure(shared: &Shared, status: StatusCode, code: ErrorCode, retry_after_ms: Option<u64>) -> Response {
    let incarnation = shared.relay.service().incarnation();
    cbor(status, &AccountResponse { incarnation, body: AccountAnswer::Error { code, retry_after_ms } })
}
