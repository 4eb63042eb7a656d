//! Real data through the program: folders of pictures, tables, arrays, the files of known sets, and nets that convolve.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;

use serde_json::{Value, json};

use crate::program::{Ran, Room, npy, ran};
use crate::train::check_figure;

// What the tests are fed with: files as other programs write them, made by hand.

/// A picture of 24 bits a pixel, given as red, green and blue at a row and a column.
fn bmp(height: usize, width: usize, pixel: impl Fn(usize, usize) -> [u8; 3]) -> Vec<u8> {
    let padding = vec![0; (4 - width * 3 % 4) % 4];
    let mut rows = Vec::new();
    // From the lowest row up, blue first.
    for y in (0..height).rev() {
        (0..width).for_each(|x| rows.extend(pixel(y, x).into_iter().rev()));
        rows.extend(&padding);
    }
    let mut file = bmp_header(height as u32, width as u32, rows.len() as u32);
    file.extend(rows);
    file
}

fn bmp_header(height: u32, width: u32, bytes: u32) -> Vec<u8> {
    let mut header = b"BM".to_vec();
    for number in [54 + bytes, 0, 54, 40, width, height] {
        header.extend(number.to_le_bytes());
    }
    header.extend([1, 0, 24, 0]);
    for number in [0, bytes, 2835, 2835, 0, 0] {
        header.extend(u32::to_le_bytes(number));
    }
    header
}

/// A grey picture of 5x6 pixels, another one for each number.
fn grey(number: usize) -> Vec<u8> {
    bmp(5, 6, |y, x| {
        [((number * 31 + y * 47 + x * 83) % 256) as u8; 3]
    })
}

/// The same in colour.
fn colour(number: usize) -> Vec<u8> {
    bmp(5, 6, |y, x| {
        [1, 2, 3].map(|factor| ((number * 31 + factor * (y * 47 + x * 83)) % 256) as u8)
    })
}

/// Eight grey cats and eight grey dogs in `pictures`.
fn cats_and_dogs(room: &Room) {
    for (class, first) in [("cat", 0), ("dog", 8)] {
        make(room, &format!("pictures/{class}"));
        for number in 0..8 {
            let name = format!("pictures/{class}/{number}.bmp");
            room.write(&name, grey(first + number));
        }
    }
}

/// A folder with these files.
fn folder(room: &Room, name: &str, files: &[(&str, Vec<u8>)]) {
    make(room, name);
    for (file, bytes) in files {
        room.write(&format!("{name}/{file}"), bytes);
    }
}

fn make(room: &Room, folder: &str) {
    fs::create_dir_all(room.path(folder)).expect("the room is writable");
}

/// Measurements of three columns with very different numbers, 24 of them, 8 of each kind.
fn measured() -> String {
    let row = |i: usize| {
        let kind = ["x", "y", "z"][i % 3];
        format!(
            "{},{},{},{kind}\n",
            i as f64 * 0.5,
            100 - 2 * i,
            i % 5 * 1000
        )
    };
    "a,b,c,kind\n".to_owned() + &(0..24).map(row).collect::<String>()
}

/// A file of bytes as MNIST has them; two dimensions more for pictures of 28x28 pixels than for labels.
fn idx(count: usize, pictures: bool, byte: impl Fn(usize) -> u8) -> Vec<u8> {
    let mut file = vec![0, 0, 8, if pictures { 3 } else { 1 }];
    file.extend((count as u32).to_be_bytes());
    let size = if pictures {
        file.extend([0, 0, 0, 28, 0, 0, 0, 28]);
        28 * 28
    } else {
        1
    };
    file.extend((0..count * size).map(byte));
    file
}

/// A made-up MNIST of so many pictures in both parts, with the classes in turn, in `data`.
fn mnist(room: &Room, train: usize, test: usize) {
    make(room, "data/mnist");
    for (part, count) in [("train", train), ("t10k", test)] {
        // Bars that lie differently in each picture.
        let pixel = |at: usize| (at / 784 * 29 + at % 784 * 7 + at / 28 % 28 * 13) as u8;
        let stem = format!("data/mnist/{part}");
        room.write(
            &format!("{stem}-images-idx3-ubyte"),
            idx(count, true, pixel),
        );
        let class = |at: usize| (at % 10) as u8;
        room.write(
            &format!("{stem}-labels-idx1-ubyte"),
            idx(count, false, class),
        );
    }
}

/// The start of a gzip file that breaks off.
fn broken_gzip() -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    // One block of 1000 bytes as they are, of which only a few come.
    file.extend([1, 0xe8, 0x03, 0x17, 0xfc]);
    file.extend(idx(60, true, |_| 0).iter().take(100));
    file
}

// What is looked at.

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn run(room: &Room, line: &str) -> Ran {
    room.run(&words(line))
}

/// Trains two epochs without figures, or as `more` says.
#[track_caller]
fn train(room: &Room, name: &str, more: &str) -> Ran {
    room.train(name, &words(&format!("--set train.epochs=2 {more}")))
}

/// What a run says of its data, beside name and checksum.
fn facts(room: &Room, name: &str) -> Value {
    let mut data = room.json(&format!("runs/{name}/run.json"))["data"].clone();
    let object = data.as_object_mut().expect("an object");
    object.retain(|key, _| !["name", "sha256", "test_sha256"].contains(&key.as_str()));
    data
}

/// The lines of a table in text after its header, in cells.
fn cells(text: &str) -> Vec<Vec<String>> {
    let row = |line: &str| line.split(',').map(str::to_owned).collect();
    text.lines().skip(1).map(row).collect()
}

