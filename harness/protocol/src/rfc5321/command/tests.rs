//! Commands, one by one.
