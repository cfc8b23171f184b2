//! The fleet: how machines come and go, and what Auto Scaling's API says of them.

mod http;
mod machines;
