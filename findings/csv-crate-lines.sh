#!/usr/bin/env bash
# The `csv` crate (1.4.0) names a wrong line for a record after CR LF or a blank line, and reads to the end of the file without an error
# where a quote is not closed.
#
# `ByteRecord::position().line()` is documented as the line at which the record starts. The position is taken where the last read ended:
# after CR and before its LF, and before blank lines. An error message with this line sends its reader to a line above the fault. A
# quote that is never closed makes one field of all that follows; nothing says so.
#
# Seen with csv 1.4.0 (csv-core 0.1.13), Rust 1.95: lines 1, 1, 2 where the records stand in lines 1, 2 and 4; and 2 records, the last
# with all other lines in its second field. Fails when that changes. Needs cargo and crates.io.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
mkdir "$room/src"
cat > "$room/Cargo.toml" <<'TOML'
[package]
name = "lines"
version = "0.1.0"
edition = "2021"
[dependencies]
csv = "=1.4.0"
csv-core = "=0.1.13"
TOML
cat > "$room/src/main.rs" <<'RUST'
fn reader(text: &str) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).from_reader(text.as_bytes())
}

fn main() {
    let mut lines = Vec::new();
    for record in reader("a,b\r\n1,2\r\n\r\n3,4\r\n").byte_records() {
        lines.push(record.expect("a record").position().expect("known").line());
    }
    println!("lines {lines:?}, right would be [1, 2, 4]");
    let mut fields = Vec::new();
    for record in reader("a,b\n1,\"2\n3,4\n5,6\n").records() {
        fields.push(record.expect("no error").iter().map(str::to_owned).collect::<Vec<_>>());
    }
    println!("records {fields:?}");
}
RUST
found=$(cargo run --quiet --manifest-path "$room/Cargo.toml")
echo "$found"
expected='lines [1, 1, 2], right would be [1, 2, 4]
records [["a", "b"], ["1", "2\n3,4\n5,6\n"]]'
[ "$found" = "$expected" ] || { echo "csv behaves differently now" >&2; exit 1; }
