//! Second factors in memory, and since when they are asked for.

use super::Data;
use crate::store::{FactorRow, FactorStanding, Swap};
use sotto_protocol::ids::{AccountId, FactorId, Millis, PracticeId};

impl Data {
    pub(super) fn factors(&self, account: AccountId) -> Vec<FactorRow> {
        let mine = self.factors.values().filter(|row| row.account == account);
        let mut mine: Vec<_> = mine.cloned().collect();
        mine.sort_by_key(|row| (row.created_at, row.id));
        mine
    }

    pub(super) fn factor_standing(&self, account: AccountId) -> Option<FactorStanding> {
        let row = self.accounts.get(&account)?;
        Some(FactorStanding {
            since: self.factors_since.get(&row.practice).copied(),
            account_since: row.created_at,
            has_factor: self.factors.values().any(|factor| factor.account == account),
        })
    }

    pub(super) fn put_factor(&mut self, row: FactorRow, max: usize) -> bool {
        let key = (row.account, row.id);
        let others = self.factors.keys().filter(|(account, id)| *account == key.0 && *id != key.1).count();
        let fits = self.accounts.contains_key(&key.0) && others < max;
        if fits {
            self.factors.entry(key).or_insert(row);
        }
        fits
    }

    pub(super) fn use_factor(&mut self, account: AccountId, id: FactorId, used: u64) -> Swap {
        match self.factors.get_mut(&(account, id)).filter(|row| row.used < used) {
            Some(row) => {
                row.used = used;
                Swap::Done
            }
            None => Swap::Lost,
        }
    }

    pub(super) fn set_factors_since(&mut self, practice: PracticeId, since: Option<Millis>) {
        match since {
            Some(since) if self.practices.contains_key(&practice) => {
                self.factors_since.entry(practice).or_insert(since);
            }
            _ => drop(self.factors_since.remove(&practice)),
        }
    }
}
