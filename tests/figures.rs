//! What commands draw: where it goes, what it is called, and what it says of the data.

use std::fs;

use crate::program::Room;
use crate::train::check_figure;

/// The names of the files in a folder of the room, sorted, each with its length.
fn listed(room: &Room, folder: &str) -> Vec<(String, u64)> {
    let entries = fs::read_dir(room.path(folder)).expect("a folder");
    let entry = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, entry.metadata().expect("a file").len())
    };
    let mut names: Vec<(String, u64)> = entries.map(entry).collect();
    names.sort();
    names
}

#[test]
fn a_figure_of_other_data_has_its_own_name_and_names_the_data() {
    let room = Room::new();
    room.train("r", &["--data", "fonts:1"]);
    room.run(&["reconstruct", "r"]).ok();
    let own = room.bytes("runs/r/figures/reconstruction.svg");
    for (args, name, data) in [
        (&["--data", "fonts:2"][..], "fonts_2", "on fonts:2<"),
        (&["--first", "8"], "first-8", "on fonts:1<"),
        (&["--limit", "8"], "limit-8", "on fonts:1<"),
        (&["--letters", "12"], "12", "on fonts:1<"),
        (&["--checkpoint", "last"], "last", "on fonts:1<"),
    ] {
        let ran = room.run(&[&["reconstruct", "r"], args].concat()).ok();
        let stem = format!("runs/r/figures/reconstruction-{name}");
        assert!(ran.stdout.contains(&format!("{stem}.png")), "{ran:?}");
        check_figure(&room, &stem);
        let svg = room.text(&format!("{stem}.svg"));
        assert!(svg.contains(data), "{name}");
    }
    assert_eq!(room.bytes("runs/r/figures/reconstruction.svg"), own);
    // A second measurement of the same draws the same.
    room.run(&["eval", "r", "--checkpoint", "last"]).ok();
    assert_eq!(room.bytes("runs/r/figures/reconstruction.svg"), own);
    check_figure(&room, "runs/r/figures/loss-last");
}

#[test]
fn to_writes_that_file_and_no_other() {
    let room = Room::new();
    room.train("r", &["--data", "fonts:1"]);
    room.run(&["reconstruct", "r"]).ok();
    let before = listed(&room, "runs/r/figures");
    for line in [
        "reconstruct r --to",
        "denoise r --noise flip:.1 --copies 2 --to",
        "latent r --to",
        "morph r 1 2 --to",
        "generate r --to",
        "cluster r -k 3 --to",
        "score r --to",
        "data show fonts --to",
    ] {
        for (file, start) in [("f.png", &b"\x89PNG"[..]), ("f.svg", b"<svg")] {
            let args: Vec<&str> = line.split(' ').chain([file]).collect();
            let ran = room.run(&args).ok();
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(said.contains(file), "{line}: {said}");
            assert!(room.bytes(file).starts_with(start), "{line} {file}");
            fs::remove_file(room.path(file)).expect("it was there");
        }
        let args: Vec<&str> = line.split(' ').chain(["f.jpg"]).collect();
        let ran = room.run(&args).failed(2);
        assert!(
            ran.lines("error: ")[0].contains("`--to` is `f.jpg`"),
            "{ran:?}"
        );
        assert!(ran.lines("hint: ")[0].contains(".svg`"), "{ran:?}");
    }
    assert_eq!(listed(&room, "runs/r/figures"), before);
    for (file, start) in [("f.gif", &b"GIF89a"[..]), ("f.apng", b"\x89PNG")] {
        let walk = [
            "animate", "r", "--walk", "loop", "--frames", "3", "--to", file,
        ];
        room.run(&walk).ok();
        assert!(room.bytes(file).starts_with(start));
    }
    assert!(!room.path("runs/r/animations/walk-loop.gif").exists());
    let ran = room.run(&["animate", "r", "--to", "f.csv"]).failed(2);
    assert!(ran.lines("hint: ")[0].contains("`.gif`"), "{ran:?}");
    // The numbers, and a table that has nothing to draw.
    room.run(&["latent", "r", "--to", "numbers.csv"]).ok();
    assert!(
        room.text("numbers.csv")
            .starts_with("figure,x,y,label,class\n")
    );
}