/// The classes in the map of the codes, in order, with how many points each has.
fn classes_on_the_map(room: &Room, name: &str) -> Vec<(String, usize)> {
    let text = room.text(&format!("runs/{name}/figures/latent.csv"));
    assert!(text.starts_with("x,y,label,class\n"), "{text}");
    let mut classes: Vec<(String, usize)> = Vec::new();
    let mut found: Vec<String> = cells(&text).iter().map(|row| row[3].clone()).collect();
    found.sort();
    for class in found {
        match classes.last_mut() {
            Some((last, count)) if *last == class => *count += 1,
            _ => classes.push((class, 1)),
        }
    }
    classes
}

/// How many frames an animated PNG has.
#[track_caller]
fn frames(png: &[u8]) -> u32 {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n") && png.ends_with(b"IEND\xaeB\x60\x82"));
    let at = png.windows(4).position(|name| name == b"acTL");
    let at = at.expect("it is animated") + 4;
    u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"))
}

#[track_caller]
fn check_animation(room: &Room, stem: &str, count: u32) {
    let gif = room.bytes(&format!("{stem}.gif"));
    assert!(
        gif.starts_with(b"GIF89a") && gif.ends_with(b"\x3b"),
        "{stem}"
    );
    assert_eq!(frames(&room.bytes(&format!("{stem}.png"))), count, "{stem}");
}

/// What is refused: the exit code, words of the one error and of the hint, and nothing written.
#[track_caller]
fn refused(room: &Room, line: &str, code: i32, error: &str, hint: &str) {
    let before = room.tree();
    let ran = run(room, line).failed(code);
    assert!(ran.lines("error: ")[0].contains(error), "{line}: {ran:#?}");
    if !hint.is_empty() {
        let hints = ran.lines("hint: ");
        assert!(
            hints.len() == 1 && hints[0].contains(hint),
            "{line}: {ran:#?}"
        );
    }
    assert!(room.tree() == before, "{line}: files were written");
}

// Folders of pictures.

#[test]
fn a_folder_of_pictures_is_learned_with_its_folders_as_classes() {
    let room = Room::new();
    cats_and_dogs(&room);
    let ran = run(
        &room,
        "train ./pictures --device cpu --epochs 2 --name zoo --layers 8",
    )
    .ok();
    assert!(ran.stdout.contains("no part was held out"), "{ran:#?}");
    let expected = json!({ "train": 16, "test": 16, "held_out": false, "shape": [1, 5, 6] });
    assert_eq!(facts(&room, "zoo"), expected);
    for figure in ["loss", "reconstruction", "latent", "grid"] {
        check_figure(&room, &format!("runs/zoo/figures/{figure}"));
    }
    let both = [("cat".to_owned(), 8), ("dog".to_owned(), 8)];
    assert_eq!(classes_on_the_map(&room, "zoo"), both);
    let codes = cells(&run(&room, "encode zoo --classes dog").ok().stdout);
    assert_eq!(codes.len(), 8);
    assert_eq!(codes[7][1], "7");
    // Other pictures are given in the same way; these are the same ones.
    let dogs = cells(&run(&room, "encode zoo --data pictures/dog").ok().stdout);
    assert_eq!(dogs, codes);
    run(&room, "morph zoo #0 #15 --steps 3").ok();
    let noisy = run(&room, "denoise zoo --noise gaussian:.2 --copies 2 --json").ok();
    assert!(noisy.json()["median"]["psnr"].is_number());
    let said = run(&room, "reconstruct zoo").ok().stdout;
    let numbers: Vec<&str> = said.split_whitespace().collect();
    let decimals = |at: usize| numbers[at].trim_end_matches(',').split('.').nth(1);
    assert_eq!(decimals(5).map(str::len), Some(2), "{said}");
    assert_eq!(decimals(9).map(str::len), Some(3), "{said}");
}

#[test]
fn pictures_are_brought_to_one_size_and_to_grey() {
    let room = Room::new();
    let larger = bmp(7, 9, |y, x| [(y * 9 + x) as u8, 0, 200]);
    let three = [("a.bmp", colour(1)), ("b.bmp", grey(2)), ("c.bmp", larger)];
    folder(&room, "all", &three);
    folder(&room, "two", &three[..2]);
    let shape = |more: &str, name: &str| {
        train(&room, name, more);
        facts(&room, name)["shape"].clone()
    };
    assert_eq!(shape("two", "colour"), json!([3, 5, 6]));
    assert_eq!(shape("two --grey", "grey"), json!([1, 5, 6]));
    assert_eq!(shape("all --size 4x3", "small"), json!([3, 4, 3]));
    refused(
        &room,
        "train all",
        3,
        "c.bmp`: expected 5x6 pixels as in `a.bmp`, found 7x9",
        "`--size 5x6`",
    );
    // A run brings other pictures to its size, too.
    let codes = run(&room, "encode small --data two").ok().stdout;
    assert_eq!(cells(&codes).len(), 2);
    let hint = "of the shape it was trained on";
    refused(
        &room,
        "encode grey --data fonts",
        2,
        "`fonts` has samples of 1x7x5, and this run learned 1x5x6",
        hint,
    );
}

