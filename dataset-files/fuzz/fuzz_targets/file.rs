#![no_main]

mod shared;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| shared::look(file.to_vec()));
