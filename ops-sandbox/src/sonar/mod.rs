//! Sonar: a window on Metapod's catalogue.

mod port;

pub use port::SonarPort;
