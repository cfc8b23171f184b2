//! The sandbox seen from outside.

mod scenarios;
