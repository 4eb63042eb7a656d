//! Real data through the program: folders of pictures, tables, arrays, the files of known sets, and nets that convolve.

mod fetching;
mod folders;
mod larger;
mod moved;
mod nets;
mod real;
mod sets;
mod tables;

use std::fs;
use std::path::Path;

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
    object.retain(|key, _| !["name", "sha256", "test_sha256", "notes"].contains(&key.as_str()));
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
