//! Data larger than memory shall hold, and arrays whose header alone tells what they are.

use super::*;

/// A table of 30,000 rows, whose four columns of numbers take 1.4 MB.
fn long_table(room: &Room) {
    let mut text = String::from("a,b,c,d,word\n");
    for row in 0..30_000_u64 {
        let word = ["red", "green", "blue"][(row * row % 7 % 3) as usize];
        let (a, b) = (row * 7919 % 10_007, row * 31 % 613);
        text += &format!("{a},{}.5,{},{b},{word}\n", 1_700_000_000 + row, a * b % 97);
    }
    room.write("long.csv", text);
}

/// Trains on data that fits and on the same that does not; codes and the identity of the data are the same to the last digit.
fn same_out_of_memory(room: &Room, data: &str, more: &[&str]) {
    let common = [data, "--epochs", "2", "--latent", "2"];
    let train = |name: &str, memory: &str| {
        room.train(
            name,
            &[&common[..], more, &["--device-memory", memory]].concat(),
        );
        room.json(&format!("runs/{name}/run.json"))
    };
    let (inside, outside) = (train("inside", "1024"), train("outside", "1"));
    assert!(inside["data"]["sha256"].is_string(), "{inside}");
    assert_eq!(inside["data"]["sha256"], outside["data"]["sha256"]);
    assert_eq!(inside["metrics"], outside["metrics"]);
    let weights =
        |name: &str| room.bytes(&format!("runs/{name}/checkpoints/last/model.safetensors"));
    assert!(weights("inside") == weights("outside"), "{data}");
    fs::remove_dir_all(room.path("runs")).expect("it is there");
}

#[test]
fn a_table_larger_than_memory_trains_to_the_same_numbers() {
    let room = Room::new();
    long_table(&room);
    same_out_of_memory(&room, "long.csv", &["--test-fraction", ".1"]);
    same_out_of_memory(
        &room,
        "long.csv",
        &["--model", "classifier", "--target", "word", "--layers", "8"],
    );
    let numbers = (0..100_000_u64).map(|at| (at * at % 1013) as f32);
    let numbers: Vec<u8> = numbers.flat_map(f32::to_le_bytes).collect();
    room.write("rows.npy", npy("<f4", "(20000, 5)", &numbers));
    same_out_of_memory(&room, "rows.npy", &[]);
}

#[test]
fn images_larger_than_memory_train_to_the_same_numbers() {
    let room = Room::new();
    let pixels: Vec<u8> = (0..1_100_000_u64).map(|at| (at * at % 251) as u8).collect();
    room.write("images.npy", npy("|u1", "(11000, 10, 10)", &pixels));
    same_out_of_memory(&room, "images.npy", &["--layers", "8"]);
}

#[test]
fn an_array_with_bad_rows_is_the_table_that_its_text_is() {
    let room = Room::new();
    let number = |at: usize| match at {
        7 => f64::NAN,
        40 => f64::INFINITY,
        _ => (at * at % 37) as f64 / 4.0,
    };
    let numbers: Vec<u8> = (0..120).map(number).flat_map(f64::to_le_bytes).collect();
    room.write("bad.npy", npy("<f8", "(30, 4)", &numbers));
    let row = |row: usize| {
        let cells = (0..4).map(|at| number(row * 4 + at).to_string());
        cells.collect::<Vec<_>>().join(",") + "\n"
    };
    room.write("bad.csv", (0..30).map(row).collect::<String>());
    for (name, data) in [("array", "bad.npy"), ("text", "bad.csv")] {
        room.train(name, &[data, "--skip-bad"]);
    }
    assert_eq!(
        room.text("runs/array/scaling.csv"),
        room.text("runs/text/scaling.csv")
    );
    let codes = |name: &str| room.run(&["encode", name, "--skip-bad"]).ok().stdout;
    assert_eq!(codes("array"), codes("text"));
}