#[test]
fn a_part_can_be_held_out() {
    let room = Room::new();
    cats_and_dogs(&room);
    let ran = train(&room, "held", "./pictures --test-fraction .25 --layers 8");
    assert!(!ran.stdout.contains("held out"), "{ran:#?}");
    let expected = json!({ "train": 12, "test": 4, "held_out": true, "shape": [1, 5, 6] });
    assert_eq!(facts(&room, "held"), expected);
    let codes = |part: &str| {
        let ran = run(&room, &format!("encode held --part {part}")).ok();
        cells(&ran.stdout)
    };
    let (train_codes, test_codes) = (codes("train"), codes("test"));
    assert_eq!((train_codes.len(), test_codes.len()), (12, 4));
    let both = || train_codes.iter().chain(&test_codes);
    let mut different: Vec<_> = both().map(|row| &row[2..]).collect();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 16, "no picture is in both parts");
    refused(
        &room,
        "train ./pictures --test-fraction 1",
        2,
        "above 0 and under 1, found 1",
        "",
    );
}

#[test]
fn a_damaged_picture_is_named_or_left_out_and_counted() {
    let room = Room::new();
    let whole = grey(1);
    folder(
        &room,
        "some",
        &[
            ("a.bmp", whole.clone()),
            ("b.bmp", whole[..70].to_vec()),
            ("c.bmp", grey(2)),
            ("d.png", b"no picture".to_vec()),
            ("notes.txt", b"no picture either".to_vec()),
        ],
    );
    refused(
        &room,
        "train some",
        3,
        "b.bmp`: expected a picture that can be read",
        "",
    );
    let ran = train(&room, "rest", "some --skip-bad --layers 8");
    let data = facts(&room, "rest");
    assert_eq!((&data["train"], &data["skipped"]), (&json!(2), &json!(2)));
    for message in ["left out 2:", "b.bmp`", "d.png`"] {
        assert!(ran.stderr.contains(message), "{ran:#?}");
    }
    assert_eq!(cells(&run(&room, "encode rest").ok().stdout)[1][1], "c");
}

#[test]
fn a_folder_without_a_picture_to_learn_from_is_refused() {
    let room = Room::new();
    let huge = bmp_header(60_000, 60_000, 0);
    for (name, file, bytes, found) in [
        ("words", "notes.txt", b"words".to_vec(), "found none"),
        ("empty", "a.bmp", Vec::new(), "a picture that can be read"),
        ("noise", "a.png", b"noise".to_vec(), "a picture that can be"),
        ("huge", "a.bmp", huge, "Image size exceeds limit"),
    ] {
        folder(&room, name, &[(file, bytes)]);
        refused(&room, &format!("train {name}"), 3, found, "");
        let skipping = format!("train {name} --skip-bad");
        refused(&room, &skipping, 3, "found none", "");
    }
    folder(&room, "both/class", &[("a.bmp", grey(1))]);
    room.write("both/b.bmp", grey(2));
    refused(
        &room,
        "train both",
        3,
        "either pictures or folders of pictures, found `b.bmp`",
        "",
    );
}

// Tables and arrays.

#[test]
fn a_table_is_standardised_and_comes_back_in_its_own_units() {
    let room = Room::new();
    room.write("measured.csv", measured());
    let line = "train measured.csv --label kind --device cpu --name table --epochs 1500 --lr .01";
    let ran = run(&room, line).ok();
    assert!(ran.stdout.contains("24 rows"), "{ran:#?}");
    let expected = json!({ "train": 24, "test": 24, "held_out": false, "shape": [1, 1, 3] });
    assert_eq!(facts(&room, "table"), expected);
    let config = room.text("runs/table/config.toml");
    assert!(config.contains("scale = \"standardise\""), "{config}");
    let scaling = room.text("runs/table/scaling.csv");
    assert!(scaling.starts_with("column,shift,scale,scaling\na,5.75,3.461093"));
    assert_eq!(scaling.lines().count(), 4);
    let kinds = ["x", "y", "z"].map(|kind| (kind.to_owned(), 8));
    assert_eq!(classes_on_the_map(&room, "table"), kinds);

    let codes = cells(&run(&room, "encode table").ok().stdout);
    assert_eq!(codes.len(), 24);
    let rows = cells(&measured());
    // Half a standard deviation is far less than what another scale would make of it.
    for index in [0, 7, 23] {
        let at = format!("--at={}", codes[index][2..].join(","));
        let csv = room.run(&["generate", "table", &at]).ok().stdout;
        assert!(csv.starts_with("a,b,c\n"), "{csv}");
        for (column, within) in [1.7, 6.9, 690.0].into_iter().enumerate() {
            let number = |row: &Vec<String>| row[column].parse::<f64>().expect("a number");
            let (found, expected) = (number(&cells(&csv)[0]), number(&rows[index]));
            assert!((found - expected).abs() < within, "{found} {expected}");
        }
    }
    let value = run(&room, "generate table --count 5 --json").ok().json();
    assert_eq!(value["rows"].as_array().map(Vec::len), Some(5));
    let csv = run(&room, "generate table --count 5").ok().stdout;
    let first: Vec<f64> = cells(&csv)[0]
        .iter()
        .map(|cell| cell.parse().expect("a number"))
        .collect();
    for (column, number) in first.iter().enumerate() {
        let other = value["rows"][0][column].as_f64().expect("a number");
        assert!(
            (number - other).abs() <= 1e-6 * other.abs(),
            "{number} {other}"
        );
    }
}

