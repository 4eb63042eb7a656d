//! Whether a machine can have a graphics adapter, by the files that its kernel shows.
//!
//! To list adapters loads every graphics driver that is installed: where Mesa's is the only one that takes a tenth of a second and 50 MiB, of every
//! command, to learn that there is no hardware.

use std::path::Path;

/// Whether graphics hardware may be there. Linux gives each adapter that programs compute on a file under `/dev`; of other systems nothing is known.
pub(crate) fn may_have_hardware() -> bool {
    !cfg!(target_os = "linux") || shows_hardware(Path::new("/dev"))
}

/// What the files of adapters begin with: NVIDIA, Windows below Linux, Adreno, Mali, PowerVR, Tegra.
const BEGINNINGS: [&str; 7] = ["nvidia", "dxg", "kgsl", "mali", "pvr", "nvhost", "nvmap"];

/// Whether there is a file of an adapter in a folder of devices. What cannot be read is taken to have one.
fn shows_hardware(devices: &Path) -> bool {
    let Ok(files) = devices.read_dir() else {
        return true;
    };
    let mut names = files.flatten().map(|file| file.file_name());
    names.any(|name| {
        let name = name.to_string_lossy();
        BEGINNINGS.iter().any(|words| name.starts_with(words))
            || name == "dri" && can_compute(&devices.join("dri"))
    })
}

/// Whether an adapter of the kernel's own graphics computes: others only show pictures.
fn can_compute(folder: &Path) -> bool {
    let Ok(files) = folder.read_dir() else {
        return true;
    };
    let mut names = files.flatten().map(|file| file.file_name());
    names.any(|name| name.to_string_lossy().starts_with("renderD"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_is_known_by_its_files() {
        let seen = |files: &[&str]| {
            let devices = tempfile::tempdir().expect("a folder");
            for file in files {
                let path = devices.path().join(file);
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                std::fs::write(path, "").expect("a file");
            }
            shows_hardware(devices.path())
        };
        assert!(!seen(&[]));
        // A console, the arbiter of screens, a screen that computes nothing.
        assert!(!seen(&["tty0", "vga_arbiter", "dri/card0"]));
        for file in [
            "dri/renderD128",
            "nvidia0",
            "dxg",
            "kgsl-3d0",
            "mali0",
            "nvhost-gpu",
        ] {
            assert!(seen(&["tty0", file]), "{file}");
        }
    }

    #[test]
    fn what_cannot_be_read_may_have_hardware() {
        assert!(shows_hardware(Path::new("/no such folder")));
    }
}
