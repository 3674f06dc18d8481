//! Ordered sets and maps, put together one entry after another.
//!
//! `collect` sorts its entries first, and for each kind of entry that brings a sorting routine of its own into the
//! browser's core: some ten thousand bytes, where a handful of entries is the rule. Invariant: the same result.

use std::collections::{BTreeMap, BTreeSet};

/// The items as a set.
pub fn set<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    set.extend(items);
    set
}

/// The pairs as a map; of pairs with one key the last counts.
pub fn map<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(pairs);
    map
}