#[test]
fn other_rows_go_through_the_scaling_of_the_run() {
    let room = Room::new();
    let text = measured();
    let lines: Vec<&str> = text.lines().collect();
    room.write("measured.csv", &text);
    // Rows 5 and 0 of it among others: scaled by themselves they would be other numbers.
    let others = [lines[0], lines[6], "900,900,900,x", lines[1], ""];
    room.write("other.csv", others.join("\n"));
    train(&room, "table", "measured.csv --label kind");
    let codes = cells(&run(&room, "encode table").ok().stdout);
    let again = run(&room, "encode table --data other.csv").ok().stdout;
    let again = cells(&again);
    assert_eq!(again.len(), 3);
    assert_eq!(again[0][1..], codes[5][1..]);
    assert_eq!(again[2][1..], codes[0][1..]);

    room.write("wide.csv", "a,b,c,d,kind\n1,2,3,4,x\n");
    let wide = "`wide.csv` has samples of 1x1x4, and this run learned 1x1x3";
    refused(&room, "encode table --data wide.csv", 2, wide, "");
    room.write("turned.csv", "b,a,c,kind\n1,2,3,x\n");
    let turned = "expected column `a` as in the scaling, found `b`";
    refused(&room, "encode table --data turned.csv", 3, turned, "");
}

#[test]
fn a_cell_that_is_no_number_is_named_with_its_line() {
    let room = Room::new();
    for (row, message) in [
        ("1,nan,3", "expected a finite number in column `b`"),
        ("1,inf,3", "expected a finite number in column `b`"),
        ("1,1e300,3", "a number within ±"),
        ("1,two,3", "expected a number in column `b`, found `two`"),
        ("1,,3", "found an empty field"),
        ("1,2", "expected 3 fields as in line 1, found 2"),
        ("1,2,3,4", "expected 3 fields as in line 1, found 4"),
    ] {
        room.write("bad.csv", format!("a,b,c\n1,2,3\n4,5,7\n{row}\n7,8,8\n"));
        refused(&room, "train bad.csv", 3, "bad.csv:4`: expected ", "");
        refused(&room, "train bad.csv", 3, message, "");
    }
    train(&room, "rest", "bad.csv --skip-bad");
    let data = facts(&room, "rest");
    assert_eq!((&data["train"], &data["skipped"]), (&json!(3), &json!(1)));
    for (name, text, message) in [
        ("none.csv", "", "an empty file"),
        (
            "names.csv",
            "a,b\n",
            "expected a row of numbers, found none",
        ),
        ("classes.csv", "a,kind\n1,x\n", "goes to `--label kind`"),
    ] {
        room.write(name, text);
        refused(&room, &format!("train {name}"), 3, message, "");
    }
    let label = "expected one of `a`, `kind`, or a column by its number, 1 to 2, found `c`";
    refused(&room, "train classes.csv --label c", 2, label, "");
}

#[test]
fn what_is_for_pictures_is_refused_for_a_table() {
    let room = Room::new();
    room.write("measured.csv", measured());
    let table = "train measured.csv --label kind";
    for (more, error, hint) in [
        ("--loss bce", "an output of `sigmoid` cannot", "`--loss mse"),
        ("--conv 4", "`model.conv` is for pictures", "`--layers`"),
        ("--size 4x4", "`size` of", ""),
        ("--grey", "`grey` of", ""),
        ("--scale zzz", "`standardise`", ""),
    ] {
        refused(&room, &format!("{table} {more}"), 2, error, hint);
    }
    train(
        &room,
        "bounded",
        "measured.csv --label kind --loss bce --scale min-max",
    );
    train(&room, "table", "measured.csv --label kind");
    let pictures = "a table has no pictures";
    refused(&room, "morph table #0 #1", 2, pictures, "`generate`");
    refused(
        &room,
        "animate table --walk loop",
        2,
        pictures,
        "`generate`",
    );
}

#[test]
fn a_table_is_shown_by_its_columns() {
    let room = Room::new();
    room.write("measured.csv", measured());
    let show = "data show measured.csv --label kind";
    let said = run(&room, show).ok().stdout;
    let rows: Vec<String> = said.lines().map(|line| words(line).join(" ")).collect();
    assert!(rows.contains(&"24 rows".to_owned()), "{said}");
    assert!(
        rows.contains(&"b 54.0000 77.0000 100.0000".to_owned()),
        "{said}"
    );
    let value = run(&room, &format!("{show} --json")).ok().json();
    assert_eq!(value["shape"], json!([1, 1, 3]));
    assert_eq!(value["classes"], json!(["x", "y", "z"]));
    let png = format!("{show} --png sheet.png");
    refused(&room, &png, 2, "a table has no pictures", "`--png`");
}

#[test]
fn every_model_takes_a_table_and_every_scale() {
    let room = Room::new();
    room.write("measured.csv", measured());
    for (name, more) in [
        ("vae", "--model vae --test-fraction .25"),
        ("dae", "--model dae --noise gaussian:.1"),
        ("min-max", "--scale min-max"),
        ("none", "--scale none --classes x,y"),
    ] {
        train(&room, name, &format!("measured.csv --label kind {more}"));
        let csv = run(&room, &format!("generate {name} --count 2"))
            .ok()
            .stdout;
        assert_eq!(
            (csv.lines().next(), csv.lines().count()),
            (Some("a,b,c"), 3)
        );
        let said = run(&room, &format!("reconstruct {name}")).ok().stdout;
        assert!(said.contains("rows come back"), "{said}");
        let kept = room.path(&format!("runs/{name}/scaling.csv")).exists();
        assert_eq!(kept, name != "none", "{name}");
    }
    // Whatever separates its fields.
    for (name, separator) in [("tabs.tsv", "\t"), ("blanks.data", " ")] {
        room.write(name, measured().replace(',', separator));
        train(&room, name, &format!("{name} --label kind"));
        assert_eq!(facts(&room, name)["shape"], json!([1, 1, 3]));
    }
    let counts = |name: &str| facts(&room, name)["train"].as_u64();
    assert_eq!((counts("vae"), counts("none")), (Some(18), Some(16)));
}

