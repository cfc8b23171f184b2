#![no_main]

mod shared;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|footer: &[u8]| {
    let length = u32::try_from(footer.len()).unwrap_or(u32::MAX);
    shared::look([b"PAR1", footer, &length.to_le_bytes(), b"PAR1"].concat());
});
