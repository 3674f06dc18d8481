//! What every store must do, as functions over any of them.