#[test]
fn arrays_are_tables_or_pictures() {
    let room = Room::new();
    let numbers = (0..36).flat_map(|at: usize| ((at * at % 17) as f32).to_le_bytes());
    let numbers = npy("<f4", "(12, 3)", &numbers.collect::<Vec<u8>>());
    room.write("rows.npy", &numbers);
    train(&room, "rows", "rows.npy");
    assert_eq!(facts(&room, "rows")["shape"], json!([1, 1, 3]));
    assert!(room.path("runs/rows/scaling.csv").exists());
    let csv = run(&room, "generate rows --count 2").ok().stdout;
    assert!(csv.starts_with("1,2,3\n"), "{csv}");

    let pixels: Vec<u8> = (0..240).map(|at: usize| (at * 53 % 256) as u8).collect();
    room.write("pictures.npy", npy("|u1", "(10, 4, 6)", &pixels));
    train(&room, "pictures", "pictures.npy --layers 8");
    let data = facts(&room, "pictures");
    assert_eq!(
        (&data["train"], &data["shape"]),
        (&json!(10), &json!([1, 4, 6]))
    );
    run(&room, "reconstruct pictures").ok();
    check_figure(&room, "runs/pictures/figures/reconstruction");

    room.write("cut.npy", &numbers[..200]);
    refused(&room, "train cut.npy", 3, "cut.npy`: expected", "");
    room.write("text.npy", "a,b\n1,2\n");
    refused(&room, "train text.npy", 3, "text.npy`: expected", "");
    let nan = [1.0, f32::NAN].map(f32::to_le_bytes).concat();
    room.write("nan.npy", npy("<f4", "(2, 1)", &nan));
    refused(&room, "train nan.npy", 3, "nan.npy", "");
}

// The files of known sets.

#[test]
fn a_known_set_is_read_from_the_data_directory_with_its_own_test_part() {
    let room = Room::new();
    mnist(&room, 60, 20);
    let set = "mnist --data-dir data --layers 8";
    train(&room, "all", set);
    let expected = json!({ "train": 60, "test": 20, "held_out": true, "shape": [1, 28, 28] });
    assert_eq!(facts(&room, "all"), expected);
    let digits: Vec<_> = (0..10).map(|digit| (digit.to_string(), 2)).collect();
    run(&room, "latent all --grid 2x2").ok();
    assert_eq!(classes_on_the_map(&room, "all"), digits);
    let counts = |name: &str| {
        let data = facts(&room, name);
        (data["train"].as_u64(), data["test"].as_u64())
    };
    train(&room, "ten", &format!("{set} --limit 10"));
    assert_eq!(counts("ten"), (Some(10), Some(10)));
    train(&room, "two", &format!("{set} --classes 3,5"));
    assert_eq!(counts("two"), (Some(12), Some(4)));
    run(&room, "latent two --grid 2x2").ok();
    let two = ["3", "5"].map(|digit| (digit.to_owned(), 2));
    assert_eq!(classes_on_the_map(&room, "two"), two);

    // The directory may come from the environment, and stands in the run from then on.
    let line = "train mnist --device cpu --layers 8 --epochs 1 --no-figures --name variable";
    let mut command = room.command(&words(line));
    ran(command.env("ESPEJO_DATA", room.path("data"))).ok();
    assert_eq!(counts("variable"), (Some(60), Some(20)));
    // Another directory is given to what uses the run.
    let codes = run(&room, "encode all").ok().stdout;
    fs::rename(room.path("data"), room.path("moved")).expect("writable");
    let hint = "`espejo data fetch mnist`";
    refused(&room, "encode all", 3, "`mnist` is not in", hint);
    let again = run(&room, "encode all --data-dir moved").ok().stdout;
    assert_eq!(again, codes);
    run(
        &room,
        "train --resume ten --epochs 3 --no-figures --data-dir moved",
    )
    .ok();
    let set = "mnist --data-dir moved";
    refused(
        &room,
        &format!("train {set} --test-fraction .2"),
        2,
        "expected none, for the set has a test part of its own",
        "",
    );
}

#[test]
fn a_set_larger_than_the_memory_streams_and_is_learned_just_the_same() {
    let room = Room::new();
    // As floats they take 1.2 MiB.
    mnist(&room, 400, 20);
    const STREAMS: &str = "it streams in while training";
    for model in ["ae", "dae --noise gaussian:.2", "vae"] {
        let line = format!("mnist --data-dir data --layers 8 --model {model}");
        let fits = train(&room, "fits", &format!("{line} --device-memory 64"));
        let streams = train(&room, "streams", &format!("{line} --device-memory 1"));
        assert!(!fits.stderr.contains(STREAMS), "{fits:#?}");
        assert!(streams.stderr.contains(STREAMS), "{streams:#?}");
        let [one, two] =
            ["fits", "streams"].map(|name| room.json(&format!("runs/{name}/run.json")));
        for key in ["data", "metrics", "baselines"] {
            assert_eq!(one[key], two[key], "{model}");
        }
        let [one, two] = ["fits", "streams"]
            .map(|name| room.bytes(&format!("runs/{name}/checkpoints/last/model.safetensors")));
        assert!(one == two, "{model}");
        fs::remove_dir_all(room.path("runs")).expect("it is there");
    }
}

