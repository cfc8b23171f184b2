//! Prints the scheduler's interface as far as it is known here, for peers that read Thrift's language.

#![expect(clippy::print_stdout, reason = "a program for a terminal")]

fn main() {
    print!("{}", aurora_client::wire::idl());
}
