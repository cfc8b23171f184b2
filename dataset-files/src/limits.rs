//! How much of a file is read, and how large it may become.

/// Limits on everything that a file may claim. A file that goes beyond is refused with an error that names the limit; a column
/// that does is left out of a preview, and the preview says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// What is read of a file's end at first: most footers fit. 64 KiB.
    pub tail_bytes: u64,
    /// The largest Parquet footer. 64 MiB.
    pub footer_bytes: u64,
    /// What a preview may read, what was read to open the file not counted; columns that are read side by side may each read one
    /// page more. 64 MiB.
    pub preview_bytes: u64,
    /// What a preview may read of one column. 8 MiB.
    pub column_bytes: u64,
    /// The largest page or block, unpacked: what a small file could blow up to. 32 MiB.
    pub unpacked_bytes: usize,
    /// The most values of one page. 16,777,216.
    pub page_values: usize,
    /// The most rows of a preview. 1,000.
    pub rows: usize,
    /// The most columns of a preview. 100.
    pub columns: usize,
    /// The longest text of a value, in characters. 200.
    pub value_chars: usize,
    /// The largest header of an Avro file. 4 MiB.
    pub avro_header_bytes: u64,
    /// The largest block of an Avro file, as it is stored. 16 MiB.
    pub avro_block_bytes: u64,
    /// How many files of a folder are listed. 1,000: what S3 answers to one call.
    pub listed: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tail_bytes: 64 << 10,
            footer_bytes: 64 << 20,
            preview_bytes: 64 << 20,
            column_bytes: 8 << 20,
            unpacked_bytes: 32 << 20,
            page_values: 16 << 20,
            rows: 1000,
            columns: 100,
            value_chars: 200,
            avro_header_bytes: 4 << 20,
            avro_block_bytes: 16 << 20,
            listed: 1000,
        }
    }
}

macro_rules! with {
    ($($(#[$doc:meta])* $name:ident = $field:ident: $kind:ty;)+) => {
        impl Limits {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(mut self, limit: $kind) -> Self {
                self.$field = limit;
                self
            })+
        }
    };
}

with! {
    /// With another size of the first read of a file's end.
    with_tail_bytes = tail_bytes: u64;
    /// With another largest footer.
    with_footer_bytes = footer_bytes: u64;
    /// With another sum of what a preview may read.
    with_preview_bytes = preview_bytes: u64;
    /// With another share of one column in a preview.
    with_column_bytes = column_bytes: u64;
    /// With another largest unpacked page or block.
    with_unpacked_bytes = unpacked_bytes: usize;
    /// With another number of values of a page.
    with_page_values = page_values: usize;
    /// With another number of rows.
    with_rows = rows: usize;
    /// With another number of columns.
    with_columns = columns: usize;
    /// With another length of a value's text.
    with_value_chars = value_chars: usize;
    /// With another largest Avro header.
    with_avro_header_bytes = avro_header_bytes: u64;
    /// With another largest Avro block.
    with_avro_block_bytes = avro_block_bytes: u64;
    /// With another number of listed files.
    with_listed = listed: usize;
}