#[test]
fn files_of_a_set_that_are_missing_or_damaged_are_named() {
    let room = Room::new();
    mnist(&room, 60, 20);
    refused(
        &room,
        "train mnist --data-dir elsewhere",
        3,
        "`mnist` is not in `",
        "`espejo data fetch mnist`",
    );
    let missing = "data verify mnist --data-dir elsewhere";
    refused(
        &room,
        missing,
        3,
        "there is no `train-images-idx3-ubyte.gz`",
        "fetch mnist",
    );
    assert_eq!(
        run(&room, "data verify --data-dir elsewhere").ok().stderr,
        ""
    );

    // Made up, and so not the official ones.
    let names = ["train-images-idx3", "train-labels-idx1"];
    for name in names.map(|name| format!("data/mnist/{name}-ubyte")) {
        let packed = room.path(&format!("{name}.gz"));
        fs::copy(room.path(&name), packed).expect("writable");
    }
    let line = "data verify mnist --data-dir data";
    refused(
        &room,
        line,
        3,
        "expected the official file, found another",
        "",
    );
    let states = run(&room, &format!("{line} --json")).failed(3).json();
    let states = &states["sets"][0]["files"];
    let state = |at: usize| states[at]["state"].as_str();
    assert_eq!(
        [0, 1, 2].map(state),
        [Some("damaged"), Some("damaged"), Some("missing")]
    );

    let images = "data/mnist/train-images-idx3-ubyte";
    let cut = |bytes: usize| room.write(images, &room.bytes(images)[..bytes]);
    cut(784 * 30);
    let set = "train mnist --data-dir data";
    refused(&room, set, 3, "ubyte`: expected 60 pictures, found 29", "");
    cut(7);
    refused(&room, set, 3, "train-images-idx3-ubyte`: ", "");
    fs::remove_file(room.path(images)).expect("it is there");
    room.write(&format!("{images}.gz"), broken_gzip());
    refused(
        &room,
        set,
        3,
        "train-images-idx3-ubyte.gz`: expected a whole file",
        "",
    );
}

/// A server on this machine that answers with these files, and refuses everything else. It ends with the tests.
fn server(file: impl Fn(&str) -> Option<Vec<u8>> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("a port"));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A program that hangs up is no failure of the test.
            let _ = answer(stream, &file);
        }
    });
    address
}