#[test]
fn a_table_has_no_figure_of_images() {
    let room = Room::new();
    let rows: String = (0..40).map(|i| format!("{},{}\n", i % 7, i % 5)).collect();
    room.write("t.csv", format!("a,b\n{rows}"));
    room.train("t", &["--data", "t.csv", "--latent", "1"]);
    for line in [
        "reconstruct t",
        "denoise t --noise gaussian:.1",
        "cluster t -k 2",
        "generate t",
    ] {
        let args: Vec<&str> = line.split(' ').chain(["--to", "f.png"]).collect();
        let ran = room.run(&args).failed(2);
        assert!(ran.lines("error: ")[0].contains("no images"), "{ran:?}");
    }
}

#[test]
fn test_is_drawn_only_where_a_part_was_held_out() {
    let room = Room::new();
    room.train("all", &["--model", "vae"]);
    room.train("some", &["--model", "vae", "--test-fraction", ".25"]);
    let svg = |run: &str| {
        room.run(&["eval", run]).ok();
        room.text(&format!("runs/{run}/figures/loss.svg"))
    };
    let (all, some) = (svg("all"), svg("some"));
    assert!(
        !all.contains(">test</text>") && all.contains("no part was held out"),
        "{all}"
    );
    // Loss, reconstruction, divergence, squared error.
    assert_eq!(some.matches(">test</text>").count(), 4);
    assert!(some.contains("train: mean over the batches"));
    assert!(some.contains("KL divergence from the prior"));
}

#[test]
fn codes_of_a_thousand_of_many_samples_are_recorded_and_animated() {
    let room = Room::new();
    let rows: String = (0..1100)
        .map(|i| format!("{},{},{}\n", i % 7, i % 11, i % 13))
        .collect();
    room.write("t.csv", format!("a,b,c\n{rows}"));
    room.train("t", &["--data", "t.csv", "--latent", "2", "--epochs", "3"]);
    let codes = room.text("runs/t/codes.csv");
    let epochs = codes.lines().filter(|line| line.contains(",999,")).count();
    assert_eq!(codes.lines().count(), 1 + 1000 * epochs);
    assert!(epochs > 1);
    let value = room.run(&["animate", "t", "--json"]).ok().json();
    assert_eq!(value["frames"], epochs);
    // A code of three dimensions is not recorded: there is no empty file either.
    room.train("three", &["--latent", "3"]);
    assert!(!room.path("runs/three/codes.csv").exists());
    // A run of an older version has an empty file.
    room.write("runs/t/codes.csv", "");
    let ran = room.run(&["animate", "t"]).failed(5);
    assert!(ran.lines("hint: ")[0].contains("`--walk loop`"), "{ran:?}");
}

#[test]
fn a_large_csv_behind_a_grid_is_not_written() {
    let room = Room::new();
    let mut npy = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let mut header = "{'descr': '|u1', 'fortran_order': False, 'shape': (12, 24, 24), }".to_owned();
    header += &" ".repeat(0x76 - 1 - header.len());
    npy.extend(header.bytes().chain([b'\n']));
    npy.extend((0..12 * 24 * 24).map(|at: usize| (at * 53 % 256) as u8));
    room.write("p.npy", npy);
    let args = "train p.npy --device cpu --name p --latent 2 --epochs 2 --samples-every 1";
    let ran = room.run(&args.split(' ').collect::<Vec<_>>()).ok();
    assert!(room.path("runs/p/figures/grid.png").exists());
    assert!(!room.path("runs/p/figures/grid.csv").exists());
    check_figure(&room, "runs/p/figures/latent");
    // What was drawn while training is announced.
    assert!(
        ran.stdout.contains("figure  runs/p/figures/samples.png\n"),
        "{ran:?}"
    );
    assert!(
        ran.stdout
            .contains("film    runs/p/animations/samples.gif\n"),
        "{ran:?}"
    );
}

#[test]
fn a_sheet_says_how_much_of_the_data_it_shows_and_what_its_marks_mean() {
    let room = Room::new();
    room.run(&["data", "show", "fonts:all", "--first", "5", "--to", "f.svg"])
        .ok();
    assert!(
        room.text("f.svg")
            .contains("fonts:all: 5 images, 1x7x5 each")
    );
    room.train("r", &[]);
    room.run(&["reconstruct", "r", "--to", "r.svg"]).ok();
    assert!(
        room.text("r.svg")
            .contains("how many of its 35 pixels are wrong")
    );
    room.run(&["morph", "r", "A", "B", "--steps", "3", "--to", "m.svg"])
        .ok();
    let morph = room.text("m.svg");
    for text in ["From A to B, AE 35-25-2-25-35 on fonts", "50 %"] {
        assert!(morph.contains(text), "{text}");
    }
    assert_eq!(morph.matches(" original</text>").count(), 2);
}
