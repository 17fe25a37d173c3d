//! The lower bound of a backup: opens, reads and closes every file of a store, and appends it to
//! one file. Nothing is checked, hashed or reported.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(store), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("usage: floor STORE OUTPUT"));
    };
    let mut output = BufWriter::with_capacity(256 << 10, File::create_new(output)?);
    append(&store, &mut output)?;
    output.flush()
}

/// Appends every file in a directory and its subdirectories.
fn append(directory: &Path, output: &mut BufWriter<File>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            append(&entry.path(), output)?;
        } else {
            output.write_all(&fs::read(entry.path())?)?;
        }
    }
    Ok(())
}
