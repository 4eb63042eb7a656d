//! Runs whose own data is no longer where it was.

use std::fs;
use std::process::Stdio;

use super::*;

/// What each line prints, before and after the file of the training is gone; then without `--data` the run asks for its data, and
/// `--data-dir` says where that lies now.
#[track_caller]
fn same_without(room: &Room, file: &str, lines: &[&str], own: &str) {
    let printed = |line: &str| run(room, line).ok().stdout;
    let before: Vec<String> = lines.iter().map(|line| printed(line)).collect();
    let with_its_data = printed(own);
    fs::create_dir_all(room.path("elsewhere")).expect("the room is writable");
    fs::rename(room.path(file), room.path(&format!("elsewhere/{file}"))).expect("it is there");
    for (line, before) in lines.iter().zip(&before) {
        assert_eq!(&printed(line), before, "{line}");
    }
    let ran = run(room, own).failed(3);
    assert!(ran.lines("error: ")[0].contains(file), "{ran:#?}");
    assert!(ran.stderr.contains("`--data-dir DIR`"), "{ran:#?}");
    assert_eq!(
        printed(&format!("{own} --data-dir elsewhere")),
        with_its_data
    );
}

#[test]
fn a_table_with_categories_is_not_needed_for_other_rows() {
    let room = Room::new();
    let row = |i: usize| format!("{},{},{}\n", i % 7, ["red", "blue"][i % 2], (i * i) % 11);
    let table = |rows: std::ops::Range<usize>| {
        "size,colour,weight\n".to_owned() + &rows.map(row).collect::<String>()
    };
    room.write("goods.csv", table(0..40));
    room.write("new.csv", table(50..60));
    train(&room, "goods", "goods.csv --test-fraction .2");
    let lines = [
        "encode goods --data new.csv",
        "reconstruct goods --data new.csv",
        "score goods --data new.csv --calibrate half --threshold quantile:.9",
        "generate goods --at=.5,-.5",
        "inspect goods",
    ];
    same_without(&room, "goods.csv", &lines, "encode goods");
    let codes = run(&room, "encode goods --data new.csv").ok().stdout;
    room.write("codes.csv", codes);
    let decoded = run(&room, "decode goods --codes codes.csv").ok().stdout;
    assert!(
        decoded.starts_with("size,colour=red,colour=blue,weight\n"),
        "{decoded}"
    );
    assert_eq!(cells(&decoded).len(), 10);
    // The nearest training row is one of the baselines here.
    run(&room, "denoise goods --data new.csv --noise gaussian:.1").failed(3);
    // A code drawn from the range of the data's codes needs these; one from a prior does not.
    run(&room, "generate goods --count 2").failed(3);
    fs::copy(room.path("elsewhere/goods.csv"), room.path("goods.csv")).expect("it is there");
    train(&room, "drawn", "goods.csv --model vae --loss mse");
    fs::remove_file(room.path("goods.csv")).expect("it is there");
    assert_eq!(
        cells(&run(&room, "generate drawn --count 2").ok().stdout).len(),
        2
    );
}

#[test]
fn images_of_a_classifier_are_not_needed_for_others() {
    let room = Room::new();
    cats_and_dogs(&room);
    fs::create_dir_all(room.path("new")).expect("the room is writable");
    room.write("new/a.bmp", grey(3));
    room.write("new/b.bmp", grey(77));
    train(
        &room,
        "pets",
        "./pictures --model classifier --layers 8 --test-fraction .25",
    );
    let lines = ["predict pets --data new", "inspect pets"];
    same_without(&room, "pictures", &lines, "predict pets");
}

#[test]
fn windows_of_a_series_and_numbers_to_predict_are_not_needed() {
    let room = Room::new();
    let row = |i: usize| format!("{},{}\n", (i as f64 * 0.3).sin(), i % 4);
    let series =
        |rows: std::ops::Range<usize>| "a,b\n".to_owned() + &rows.map(row).collect::<String>();
    room.write("pump.csv", series(0..120));
    room.write("new.csv", series(130..170));
    train(
        &room,
        "pump",
        "pump.csv --window 5 --test-fraction .2 --split time",
    );
    train(
        &room,
        "sine",
        "pump.csv --model regressor --target a --layers 4 --test-fraction .2",
    );
    let lines = ["encode pump --data new.csv", "predict sine --data new.csv"];
    same_without(&room, "pump.csv", &lines, "encode pump");
}

#[test]
fn what_was_learned_from_a_pipe_can_be_used() {
    let room = Room::new();
    room.write("measured.csv", measured());
    let mut piped = room.command(&[
        "train",
        "-",
        "--label=kind",
        "--name=piped",
        "--epochs=2",
        "--no-figures",
        "--device=cpu",
    ]);
    let file = fs::File::open(room.path("measured.csv")).expect("it is there");
    ran(piped.stdin(file).stdout(Stdio::piped())).ok();
    let codes = run(&room, "encode piped --data measured.csv").ok().stdout;
    assert_eq!(cells(&codes).len(), 24);
    refused(&room, "encode piped", 2, "standard input", "`--data`");
}
