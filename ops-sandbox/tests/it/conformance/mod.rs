//! The clients' own conformance suites, played in memory and over sockets. Everything is possible here.

mod metapod;
mod sonar;