fn answer(mut stream: TcpStream, file: impl Fn(&str) -> Option<Vec<u8>>) -> std::io::Result<()> {
    let mut request = BufReader::new(stream.try_clone()?).lines();
    let first = request.next().transpose()?.unwrap_or_default();
    for line in request {
        if line?.is_empty() {
            break;
        }
    }
    let path = first
        .strip_prefix("GET ")
        .and_then(|rest| rest.split(' ').next());
    let (status, body) = match path.and_then(file) {
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", Vec::new()),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(&body)
}

/// Fetches where this server is all of the network there is.
fn fetch(room: &Room, line: &str, server: &str) -> Ran {
    let mut command = room.command(&words(line));
    command
        .env("ALL_PROXY", server)
        .env("NO_PROXY", "127.0.0.1");
    ran(command.env("ESPEJO_MIRROR", server))
}

#[test]
fn a_fetch_believes_no_mirror_that_sends_something_else() {
    let room = Room::new();
    let server = server(|_| Some(b"something else".to_vec()));
    let line = format!("data fetch emnist-letters --data-dir data --mirror {server}");
    let ran = fetch(&room, &line, &server).failed(3);
    let error = ran.lines("error: ")[0];
    assert!(
        error.starts_with("cannot fetch `emnist-letters/emnist-letters-"),
        "{error}"
    );
    let hint = ran.lines("hint: ")[0];
    assert!(hint.contains("data/emnist-letters`"), "{hint}");
    assert!(ran.stderr.contains("it offers 14 bytes"), "{ran:#?}");
    let files = fs::read_dir(room.path("data/emnist-letters")).expect("a folder");
    for file in files {
        let name = file.expect("an entry").file_name();
        assert!(name.to_string_lossy().ends_with(".part"), "{name:?}");
    }
}

#[test]
fn a_fetch_takes_what_a_mirror_has_and_keeps_what_is_there() {
    let room = Room::new();
    let all = server(|path| path.strip_prefix("/yalefaces/subject").map(|_| grey(7)));
    // The publisher of the faces hands them out by hand: no other address is tried.
    let none = server(|_| None);
    let line = "data fetch yale --data-dir data";
    let ran = fetch(&room, line, &none).failed(3);
    let error = ran.lines("error: ")[0];
    assert!(
        error.contains("`yalefaces/subject01.centerlight`"),
        "{error}"
    );
    assert!(error.contains("404"), "{error}");

    let fetched = |line: &str| {
        let value = fetch(&room, &format!("{line} --json"), &all).ok().json();
        ["fetched", "kept"].map(|key| value[key].as_array().map_or(0, Vec::len))
    };
    assert_eq!(fetched(line), [165, 0]);
    assert_eq!(fetched(line), [0, 165]);
    run(&room, "data verify yale --data-dir data").ok();
    assert!(!room.path("data/yalefaces/subject01.happy.part").exists());
    train(&room, "face", "yale --data-dir data --subject 3 --layers 8");
    assert_eq!(facts(&room, "face")["train"], 11);
}

// Nets that convolve.

#[test]
fn convolutions_are_trained_and_used_as_any_net() {
    let room = Room::new();
    for model in ["ae", "dae", "vae"] {
        train(&room, model, &format!("--conv 4,3 --model {model}"));
        for (command, figures) in [
            ("reconstruct MODEL", &["reconstruction"][..]),
            ("latent MODEL --grid 3x3", &["latent", "grid"]),
            ("generate MODEL --count 3", &["generated"]),
            ("morph MODEL A B --steps 3", &["morph"]),
            ("denoise MODEL --noise flip:.1 --copies 2", &["denoising"]),
        ] {
            run(&room, &command.replace("MODEL", model)).ok();
            for figure in figures {
                check_figure(&room, &format!("runs/{model}/figures/{figure}"));
            }
        }
        let codes = run(&room, &format!("encode {model}")).ok().stdout;
        assert_eq!(codes.lines().count(), 33);
    }
    // Without a dense waist the last map is the code.
    train(&room, "map", "--conv 4,3 --latent 0 --model vae");
    let model = &room.json("runs/map/run.json")["model"];
    assert_eq!(
        (&model["latent"], &model["parameters"]),
        (&json!(12), &json!(408))
    );
    let codes = run(&room, "encode map").ok().stdout;
    assert!(codes.starts_with("picture,caption,z1,z2,z3,z4,z5,z6,z7,z8,z9,z10,z11,z12\n"));
    let ran = run(&room, "latent map").ok();
    assert!(ran.stderr.contains("a grid needs a code of 2 numbers"));
    run(&room, "generate map --count 2").ok();
}

#[test]
fn the_layer_table_lists_convolutions() {
    let room = Room::new();
    mnist(&room, 20, 10);
    let dry = "train s33 --data-dir data --device cpu --dry-run";
    let value = run(&room, &format!("{dry} --json")).ok().json();
    assert_eq!(value["model"]["parameters"], 12_537);
    assert_eq!(value["data"]["train"], 20);
    let other = "train s33b --data-dir data --device cpu --dry-run --json";
    let value = run(&room, other).ok().json();
    assert_eq!(value["model"]["parameters"], 12_537);

    // Behind a dense waist a convolution keeps the size, too.
    let waist = "train fonts --conv 4,3 --device cpu --dry-run";
    assert!(!run(&room, waist).ok().stdout.contains("/ 2"));
    let strided = format!("{waist} --down stride");
    assert!(run(&room, &strided).ok().stdout.contains("conv 3x3 / 2 + "));

    let rows = |text: &str| -> Vec<String> {
        let rows = text.lines().filter(|line| line.contains("coder  "));
        rows.map(|row| words(row).join(" ")).collect()
    };
    let expected = [
        "encoder conv 3x3 + relu 32x28x28 320",
        "encoder max pool 2x2 32x14x14 0",
        "encoder conv 3x3 + relu 32x14x14 9248",
        "encoder max pool 2x2 32x7x7 0",
        "encoder conv 3x3 + relu 8x7x7 2312",
        "decoder upsample * 2 8x14x14 0",
        "decoder conv 3x3 + relu 8x14x14 584",
        "decoder upsample * 2 8x28x28 0",
        "decoder conv 3x3 + sigmoid 1x28x28 73",
    ];
    assert_eq!(rows(&run(&room, dry).ok().stdout), expected);

    // Odd sizes are halved upwards, and come back.
    let steps = "--conv 4,3 --down stride --up transpose --kernel 5 --batch-norm --activation elu";
    train(&room, "steps", steps);
    let table = room.text("runs/steps/model.txt");
    let expected = [
        "encoder conv 5x5 / 2 4x4x3 104",
        "encoder batch norm + elu 4x4x3 16",
        "encoder conv 5x5 / 2 3x2x2 303",
        "encoder batch norm + elu 3x2x2 12",
        "encoder linear [2] 26",
        "decoder linear + elu [12] 36",
        "decoder transposed conv 5x5 * 2 3x4x3 228",
        "decoder batch norm + elu 3x4x3 12",
        "decoder transposed conv 5x5 * 2 4x7x5 304",
        "decoder batch norm + elu 4x7x5 16",
        "decoder conv 5x5 + sigmoid 1x7x5 101",
    ];
    assert_eq!(rows(&table), expected);
    assert!(table.contains("parameters 1158 ") && table.contains("these 28 are not trained"));
}

#[test]
fn a_run_with_convolutions_goes_on_to_the_very_numbers() {
    let room = Room::new();
    let more = "--conv 4,3 --batch-norm --model dae --schedule constant --batch-size 8";
    train(&room, "whole", &format!("{more} --epochs 4"));
    train(&room, "parts", more);
    run(&room, "train --resume parts --epochs 4 --no-figures").ok();
    for file in ["model", "optimizer"] {
        let [one, two] = ["whole", "parts"]
            .map(|name| room.bytes(&format!("runs/{name}/checkpoints/last/{file}.safetensors")));
        assert!(one == two, "{file}");
    }
    let [one, two] = ["whole", "parts"].map(|name| room.json(&format!("runs/{name}/run.json")));
    assert_eq!(one["metrics"], two["metrics"]);
    refused(
        &room,
        "train --resume parts --conv 4",
        2,
        "a resumed run keeps its `model.conv`",
        "",
    );
}

// Pictures while a model learns, and walks.

#[test]
fn samples_are_drawn_while_a_model_learns() {
    let room = Room::new();
    for (model, rows) in [
        ("ae", &["original", "output"][..]),
        ("dae", &["original", "noisy", "output"]),
        ("vae", &["original", "output", "from the prior"]),
    ] {
        let drawn = format!(
            "train fonts --device cpu --name {model} --model {model} --samples-every 1 --epochs 3"
        );
        run(&room, &drawn).ok();
        check_figure(&room, &format!("runs/{model}/figures/samples"));
        check_animation(&room, &format!("runs/{model}/animations/samples"), 3);
        let svg = room.text(&format!("runs/{model}/figures/samples.svg"));
        for row in rows {
            assert!(svg.contains(row), "{model}: {row}");
        }
    }
    run(
        &room,
        "train fonts --device cpu --name none --epochs 2 --samples-every 0",
    )
    .ok();
    assert!(!room.path("runs/none/figures/samples.png").exists());
    assert!(!room.path("runs/none/animations/samples.gif").exists());
}

#[test]
fn walks_through_the_codes_are_animated() {
    let room = Room::new();
    train(&room, "plane", "--model vae");
    for way in ["loop", "spiral"] {
        let line = format!("animate plane --walk {way} --frames 6 --json");
        let value = run(&room, &line).ok().json();
        assert_eq!(value["frames"], 6);
        let stem = format!("runs/plane/animations/walk-{way}");
        assert_eq!(value["animation"], format!("{stem}.gif"));
        check_animation(&room, &stem, 6);
    }
    train(&room, "space", "--latent 3");
    let ran = run(&room, "animate space --walk loop --frames 4").ok();
    assert!(ran.stdout.contains("walk-loop.gif (4 frames)"), "{ran:#?}");
    check_animation(&room, "runs/space/animations/walk-loop", 4);
}

// The real files, where they are.

/// Trains one epoch on a set of `ESPEJO_DATA` and draws everything; nothing where the set is not there.
#[track_caller]
fn real(set: &str, line: &str, check: impl Fn(&Room, Value)) {
    let directory = std::env::var_os("ESPEJO_DATA").unwrap_or_default();
    if directory.is_empty() || !Path::new(&directory).join(set).is_dir() {
        eprintln!("not tried: there is no `{set}` in ESPEJO_DATA");
        return;
    }
    let room = Room::new();
    let line = format!("train {line} --device cpu --epochs 1 --name real");
    run(&room, &line).ok();
    check_figure(&room, "runs/real/figures/latent");
    check(&room, facts(&room, "real"));
}

#[test]
fn fashion_is_learned() {
    real(
        "fashion-mnist",
        "fashion --limit 500 --model vae",
        |room, data| {
            let expected =
                json!({ "train": 500, "test": 500, "held_out": true, "shape": [1, 28, 28] });
            assert_eq!(data, expected);
            let classes = classes_on_the_map(room, "real");
            assert_eq!(classes.len(), 10);
            assert!(classes.iter().any(|(class, _)| class == "T-shirt/top"));
        },
    );
}

#[test]
fn a_face_is_learned() {
    real(
        "yalefaces",
        "yale --subject 1 --size 50x37",
        |room, data| {
            let expected =
                json!({ "train": 11, "test": 11, "held_out": false, "shape": [1, 50, 37] });
            assert_eq!(data, expected);
            run(room, "morph real happy sad --steps 3").ok();
        },
    );
}

#[test]
fn satellite_measurements_are_learned() {
    real("satimage", "satimage", |room, data| {
        let expected =
            json!({ "train": 4435, "test": 2000, "held_out": true, "shape": [1, 1, 36] });
        assert_eq!(data, expected);
        assert_eq!(classes_on_the_map(room, "real").len(), 6);
        let csv = run(room, "generate real --count 2").ok().stdout;
        assert_eq!(csv.lines().count(), 3);
    });
}

#[test]
fn photographs_are_learned_in_grey() {
    real(
        "cifar-10-batches-bin",
        "cifar10 --limit 200 --grey",
        |_, data| {
            assert_eq!((&data["train"], &data["test"]), (&json!(200), &json!(200)));
            assert_eq!(data["shape"], json!([1, 32, 32]));
        },
    );
}

#[test]
fn two_handwritten_letters_are_learned() {
    real(
        "emnist-letters",
        "emnist-letters --classes A,B --layers 16",
        |room, data| {
            assert_eq!(
                (&data["train"], &data["test"]),
                (&json!(9600), &json!(1600))
            );
            let letters: Vec<_> = classes_on_the_map(room, "real")
                .into_iter()
                .map(|(class, _)| class)
                .collect();
            assert_eq!(letters, ["A", "B"]);
        },
    );
}

#[test]
fn a_run_knows_when_its_data_has_changed() {
    let room = Room::new();
    let table = |value: &str| format!("a,b\n1,2\n2,4\n3,5\n4,{value}\n");
    room.write("t.csv", table("9"));
    run(&room, "train t.csv --epochs 2 --device cpu --name one").ok();
    let codes = run(&room, "encode one").ok();
    assert_eq!(codes.lines("note: "), Vec::<&str>::new());
    room.write("t.csv", table("8"));
    let noted = run(&room, "encode one").ok();
    assert_eq!(noted.lines("note: ").len(), 1, "{}", noted.stderr);
    let refused = run(&room, "train --resume one --epochs 4").failed(5);
    assert!(
        refused.stderr.contains("the data has changed"),
        "{}",
        refused.stderr
    );

    // How the columns were scaled is the run's, not the data's.
    room.write("t.csv", table("9"));
    std::fs::remove_file(room.path("runs/one/scaling.csv")).expect("it was kept");
    let lost = run(&room, "encode one").failed(5);
    assert!(lost.stderr.contains("scaling.csv"), "{}", lost.stderr);
}

#[test]
fn a_new_table_needs_no_labels() {
    let room = Room::new();
    room.write("t.csv", "a,b,kind\n1,2,x\n2,4,y\n3,5,x\n");
    run(
        &room,
        "train t.csv --label kind --epochs 2 --device cpu --name one",
    )
    .ok();
    room.write("new.csv", "a,b\n1,2\n");
    let all = run(&room, "encode one").ok().stdout;
    let new = run(&room, "encode one --data new.csv").ok().stdout;
    let code = |text: &str| {
        text.lines()
            .nth(1)
            .map(|row| row.split(',').skip(2).collect::<Vec<_>>().join(","))
    };
    assert_eq!(code(&all), code(&new));
}
