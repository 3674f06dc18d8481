//! Times as people read them: where they are, with the distance from UTC said.
//!
//! Owns the proleptic Gregorian calendar and the offsets a host hands in. Refuses to know which zone somebody is in and
//! what its rules are. Invariant: a time outside the years 1970 to 9999, which only a hostile clock says, has no date.

use super::Zone;
use super::words::Words;
use core::fmt::Write as _;
use sotto_protocol::ids::Millis;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
/// The end of the year 9999.
const END_MS: u64 = 253_402_300_799_999;

/// A date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    /// 0 is Monday.
    weekday: i64,
    /// Since midnight.
    ms: i64,
}

impl Civil {
    fn of(ms: i64) -> Self {
        let days = ms.div_euclid(DAY_MS);
        // Counted from 1 March of the year 0, in cycles of 400 years: then the leap day is the last of a year.
        let shifted = days + 719_468;
        let (cycle, day_of_cycle) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_cycle =
            (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
        let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        let march = (5 * day_of_year + 2) / 153;
        let month = if march < 10 { march + 3 } else { march - 9 };
        Self {
            year: cycle * 400 + year_of_cycle + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * march + 2) / 5 + 1,
            weekday: (days + 3).rem_euclid(7),
            ms: ms.rem_euclid(DAY_MS),
        }
    }
}

fn milliseconds(at: Millis) -> Option<i64> {
    Some(at.0).filter(|ms| *ms <= END_MS).and_then(|ms| i64::try_from(ms).ok())
}

impl Zone {
    /// The distance from UTC then.
    fn offset_minutes(&self, at: Millis) -> i64 {
        let upto = self.offsets.partition_point(|(from, _)| *from <= at);
        // What was before the first change that is known is taken to be what it changed to.
        let entry = self.offsets.get(upto.saturating_sub(1));
        entry.map_or(0, |(_, minutes)| i64::from(*minutes))
    }

    fn civil(&self, at: Millis) -> Option<Civil> {
        Some(Civil::of(milliseconds(at)?.saturating_add(self.offset_minutes(at) * MINUTE_MS)))
    }

    /// A number for the day, so that two times can be told to be on the same one.
    pub(super) fn day(&self, at: Millis) -> Option<i64> {
        Some((milliseconds(at)?.saturating_add(self.offset_minutes(at) * MINUTE_MS)).div_euclid(DAY_MS))
    }

    /// `Tuesday, 3 March 2026`
    pub(super) fn date(&self, at: Millis, words: &Words) -> String {
        let Some(civil) = self.civil(at) else { return words.no_time.into() };
        let name = |names: &'static str, at: i64| {
            names.split(' ').nth(usize::try_from(at).unwrap_or_default()).unwrap_or_default()
        };
        let (weekday, month) = (name(words.weekdays, civil.weekday), name(words.months, civil.month - 1));
        let of = words.date_of;
        format!("{weekday}, {} {of}{month} {of}{}", civil.day, civil.year)
    }

    /// `21:04 UTC−05:00`
    pub(super) fn time(&self, at: Millis, words: &Words) -> String {
        let Some(civil) = self.civil(at) else { return words.no_time.into() };
        let minutes = civil.ms / MINUTE_MS;
        let offset = self.offset_minutes(at);
        let sign = if offset < 0 { '−' } else { '+' };
        let away = offset.abs();
        format!("{:02}:{:02} UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60, away / 60, away % 60)
    }
}

/// `2026-03-04T02:04:05.123Z`
pub(super) fn iso(at: Millis) -> Option<String> {
    let civil = Civil::of(milliseconds(at)?);
    let (seconds, ms) = (civil.ms / 1000, civil.ms % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = String::with_capacity(24);
    let written = write!(
        text,
        "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z",
        civil.year, civil.month, civil.day
    );
    written.ok().map(|()| text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::words::{EN, ES};

    fn new_york() -> Zone {
        let offsets = vec![
            (Millis(1_762_063_200_000), -300), // 2 November 2025, 06:00 UTC
            (Millis(1_772_953_200_000), -240), // 8 March 2026, 07:00 UTC
        ];
        Zone { name: "America/New_York".into(), offsets }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (1_800_000_000_123, "2027-01-15T08:00:00.123Z"),
            (END_MS, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(iso(Millis(ms)).as_deref(), Some(expected));
        }
        assert_eq!(iso(Millis(END_MS + 1)), None);
        assert_eq!(iso(Millis(u64::MAX)), None);
    }

    #[test]
    fn a_time_is_told_where_the_person_is() {
        let (zone, before, after) = (new_york(), Millis(1_772_953_199_000), Millis(1_772_953_200_000));
        assert_eq!(zone.time(before, &EN), "01:59 UTC−05:00");
        assert_eq!(zone.time(after, &EN), "03:00 UTC−04:00");
        assert_eq!(zone.date(after, &EN), "Sunday, 8 March 2026");
        assert_eq!(zone.date(after, &ES), "domingo, 8 de marzo de 2026");
        assert_eq!(zone.day(before), zone.day(after));
        assert_eq!(zone.time(Millis(0), &EN), "19:00 UTC−05:00");
        assert_eq!(zone.date(Millis(u64::MAX), &EN), "at no time");
        let utc = Zone { name: "UTC".into(), offsets: Vec::new() };
        assert_eq!(utc.time(Millis(0), &EN), "00:00 UTC+00:00");
        assert_eq!(utc.date(Millis(0), &EN), "Thursday, 1 January 1970");
    }
}
