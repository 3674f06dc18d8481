//! Frames written without building them first.
//!
//! Owns the encoding of pages and pushes straight from stored rows, so that a payload is copied once. Invariant:
//! the bytes are those of `ServerFrame::to_bytes`, which a test compares.

use crate::store::PageRow;
use minicbor::Encoder;
use sotto_protocol::frame::{Req, SpaceHead};
use sotto_protocol::ids::{IncarnationId, Millis, Seq, SpaceId};
use sotto_protocol::limits::{PAGE_BYTES_MAX, PAGE_RECORDS_MAX};
use sotto_protocol::record::{Payload, Record};
use sotto_protocol::sign::SignatureBytes;
use std::sync::Arc;

/// An encoded frame, shared by everybody it goes to.
pub type Frame = bytes::Bytes;

type Writing = Result<(), minicbor::encode::Error<std::convert::Infallible>>;
type Out<'a> = Encoder<&'a mut Vec<u8>>;

/// Index of `ServerBody::Page`.
const PAGE: u32 = 5;
/// Index of `ServerBody::Push`.
const PUSH: u32 = 6;

fn stored(
    e: &mut Out<'_>,
    position: (Seq, Millis),
    header: &[u8],
    signature: &SignatureBytes,
    payload: Option<&[u8]>,
) -> Writing {
    e.array(3)?.u64(position.0.0)?.u64(position.1.0)?;
    e.array(3)?.bytes(header)?.bytes(&signature.0)?;
    match payload {
        Some(payload) => e.bytes(payload)?.ok(),
        None => e.null()?.ok(),
    }
}

fn length(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

/// A `Page`.
pub(super) fn page_frame(incarnation: IncarnationId, req: Req, rows: &[PageRow], head: &SpaceHead) -> Frame {
    let size: usize = rows.iter().map(PageRow::size).sum();
    let mut out = Vec::with_capacity(size + 256);
    // Writing to a Vec is infallible.
    let _ = write_page(&mut Encoder::new(&mut out), incarnation, req, rows, head);
    Frame::from(out)
}

fn write_page(
    e: &mut Out<'_>,
    incarnation: IncarnationId,
    req: Req,
    rows: &[PageRow],
    head: &SpaceHead,
) -> Writing {
    e.array(2)?.encode(incarnation)?;
    e.array(2)?.u32(PAGE)?.array(4)?.u32(req)?.encode(head.space)?;
    e.array(length(rows.len()))?;
    for row in rows {
        stored(e, (row.seq, row.at), &row.header, &row.signature, row.payload.as_deref())?;
    }
    e.encode(head)?.ok()
}

/// `Push` frames for consecutive records of one space, each within the limits of a page.
pub fn push_frames(
    incarnation: IncarnationId,
    space: SpaceId,
    records: &[(Seq, Millis, Arc<Record>)],
) -> Vec<Frame> {
    let mut frames = Vec::with_capacity(1);
    let mut rest = records;
    while !rest.is_empty() {
        let mut size = 0;
        let fits = |(_, _, record): &&(Seq, Millis, Arc<Record>)| {
            let first = size == 0;
            size += record.header_bytes().len() + record.payload().map_or(0, Payload::len) + 96;
            first || size <= PAGE_BYTES_MAX
        };
        let count = rest.iter().take(PAGE_RECORDS_MAX).take_while(fits).count();
        let (now, later) = rest.split_at(count.max(1).min(rest.len()));
        let mut out = Vec::with_capacity(size.min(PAGE_BYTES_MAX) + 64);
        // Writing to a Vec is infallible.
        let _ = write_push(&mut Encoder::new(&mut out), incarnation, space, now);
        frames.push(Frame::from(out));
        rest = later;
    }
    frames
}

fn write_push(
    e: &mut Out<'_>,
    incarnation: IncarnationId,
    space: SpaceId,
    records: &[(Seq, Millis, Arc<Record>)],
) -> Writing {
    e.array(2)?.encode(incarnation)?;
    e.array(2)?.u32(PUSH)?.array(2)?.encode(space)?;
    e.array(length(records.len()))?;
    for (seq, at, record) in records {
        let payload = record.payload().map(Payload::as_slice);
        stored(e, (*seq, *at), record.header_bytes(), record.signature(), payload)?;
    }
    Ok(())
}
