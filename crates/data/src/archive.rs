//! The files of a set out of the archive that holds them.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use zip::ZipArchive;

use crate::download::{Failure, io_error, remove, remove_link, wrong};
use crate::manifests::{DataFile, Packing};

/// The most bytes that a file without a length on record may unpack to.
const LARGEST: u64 = 4 << 30;

/// Unpacks the wanted files, wherever in the archive they lie, into a folder; returns the names of those that were there.
///
/// Each is unpacked beside its place, checked, and then put there. What the archive calls its members is only compared with
/// the wanted names, so none is written anywhere else.
///
/// # Errors
/// [`Failure::Refused`] where the archive or a file in it is damaged, [`Failure::Local`] where this machine cannot write.
pub(crate) fn extract(
    archive: &Path,
    packing: Packing,
    wanted: &[&DataFile],
    folder: &Path,
) -> Result<Vec<String>, Failure> {
    let reading = |failure| Failure::Local(io_error("read", archive, failure));
    let input = BufReader::new(File::open(archive).map_err(reading)?);
    let mut names = Vec::new();
    let mut take = |member: &str, reader: &mut dyn Read| {
        let name = member.rsplit('/').next().unwrap_or_default();
        let Some(file) = wanted.iter().find(|file| file.name == name) else {
            return Ok(());
        };
        place(reader, file, folder)?;
        names.push(file.name.clone());
        Ok(())
    };
    match packing {
        Packing::Zip => each_of_zip(input, &mut take)?,
        Packing::TarGz => each_of_tar(input, &mut take)?,
    }
    Ok(names)
}

/// Takes a file of an archive: its path in it, and its bytes.
type Take<'a> = &'a mut dyn FnMut(&str, &mut dyn Read) -> Result<(), Failure>;

fn each_of_zip(input: BufReader<File>, take: Take) -> Result<(), Failure> {
    let damaged = |failure: zip::result::ZipError| damaged(&failure);
    let mut archive = ZipArchive::new(input).map_err(damaged)?;
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(damaged)?;
        let name = member.name().map_err(damaged)?.into_owned();
        if member.is_file() {
            take(&name, &mut member)?;
        }
    }
    Ok(())
}

fn each_of_tar(input: BufReader<File>, take: Take) -> Result<(), Failure> {
    let damaged = |failure: io::Error| damaged(&failure);
    let mut archive = tar::Archive::new(GzDecoder::new(input));
    for member in archive.entries().map_err(damaged)? {
        let mut member = member.map_err(damaged)?;
        let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        if member.header().entry_type().is_file() {
            take(&name, &mut member)?;
        }
    }
    Ok(())
}

fn damaged(failure: &dyn std::error::Error) -> Failure {
    Failure::Refused(format!("the archive is damaged: {failure}"))
}

/// Writes a file beside its place, checks it, and puts it there.
fn place(reader: &mut dyn Read, file: &DataFile, folder: &Path) -> Result<(), Failure> {
    let part = folder.join(format!("{}.part", file.name));
    let writing = |failure| Failure::Local(io_error("write", &part, failure));
    remove_link(&part).map_err(Failure::Local)?;
    let mut out = File::create(&part).map_err(writing)?;
    let most = file.bytes.unwrap_or(LARGEST);
    // One byte more shows a file that is too long.
    let mut bounded = reader.take(most.saturating_add(1));
    let mut block = vec![0; 64 << 10];
    loop {
        match bounded.read(&mut block) {
            Ok(0) => break,
            Ok(read) => io::Write::write_all(&mut out, &block[..read]).map_err(writing)?,
            Err(failure) if failure.kind() == io::ErrorKind::Interrupted => {}
            Err(failure) => {
                drop(out);
                remove(&part).map_err(Failure::Local)?;
                return Err(damaged(&failure));
            }
        }
    }
    out.sync_all().map_err(writing)?;
    drop(out);
    let too_long = || (bounded.limit() == 0).then(|| format!("more than {most} bytes"));
    let wrong = wrong(&part, file)
        .map_err(Failure::Local)?
        .or_else(too_long);
    if let Some(reason) = wrong {
        remove(&part).map_err(Failure::Local)?;
        let reason = format!("the archive holds another `{}`: {reason}", file.name);
        return Err(Failure::Refused(reason));
    }
    fs::rename(&part, folder.join(&file.name)).map_err(writing)
}
